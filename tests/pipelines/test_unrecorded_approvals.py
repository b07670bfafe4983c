"""Which approvals nothing recorded explains: registered so, set by hand, taken over, and what the gate did itself."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from aws.arns import GroupArn, ModelPackageArn
from aws.aws_errors import AwsAccessDeniedError
from aws.decision_log import FolderDecisionLog
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import Identity
from aws.threshold_store import FolderThresholdStore
from checks.review_record import ReviewAction, Reviewer
from pipelines.review_version import ReviewRequest, ReviewServices, review_version
from pipelines.step_settings import EVERY_GROUP, SeparationOfDuties
from pipelines.unrecorded_approvals import (
    ApprovalSources,
    UnrecordedApproval,
    examine_approval,
    find_unrecorded_approvals,
)
from tests.pipelines.conftest import EXECUTION, SEALS, World

ACCOUNT = "123456789012"
SESSIONS = f"arn:aws:sts::{ACCOUNT}:assumed-role"
GATE = Identity(arn=f"{SESSIONS}/ModelGovernance-UpdateModelStatusRole/update")
ENGINEER = Identity(arn=f"{SESSIONS}/engineer/jane")
REVIEWER = Reviewer(f"{SESSIONS}/reviewers/ann@example.com", "AROAREVIEWERS:ann@example.com")
LATER = EXECUTION.replace("abc123", "later")


def approve(world: World, arn: str, by: Identity) -> None:
    """Set the status by hand."""
    world.registry.caller = by
    world.registry.update(arn, approval_status="Approved")


def judge(world: World, accuracy: float, *, update: bool = True) -> str:
    """Register a version that the gate decides about, at least by its record."""
    arn = world.register_scored(accuracy)
    answer = world.evaluate(arn)
    world.registry.caller = GATE
    if update:
        world.update(arn, answer)
    return arn


def by_gate(world: World) -> str:
    return judge(world, 0.9)


def review(world: World, arn: str, reviewer: Reviewer = REVIEWER) -> None:
    """Approve what the gate left pending, whatever the registration says."""
    services = ReviewServices(world.registry, world.decisions, SeparationOfDuties.NOT_REQUIRED)
    world.registry.caller = Identity(reviewer.arn, reviewer.user_id)
    request = ReviewRequest(arn, ReviewAction.APPROVE, "the shortfall is of two questions", reviewer)
    review_version(request, services, now=datetime.now(UTC))


def left_for_review(world: World) -> str:
    """Register a version as the engineer, which the gate leaves pending: its answers take too long."""
    world.registry.caller = Identity(ENGINEER.arn, "AROAENGINEER:jane")
    arn = world.register_scored(0.9, latency=9.0)
    answer = world.evaluate(arn)
    world.registry.caller = GATE
    world.update(arn, answer)
    assert world.registry.describe(arn).is_pending
    return arn


def by_reviewer(world: World) -> str:
    arn = left_for_review(world)
    review(world, arn)
    return arn


def before_the_review_has_its_outcome(world: World) -> str:
    arn = by_reviewer(world)
    (outcome,) = (world.folder / "decisions").rglob("*.reviewed.json")
    outcome.unlink()
    return arn


def by_hand_of_a_reviewer(world: World) -> str:
    """Set in Studio: whoever wrote last need not have decided, so that it counts as anybody's."""
    arn = left_for_review(world)
    approve(world, arn, Identity(REVIEWER.arn, REVIEWER.user_id))
    return arn


def after_a_review_that_rejects(world: World) -> str:
    arn = left_for_review(world)
    services = ReviewServices(world.registry, world.decisions, SeparationOfDuties.NOT_REQUIRED)
    request = ReviewRequest(arn, ReviewAction.REJECT, "two questions leak names", REVIEWER)
    review_version(request, services, now=datetime.now(UTC))
    approve(world, arn, ENGINEER)
    return arn


