import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aws.aws_errors import AwsError
from aws.decision_log import FolderDecisionLog
from aws.evidence_errors import DigestMismatchError, ForeignBucketError
from aws.evidence_store import FolderEvidenceStore
from aws.model_packages import ModelPackageGoneError
from aws.report_references import ReportReference, ReportSlot
from checks.decision_record import parse_record
from checks.errors import GovernanceError
from checks.evidence import Document
from checks.version import NAME, VERSION
from pipelines.evaluate_model_package import evaluate_model_package
from pipelines.sealed_decisions import DecisionMismatchError
from pipelines.step_messages import EvaluateRequest
from tests.pipelines.conftest import Attach, World

EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/abc123"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accuracy", "latency", "decision"),
    [
        pytest.param(0.9, 1.0, "Approved", id="all checks pass"),
        pytest.param(0.7, 1.0, "Rejected", id="one rejects"),
        pytest.param(0.9, 9.0, "NeedsReview", id="one asks for review"),
    ],
)
def test_the_decision_is_recorded_once_under_the_execution(
    world: World, accuracy: float, latency: float, decision: str
) -> None:
    arn = world.register_scored(accuracy, latency)
    answer = world.evaluate(arn)
    content = Path(answer.decision_uri).read_bytes()
    assert answer.decision == decision
    assert answer.decision_digest == hashlib.sha256(content).hexdigest()
    assert Path(answer.decision_uri) == world.folder / "decisions" / "AskData" / "1" / "abc123.json"

    report = world.folder / "evidence" / "v.json"
    record = json.loads(content)
    assert {key: record[key] for key in record if key not in ("findings", "thresholds")} == {
        "schema": "governance.decision/1",
        "decision": decision,
        "model_package": {
            "arn": arn,
            "group": "AskData",
            "version": 1,
            "created": world.registry.describe(arn).created.isoformat(timespec="milliseconds")[:-6] + "Z",
            "containers": [{"image": "1.dkr.ecr/i:1"}],
        },
        "evidence": [
            {
                "uri": "s3://evidence/v.json",
                "version_id": None,
                "sha256": hashlib.sha256(report.read_bytes()).hexdigest(),
                "format": "sagemaker_evaluation",
                "digest": "verified",
            }
        ],
        "engine": {"name": NAME, "version": VERSION},
        "execution": EXECUTION,
        "decided_at": "2026-03-01T12:00:00Z",
    }
    assert record["thresholds"]["name"] == "askdata"


def test_exactly_the_version_of_the_request_is_judged_not_the_newest(world: World, attached: Attach) -> None:
    old = world.register(attached(world.report("old.json", text_to_sql__accuracy=0.5)))
    new = world.register(attached(world.report("new.json", text_to_sql__accuracy=0.95)))
    assert world.evaluate(old, f"{EXECUTION}-old").decision == "Rejected"
    assert world.evaluate(new, f"{EXECUTION}-new").decision == "Approved"


def test_a_retried_invocation_answers_with_the_record_that_it_wrote_before(world: World) -> None:
    arn = world.register_scored(0.9)
    first = world.evaluate(arn)
    content = Path(first.decision_uri).read_bytes()
    assert world.evaluate(arn, now=NOON + timedelta(hours=1)) == first
    assert Path(first.decision_uri).read_bytes() == content


def test_a_retried_invocation_that_decides_on_other_grounds_fails(world: World) -> None:
    arn = world.register_scored(0.9)
    first = world.evaluate(arn)
    content = Path(first.decision_uri).read_bytes()
    strict = (world.folder / "thresholds" / "askdata.yaml").read_text().replace("0.8", "0.99")
    (world.folder / "thresholds" / "askdata.yaml").write_text(strict)
    with pytest.raises(DecisionMismatchError, match="decided Approved there, and this one decides Rejected"):
        world.evaluate(arn)
    assert Path(first.decision_uri).read_bytes() == content
    assert world.evaluate(arn, f"{EXECUTION}-later").decision == "Rejected"


