"""SageMaker endpoints in the sandbox, over HTTP by real boto3, with a loopback server as their container."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from aws.aws_errors import AwsError
from aws.sagemaker_runtime import SageMakerEndpoint
from examples.local_models.json_server import JsonServer
from tests.sandbox.answers import refusal, require_shape
from tests.sandbox.iam_callers import HERE, MakeCaller, refused, statement


@pytest.fixture
def endpoint(account: Any) -> Iterator[str]:
    """An endpoint that says how many texts it was sent."""
    with JsonServer({"/invocations": lambda request: {"texts": len(request["texts"])}}) as container:
        account.sandbox.serve_endpoint("Reranker", container.url)
        yield "Reranker"


def test_what_an_endpoint_is_sent_goes_to_its_container(account: Any, endpoint: str) -> None:
    client = account.client("sagemaker-runtime")
    answer = client.invoke_endpoint(
        EndpointName=endpoint, Body=b'{"texts": ["a"]}', ContentType="application/json"
    )
    require_shape("sagemaker-runtime", "InvokeEndpoint", answer)
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("application/json", "AllTraffic")
    assert json.loads(answer["Body"].read()) == {"texts": 1}
    assert SageMakerEndpoint(client, endpoint).invoke({"texts": ["a", "b"]}) == {"texts": 2}


def test_a_container_that_fails_and_an_endpoint_that_is_none(account: Any, endpoint: str) -> None:
    client = account.impatient("sagemaker-runtime")
    code, status, message = refusal(client.invoke_endpoint, EndpointName=endpoint, Body=b"no JSON")
    assert (code, status) == ("ModelError", 424)
    assert message.startswith('Received server error (400) from primary with message "')
    with pytest.raises(AwsError, match="KeyError"):
        SageMakerEndpoint(client, endpoint).invoke({"passages": []})
    absent = refusal(client.invoke_endpoint, EndpointName="absent", Body=b"{}")
    assert absent == ("ValidationError", 400, f"Endpoint absent of account {HERE} not found.")
    account.sandbox.serve_endpoint("gone", "http://127.0.0.1:1")
    assert refusal(client.invoke_endpoint, EndpointName="gone", Body=b"{}")[:2] == ("ModelError", 424)


def test_an_endpoint_is_invoked_by_those_who_may(caller: MakeCaller, endpoint: str) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:{HERE}:endpoint/reranker"
    ask = {"EndpointName": endpoint, "Body": b'{"texts": [], "ResourceArn": "arn:aws:sagemaker:::mine"}'}
    may = caller(statement("sagemaker:InvokeEndpoint", arn)).client("sagemaker-runtime")
    assert may.invoke_endpoint(**ask)["InvokedProductionVariant"] == "AllTraffic"
    mine = caller(statement("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:::mine")).client(
        "sagemaker-runtime"
    )
    assert arn in refused(mine.invoke_endpoint, **ask)
