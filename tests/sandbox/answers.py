"""What the tests of several services ask of the sandbox's answers."""

from collections.abc import Callable, Mapping
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator


def require_shape(service: str, operation: str, answer: Mapping[str, Any]) -> None:
    """Hold an answer to the service model: its members, their types and what is required; and nothing beside."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).output_shape
    said = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    assert shape is not None
    payload = shape.serialization.get("payload")
    if payload is not None:
        said[payload] = b""
    assert ParamValidator().validate(said, shape).generate_report() == ""
    assert said.keys() <= shape.members.keys()


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[str, int, str]:
    """The code, the HTTP status and the message of an error."""
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    answer: Mapping[str, Any] = raised.value.response
    error = answer["Error"]
    return error["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], error["Message"]
