"""`governance audit` against a registry and buckets: what was loosened since, and what no record explains."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from aws.model_registry import SageMakerModelRegistry
from checks.outcome_record import UPDATED, OutcomeRecord
from cli.main import run
from pipelines.record_keys import created_text

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

GROUP = "churn"
FILE = """\
name: churn
applies_to: {{model_package_groups: [churn]}}
checks:
  - {{name: accuracy, why: Campaigns are paid by the head., metric: a.b, at_least: {limit}}}
  - {{name: latency, why: People wait., metric: a.seconds, at_most: 2, on_failure: {reaction}}}
"""
EARLIER = FILE.format(limit=0.8, reaction="review")
NOW = FILE.format(limit=0.7, reaction="warn")


@pytest.fixture
def place(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with evidence, and one bucket for thresholds and decisions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOVERNANCE_THRESHOLDS_BUCKET", bucket)
    monkeypatch.setenv("GOVERNANCE_DECISIONS_BUCKET", bucket)
    (tmp_path / "rules").mkdir()
    for name, value in (("good", 0.9), ("bad", 0.1)):
        report = {"a_metrics": {"b": {"value": value}, "seconds": {"value": 1}}}
        (tmp_path / f"{name}.json").write_text(json.dumps(report))
    return tmp_path


@pytest.fixture
def publish(place: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Put a text in force as the only threshold file."""

    def put(text: str) -> None:
        (place / "rules/churn.yaml").write_text(text)
        assert run(["thresholds", "publish", "rules", "--yes"]) == 0
        capsys.readouterr()

    return put


@pytest.fixture
def decide(
    place: Path, s3: "S3Client", bucket: str, capsys: pytest.CaptureFixture[str]
) -> Callable[[int, str], str]:
    """Judge a report by what is in force, and keep the record as that of a version; return its URI."""

    def keep(version: int, evidence: str) -> str:
        run(["check", "--in-force", "--group", GROUP, "-e", f"{evidence}.json", "--format", "json"])
        key = f"decisions/{GROUP}/{version}/e1.json"
        s3.put_object(Bucket=bucket, Key=key, Body=capsys.readouterr().out.encode())
        return f"s3://{bucket}/{key}"

    return keep


@pytest.fixture
def audit(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[dict[str, Any]]]:
    """The entries of an audit by their JSON; what is on stderr tells how far it is."""

    def list_entries(*words: str) -> list[dict[str, Any]]:
        assert run(["audit", "--format", "json", *words]) == 0
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["entries"]
        return found

    return list_entries


def test_it_is_said_of_each_decision_in_what_less_is_asked_by_now(
    publish: Callable[[str], None],
    decide: Callable[[int, str], str],
    audit: Callable[..., list[dict[str, Any]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(EARLIER)
    record = decide(1, "good")
    assert [one["kind"] for one in audit()] == ["decision"]
    publish(NOW)
    decide(2, "good")
    assert run(["thresholds", "list", "--format", "json"]) == 0
    bundle = json.loads(capsys.readouterr().out)["bundle"]
    newer, older, loosened = audit()
    assert [(one["version"], one["kind"]) for one in (newer, older)] == [(2, "decision"), (1, "decision")]
    assert (loosened["version"], loosened["kind"], loosened["record"]) == (
        1,
        "thresholds loosened since",
        record,
    )
    assert loosened["what"] == (
        "accuracy: must be at least 0.7, had to be at least 0.8; latency: on_failure is warn, was review"
    )
    assert loosened["by"] == bundle["published_by"]
    assert loosened["at"][:19].replace("T", " ") == bundle["published_at"].removesuffix(" UTC")
    assert run(["audit", "--format", "csv"]) == 0
    rows = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    assert [row["what"] for row in rows if row["kind"] == loosened["kind"]] == [loosened["what"]]
    assert run(["audit"]) == 0
    assert "thresholds loosened since" in capsys.readouterr().out


def test_what_is_stricter_by_now_is_no_entry_and_what_judges_no_more_is_one(
    publish: Callable[[str], None],
    decide: Callable[[int, str], str],
    audit: Callable[..., list[dict[str, Any]]],
) -> None:
    publish(NOW)
    decide(1, "good")
    publish(EARLIER)
    assert [one["kind"] for one in audit()] == ["decision"]
    publish(NOW.replace("[churn]", "[another]"))
    _, loosened = audit()
    assert loosened["what"] == "no file judges what churn judged"
    assert loosened["by"] is not None


def test_where_the_thresholds_of_then_are_gone_it_is_not_known_and_said(
    publish: Callable[[str], None],
    decide: Callable[[int, str], str],
    audit: Callable[..., list[dict[str, Any]]],
    s3: "S3Client",
    bucket: str,
) -> None:
    publish(EARLIER)
    version = s3.head_object(Bucket=bucket, Key="thresholds/bundle.json")["VersionId"]
    decide(1, "good")
    publish(NOW)
    s3.delete_object(Bucket=bucket, Key="thresholds/bundle.json", VersionId=version)
    _, unknown = audit()
    assert unknown["kind"] == "thresholds of then not known"
    assert f"thresholds/bundle.json?versionId={version}: " in unknown["what"]
    s3.delete_object(Bucket=bucket, Key="thresholds/bundle.json")
    assert "the thresholds in force were deleted" in audit()[1]["what"]


def test_the_registry_tells_of_what_no_record_explains(
    publish: Callable[[str], None],
    decide: Callable[[int, str], str],
    audit: Callable[..., list[dict[str, Any]]],
    moto_aws: boto3.Session,
    bucket: str,
) -> None:
    """One the gate rejected and somebody approved; one was registered as approved; about one nothing was decided."""
    publish(EARLIER)
    sagemaker, s3 = moto_aws.client("sagemaker"), moto_aws.client("s3")
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    overruled, _approved, _waiting = (
        sagemaker.create_model_package(ModelPackageGroupName=GROUP, ModelApprovalStatus=status)[
            "ModelPackageArn"
        ]
        for status in ("Rejected", "Approved", "PendingManualApproval")
    )
    record = decide(1, "bad")
    outcome = OutcomeRecord(
        outcome=UPDATED,
        approval_status="Rejected",
        status_given_by=None,
        decision="Rejected",
        decision_uri=record,
        decision_digest="0" * 64,
        model_package=overruled,
        created=created_text(SageMakerModelRegistry(sagemaker).describe(overruled)),
        execution="arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p/execution/e1",
        recorded_at=datetime.now(UTC),
    )
    s3.put_object(Bucket=bucket, Key=f"decisions/{GROUP}/1/e1.outcome.json", Body=outcome.to_bytes())
    before = [one["kind"] for one in audit("--live", "--group", GROUP)]
    assert before == ["decision", "no decision", "approval without a record"]
    sagemaker.update_model_package(ModelPackageArn=overruled, ModelApprovalStatus="Approved")
    found = audit("--live")
    assert {(one["version"], one["kind"], one["what"]) for one in found} == {
        (1, "decision", "Rejected by churn"),
        (1, "approval without a record", "Approved, the gate's decision was Rejected"),
        (2, "approval without a record", "registered as Approved"),
        (3, "no decision", "registered, PendingManualApproval"),
    }
    changed = sagemaker.describe_model_package(ModelPackageName=overruled)["LastModifiedTime"]
    (outside,) = [one for one in found if (one["version"], one["kind"]) == (1, "approval without a record")]
    assert datetime.fromisoformat(outside["at"]) == changed
    assert (outside["record"], bool(outside["by"])) == (record, True)