def between_update_and_record(world: World) -> str:
    """Step two has changed the version, and has not written the outcome yet."""
    arn = by_gate(world)
    for path in (world.folder / "decisions").rglob("*.outcome.json"):
        path.unlink()
    return arn


def rejected(world: World) -> str:
    return judge(world, 0.5)


def on_trial(world: World) -> str:
    world.write_thresholds("dry_run")
    arn = judge(world, 0.9)
    approve(world, arn, ENGINEER)
    return arn


def ungoverned(world: World) -> str:
    (world.folder / "thresholds" / "askdata.yaml").unlink()
    arn = world.register_scored(0.9)
    approve(world, arn, ENGINEER)
    return arn


def before_any_decision(world: World) -> str:
    arn = world.register_scored(0.9)
    approve(world, arn, ENGINEER)
    return arn


def after_a_rejection(world: World) -> str:
    arn = judge(world, 0.5)
    approve(world, arn, ENGINEER)
    return arn


def with_the_marks_of_a_rejection(world: World) -> str:
    """The version's own metadata, with the status changed: they name a record that rejects."""
    arn = after_a_rejection(world)
    world.registry.update(arn, metadata={"governance:status": "Approved"})
    return arn


def with_the_marks_of_another_version(world: World) -> str:
    marks = world.registry.describe(by_gate(world)).metadata
    arn = world.register(**{name: text for name, text in marks.items() if name.startswith("governance:")})
    approve(world, arn, ENGINEER)
    return arn


def with_an_old_approval_of_the_gate(world: World) -> str:
    """Approved by the gate, set back, rejected by it, and approved by hand; the marks are the first ones."""
    arn = by_gate(world)
    marks = world.registry.describe(arn).metadata
    world.registry.update(arn, approval_status="PendingManualApproval")
    (world.folder / "thresholds" / "askdata.yaml").write_text(
        (world.folder / "thresholds" / "askdata.yaml").read_text().replace("at_least: 0.8", "at_least: 0.95")
    )
    later = datetime.now(UTC) + timedelta(hours=1)  # after the first outcome was written
    world.update(arn, world.evaluate(arn, LATER, later), LATER, later)
    assert world.registry.describe(arn).approval_status == "Rejected"
    approve(world, arn, ENGINEER)
    world.registry.update(arn, metadata=marks)
    return arn


def with_thresholds_that_cannot_be_read(world: World) -> str:
    arn = world.register_scored(0.9)
    (world.folder / "thresholds" / "askdata.yaml").write_text("checks: 7")
    approve(world, arn, ENGINEER)
    return arn


def examine(world: World, arn: str) -> UnrecordedApproval | None:
    return examine_approval(arn, sources_of(world))


def sources_of(world: World, *held_to: str) -> ApprovalSources:
    thresholds = FolderThresholdStore(world.folder / "thresholds")
    return ApprovalSources(
        world.registry,
        thresholds,
        world.decisions,
        SEALS,
        SeparationOfDuties.REQUIRED,
        held_to=held_to or (EVERY_GROUP,),
    )


EXPLAINED = (
    by_gate,
    by_reviewer,
    before_the_review_has_its_outcome,
    between_update_and_record,
    rejected,
    on_trial,
    ungoverned,
)
UNEXPLAINED = (
    before_any_decision,
    after_a_rejection,
    with_the_marks_of_a_rejection,
    with_the_marks_of_another_version,
    with_an_old_approval_of_the_gate,
    with_thresholds_that_cannot_be_read,
    by_hand_of_a_reviewer,
    after_a_review_that_rejects,
)


@pytest.mark.parametrize("history", EXPLAINED, ids=lambda history: history.__name__)
def test_an_approval_that_is_explained_is_not_found(world: World, history: Callable[[World], str]) -> None:
    assert examine(world, history(world)) is None


