"""What an auditor is told of versions: by their records, and by the registry what no record explains."""

from datetime import UTC, datetime, timedelta

from checks.review_record import ReviewAction, Reviewer
from pipelines.audit_entries import AuditEntry, AuditKind, list_live_entries, list_recorded_entries
from pipelines.review_version import ReviewRequest, ReviewServices, review_version
from pipelines.step_settings import SeparationOfDuties
from tests.pipelines.conftest import World

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


def test_each_decision_is_listed_with_its_record_and_only_since_then(world: World) -> None:
    arn = world.register_scored(0.9)
    first = world.evaluate(arn)
    entries = list(list_recorded_entries(world.decisions, "AskData", ALWAYS))
    assert [(one.version, one.kind, one.at, one.what, one.by, one.record) for one in entries] == [
        (1, AuditKind.DECISION, "2026-03-01T12:00:00Z", "Approved by askdata", None, first.decision_uri)
    ]
    later = datetime.now(UTC) + timedelta(days=1)
    assert list(list_recorded_entries(world.decisions, "AskData", later)) == []


def test_a_waiver_that_was_used_is_listed_with_who_approved_it(world: World) -> None:
    file = world.folder / "thresholds" / "askdata.yaml"
    waiver = "{check: accuracy, reason: a known gap, approved_by: risk, expires: 2026-03-31}"
    file.write_text(f"{file.read_text()}owners: [risk]\nwaivers:\n  - {waiver}\n")
    world.evaluate(world.register_scored(0.5))
    _, entry = list_recorded_entries(world.decisions, "AskData", ALWAYS)
    assert (entry.kind, entry.what, entry.by) == (
        AuditKind.WAIVER_USED,
        "accuracy, until 2026-03-31: a known gap",
        "risk",
    )


def test_what_no_record_explains_is_listed_by_the_registry(world: World) -> None:
    """One is decided by the gate, one overruled (its report was another's), one approved by nobody, one waits."""
    decided, overruled, approved, _waiting = (world.register_scored(0.9) for _ in range(4))
    for number, arn in enumerate((decided, overruled)):
        execution = f"arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/e{number}"
        world.update(arn, world.evaluate(arn, execution), execution)
    world.registry.update(overruled, approval_status="Rejected")
    world.registry.update(approved, approval_status="Approved")
    found = list_live_entries(world.registry, world.decisions, "AskData", ALWAYS)
    assert {(one.version, one.kind, one.what) for one in found} == {
        (2, AuditKind.OUTSIDE_THE_GATE, "Rejected, the gate's decision was NeedsReview"),
        (3, AuditKind.APPROVAL_WITHOUT_RECORD, "Approved, no decision"),
        (4, AuditKind.NO_DECISION, "registered, PendingManualApproval"),
    }


def test_a_review_is_listed_with_who_reviewed_when_and_why(world: World) -> None:
    """The first sends the version back, the second approves it; the registry has nothing to add."""
    arn = world.register_scored(0.5)
    world.update(arn, world.evaluate(arn))
    ann = Reviewer("arn:aws:sts::123456789012:assumed-role/reviewers/ann", "AROAREVIEWERS:ann")
    services = ReviewServices(world.registry, world.decisions, SeparationOfDuties.NOT_REQUIRED)
    request = ReviewRequest(arn, ReviewAction.REJUDGE, "the limit was corrected", ann)
    sent_back = review_version(request, services, now=datetime(2026, 3, 1, 13, tzinfo=UTC))
    _, entry = list_recorded_entries(world.decisions, "AskData", ALWAYS)
    assert entry == AuditEntry(
        "AskData",
        1,
        AuditKind.REJUDGED,
        "2026-03-01T13:00:00Z",
        "rejudge: the limit was corrected",
        ann.arn,
        sent_back.location.uri,
    )
    approve = ReviewRequest(arn, ReviewAction.APPROVE, "agreed", ann)
    review_version(approve, services, now=datetime(2026, 3, 1, 14, tzinfo=UTC))
    *_, entry = list_recorded_entries(world.decisions, "AskData", ALWAYS)
    assert (entry.kind, entry.what, entry.by) == (AuditKind.OVERRIDE, "approve: agreed", ann.arn)
    assert list(list_live_entries(world.registry, world.decisions, "AskData", ALWAYS)) == []
