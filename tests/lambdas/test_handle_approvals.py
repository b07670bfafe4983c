"""The watch over approvals as its function runs it: what events and runs of the schedule count, and what they log."""

import json
from typing import Any

import pytest

from aws import clients
from lambdas import handle_approvals
from pipelines.step_settings import ApprovalSettings, SeparationOfDuties, to_environment
from tests.lambdas.conftest import ACCOUNT, Account

SCHEDULE = {"source": "aws.events"}


@pytest.fixture(autouse=True)
def _settings(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the function; that of the steps says which key is there."""
    settings = ApprovalSettings(
        pipeline_name="model-governance",
        account=ACCOUNT,
        region="eu-west-1",
        thresholds_bucket="thresholds",
        decisions_bucket="decisions",
        seal_key="unused",
        model_package_groups="*",
        separation_of_duties=SeparationOfDuties.REQUIRED,
    )
    for name, value in to_environment(settings).items():
        if name != "GOVERNANCE_SEAL_KEY":
            monkeypatch.setenv(name, value)


def event_of(arn: str, **detail: Any) -> dict[str, Any]:
    """The event of an approval."""
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved", **detail},
    }


def approve(arn: str, **more: str) -> None:
    """Approve a version by hand."""
    update: Any = clients.sagemaker_client().update_model_package  # a mapping has no typed keys
    update(ModelPackageArn=arn, ModelApprovalStatus="Approved", **more)


def looked(event: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    """What the function answers, and what it logs."""
    capsys.readouterr()
    answer = handle_approvals.handler(event, None)
    return answer["unrecorded"], [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_the_gate_approved_counts_nothing(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.judge(account.arn, "one")
    assert account.status() == "Approved"
    for event in (event_of(account.arn), SCHEDULE):
        count, (line,) = looked(event, capsys)
        assert (count, line["UnrecordedApprovals"]) == (0, 0)


def test_an_approval_by_hand_is_counted_and_named(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    approve(account.arn, ApprovalDescription="Approved by the thresholds published")
    for event in (event_of(account.arn), SCHEDULE):
        count, (named, line) = looked(event, capsys)
        assert (count, line["UnrecordedApprovals"], line["Pipeline"]) == (1, 1, "model-governance")
        assert (named["model_package_arn"], named["group"], named["version"]) == (account.arn, "askdata", 1)
        (metrics,) = line["_aws"]["CloudWatchMetrics"]
        assert (metrics["Namespace"], metrics["Dimensions"]) == ("ModelGovernance", [["Pipeline"]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "somebody"}, "refused"),
        ({"detail": {"ModelPackageArn": "junk", "ModelApprovalStatus": "Approved"}}, "refused"),
    ],
    ids=["source", "arn"],
)
def test_an_event_that_is_none_is_refused_and_counts_nothing(
    account: Account, capsys: pytest.CaptureFixture[str], change: dict[str, Any], message: str
) -> None:
    approve(account.arn)
    count, lines = looked(event_of(account.arn) | change, capsys)
    assert (count, lines[0]["message"]) == (0, message)


def test_an_edit_of_an_approved_version_is_no_approval(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    approve(account.arn)
    edit = event_of(account.arn, UpdatedModelPackageFields=["CustomerMetadataProperties"])
    assert looked(edit, capsys)[0] == 0
    assert looked(event_of(account.arn, UpdatedModelPackageFields=["ModelApprovalStatus"]), capsys)[0] == 1


def test_a_run_of_the_schedule_names_what_matches_no_group(
    account: Account, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOVERNANCE_MODEL_PACKAGE_GROUPS", "askdata,churm,rag-*,other")
    # One of a model account's own registry is looked for by whoever lists it.
    monkeypatch.setenv("GOVERNANCE_GROUPS_ELSEWHERE", "444455556666/other")
    _, lines = looked(SCHEDULE, capsys)
    named = [(line["pattern"], line["way_out"]) for line in lines if line["message"] == "no group matches"]
    way_out = (
        "create the group, or correct model_package_groups in the deployment's settings and deploy again"
    )
    assert named == [("churm", way_out), ("rag-*", way_out)]
    assert lines[-1]["AbsentGroups"] == 2
    # An event is about one version, and says nothing of the groups.
    _, (line,) = looked(event_of(account.arn), capsys)
    assert "AbsentGroups" not in line


def test_a_run_of_the_schedule_names_what_the_files_in_force_name_and_is_not_there(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anybody may have misspelt a name, and whoever publishes need not see the registry."""
    file = b"""
name: misspelt
applies_to: {model_package_groups: [churm, askdata, "rag-*"]}
checks: [{name: accuracy, why: People rely on it., metric: text_to_sql.accuracy, at_least: 0.8}]
"""
    clients.s3_client().put_object(Bucket="thresholds", Key="thresholds/misspelt.yaml", Body=file)
    _, lines = looked(SCHEDULE, capsys)
    _, (line,) = looked(event_of(account.arn), capsys)
    named = [one for one in lines if one["message"] == "no group matches"]
    assert [one["pattern"] for one in named] == ["churm", "rag-*"]
    assert all(one["thresholds"].startswith("s3://thresholds/thresholds/misspelt.yaml") for one in named)
    assert named[0]["way_out"] == (
        "register a version in the group, or correct applies_to in the threshold file and publish again"
    )
    assert (lines[-1]["AbsentGroupsOfFiles"], lines[-1]["AbsentGroups"]) == (2, 0)
    assert "AbsentGroupsOfFiles" not in line
