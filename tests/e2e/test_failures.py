"""Where nothing can be decided, the execution fails, the status stays, and no event is lost."""

import copy
import json
from typing import Any

import pytest

from aws import clients
from cli.main import run

pytestmark = pytest.mark.e2e


def test_a_step_that_crashes_fails_the_execution_and_touches_nothing(stack: Any) -> None:
    function = stack.function("UpdateModelStatus")
    with stack.environment(function, GOVERNANCE_DECISIONS_BUCKET=None):
        described = stack.judged()
    arn = described["ModelPackageArn"]
    (execution,) = stack.executions(arn)
    evaluated, updated = stack.steps(execution)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert (evaluated["StepStatus"], updated["StepStatus"]) == ("Succeeded", "Failed")
    assert "GOVERNANCE_DECISIONS_BUCKET" in updated["FailureReason"]
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["CustomerMetadataProperties"] == {"team": "risk"}
    assert "ApprovalDescription" not in described


def test_a_version_deleted_meanwhile_fails_its_execution_with_the_reason(stack: Any) -> None:
    with stack.held(stack.function("EvaluateModelPackage")) as hold:
        arn = stack.register()
        hold.reached()
        stack.client("sagemaker").delete_model_package(ModelPackageName=arn)
    (execution,) = stack.executions(arn)
    (step,) = stack.steps(execution)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert arn in step["FailureReason"]
    assert stack.records(arn) == {}


def test_an_event_that_starts_no_execution_is_kept_in_the_dead_letter_queue(stack: Any) -> None:
    stack.dead_letters()
    with stack.environment(stack.function("StartPipeline"), GOVERNANCE_PIPELINE_NAME="of-another-name"):
        described = stack.judged()
    arn = described["ModelPackageArn"]
    assert stack.executions(arn) == []
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    (letter,) = stack.dead_letters()
    assert letter["requestPayload"] == stack.registered_event(arn)
    assert letter["requestContext"]["approximateInvokeCount"] == 3
    assert "of-another-name" in letter["responsePayload"]["errorMessage"]
    # Once it is fixed, the same event is all it takes.
    stack.sandbox.redeliver(letter["requestPayload"])
    stack.settle()
    assert stack.describe(arn)["ModelApprovalStatus"] == "Approved"


def test_an_event_in_the_dead_letter_queue_is_put_back_by_a_command(
    stack: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in stack.sandbox.environment().items():
        monkeypatch.setenv(name, value)
    for client in (clients.cloudformation_client, clients.sqs_client, clients.lambda_client):
        client.cache_clear()
    stack.dead_letters()
    with stack.environment(stack.function("StartPipeline"), GOVERNANCE_PIPELINE_NAME="of-another-name"):
        arn = stack.judged()["ModelPackageArn"]
    assert run(["redrive"]) == 0
    assert capsys.readouterr().out.startswith(f"put back: {arn}: ")
    stack.settle()
    assert stack.describe(arn)["ModelApprovalStatus"] == "Approved"
    assert stack.dead_letters() == []


def test_an_unversioned_package_is_refused_and_starts_nothing(stack: Any) -> None:
    arn = stack.client("sagemaker").create_model_package(
        ModelPackageName="unversioned-model", ModelApprovalStatus="PendingManualApproval"
    )["ModelPackageArn"]
    stack.settle()
    assert stack.executions(arn) == []
    assert stack.dead_letters() == []
    assert refusals(stack, arn)
    assert stack.describe(arn)["ModelApprovalStatus"] == "PendingManualApproval"


def test_an_event_about_another_account_is_refused_and_starts_nothing(stack: Any) -> None:
    arn = stack.judged()["ModelPackageArn"]
    foreign = arn.replace("123456789012", "210987654321")
    event = copy.deepcopy(stack.registered_event(arn))
    event["detail"]["ModelPackageArn"] = foreign
    stack.sandbox.redeliver(event)
    stack.settle()
    assert stack.executions(foreign) == []
    assert len(stack.executions(arn)) == 1
    assert stack.dead_letters() == []
    assert refusals(stack, foreign)


def refusals(stack: Any, arn: str) -> list[str]:
    """The lines of the function's log that refuse an event about the model package."""
    function = stack.client("lambda").get_function_configuration(FunctionName=stack.function("StartPipeline"))
    groups = [group["logGroupName"] for group in stack.client("logs").describe_log_groups()["logGroups"]]
    (own,) = [name for name in groups if "StartPipeline" in name] or [
        f"/aws/lambda/{function['FunctionName']}"
    ]
    events = stack.client("logs").filter_log_events(logGroupName=own)["events"]
    return [event["message"] for event in events if arn in event["message"] and "refused" in event["message"]]


def test_the_handlers_log_says_what_was_decided(stack: Any) -> None:
    arn = stack.judged()["ModelPackageArn"]
    groups = [group["logGroupName"] for group in stack.client("logs").describe_log_groups()["logGroups"]]
    (own,) = [name for name in groups if "EvaluateModelPackage" in name]
    events = stack.client("logs").filter_log_events(logGroupName=own)["events"]
    lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
    assert any(arn in json.dumps(line) and "Approved" in json.dumps(line) for line in lines)
