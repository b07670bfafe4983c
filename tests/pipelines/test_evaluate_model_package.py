import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aws.aws_errors import (
    AwsAccessDeniedError,
    AwsError,
    AwsNotFoundError,
    AwsThrottledError,
    AwsUnreachableError,
)
from aws.decision_log import FolderDecisionLog
from aws.evidence_errors import DigestMismatchError, EvidenceError, ForeignBucketError
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import ModelPackage, ModelPackageGoneError
from aws.report_references import ReportReference, ReportSlot
from aws.s3_uris import S3UriError
from checks.decision_record import DecisionRecord, parse_record
from checks.errors import GovernanceError
from checks.evidence import Document
from checks.selection import AmbiguousThresholdsError
from checks.version import NAME, VERSION
from pipelines.evaluate_model_package import evaluate_model_package
from pipelines.sealed_decisions import DecisionMismatchError
from pipelines.step_messages import EvaluateRequest
from tests.pipelines.conftest import Attach, MappedEvidenceStore, World

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
                "copy_uri": str(world.folder / "copies" / hashlib.sha256(report.read_bytes()).hexdigest()),
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


class Refusing(MappedEvidenceStore):
    """A store that answers for one URI, or for all below it, as S3 does when it does not give what is asked for."""

    def __init__(self, folder: Path, uri: str, error: GovernanceError) -> None:
        super().__init__(folder)
        self._uri, self._error = uri, error

    def read(self, reference: ReportReference) -> Document:
        if reference.uri.startswith(self._uri):
            raise self._error
        return super().read(reference)

    def list(self, prefix: str) -> tuple[ReportReference, ...]:
        if prefix.startswith(self._uri):
            raise self._error
        return super().list(prefix)


class ForeignRegistry(MemoryModelRegistry):
    """A registry whose versions name a report by a URI that others may register, and `register` does not."""

    def __init__(self, uri: str) -> None:
        super().__init__()
        self._uri = uri

    def describe(self, arn: str) -> ModelPackage:
        package = super().describe(arn)
        reports = [replace(ref, uri=self._uri) if ref.uri == BAD else ref for ref in package.reports]
        return replace(package, reports=tuple(reports))


def evaluate_refused(world: World, arn: str, uri: str, error: GovernanceError) -> DecisionRecord:
    """Judge the version in a world where `uri` is refused with `error`; return the record."""
    services = replace(world.services, evidence=Refusing(world.folder / "evidence", uri, error))
    answer = evaluate_model_package(EvaluateRequest(arn, "-", "-", EXECUTION), services, now=NOON)
    world.update(arn, answer)
    return parse_record(Path(answer.decision_uri).read_bytes())


BAD = "s3://team-bucket/bad.json"
FOREIGN = ForeignBucketError(f"{BAD}: the gate reads evidence only from evidence; put the report there")
DENIED = AwsAccessDeniedError(f"{BAD}: GetObject failed with AccessDenied (no)", code="AccessDenied")
GONE = AwsNotFoundError(f"{BAD}: GetObject failed with NoSuchBucket (no)", code="NoSuchBucket")
ELSEWHERE = AwsError(f"{BAD}: GetObject failed with PermanentRedirect (no)", code="PermanentRedirect")
UNREADABLE = [
    pytest.param(BAD, FOREIGN, "the gate reads evidence only from evidence; put the report there", id="elsewhere"),
    pytest.param(BAD, DENIED, "GetObject failed with AccessDenied (no)", id="no rights"),
    pytest.param(BAD, GONE, "GetObject failed with NoSuchBucket (no)", id="no bucket"),
    pytest.param(BAD, ELSEWHERE, "GetObject failed with PermanentRedirect (no)", id="another region"),
    pytest.param(
        "https://s3.amazonaws.com/b/p/1/e.json",
        S3UriError("'https://s3.amazonaws.com/b/p/1/e.json' is not an S3 URI: it looks like s3://b/p/1/e.json"),
        "not an S3 URI: it looks like s3://b/p/1/e.json",
        id="https",
    ),
]  # fmt: skip


