"""A request of an API with JSON bodies, read and held to the constraints of its service model, as AWS does first.

botocore holds a request to less before it sends it: to the types, to what is required and to the least values.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.utils import get_service_model

_TYPES: Mapping[str, tuple[type[Any], ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
}


class ServiceRefusalError(ServiceException):
    """An error of the API by its code, as in `ValidationException`; its HTTP status is the service model's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


def read_members(response: Any) -> dict[str, Any]:
    """Return the members of the request that moto's `response` is for, from its body and its URL.

    Raises:
        ServiceRefusalError: the body is no JSON object, or a member breaks a constraint of the service model.
    """
    operation = get_service_model(response.boto3_service_name).operation_model(response._get_action())
    in_url = dict(response.uri_match)
    if has_opaque_body(operation):
        return in_url
    try:
        body = json.loads(response.body or "{}")
    except ValueError as error:
        raise ServiceRefusalError("ValidationException", f"The request body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ServiceRefusalError("ValidationException", "The request body is not a JSON object")
    members = {**body, **in_url}
    found = list(_violations(operation.input_shape, members, ()))
    if found:
        count = f"{len(found)} validation error{'s' * (len(found) > 1)} detected"
        raise ServiceRefusalError("ValidationException", f"{count}: {'; '.join(found)}")
    return members


def has_opaque_body(operation: Any) -> bool:
    """Whether the body of the operation's request is a payload of its own format, and has no members of the API."""
    shape = operation.input_shape
    payload = None if shape is None else shape.serialization.get("payload")
    return payload is not None and shape.members[payload].type_name == "blob"


def _violations(shape: Any, value: Any, place: tuple[str, ...]) -> Iterator[str]:
    """Yield a sentence for each constraint that `value` breaks, in AWS's words."""
    # A document is JSON of any kind; what is not listed comes as text and is not read here, as times and bytes.
    if getattr(shape, "is_document_type", False) or shape.type_name not in _TYPES:
        return
    if not _is_of_type(value, shape.type_name):
        yield _violation(value, place, f"Member must be of type {shape.type_name}")
        return
    yield from (_violation(value, place, broken) for broken in _broken_limits(shape, value))
    match shape.type_name:
        case "structure":
            yield from _of_structure(shape, value, place)
        case "map":
            for key, entry in value.items():
                yield from _violations(shape.value, entry, (*place, key, "member"))
        case "list":
            for number, entry in enumerate(value, start=1):
                yield from _violations(shape.member, entry, (*place, str(number), "member"))


def _is_of_type(value: Any, name: str) -> bool:
    expected = _TYPES[name]
    # To Python, a truth value is a number.
    return isinstance(value, expected) and (bool in expected or not isinstance(value, bool))


def _of_structure(shape: Any, value: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None and shape.members[name].serialization.get("location") != "header":
            yield _violation(None, (*place, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None and member.serialization.get("location") in (None, "uri"):
            yield from _violations(member, value[name], (*place, name))


def _broken_limits(shape: Any, value: Any) -> Iterator[str]:
    limits = shape.metadata
    measured, what = (
        (value, "value") if isinstance(value, int | float) else (len(value), "length")
    )  # a number by itself, all else by how long it is
    if "min" in limits and measured < limits["min"]:
        yield f"Member must have {what} greater than or equal to {limits['min']}"
    if "max" in limits and measured > limits["max"]:
        yield f"Member must have {what} less than or equal to {limits['max']}"
    if limits.get("enum") and value not in limits["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}"


def _violation(value: Any, place: tuple[str, ...], broken: str) -> str:
    said = "Value null" if value is None else f"Value '{value}'"
    return f"{said} at '{'.'.join(place)}' failed to satisfy constraint: {broken}"
