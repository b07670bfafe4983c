"""A person decides: what is recorded, what becomes of the status, what is refused, and what happens half way."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aws.aws_errors import AwsUnreachableError
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import Identity
from checks.review_record import ReviewAction, Reviewer, ReviewRecord
from pipelines.review_version import ReviewRefusedError, ReviewRequest, ReviewServices, review_version
from pipelines.reviews import Review, ReviewMismatchError
from pipelines.step_settings import SeparationOfDuties
from pipelines.version_standing import ByGate, ByReviewer, OutsideTheGate, look_up_standing
from tests.pipelines.conftest import EXECUTION, World

SESSIONS = "arn:aws:sts::123456789012:assumed-role"
ENGINEER = Identity(f"{SESSIONS}/engineers/jane", "AROAENGINEERS:jane")
GATE = Identity(f"{SESSIONS}/gate/update", "AROAGATE:update")
ANN = Reviewer(f"{SESSIONS}/reviewers/ann@example.com", "AROAREVIEWERS:ann@example.com")
BOB = Reviewer(f"{SESSIONS}/reviewers/bob@example.com", "AROAREVIEWERS:bob@example.com")
REASON = "Latency is the vendor's, and is back to 2 s since Monday."


def judged(world: World, accuracy: float = 0.9, latency: float = 9.0) -> str:
    """A version of the engineer's that the gate has judged; by default it waits for a review."""
    world.registry.caller = ENGINEER
    arn = world.register_scored(accuracy, latency)
    world.registry.caller = GATE
    world.update(arn, world.evaluate(arn))
    return arn


def review(
    world: World,
    arn: str,
    action: ReviewAction = ReviewAction.APPROVE,
    *,
    reason: str = REASON,
    reviewer: Reviewer = ANN,
    separation: SeparationOfDuties = SeparationOfDuties.REQUIRED,
) -> Review:
    """Review a version now."""
    world.registry.caller = Identity(reviewer.arn, reviewer.user_id)
    services = ReviewServices(world.registry, world.decisions, separation)
    return review_version(ReviewRequest(arn, action, reason, reviewer), services, now=datetime.now(UTC))


def records_of(world: World) -> list[Path]:
    """All that is in the decision log, without the seals."""
    return sorted(path for path in (world.folder / "decisions" / "AskData").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("action", "status"), [(ReviewAction.APPROVE, "Approved"), (ReviewAction.REJECT, "Rejected")]
)
def test_a_review_is_recorded_and_carried_out(world: World, action: ReviewAction, status: str) -> None:
    arn = judged(world)
    before = look_up_standing(world.registry.describe(arn), world.decisions)
    assert before.deciding is not None
    done = review(world, arn, action)
    package = world.registry.describe(arn)
    assert package.approval_status == status
    assert package.description == f"{status} by the reviewer {ANN.arn}: {REASON} {done.location.uri}"
    kept = Path(done.location.uri)
    assert kept.parent.name == ANN.user_id
    document = json.loads(kept.read_bytes())
    assert document == {
        "schema": "governance.review/1",
        "action": action,
        "model_package": arn,
        "model_package_created": document["model_package_created"],
        "reason": REASON,
        "reviewed_by": {"arn": ANN.arn, "user_id": ANN.user_id},
        "registered_by": ENGINEER.arn,
        "status_before": "PendingManualApproval",
        "decision_uri": before.deciding.decision_uri,
        "decision_digest": before.deciding.decision_digest,
        "reviewed_at": document["reviewed_at"],
    }
    assert ReviewRecord.parse(kept.read_bytes(), done.location.uri).to_bytes() == kept.read_bytes()
    standing = look_up_standing(package, world.decisions)
    assert isinstance(standing.source, ByReviewer)
    assert standing.source.review.record.reviewer == ANN
    assert standing.deciding == before.deciding
    assert standing.is_decided