def test_the_same_bytes_are_recorded_for_the_same_inputs_apart_from_the_clock(world: World) -> None:
    arn = world.register_scored(0.9)
    first = Path(world.evaluate(arn).decision_uri).read_bytes()
    later = world.evaluate(arn, f"{EXECUTION}2", now=NOON + timedelta(days=400))
    second = Path(later.decision_uri).read_bytes()
    assert second.replace(b"abc1232", b"abc123").replace(b"2027-04-05", b"2026-03-01") == first


def test_reports_under_the_evidence_prefix_count_too(world: World, attached: Attach) -> None:
    prefix = "s3://evidence/more/"
    world.report("more/a.json", text_to_sql__accuracy=0.9)
    world.report("more/deep/b.json", latency__p95_seconds=9.0)
    arn = world.register(prefix=prefix)
    record = parse_record(Path(world.evaluate(arn).decision_uri).read_bytes())
    assert [document.uri for document in record.evidence] == [
        "s3://evidence/more/a.json",
        "s3://evidence/more/deep/b.json",
    ]
    assert record.decision == "NeedsReview"


def test_a_report_that_is_attached_and_lies_under_the_prefix_is_read_once(
    world: World, attached: Attach
) -> None:
    path = world.report("more/a.json", text_to_sql__accuracy=0.9)
    arn = world.register(
        attached(path),
        attached(path, ReportSlot.MODEL_QUALITY_CONSTRAINTS, None),
        prefix="s3://evidence/more",
    )
    record = parse_record(Path(world.evaluate(arn).decision_uri).read_bytes())
    assert [document.uri for document in record.evidence] == ["s3://evidence/more/a.json"]


def test_a_missing_report_is_a_finding_and_never_approved(world: World, attached: Attach) -> None:
    good = world.report("good.json", text_to_sql__accuracy=0.9)
    gone = ReportReference(ReportSlot.BIAS_REPORT, "s3://evidence/bias.json")
    record = parse_record(
        Path(world.evaluate(world.register(attached(good), gone)).decision_uri).read_bytes()
    )
    assert record.decision == "NeedsReview"
    assert [(d.uri, d.format) for d in record.evidence][1] == (gone.uri, "unreadable")
    (reason,) = [f.reason for f in record.findings if f.check == "readable evidence"]
    assert reason.startswith(gone.uri)
    assert reason.endswith("there is no such file; check the path")


def test_a_group_that_no_threshold_file_applies_to_needs_review(world: World) -> None:
    (world.folder / "thresholds" / "askdata.yaml").unlink()
    record = parse_record(Path(world.evaluate(world.register_scored(0.9)).decision_uri).read_bytes())
    assert (record.decision, record.thresholds) == ("NeedsReview", None)


