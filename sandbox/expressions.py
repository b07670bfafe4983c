"""Resolves the values of a pipeline definition: `Get`, `Std:Join` and `Std:JsonGet`, at any depth."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

_TOKEN = re.compile(
    r"""\.?(?P<name>[A-Za-z0-9_-]+)|\[(?P<index>\d+)\]|\[(?P<quote>['"])(?P<key>.*?)(?P=quote)\]"""
)

_PROPERTY_FILE = re.compile(r"Steps\.(?P<step>[^.]+)\.PropertyFiles\.(?P<file>[^.]+)")


class ExpressionError(Exception):
    """A value of the definition that cannot be resolved; the message says which."""


class Scope(Struct):
    """What the expressions of one execution may refer to.

    `parameters` and `execution` are the values by name, `steps` the properties of the steps that have ended, by
    step name; `read_property_file` returns the text of a step's property file from the step's and the file's names.
    """

    parameters: Mapping[str, Any]
    execution: Mapping[str, str]
    read_property_file: Callable[[str, str], str]
    steps: dict[str, Any] = field(default_factory=dict)

    def resolve(self, value: Any) -> Any:
        """Return `value` with every expression in it replaced by its value.

        Raises:
            ExpressionError: it refers to something that is not there.
        """
        match value:
            case {"Get": str(path), **rest} if not rest:
                return self._get(path)
            case {"Std:Join": {"Values": values, **options}, **rest} if not rest:
                return str(options.get("On", "")).join(_text(self.resolve(item)) for item in values)
            case {"Std:JsonGet": {"PropertyFile": {"Get": str(file)}, "Path": path}, **rest} if not rest:
                return self._json_get(file, self.resolve(path))
            case _:
                return self._resolve_items(value)

    def _resolve_items(self, value: Any) -> Any:
        match value:
            case str():
                return value
            case Mapping():
                return {key: self.resolve(item) for key, item in value.items()}
            case Sequence():
                return [self.resolve(item) for item in value]
            case _:
                return value

    def _get(self, path: str) -> Any:
        roots = {"Parameters": self.parameters, "Execution": self.execution, "Steps": self.steps}
        root, _, rest = path.partition(".")
        if root not in roots:
            raise ExpressionError(f"{path}: the sandbox knows no {root!r}")
        return walk(roots[root], rest, path)

    def _json_get(self, file: str, path: str) -> Any:
        named = _PROPERTY_FILE.fullmatch(file)
        if named is None:
            raise ExpressionError(f"{file}: not the property file of a step")
        try:
            document = json.loads(self.read_property_file(named["step"], named["file"]))
        except ValueError as error:
            raise ExpressionError(f"{file}: the property file is not JSON: {error}") from error
        return walk(document, path, f"{file} {path}")


def walk(value: Any, path: str, source: str) -> Any:
    """Follow a path such as `a.b[0]['c']` from `value`; a list is entered by position or by its items' names.

    Raises:
        ExpressionError: the path ends nowhere; `source` says in the message whose it is.
    """
    position = 0
    while position < len(path):
        token = _TOKEN.match(path, position)
        if token is None:
            raise ExpressionError(f"{source}: cannot read the path from {path[position:]!r} on")
        key = int(token["index"]) if token["index"] is not None else token["name"] or token["key"]
        try:
            value = _enter(value, key)
        except (KeyError, IndexError, TypeError) as error:
            raise ExpressionError(f"{source}: there is no {key!r}") from error
        position = token.end()
    return value


def _enter(value: Any, key: str | int) -> Any:
    if isinstance(value, list) and isinstance(key, str):
        # SageMaker addresses the items of some lists by their names: Outputs['report'] by its OutputName.
        for item in value:
            if any(name.endswith("Name") and named == key for name, named in item.items()):
                return item
        raise KeyError(key)
    return value[key]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def depends_on(value: Any) -> set[str]:
    """Return the names of the steps that the expressions within `value` refer to."""
    match value:
        case {"Get": str(path), **rest} if not rest:
            parts = path.split(".")
            return {parts[1]} if parts[0] == "Steps" else set()
        case Mapping():
            return set().union(*map(depends_on, value.values()))
        case str():
            return set()
        case Sequence():
            return set().union(*map(depends_on, value))
        case _:
            return set()