def test_a_version_that_is_judged_again_is_linked_to_what_asked_for_it(world: World) -> None:
    """A rejection, the corrected limit, the request, the approval: each record names the one before."""
    arn = judged(world, accuracy=0.7, latency=1.0)
    assert world.registry.describe(arn).approval_status == "Rejected"
    asked = review(world, arn, ReviewAction.REJUDGE, reviewer=BOB)
    package = world.registry.describe(arn)
    assert package.is_pending
    assert (
        package.description
        == f"To be judged again, at the request of {BOB.arn}: {REASON} {asked.location.uri}"
    )
    file = world.folder / "thresholds" / "askdata.yaml"
    file.write_text(file.read_text().replace("at_least: 0.8", "at_least: 0.6"))
    later, now = EXECUTION.replace("abc123", "later"), datetime.now(UTC) + timedelta(seconds=2)
    answer = world.evaluate(arn, later, now)
    world.update(arn, answer, later, now)
    decision = json.loads(Path(answer.decision_uri).read_bytes())
    assert decision["decision"] == "Approved"
    assert decision["review"] == {"uri": asked.location.uri, "sha256": asked.location.sha256}
    assert asked.record.decision_uri is not None
    assert json.loads(Path(asked.record.decision_uri).read_bytes())["decision"] == "Rejected"
    standing = look_up_standing(world.registry.describe(arn), world.decisions)
    assert isinstance(standing.source, ByGate)
    assert standing.source.outcome.decision_uri == answer.decision_uri
    # A judgement that nobody asked for names no review.
    again = world.evaluate(arn, EXECUTION.replace("abc123", "third"), now)
    assert "review" not in json.loads(Path(again.decision_uri).read_bytes())


def of_nothing(world: World) -> str:
    return judged(world)


def not_judged(world: World) -> str:
    return world.register_scored(0.9)


def approved_by_the_gate(world: World) -> str:
    return judged(world, latency=1.0)


def reviewed_before(world: World) -> str:
    arn = judged(world)
    review(world, arn, ReviewAction.REJECT, reviewer=BOB)
    return arn


def of_the_reviewer(world: World) -> str:
    world.registry.caller = Identity(ANN.arn, ANN.user_id)
    arn = world.register_scored(0.9, 9.0)
    world.update(arn, world.evaluate(arn))
    return arn


def of_nobody_known(world: World) -> str:
    world.registry.caller = Identity(user_profile="jane")
    arn = world.register_scored(0.9, 9.0)
    world.update(arn, world.evaluate(arn))
    return arn


@pytest.mark.parametrize(
    ("version", "asked", "message"),
    [
        pytest.param(of_nothing, {"reason": " \n"}, "the reason is empty", id="no-reason"),
        pytest.param(of_nothing, {"reason": "x" * 2001}, "2,001 characters", id="a-reason-too-long"),
        pytest.param(not_judged, {}, "the gate has not judged it yet", id="not-judged"),
        pytest.param(
            not_judged,
            {"action": ReviewAction.REJUDGE},
            "the gate has not judged it yet",
            id="to-be-judged-first",
        ),
        pytest.param(approved_by_the_gate, {}, "it is Approved already (by: gate)", id="decided-by-the-gate"),
        pytest.param(
            reviewed_before, {}, "it is Rejected already (by: reviewer)", id="decided-by-a-reviewer"
        ),
        pytest.param(of_the_reviewer, {}, f"{ANN.arn} registered it; somebody else", id="their-own"),
        pytest.param(of_nobody_known, {}, "AWS does not say who registered it", id="of-nobody-known"),
    ],
)
def test_a_review_that_is_refused_writes_nothing(
    world: World, version: Callable[[World], str], asked: dict[str, Any], message: str
) -> None:
    arn = version(world)
    before, package = records_of(world), world.registry.describe(arn)
    with pytest.raises(ReviewRefusedError) as refused:
        review(world, arn, **asked)
    assert message in str(refused.value)
    assert records_of(world) == before
    assert world.registry.describe(arn) == package


@pytest.mark.parametrize(
    ("version", "asked"),
    [
        pytest.param(of_the_reviewer, {"separation": SeparationOfDuties.NOT_REQUIRED}, id="not-required"),
        pytest.param(of_the_reviewer, {"action": ReviewAction.REJECT}, id="a-rejection-of-their-own"),
        pytest.param(of_nobody_known, {"action": ReviewAction.REJECT}, id="a-rejection-of-nobodys"),
        pytest.param(of_the_reviewer, {"action": ReviewAction.REJUDGE}, id="judged-again"),
    ],
)
def test_what_needs_no_second_person_is_carried_out(
    world: World, version: Callable[[World], str], asked: dict[str, Any]
) -> None:
    done = review(world, version(world), **asked)
    assert done.outcome is not None
    assert done.outcome.outcome in ("updated", "sent_back")


