"""What every reader shares: addressing the numbers of a JSON document, and saying why one cannot be used."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from checks.exact import of_integer
from checks.measurements import Measured, Measurement, Source, Unmeasured
from checks.strict_json import JsonValue, ReportError

# How Clarify, Model Monitor and pandas write what JSON has no number for.
MAX_POINTER = 8_192  # characters; every measurement below a name carries it
NON_FINITE = frozenset({"nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})


_ERROR = "error"
_LONGEST = 200  # characters of an error that is no text
# What numbers an error, where everything else of the object is a number as well.
_CODES = frozenset({"code", "status", "status_code", "exit_code", "errno"})


class Node(Struct, frozen=True):
    """A value inside a report, and where it is.

    Values are as `json` parses them, and are asked for being a `dict` or a `list`, which is much faster than asking for
    a `Mapping`: reports are large.
    """

    value: JsonValue
    source: Source

    def child(self, key: str | int) -> "Node":
        """Return the member `key`; the value must be an object or list that has it.

        Raises:
            ReportError: when the names that lead there are longer than any report's.
        """
        if isinstance(self.value, dict):
            value = self.value[str(key)]
        elif isinstance(self.value, list):
            value = self.value[int(key)]
        else:
            raise KeyError(key)
        return self._at(value, str(key))

    def _at(self, value: JsonValue, key: str) -> "Node":
        if "~" in key or "/" in key:
            key = key.replace("~", "~0").replace("/", "~1")
        pointer = f"{self.source.pointer}/{key}"
        if len(pointer) > MAX_POINTER:
            _refuse_long_name(pointer)
        return Node(value, Source(self.source.uri, pointer))

    def members(self) -> Iterator[tuple[str, "Node"]]:
        """Yield the members of an object by key, or of a list by index; nothing of anything else."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield key, self._at(value, key)
        elif isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield str(index), self._at(value, str(index))

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    def object(self) -> Mapping[str, JsonValue]:
        """Return the value as an object.

        Raises:
            ReportError: when it is something else.
        """
        if isinstance(self.value, dict):
            return self.value
        raise ReportError(
            f"{self.source.pointer or 'the top'}: {name_kind(self.value)} where an object belongs"
        )

    def list(self) -> Sequence[JsonValue]:
        """Return the value as a list.

        Raises:
            ReportError: when it is something else.
        """
        if isinstance(self.value, Sequence) and not isinstance(self.value, str):
            return self.value
        raise ReportError(f"{self.source.pointer or 'the top'}: {name_kind(self.value)} where a list belongs")

    def text(self) -> str:
        """Return the value as text; a number counts as its notation.

        Raises:
            ReportError: when it is something else.
        """
        if isinstance(self.value, str | int | float) and not isinstance(self.value, bool):
            return _refuse_long_name(str(self.value))
        raise ReportError(f"{self.source.pointer}: {name_kind(self.value)} where text belongs")


def _refuse_long_name(name: str) -> str:
    if len(name) > MAX_POINTER:
        raise ReportError(f"a name in it has more than {MAX_POINTER:,} characters: {name[:40]}…")
    return name


def name_kind(value: JsonValue) -> str:
    """Return what `value` is, for a message."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return f'the text "{value[:40]}"'
        case int() | float():
            return "a number"
        case Mapping():
            return "an object"
        case _:
            return "a list"


def is_undefined(value: JsonValue) -> bool:
    """Whether `value` says that there is no finite number: null, or text such as `NaN`."""
    return value is None or (isinstance(value, str) and value.strip().lower() in NON_FINITE)


def why_not_a_number(value: JsonValue) -> str | None:
    """Return why `value` is not a finite number, or `None` when it is one."""
    if type(value) is float and math.isfinite(value):  # as nearly every figure of a report is
        return None
    if value is None:
        return "null, without a reason"
    if isinstance(value, str) and is_undefined(value):
        return f'"{value}" is not a finite number'
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{name_kind(value)} where a number belongs"
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    return None if finite else "the number is too large for a double"


def to_number(value: JsonValue) -> float:
    """Return `value`, which `why_not_a_number` found to be one."""
    if type(value) is float:
        return value
    if not isinstance(value, int | float):
        raise TypeError(f"{name_kind(value)} is not a number")
    return of_integer(value) if isinstance(value, int) else value


def read_error(error: JsonValue) -> str | None:
    """Return what a report says in an `error`, or `None` where it says that there was none.

    Figures are none: `error` is also the name of a metric, such as XGBoost's share of wrong answers.
    """
    if not error or is_undefined(error) or (isinstance(error, str) and not error.strip()):
        return None
    if isinstance(error, str):
        return error
    if isinstance(error, bool | int | float):
        return name_kind(error)
    return None if _is_figures(error) else json.dumps(error, ensure_ascii=False)[:_LONGEST]


def _is_figures(value: JsonValue) -> bool:
    if isinstance(value, Mapping):
        return "value" in value or (not _CODES & value.keys() and all(map(_is_figures, value.values())))
    if isinstance(value, list):
        return all(map(_is_figures, value))
    return is_undefined(value) or why_not_a_number(value) is None


def find_error_beside(value: JsonValue) -> str | None:
    """Return the error that an object states beside its figures; a number of that name is a figure itself."""
    error = value.get(_ERROR) if isinstance(value, Mapping) else None
    return None if why_not_a_number(error) is None else read_error(error)


def read_measurement(
    metric: str, node: Node, *, facet: str | None = None, error: JsonValue = None
) -> Measurement:
    """Return the value of `node` as a measurement; `error` is the report's own reason for an undefined one."""
    reason = why_not_a_number(node.value)
    if error is None:
        pass
    elif node.value is None and isinstance(error, str) and error.strip():
        reason = error
    elif (stated := read_error(error)) is not None:
        reason = f"{reason or 'the value comes with an error'}: {stated}"
    if reason is None:
        return Measured(metric, to_number(node.value), node.source, facet=facet)
    return Unmeasured(metric, reason, node.source, facet=facet)


def make_gap(metric: str, node: Node, reason: str, *, facet: str | None = None) -> Unmeasured:
    """Return the gap of `metric` and of everything below it, at `node`."""
    return Unmeasured(metric, reason, node.source, facet)


def read_numbers_below(metric: str, node: Node, *, facet: str | None = None) -> Iterator[Measurement]:
    """Yield every number at and below `node`, addressed by the keys and indices that lead to it.

    An object in a list goes by its `name`, where it has one. Whatever is no number is a gap at its own address: a
    number may be what is wanted there. An object or a list is one for itself alone, its parts are figures of their
    own; a list of text is one as a whole.
    """
    value = node.value
    if not _has_parts(value):
        yield read_measurement(metric, node, facet=facet)
        return
    yield Unmeasured(metric, why_not_a_number(value) or "", node.source, facet, itself_only=True)
    for key, child in node.members():
        yield from read_numbers_below(f"{metric}.{_name_part(key, child, node)}", child, facet=facet)


def _has_parts(value: JsonValue) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return False
    return any(not isinstance(item, str) or is_undefined(item) for item in value)


def _name_part(key: str, child: Node, parent: Node) -> str:
    """Return what a member goes by: its key, or in a list of objects its `name`."""
    if isinstance(parent.value, Mapping) or not isinstance(child.value, Mapping):
        return key
    name = child.value.get("name")
    return _refuse_long_name(name) if isinstance(name, str) else key
