"""Errors that reports state beside their figures: they reach every figure of the object that they are in."""

from collections.abc import Iterable, Iterator, Mapping

from checks.measurements import Measured, Measurement, Unmeasured
from checks.reports.numbers import Node, find_error_beside, why_not_a_number
from checks.strict_json import JsonValue

_Path = tuple["_Path | None", str]  # of keys and indices, the last one first


def may_state_errors(content: bytes) -> bool:
    """Whether JSON text may hold the key `error`, which may be written with escapes."""
    return b'"error"' in content or b"\\u" in content


def add_stated_errors(report: Node, found: Iterable[Measurement]) -> Iterator[Measurement]:
    """Pass on what was found in `report`; a figure below an object with an error is undefined as well.

    An error beside an undefined `value` is the reason for that value, and reaches nothing else.
    """
    errors = dict(_find_errors(report))
    for one in found:
        yield one
        if errors and isinstance(one, Measured):
            error = _find_error_above(one.source.pointer, errors)
            if error is not None:
                reason = f"the report states an error: {error}"
                yield Unmeasured(one.metric, reason, one.source, one.facet, itself_only=True)


def _find_error_above(pointer: str, errors: Mapping[str, str]) -> str | None:
    while pointer not in errors:
        if not pointer:
            return None
        pointer = pointer.rpartition("/")[0]
    return errors[pointer]


def _find_errors(report: Node) -> Iterator[tuple[str, str]]:
    """Yield the pointer of each object with an error, and the error."""
    waiting: list[tuple[JsonValue, _Path | None]] = [(report.value, None)]
    # Parsed JSON is of these very types, and asking for them is much faster than for Mapping: reports are large.
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, dict):
            if "error" in value and (error := _find_error_of_all(value)) is not None:
                yield report.source.pointer + _write_pointer(path), error
            waiting.extend(
                (part, (path, key)) for key, part in value.items() if isinstance(part, (dict, list))
            )
        elif isinstance(value, list):
            parts = enumerate(value)
            waiting.extend(
                (part, (path, str(place))) for place, part in parts if isinstance(part, (dict, list))
            )


def _find_error_of_all(entry: Mapping[str, JsonValue]) -> str | None:
    is_reason_of_value = "value" in entry and why_not_a_number(entry["value"]) is not None
    return None if is_reason_of_value else find_error_beside(entry)


def _write_pointer(path: _Path | None) -> str:
    keys: list[str] = []
    while path is not None:
        keys.append(path[1].replace("~", "~0").replace("/", "~1"))
        path = path[0]
    return "".join(f"/{key}" for key in reversed(keys))