def test_a_review_whose_answer_was_lost_is_completed_by_the_same_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether SageMaker set the status before the answer was lost or not: one review, one outcome."""
    set_status = MemoryModelRegistry.set_status

    def lose(*, after: bool) -> None:
        def call(self: MemoryModelRegistry, arn: str, approval_status: str, **more: str) -> None:
            if after:
                set_status(self, arn, approval_status, **more)
            raise AwsUnreachableError("no answer")

        monkeypatch.setattr(MemoryModelRegistry, "set_status", call)

    for after in (False, True):
        arn = judged(world)
        lose(after=after)
        with pytest.raises(AwsUnreachableError):
            review(world, arn)
        monkeypatch.setattr(MemoryModelRegistry, "set_status", set_status)
        begun = look_up_standing(world.registry.describe(arn), world.decisions).reviews
        done = review(world, arn, reason="Another reason, which is not what was recorded.")
        standing = look_up_standing(world.registry.describe(arn), world.decisions)
        assert [one.outcome for one in begun] == [None]
        assert [one.location for one in standing.reviews] == [one.location for one in begun]
        assert done.record.reason == REASON
        assert isinstance(standing.source, ByReviewer)


def test_a_review_that_was_begun_before_a_new_judgement_is_not_completed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reviewer sees another decision by now, and the record says which."""
    arn = judged(world)

    def fail(self: MemoryModelRegistry, arn: str, approval_status: str, **more: str) -> None:
        raise AwsUnreachableError("no answer")

    with monkeypatch.context() as patch, pytest.raises(AwsUnreachableError):
        patch.setattr(MemoryModelRegistry, "set_status", fail)
        review(world, arn)
    review(world, arn, ReviewAction.REJUDGE, reviewer=BOB)
    later, now = EXECUTION.replace("abc123", "later"), datetime.now(UTC) + timedelta(seconds=2)
    world.registry.caller = GATE
    answer = world.evaluate(arn, later, now)
    world.update(arn, answer, later, now)
    done = review(world, arn, reason="as it is judged now")
    assert (done.record.reason, done.record.decision_uri) == ("as it is judged now", answer.decision_uri)


def test_a_status_that_is_set_meanwhile_is_not_overruled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = judged(world)
    keep = type(world.decisions).keep

    def reject_meanwhile(log: Any, key: str, content: bytes, **more: Any) -> Any:
        kept = keep(log, key, content, **more)
        if key.endswith(".review.json"):
            world.registry.caller = ENGINEER
            world.registry.update(arn, approval_status="Rejected")
        return kept

    monkeypatch.setattr(type(world.decisions), "keep", reject_meanwhile)
    done = review(world, arn)
    assert done.outcome is not None
    assert (done.outcome.outcome, done.outcome.approval_status) == ("not_carried_out", "Rejected")
    standing = look_up_standing(world.registry.describe(arn), world.decisions)
    assert isinstance(standing.source, OutsideTheGate)


def test_what_another_sets_after_a_version_was_sent_back_is_not_the_gates(world: World) -> None:
    """The gate approved, a reviewer sent it back, and somebody approved by hand: the old approval explains nothing."""
    arn = approved_by_the_gate(world)
    review(world, arn, ReviewAction.REJUDGE)
    world.registry.caller = ENGINEER
    world.registry.update(arn, approval_status="Approved")
    standing = look_up_standing(world.registry.describe(arn), world.decisions)
    assert isinstance(standing.source, OutsideTheGate)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"reviewer": BOB}, "whose folder this is not", id="in-the-name-of-another"),
        pytest.param(None, "not a review, which belongs there", id="no-review"),
    ],
)
def test_a_review_that_is_not_what_its_place_says_is_an_error(
    world: World, change: dict[str, Any] | None, message: str
) -> None:
    arn = judged(world)
    done = review(world, arn)
    content = b"{}" if change is None else replace(done.record, **change).to_bytes()
    Path(done.location.uri).write_bytes(content)
    with pytest.raises(ReviewMismatchError, match=message):
        look_up_standing(world.registry.describe(arn), world.decisions)


def test_an_outcome_of_the_gate_in_a_reviewers_folder_is_none(world: World) -> None:
    """Reviewers may write there, and step two does not: what looks like its record is not read as one."""
    arn = judged(world, accuracy=0.5, latency=1.0)
    (outcome,) = (world.folder / "decisions").rglob("*.outcome.json")
    forged = outcome.read_bytes().replace(b'"Rejected"', b'"Approved"')
    assert forged != outcome.read_bytes()
    folder = outcome.parent / "reviews" / ANN.user_id
    folder.mkdir(parents=True)
    (folder / "x.outcome.json").write_bytes(forged)
    world.registry.update(arn, approval_status="Approved")
    standing = look_up_standing(world.registry.describe(arn), world.decisions)
    assert isinstance(standing.source, OutsideTheGate)
