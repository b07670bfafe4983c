"""Registered versions get their verdict from the deployed stack: over HTTP, from the event to the status."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

Reports = dict[str, Callable[..., bytes]]
STATUS_AFTER = {"Approved": "Approved", "Rejected": "Rejected", "NeedsReview": "PendingManualApproval"}


@pytest.mark.parametrize(
    ("version", "decision", "says"),
    [
        ({}, "Approved", "Approved"),
        ({"accuracy": 0.7}, "Rejected", "accuracy"),
        ({"treatment_equity": -1.3}, "Rejected", "treatment equity"),
        ({"treatment_equity": "-Infinity"}, "Rejected", "treatment equity"),
        ({"latency": 3.0}, "NeedsReview", "latency"),
        ({"fairness": None}, "Rejected", "treatment equity"),
    ],
    ids=["approved", "rejected", "rejected for bias", "undefined bias", "needs review", "missing evidence"],
)
def test_a_version_gets_its_verdict(
    stack: Any, reports: Reports, version: dict[str, Any], decision: str, says: str
) -> None:
    quality = {name: version[name] for name in ("accuracy", "latency") if name in version}
    equity = {name: version[name] for name in ("treatment_equity",) if name in version}
    fairness = None if "fairness" in version else reports["bias"](**equity)
    described = stack.judged(quality=reports["evaluation"](**quality), fairness=fairness)
    arn = described["ModelPackageArn"]
    record = stack.decision(arn)
    assert (record["decision"], described["ModelApprovalStatus"]) == (decision, STATUS_AFTER[decision])
    assert says in described["ApprovalDescription"]
    assert len(described["ApprovalDescription"]) <= 1024
    assert described["CustomerMetadataProperties"]["team"] == "risk"
    assert (
        described["CustomerMetadataProperties"]["governance:thresholds-digest"]
        == record["thresholds"]["sha256"]
    )
    assert record["model_package"]["arn"] == arn
    # The gate's own update sends an event, too: it starts nothing.
    (execution,) = stack.executions(arn)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert record["execution"] == execution["PipelineExecutionArn"]
    assert stack.dead_letters() == []


def test_the_record_names_the_very_bytes_that_were_judged(stack: Any, reports: Reports) -> None:
    source = stack.source(reports["evaluation"]())
    bucket, _, key = source["S3Uri"].removeprefix("s3://").partition("/")
    version = stack.client("s3").head_object(Bucket=bucket, Key=key)["VersionId"]
    arn = stack.judged(quality=source)["ModelPackageArn"]
    evidence = {document["uri"].partition("?")[0]: document for document in stack.decision(arn)["evidence"]}
    judged = evidence[source["S3Uri"]]
    assert judged["version_id"] == version
    assert f"sha256:{judged['sha256']}" == source["ContentDigest"]


def test_a_wrong_digest_fails_the_execution_and_leaves_the_version_pending(
    stack: Any, reports: Reports
) -> None:
    source = stack.source(reports["evaluation"](), digest="sha256:" + "0" * 64)
    described = stack.judged(quality=source)
    arn = described["ModelPackageArn"]
    (execution,) = stack.executions(arn)
    (step,) = stack.steps(execution)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert (step["StepName"], step["StepStatus"]) == ("EvaluateModelPackage", "Failed")
    assert source["S3Uri"] in step["FailureReason"]
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ApprovalDescription"].startswith(f"Not decided: {source['S3Uri']}: its SHA-256 is ")
    # That update sent an event, too, and it started nothing: there is one execution.
    assert described["CustomerMetadataProperties"] == {
        "team": "risk",
        "governance:status": "PendingManualApproval",
        "governance:undecided-uri": described["CustomerMetadataProperties"]["governance:undecided-uri"],
        "governance:undecided-digest": described["CustomerMetadataProperties"]["governance:undecided-digest"],
    }


def test_the_same_event_three_times_starts_one_execution(stack: Any) -> None:
    arn = stack.register()
    stack.sandbox.redeliver(stack.registered_event(arn), times=2)
    stack.settle()
    assert len(stack.executions(arn)) == 1
    assert sorted(stack.records(arn)) == sorted(
        f"{stack.executions(arn)[0]['PipelineExecutionArn'].rsplit('/', 1)[-1]}{suffix}"
        for suffix in (".json", ".outcome.json")
    )
    # Nor does it when the version is decided.
    stack.sandbox.redeliver(stack.registered_event(arn))
    stack.settle()
    assert len(stack.executions(arn)) == 1
    assert stack.describe(arn)["ModelApprovalStatus"] == "Approved"


def test_each_of_two_versions_gets_its_own_verdict(stack: Any, reports: Reports) -> None:
    group = stack.group()
    with stack.held(stack.function("EvaluateModelPackage")) as hold:
        older = stack.register(group, quality=reports["evaluation"](accuracy=0.7))
        hold.reached()
        newer = stack.register(group)
    described = [stack.describe(arn) for arn in (older, newer)]
    assert [version["ModelPackageVersion"] for version in described] == [1, 2]
    assert [version["ModelApprovalStatus"] for version in described] == ["Rejected", "Approved"]
    assert [stack.decision(arn)["model_package"]["arn"] for arn in (older, newer)] == [older, newer]


def test_a_status_that_is_set_meanwhile_is_not_overruled(stack: Any, reports: Reports) -> None:
    sagemaker = stack.client("sagemaker")
    with stack.held(stack.function("UpdateModelStatus")) as hold:
        arn = stack.register(quality=reports["evaluation"](accuracy=0.7))
        hold.reached()
        sagemaker.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="I have seen it."
        )
    described = stack.describe(arn)
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["ApprovalDescription"] == "I have seen it."
    assert described["CustomerMetadataProperties"] == {"team": "risk"}
    (execution,) = stack.executions(arn)
    assert execution["PipelineExecutionStatus"] == "Succeeded"
    name = execution["PipelineExecutionArn"].rsplit("/", 1)[-1]
    records = stack.records(arn)
    assert records[f"{name}.json"]["decision"] == "Rejected"
    assert records[f"{name}.outcome.json"]["outcome"] == "not_carried_out"
    given_by = records[f"{name}.outcome.json"]["status_given_by"]
    assert given_by["source"] == "outside_the_gate"
    assert given_by["last_modified_by"] == "arn:aws:iam::123456789012:user/user"
    assert records[f"{name}.outcome.json"]["approval_status"] == "Approved"
