"""SageMaker endpoints, spoken by a loopback server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from aws.aws_errors import AwsAccessDeniedError, AwsError, AwsThrottledError, AwsUnreachableError
from aws.sagemaker_runtime import SageMakerEndpoint
from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from tests.aws.conftest import Loopback


@pytest.fixture
def endpoint(loopback: Loopback, client_of: Callable[..., Any]) -> SageMakerEndpoint:
    return SageMakerEndpoint(client_of("sagemaker-runtime", loopback.url, 1), "askdata")


@pytest.mark.parametrize("payload", [{"instances": [[1, 2.5]]}, ["ü"], "text", None])
def test_json_goes_in_and_comes_out(
    loopback: Loopback, endpoint: SageMakerEndpoint, payload: JsonValue
) -> None:
    loopback.respond = lambda request: loopback.answer(200, request.body)
    assert endpoint.invoke(payload) == payload
    request = loopback.requests[0]
    assert request.path == "/endpoints/askdata/invocations"
    assert json.loads(request.body) == payload
    assert (request.headers["Content-Type"], request.headers["Accept"]) == (
        "application/json",
        "application/json",
    )


@pytest.mark.parametrize("content", [b"", b"0.5,0.2\n", b'{"score": NaN}', b"\xff"])
def test_an_answer_that_is_not_json_is_an_error(
    loopback: Loopback, endpoint: SageMakerEndpoint, content: bytes
) -> None:
    loopback.respond = lambda request: loopback.answer(200, content)
    with pytest.raises(AwsError, match="askdata: the endpoint's answer is not JSON"):
        endpoint.invoke({})


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "ThrottlingException", AwsThrottledError),
        (429, "ModelNotReadyException", AwsThrottledError),
        (503, "ServiceUnavailable", AwsThrottledError),
        (500, "InternalFailure", AwsUnreachableError),
        (424, "ModelError", AwsError),
        (400, "ValidationError", AwsError),
        (403, "AccessDeniedException", AwsAccessDeniedError),
    ],
)
def test_each_refusal_is_one_typed_message(
    loopback: Loopback, endpoint: SageMakerEndpoint, status: int, code: str, error: type[GovernanceError]
) -> None:
    headers = {"x-amzn-ErrorType": code}
    loopback.respond = lambda request: loopback.answer(status, b'{"message": "said so"}', headers)
    with pytest.raises(error, match=rf"askdata: InvokeEndpoint failed with {code} \(said so\)") as raised:
        endpoint.invoke({})
    assert type(raised.value) is error
