"""Executions of the governance pipeline: started by token, found by ARN, followed by step."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aws.arns import ArnError
from aws.aws_errors import AwsThrottledError
from aws.executions import (
    ExecutionStep,
    PipelineExecution,
    PipelineExecutions,
    PipelineMissingError,
    request_token,
)
from tests.aws.conftest import Answer, Loopback, Request

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/askdata/7"
OTHER = ARN.replace("/7", "/8")
if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

CHANGED = datetime(2026, 11, 22, 15, tzinfo=UTC)
EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/abcdefghijkl"


@pytest.fixture
def pipeline(sagemaker: "SageMakerClient") -> str:
    name = f"model-governance-{uuid.uuid4().hex[:8]}"
    sagemaker.create_pipeline(
        PipelineName=name,
        PipelineDefinition="{}",
        ClientRequestToken="t" * 32,
        RoleArn="arn:aws:iam::123456789012:role/pipeline",
    )
    return name


def test_an_execution_is_started_found_and_described(sagemaker: "SageMakerClient", pipeline: str) -> None:
    executions = PipelineExecutions(sagemaker, pipeline)
    assert executions.find(ARN) is None
    arn = executions.start(ARN, changed_at=CHANGED, parameters={"ThresholdsUri": "s3://t/t/"})
    executions.start(OTHER, changed_at=CHANGED)
    assert arn is not None
    found = executions.describe(arn)
    assert executions.find(ARN) == found
    assert (found.arn, found.status, found.failure_reason, found.about) == (arn, "Succeeded", None, ARN)
    assert found.is_finished
    assert abs(found.started - datetime.now(UTC)) < timedelta(minutes=5)
    parameters = sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)[
        "PipelineParameters"
    ]
    assert parameters == [
        {"Name": "ModelPackageArn", "Value": ARN},
        {"Name": "ThresholdsUri", "Value": "s3://t/t/"},
    ]
    assert (
        sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionDisplayName"]
        == "askdata-7"
    )


def test_the_newest_execution_of_a_version_is_found(sagemaker: "SageMakerClient", pipeline: str) -> None:
    executions = PipelineExecutions(sagemaker, pipeline)
    executions.start(ARN, changed_at=CHANGED)
    newer = executions.start(ARN, changed_at=CHANGED + timedelta(hours=1))
    found = executions.find(ARN)
    assert found is not None
    assert found.arn == newer


def test_only_a_version_of_a_group_starts_an_execution(sagemaker: "SageMakerClient", pipeline: str) -> None:
    executions = PipelineExecutions(sagemaker, pipeline)
    with pytest.raises(ArnError, match="unversioned"):
        executions.start("arn:aws:sagemaker:eu-west-1:123456789012:model-package/lonely", changed_at=CHANGED)


def test_an_absent_pipeline_is_one_message(sagemaker: "SageMakerClient") -> None:
    with pytest.raises(PipelineMissingError, match=r"^no pipeline 'nowhere' is in the account and region"):
        PipelineExecutions(sagemaker, "nowhere").find(ARN)


def test_one_change_has_one_token_and_each_other_change_another() -> None:
    tokens = [request_token(ARN, CHANGED), request_token(ARN, CHANGED), request_token(OTHER, CHANGED)]
    tokens.append(request_token(ARN, CHANGED + timedelta(milliseconds=1)))
    assert tokens[0] == tokens[1]
    assert len(set(tokens)) == 3
    assert all(32 <= len(token) <= 128 for token in tokens)


@pytest.mark.parametrize(
    "spelt",
    [
        pytest.param(datetime.fromisoformat("2026-11-22T15:00:00Z"), id="text"),
        pytest.param(datetime.fromisoformat("2026-11-22T16:00:00+01:00"), id="text of another time zone"),
        pytest.param(datetime.fromtimestamp(1795359600.0, UTC), id="number"),
        pytest.param(datetime.fromtimestamp(1795359600.0004, UTC), id="number with less than a millisecond"),
    ],
)
def test_however_one_time_is_spelt_it_gives_one_token(spelt: datetime) -> None:
    assert request_token(ARN, spelt) == request_token(ARN, CHANGED)


def test_a_token_that_meets_a_conflict_counts_as_started(
    loopback: Loopback, client_of: Callable[..., Any]
) -> None:
    loopback.respond = lambda request: loopback.answer(
        409, b'{"__type": "ConflictException", "Message": "token in use"}'
    )
    executions = PipelineExecutions(client_of("sagemaker", loopback.url, 1), "model-governance")
    assert executions.start(ARN, changed_at=CHANGED) is None


def test_a_quota_that_is_used_up_is_a_throttle(loopback: Loopback, client_of: Callable[..., Any]) -> None:
    loopback.respond = lambda request: loopback.answer(400, b'{"__type": "ResourceLimitExceeded"}')
    executions = PipelineExecutions(client_of("sagemaker", loopback.url), "model-governance")
    with pytest.raises(AwsThrottledError, match="raise the quota"):
        executions.start(ARN, changed_at=CHANGED)
    assert len(loopback.requests) == 1  # botocore does not try it again


def test_retries_of_one_minute_are_one(loopback: Loopback, client_of: Callable[..., Any]) -> None:
    loopback.respond = lambda request: loopback.answer(
        200, json.dumps({"PipelineExecutionArn": EXECUTION}).encode()
    )
    executions = PipelineExecutions(client_of("sagemaker", loopback.url), "model-governance")
    for seconds in (0, 59, 60):
        executions.retry(EXECUTION, at=CHANGED + timedelta(seconds=seconds))
    first, second, third = (json.loads(request.body) for request in loopback.requests)
    assert first["PipelineExecutionArn"] == EXECUTION
    assert first == second != third


def test_the_newest_execution_of_every_version_is_listed(sagemaker: "SageMakerClient", pipeline: str) -> None:
    executions = PipelineExecutions(sagemaker, pipeline)
    before = datetime.now(UTC) - timedelta(minutes=1)
    executions.start(ARN, changed_at=CHANGED)
    expected = {
        ARN: executions.start(ARN, changed_at=CHANGED + timedelta(hours=1)),
        OTHER: executions.start(OTHER, changed_at=CHANGED),
    }
    sagemaker.start_pipeline_execution(PipelineName=pipeline, ClientRequestToken="u" * 32)
    newest = executions.newest_by_version(since=before)
    assert {arn: execution.arn for arn, execution in newest.items()} == expected


def test_repeated_events_send_the_same_request(loopback: Loopback, client_of: Callable[..., Any]) -> None:
    loopback.respond = lambda request: loopback.answer(
        200, json.dumps({"PipelineExecutionArn": EXECUTION}).encode()
    )
    executions = PipelineExecutions(client_of("sagemaker", loopback.url), "model-governance")
    assert {executions.start(ARN, changed_at=CHANGED) for _ in range(3)} == {EXECUTION}
    bodies = {request.body for request in loopback.requests}
    assert [json.loads(body)["ClientRequestToken"] for body in bodies] == [request_token(ARN, CHANGED)]


def test_a_long_history_is_looked_through_only_to_the_newest_hit(
    loopback: Loopback, client_of: Callable[..., Any]
) -> None:
    def summary(arn: str, minutes: int) -> dict[str, object]:
        start = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=minutes)
        return {
            "PipelineExecutionArn": f"{EXECUTION[:-1]}{minutes}",
            "StartTime": start.timestamp(),
            "PipelineExecutionStatus": "Failed",
            "PipelineExecutionDescription": arn,
        }

    pages = [[summary(OTHER, 9)], [summary(ARN, 7), summary(OTHER, 6), summary(ARN, 8)]]

    def respond(request: Request) -> Answer:
        asked = json.loads(request.body)
        if "PipelineExecutionArn" in asked:
            details = {"FailureReason": "step failed", "CreationTime": CHANGED.timestamp()}
            answer = {**asked, "PipelineExecutionStatus": "Failed", **details}
        else:
            answer = {"PipelineExecutionSummaries": pages.pop(0), "NextToken": "more"}
        return loopback.answer(200, json.dumps(answer).encode())

    loopback.respond = respond
    executions = PipelineExecutions(client_of("sagemaker", loopback.url), "model-governance")
    since = datetime(2026, 11, 21, tzinfo=UTC)
    assert executions.find(ARN, since=since) == PipelineExecution(
        f"{EXECUTION[:-1]}8", "Failed", "step failed", CHANGED
    )
    first = json.loads(loopback.requests[0].body)
    assert (first["CreatedAfter"], first["SortOrder"]) == (since.timestamp(), "Descending")


def test_steps_come_with_their_outputs_and_failures(
    loopback: Loopback, client_of: Callable[..., Any]
) -> None:
    pages = [
        {
            "PipelineExecutionSteps": [
                {
                    "StepName": "EvaluateModelPackage",
                    "StepStatus": "Succeeded",
                    "Metadata": {"Lambda": {"OutputParameters": [{"Name": "decision", "Value": "Rejected"}]}},
                }
            ],
            "NextToken": "more",
        },
        {
            "PipelineExecutionSteps": [
                {"StepName": "UpdateModelStatus", "StepStatus": "Failed", "FailureReason": "it broke"}
            ]
        },
    ]
    loopback.respond = lambda request: loopback.answer(200, json.dumps(pages.pop(0)).encode())
    executions = PipelineExecutions(client_of("sagemaker", loopback.url), "model-governance")
    assert executions.steps(EXECUTION) == (
        ExecutionStep("EvaluateModelPackage", "Succeeded", None, {"decision": "Rejected"}),
        ExecutionStep("UpdateModelStatus", "Failed", "it broke"),
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda executions: executions.start(ARN, changed_at=CHANGED),
        lambda executions: executions.retry(EXECUTION, at=CHANGED),
        lambda executions: executions.newest_by_version(since=CHANGED),
        lambda executions: executions.find(ARN),
        lambda executions: executions.describe(EXECUTION),
        lambda executions: executions.steps(EXECUTION),
    ],
)
def test_a_throttle_is_a_typed_error(
    loopback: Loopback, client_of: Callable[..., Any], call: Callable[[PipelineExecutions], object]
) -> None:
    loopback.respond = lambda request: loopback.answer(400, b'{"__type": "ThrottlingException"}')
    with pytest.raises(AwsThrottledError, match="slow down"):
        call(PipelineExecutions(client_of("sagemaker", loopback.url, 1), "model-governance"))


@pytest.mark.parametrize(
    ("status", "finished"),
    [
        ("Executing", False),
        ("Stopping", False),
        ("Stopped", True),
        ("Failed", True),
        ("Succeeded", True),
        ("CompletedWithFailures", True),
    ],
)
def test_which_statuses_change_no_more(status: str, finished: bool) -> None:
    assert PipelineExecution(EXECUTION, status, None).is_finished is finished