@pytest.mark.parametrize("on_missing", ["reject", "review", "warn"])
@pytest.mark.parametrize(("uri", "error", "says"), UNREADABLE)
def test_a_report_that_cannot_be_read_needs_review_and_the_registry_says_why(
    world: World, attached: Attach, *, uri: str, error: GovernanceError, says: str, on_missing: str
) -> None:
    thresholds = world.folder / "thresholds" / "askdata.yaml"
    thresholds.write_text(thresholds.read_text().replace("on_missing: warn", f"on_missing: {on_missing}"))
    world.registry = ForeignRegistry(uri)
    arn = world.register(
        attached(world.report("good.json", text_to_sql__accuracy=0.9)),
        ReportReference(ReportSlot.BIAS_REPORT, BAD, "sha256:" + "0" * 64),
    )
    record = evaluate_refused(world, arn, uri, error)
    assert record.decision == "NeedsReview"
    (finding,) = [finding for finding in record.findings if finding.check == "readable evidence"]
    assert (finding.outcome, finding.consequence, finding.reason) == ("invalid", "review", f"{uri}: {says}")
    # Nothing was read, so no digest was held against it.
    assert [(document.uri, document.format, document.digest) for document in record.evidence] == [
        ("s3://evidence/good.json", "sagemaker_evaluation", "verified"),
        (uri, "unreadable", None),
    ]
    package = world.registry.describe(arn)
    assert package.approval_status == "PendingManualApproval"
    assert f"{uri}: {says}" in (package.description or "")


@pytest.mark.parametrize(("uri", "error", "says"), UNREADABLE)
def test_beside_what_cannot_be_read_what_is_proven_wrong_still_rejects(
    world: World, attached: Attach, uri: str, error: GovernanceError, says: str
) -> None:
    bad = attached(world.report("bad.json", text_to_sql__accuracy=0.1))
    world.registry = ForeignRegistry(uri)
    arn = world.register(bad, ReportReference(ReportSlot.BIAS_REPORT, BAD))
    record = evaluate_refused(world, arn, uri, error)
    assert record.decision == "Rejected"
    assert f"{uri}: {says}" in [finding.reason for finding in record.findings]


@pytest.mark.parametrize(
    ("prefix", "error", "says"),
    [
        pytest.param("s3://team-bucket/v1/", FOREIGN, f"s3://team-bucket/v1/: {FOREIGN}", id="elsewhere"),
        pytest.param("s3://evidence/v1/", DENIED, f"s3://evidence/v1/: {DENIED}", id="no rights"),
        pytest.param(
            "s3://evidence/v1/",
            EvidenceError("s3://evidence/v1/: 501 reports are there"),
            "s3://evidence/v1/: 501 reports are there",
            id="too many reports",
        ),
        pytest.param(
            "not a uri",
            S3UriError("'not a uri' is not an S3 URI: it looks like s3://bucket/key"),
            "not a uri: not an S3 URI: it looks like s3://bucket/key",
            id="no uri",
        ),
    ],
)
def test_an_evidence_prefix_that_cannot_be_read_needs_review(
    world: World, attached: Attach, prefix: str, error: GovernanceError, says: str
) -> None:
    good = attached(world.report("good.json", text_to_sql__accuracy=0.9, latency__p95_seconds=1.0))
    record = evaluate_refused(world, world.register(good, prefix=prefix), prefix, error)
    assert record.decision == "NeedsReview"
    assert [finding.reason for finding in record.findings if finding.check == "readable evidence"] == [says]


def test_a_manifest_that_cannot_be_read_needs_review(world: World) -> None:
    world.report("v1/good.json", text_to_sql__accuracy=0.9, latency__p95_seconds=1.0)
    uri = "s3://evidence/v1/evidence.manifest.json"
    record = evaluate_refused(world, world.register(prefix="s3://evidence/v1"), uri, DENIED)
    assert record.decision == "NeedsReview"
    assert (uri, "unreadable") in [(document.uri, document.format) for document in record.evidence]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(AwsThrottledError(f"{BAD}: slow down", code="SlowDown"), id="throttled"),
        pytest.param(AwsUnreachableError(f"{BAD}: no answer", code="500"), id="no answer"),
    ],
)
def test_what_aws_may_give_at_another_time_fails_the_step_and_records_nothing(
    world: World, error: AwsError
) -> None:
    arn = world.register(ReportReference(ReportSlot.BIAS_REPORT, BAD))
    with pytest.raises(type(error), match="bad"):
        evaluate_refused(world, arn, BAD, error)
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


def test_threshold_files_that_contend_for_the_group_are_said_in_the_registry(world: World) -> None:
    arn = world.register_scored(0.9)
    file = world.folder / "thresholds" / "askdata.yaml"
    (world.folder / "thresholds" / "second.yaml").write_text(
        file.read_text().replace("name: askdata", "name: second")
    )
    with pytest.raises(AmbiguousThresholdsError) as raised:
        world.evaluate(arn)
    package = world.registry.describe(arn)
    assert (package.approval_status, package.description) == (
        "PendingManualApproval",
        f"Not decided: {raised.value}",
    )
    assert package.metadata["governance:undecided-uri"].endswith("/AskData/1/abc123.undecided.json")