class Denied(FolderEvidenceStore):
    """A store that answers as S3 does when the caller may not read, or asks too often."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code

    def read(self, reference: ReportReference) -> Document:
        raise AwsError(f"{reference.uri}: GetObject failed with {self._code}", code=self._code)


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown"])
def test_what_cannot_be_read_fails_the_step_and_records_nothing(world: World, code: str) -> None:
    arn = world.register_scored(0.9)
    services = replace(world.services, evidence=Denied(code))
    with pytest.raises(AwsError, match=code):
        evaluate_model_package(EvaluateRequest(arn, "-", "-", EXECUTION), services, now=NOON)
    assert_untouched(world, arn)


def assert_untouched(world: World, arn: str) -> None:
    assert not (world.folder / "decisions").exists()
    package = world.registry.describe(arn)
    assert (package.approval_status, package.description) == ("PendingManualApproval", None)


@pytest.fixture
def changed(world: World, attached: Attach) -> str:
    """A version whose report was changed after its digest was registered."""
    path = world.report("v.json", text_to_sql__accuracy=0.9)
    arn = world.register(attached(path))
    path.write_text(path.read_text().replace("0.9", "0.99"))
    return str(arn)


def test_a_wrong_digest_fails_the_step_and_its_description_says_why(world: World, changed: str) -> None:
    with pytest.raises(DigestMismatchError, match=r"v\.json") as raised:
        world.evaluate(changed)
    package = world.registry.describe(changed)
    assert package.approval_status == "PendingManualApproval"
    assert package.description == f"Not decided: {raised.value}"
    (note,) = (world.folder / "decisions" / "AskData" / "1").iterdir()
    assert note.name == "abc123.undecided.json"
    content = json.loads(note.read_bytes())
    assert (content["schema"], content["reason"]) == ("governance.undecided/1", str(raised.value))
    assert package.metadata["governance:undecided-uri"] == str(note.resolve())
    assert package.metadata["governance:undecided-digest"] == hashlib.sha256(note.read_bytes()).hexdigest()


def test_a_repeated_attempt_does_not_change_the_version_again(world: World, changed: str) -> None:
    for _ in range(2):
        with pytest.raises(DigestMismatchError):
            world.evaluate(changed)
        world.registry.update(changed, description="somebody's own words")
    assert world.registry.describe(changed).description == "somebody's own words"


def test_a_version_that_was_decided_meanwhile_keeps_its_description(world: World, changed: str) -> None:
    world.registry.update(changed, approval_status="Rejected", description="by hand")
    with pytest.raises(DigestMismatchError):
        world.evaluate(changed)
    package = world.registry.describe(changed)
    assert (package.approval_status, package.description) == ("Rejected", "by hand")


def test_where_the_description_cannot_be_changed_the_mismatch_is_told_all_the_same(
    world: World, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AwsError("UpdateModelPackage: throttled", code="ThrottlingException")

    monkeypatch.setattr(world.registry, "update", fail)
    with pytest.raises(DigestMismatchError, match=r"v\.json") as raised:
        world.evaluate(changed)
    assert raised.value.__notes__ == [
        "The version's description could not be changed: UpdateModelPackage: throttled"
    ]


def test_two_digests_for_one_report_are_both_held_to(world: World, attached: Attach) -> None:
    path = world.report("v.json", text_to_sql__accuracy=0.9)
    other = attached(path, ReportSlot.BIAS_REPORT, "sha256:" + "0" * 64)
    arn = world.register(attached(path), other)
    with pytest.raises(DigestMismatchError):
        world.evaluate(arn)


def test_evidence_of_a_foreign_place_fails_the_step(world: World) -> None:
    arn = world.register(ReportReference(ReportSlot.BIAS_REPORT, "s3://somebody-elses/v.json"))
    with pytest.raises(ForeignBucketError):
        world.evaluate(arn)
    assert_untouched(world, arn)


def test_a_version_that_was_deleted_meanwhile_is_a_clear_error(world: World) -> None:
    arn = world.register_scored(0.9)
    world.registry.delete(arn)
    with pytest.raises(ModelPackageGoneError, match=rf"{arn}: there is no such model package .* deleted"):
        world.evaluate(arn)


def test_a_wrong_threshold_file_fails_the_step_and_records_nothing(world: World) -> None:
    arn = world.register_scored(0.9)
    (world.folder / "thresholds" / "other.yaml").write_text("name: other\n")
    with pytest.raises(GovernanceError, match=r"other\.yaml:1:1"):
        world.evaluate(arn)
    assert_untouched(world, arn)


def test_a_record_about_another_version_is_not_reused(world: World) -> None:
    first, second = world.register_scored(0.9), world.register_scored(0.9)
    made = Path(world.evaluate(first).decision_uri)
    FolderDecisionLog(world.folder / "decisions").keep("AskData/2/abc123.json", made.read_bytes())
    with pytest.raises(GovernanceError, match=rf"is about {first}, not {second}"):
        world.evaluate(second)
