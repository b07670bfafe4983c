"""What the gate sends, at its longest, against the lengths and patterns of botocore's own service model."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from aws.executions import PipelineExecutions
from aws.model_registry import SageMakerModelRegistry
from aws.registry_limits import RegistryLimitError
from aws.request_limits import check_request

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
PLACE = "arn:aws-us-gov:sagemaker:ap-southeast-99:123456789012"
# A group's name has at most 63 characters, a pipeline's 128 by the settings, a version is a whole number of 32 bits.
VERSION = f"{PLACE}:model-package/{'g' * 63}/2147483647"
PIPELINE = "p" * 128
EXECUTION = f"{PLACE}:pipeline/{PIPELINE}/execution/{'e' * 12}"
METADATA = {f"{n:02}" + "k" * 126: "v" * 256 for n in range(50)}


class Recorded:
    """A client of SageMaker that sends nothing, and the requests that it would send."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, Any], Any]] = []
        self.client = boto3.Session().client(
            "sagemaker", region_name="eu-west-1", aws_access_key_id="t", aws_secret_access_key="t"
        )
        self.client.meta.events.register("provide-client-params.sagemaker", self._record)
        # What such a hook returns is taken for the answer, which the types of botocore do not say.
        answer: Callable[..., Any] = self._answer
        self.client.meta.events.register("before-call.sagemaker", answer)

    def _record(self, params: dict[str, Any], model: Any, **_: object) -> None:
        self.requests.append((dict(params), model))

    def _answer(self, **_: object) -> tuple[object, dict[str, Any]]:
        answer = {
            "PipelineExecutionArn": EXECUTION,
            "ModelPackageArn": VERSION,
            "ModelPackageGroupName": "g" * 63,
            "ModelPackageVersion": 2147483647,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": "PendingManualApproval",
            "CreationTime": NOW,
        }
        return SimpleNamespace(status_code=200), answer


SENT: dict[str, Callable[[Any], object]] = {
    "StartPipelineExecution": lambda client: PipelineExecutions(client, PIPELINE).start(
        VERSION, changed_at=NOW
    ),
    "RetryPipelineExecution": lambda client: PipelineExecutions(client, PIPELINE).retry(EXECUTION, at=NOW),
    "UpdateModelPackage": lambda client: SageMakerModelRegistry(client).update(
        VERSION, approval_status="Approved", description="d" * 1024, metadata=METADATA
    ),
}


@pytest.mark.parametrize("operation", SENT)
def test_the_longest_request_is_within_the_service_model(operation: str) -> None:
    recorded = Recorded()
    SENT[operation](recorded.client)
    (request, model) = next(pair for pair in recorded.requests if pair[1].name == operation)
    check_request(request, model)
    longer = {name: f"{value}{'x' * 4096}" for name, value in request.items() if isinstance(value, str)}
    with pytest.raises(RegistryLimitError, match=f"{operation}: .*characters"):
        check_request({**request, **longer}, model)