@pytest.mark.parametrize("history", UNEXPLAINED, ids=lambda history: history.__name__)
def test_an_approval_that_nothing_recorded_explains_is_found(
    world: World, history: Callable[[World], str]
) -> None:
    found = examine(world, history(world))
    assert found is not None
    assert (found.how, found.by) == ("last_modified_by", world.registry.caller)


def test_an_approval_whose_outcome_is_recorded_during_the_look_is_not_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = by_gate(world)
    outcomes = list((world.folder / "decisions").rglob("*.outcome.json"))
    contents = [path.read_bytes() for path in outcomes]
    assert contents
    for path in outcomes:
        path.unlink()
    read = FolderDecisionLog.read_sealed

    def record_meanwhile(log: FolderDecisionLog, uri: str) -> tuple[bytes, str | None]:
        for path, content in zip(outcomes, contents, strict=True):
            path.write_bytes(content)
        return read(log, uri)

    monkeypatch.setattr(FolderDecisionLog, "read_sealed", record_meanwhile)
    assert examine(world, arn) is None
    assert all(path.exists() for path in outcomes)


def test_a_version_that_is_gone_is_not_found(world: World) -> None:
    gone = ModelPackageArn("aws", "eu-west-1", ACCOUNT, "askdata", 7)
    assert examine(world, str(gone)) is None


@pytest.mark.parametrize(
    ("held_to", "expected"),
    [("ASKDATA", True), ("ask*", True), ("churn", False)],
    ids=["its-name", "pattern", "another"],
)
def test_only_groups_that_the_deployment_is_held_to_are_asked_about(
    world: World, held_to: str, expected: bool
) -> None:
    """The role of the watch reaches no others: to look at one would fail the run."""
    bypass = before_any_decision(world)
    sources = sources_of(world, held_to)
    assert (examine_approval(bypass, sources) is not None) is expected
    assert bool(list(find_unrecorded_approvals(sources, now=datetime.now(UTC), report=print))) is expected


def test_a_run_goes_through_what_was_approved_of_late(world: World) -> None:
    explained, bypass = by_gate(world), before_any_decision(world)
    now = datetime.now(UTC)

    def found(at: datetime, most: int = 10) -> list[str]:
        approvals = find_unrecorded_approvals(sources_of(world), now=at, max_looks=most, report=print)
        return [approval.package.arn for approval in approvals]

    assert found(now) == [bypass]
    assert found(now + timedelta(hours=23)) == [bypass]
    assert found(now + timedelta(hours=25)) == []
    # Runs of one look each come to both versions, however often the schedule runs.
    seen = [found(now + timedelta(minutes=5 * run), most=1) for run in range(60)]
    assert explained != bypass
    assert [] in seen
    assert [bypass] in seen


def test_a_run_looks_at_the_groups_of_other_accounts_and_tells_which_cannot_be_listed(world: World) -> None:
    """Both groups are known by their ARNs; the registry of this account takes the place of the other one."""
    bypass = before_any_decision(world)
    there = GroupArn("aws", "eu-west-1", ACCOUNT, "AskData")
    refused = replace(there, account="444455556666")

    class Elsewhere(MemoryModelRegistry):
        def groups(self) -> Iterator[str]:
            return iter(())

        def list(self, group: str | GroupArn, **chosen: Any) -> Any:
            if group == refused:
                raise AwsAccessDeniedError(f"{group}: ListModelPackages failed with AccessDeniedException")
            return super().list(group, **chosen)

    world.registry.__class__ = Elsewhere
    sources = replace(sources_of(world), groups_elsewhere=(refused, there))
    said: list[tuple[str, dict[str, Any]]] = []

    def report(message: str, **fields: Any) -> None:
        said.append((message, fields))

    found = find_unrecorded_approvals(sources, now=datetime.now(UTC), report=report)
    assert [approval.package.arn for approval in found] == [bypass]
    ((message, fields),) = said
    assert (message, fields["group"]) == ("not listed", str(refused))
