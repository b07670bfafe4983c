"""Versions are decided although their events are lost, late or refused, and although a step fails for a while."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.faults import Faults
from tests.e2e.conftest import eventually

pytestmark = pytest.mark.e2e


@contextmanager
def without_events(stack: Any) -> Iterator[None]:
    """Lose every event of a version within the block."""
    events = stack.client("events")
    (rule,) = [rule["Name"] for rule in events.list_rules()["Rules"] if "-TriggerRule" in rule["Name"]]
    targets = events.list_targets_by_rule(Rule=rule)["Targets"]
    events.remove_targets(Rule=rule, Ids=[target["Id"] for target in targets])
    try:
        yield
    finally:
        events.put_targets(Rule=rule, Targets=targets)


def reconcile(stack: Any) -> dict[str, Any]:
    """Let the schedule come, wait for what it starts, and return the figures of the run."""
    assert len(stack.sandbox.run_schedules("-ReconcilerRule")) == 1
    stack.settle()
    groups = [group["logGroupName"] for group in stack.client("logs").describe_log_groups()["logGroups"]]
    (own,) = [name for name in groups if "Reconcile" in name]
    lines = stack.client("logs").filter_log_events(logGroupName=own)["events"]
    said = [json.loads(line["message"]) for line in lines if line["message"].startswith("{")]
    return dict([line for line in said if line.get("message") == "reconciled"][-1])


def test_a_version_whose_event_is_lost_is_decided_once(stack: Any) -> None:
    with without_events(stack):
        arn = stack.register()
        stack.settle()
        assert stack.executions(arn) == []
        reconcile(stack)
        reconcile(stack)
    (execution,) = stack.executions(arn)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert stack.describe(arn)["ModelApprovalStatus"] == "Approved"
    # The event comes late, and starts nothing.
    stack.sandbox.redeliver(stack.registered_event(arn))
    stack.settle()
    assert len(stack.executions(arn)) == 1


def test_a_step_that_fails_for_a_while_is_retried_within_its_execution(stack: Any) -> None:
    with stack.environment(stack.function("UpdateModelStatus"), GOVERNANCE_DECISIONS_BUCKET=None):
        arn = stack.register()
        stack.settle()
        (failed,) = stack.executions(arn)
        assert failed["PipelineExecutionStatus"] == "Failed"
    assert reconcile(stack)["retried"] >= 1
    (execution,) = stack.executions(arn)
    evaluated, updated = stack.steps(execution)
    assert execution["PipelineExecutionArn"] == failed["PipelineExecutionArn"]
    assert (evaluated["AttemptCount"], updated["AttemptCount"]) == (1, 2)
    assert stack.describe(arn)["ModelApprovalStatus"] == "Approved"


def test_an_edit_of_a_version_that_waits_for_review_starts_nothing(stack: Any, reports: Any) -> None:
    arn = stack.judged(quality=reports["evaluation"](latency=3.0))["ModelPackageArn"]
    stack.client("sagemaker").update_model_package(
        ModelPackageArn=arn, CustomerMetadataProperties={"team": "fraud"}
    )
    stack.settle()
    reconcile(stack)
    assert len(stack.executions(arn)) == 1


def test_a_version_above_the_quota_is_decided_later(stack: Any) -> None:
    with stack.held(stack.function("EvaluateModelPackage")) as hold:
        with stack.sandbox.faults(Faults(concurrent_executions=1)):
            first = stack.register()
            hold.reached()
            second = stack.register()
            eventually(lambda: stack.sandbox.mishaps().get("executions refused by the quota"))
        hold.let_go()
        stack.settle()
    assert (len(stack.executions(first)), stack.executions(second)) == (1, [])
    assert stack.dead_letters() == []
    reconcile(stack)
    assert len(stack.executions(second)) == 1
    assert stack.describe(second)["ModelApprovalStatus"] == "Approved"


def test_an_execution_that_fails_for_an_hour_is_given_up_with_the_reason_and_raises_the_alarm(
    stack: Any,
) -> None:
    with stack.environment(stack.function("UpdateModelStatus"), GOVERNANCE_DECISIONS_BUCKET=None):
        arn = stack.register()
        stack.settle()
        assert reconcile(stack)["retried"] >= 1
        stack.sandbox.age(arn, seconds=3600)
        said = reconcile(stack)
    assert said["given_up"] == 1
    # What the alarm Undecided is raised for is taken out of this line.
    (directive,) = said["_aws"]["CloudWatchMetrics"]
    assert {"Name": "UndecidedVersions", "Unit": "Count"} in directive["Metrics"]
    assert said["UndecidedVersions"] == said["undecided"] >= 1
    described = stack.describe(arn)
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ApprovalDescription"].startswith("Not decided: UpdateModelStatus failed: ")
    assert "GOVERNANCE_DECISIONS_BUCKET" in described["ApprovalDescription"]
    # Although the step works again, the version is left to people, and no further run tries it.
    assert reconcile(stack)["given_up"] == 0
    (execution,) = stack.executions(arn)
    assert [step["AttemptCount"] for step in stack.steps(execution)] == [1, 2]
