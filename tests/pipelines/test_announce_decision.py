"""What is announced of a decision, to programs and to people; and what is announced to nobody."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest

from checks.decision_event import decision_event_schema
from checks.errors import GovernanceError
from checks.review_record import ReviewAction
from pipelines.announce_decision import Announcement, AnnounceServices, announce_decision
from pipelines.record_keys import page_uri
from pipelines.reviews import Review
from pipelines.step_settings import SeparationOfDuties
from tests.pipelines.conftest import EXECUTION, SEALS, World
from tests.pipelines.test_review_version import ANN, ENGINEER, REASON, judged, review

BUS, TOPIC = "arn:aws:events:eu-west-1:123456789012:event-bus/x", "arn:aws:sns:eu-west-1:123456789012:x"


@dataclass
class Receivers:
    """The bus and the topic, and what came to each."""

    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def put_events(self, *, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.events += [dict(entry) for entry in Entries]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}

    def publish(self, **message: Any) -> dict[str, Any]:
        self.messages.append(message)
        return {"MessageId": "1"}

    @property
    def details(self) -> list[dict[str, Any]]:
        return [json.loads(event["Detail"]) for event in self.events]


def announce(
    world: World,
    uri: str,
    received: Receivers,
    *,
    notify_on: Collection[str] = ("NeedsReview", "Rejected"),
    separation: SeparationOfDuties = SeparationOfDuties.REQUIRED,
) -> Announcement:
    """Announce what is at `uri`, and hold each event against the schema that is published."""
    services = AnnounceServices(
        decisions=world.decisions,
        seals=SEALS,
        registry=world.registry,
        events=cast("Any", received),
        sns=received,
        bus=BUS,
        topic=TOPIC,
        notify_on=notify_on,
        separation=separation,
        has_pages=True,
    )
    done = announce_decision(uri, services)
    for detail in received.details:
        jsonschema.validate(detail, decision_event_schema())
    return done


def outcome_of(arn: str, world: World) -> str:
    """Where the gate's outcome of a version is."""
    version, execution = arn.rpartition("/")[2], EXECUTION.rpartition("/")[2]
    return str(world.folder / "decisions" / "AskData" / version / f"{execution}.outcome.json")


def reviewed(done: Review) -> str:
    return done.location.uri.replace(".review.json", ".reviewed.json")


def digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("figures", "decision", "status", "done"),
    [
        ((0.9, 1.0), "Approved", "Approved", Announcement.ANNOUNCED),
        ((0.5, 1.0), "Rejected", "Rejected", Announcement.WITH_MESSAGE),
        ((0.9, 9.0), "NeedsReview", "PendingManualApproval", Announcement.WITH_MESSAGE),
    ],
    ids=["approved", "rejected", "for review"],
)
def test_what_the_gate_decided_is_announced(
    world: World, figures: tuple[float, float], decision: str, status: str, done: Announcement
) -> None:
    arn, received = judged(world, *figures), Receivers()
    outcome = outcome_of(arn, world)
    record = outcome.replace(".outcome", "")
    assert announce(world, outcome, received) is done
    (event,) = received.events
    assert (event["Source"], event["DetailType"]) == ("model-governance", "Model Governance Decision")
    assert (event["EventBusName"], event["Resources"]) == (BUS, [arn])
    detail = json.loads(event["Detail"])
    reasons = detail.pop("reasons")
    assert len(reasons) == (decision != "Approved")
    assert detail.pop("summary").startswith(f'{decision} by thresholds "askdata":')
    assert detail == {
        "schema": "governance.event/1",
        "id": digest(outcome),
        "decision": decision,
        "approval_status": status,
        "decided_by": {"source": "gate", "arn": None},
        "decided_at": "2026-03-01T12:00:00Z",
        "model_package": {
            "arn": arn,
            "group": "AskData",
            "version": 1,
            "created": detail["model_package"]["created"],
        },
        "registered_by": ENGINEER.arn,
        "reasons_left_out": 0,
        "record": {"uri": record, "sha256": digest(record)},
        "outcome_record": {"uri": outcome, "sha256": digest(outcome)},
        "page_uri": page_uri(record),
    }
    assert len(received.messages) == (done is Announcement.WITH_MESSAGE)


def test_people_are_told_why_where_more_is_and_what_to_do(world: World) -> None:
    arn, received = judged(world, 0.9, 9.0), Receivers()
    announce(world, outcome_of(arn, world), received)
    record = outcome_of(arn, world).replace(".outcome", "")
    (message,) = received.messages
    attributes = {
        "decision": {"DataType": "String", "StringValue": "NeedsReview"},
        "group": {"DataType": "String", "StringValue": "AskData"},
        "registered_by": {"DataType": "String", "StringValue": ENGINEER.arn},
    }
    assert message == {
        "TopicArn": TOPIC,
        "Subject": "NeedsReview: AskData version 1",
        "MessageAttributes": attributes,
        "Message": f"""NeedsReview: AskData version 1, decided by the gate.

- latency (failed, review): 9 is above 3.

Version: {arn}
Registered by: {ENGINEER.arn}
Record: {record}
Page: {page_uri(record)}

All that is known of it: governance explain {arn}
Decide, as a reviewer who did not register it:
  governance review --approve --reason "..." {arn}
  governance review --reject --reason "..." {arn}
Have it judged again, as a reviewer, after a corrected limit or a new waiver:
  governance rejudge --reason "..." {arn}
""",
    }


def test_the_same_outcome_has_the_same_id_each_time_and_another_one_has_another(world: World) -> None:
    arn, received = judged(world), Receivers()
    outcomes = [outcome_of(arn, world)] * 2 + [reviewed(review(world, arn))]
    for outcome in outcomes:
        announce(world, outcome, received)
    first, second, other = (detail["id"] for detail in received.details)
    assert first == second != other


@pytest.mark.parametrize(
    ("action", "decision", "done"),
    [
        (ReviewAction.APPROVE, "Approved", Announcement.ANNOUNCED),
        (ReviewAction.REJECT, "Rejected", Announcement.WITH_MESSAGE),
    ],
)
def test_what_a_reviewer_decided_is_announced_as_theirs(
    world: World, action: ReviewAction, decision: str, done: Announcement
) -> None:
    arn, received = judged(world), Receivers()
    made = review(world, arn, action)
    assert announce(world, reviewed(made), received) is done
    (detail,) = received.details
    assert (detail["decision"], detail["approval_status"]) == (decision, decision)
    assert detail["decided_by"] == {"source": "reviewer", "arn": ANN.arn}
    assert detail["record"] == {"uri": made.location.uri, "sha256": made.location.sha256}
    assert (detail["reasons"], detail["page_uri"]) == ([REASON], None)
    assert detail["summary"] == f"{decision} by {ANN.arn}: {REASON}"
    assert detail["registered_by"] == ENGINEER.arn
    assert [REASON in one["Message"] for one in received.messages] == [True] * len(received.messages)


def rejudged(world: World) -> str:
    return reviewed(review(world, judged(world), ReviewAction.REJUDGE))


def approved_alone(world: World) -> str:
    """A version that a reviewer registered, and approved where separation was not required."""
    arn = judged(world)
    world.registry.caller = ENGINEER
    from_engineer = type(ANN)(str(ENGINEER.arn), str(ENGINEER.principal_id))
    return reviewed(review(world, arn, reviewer=from_engineer, separation=SeparationOfDuties.NOT_REQUIRED))


def on_trial(world: World) -> str:
    world.write_thresholds("dry_run")
    return outcome_of(judged(world, 0.9, 1.0), world)


def a_decision(world: World) -> str:
    return outcome_of(judged(world), world).replace(".outcome", "")


def a_review(world: World) -> str:
    return review(world, judged(world)).location.uri


def deleted(world: World) -> str:
    arn = judged(world)
    world.registry.delete(arn)
    return outcome_of(arn, world)


def deleted_after_a_review(world: World) -> str:
    arn = judged(world)
    uri = reviewed(review(world, arn))
    world.registry.delete(arn)
    return uri


@pytest.mark.parametrize(
    ("made", "done"),
    [
        (rejudged, Announcement.NOT_CARRIED_OUT),
        (approved_alone, Announcement.NOT_INDEPENDENT),
        (on_trial, Announcement.NOT_CARRIED_OUT),
        (a_decision, Announcement.NO_OUTCOME),
        (a_review, Announcement.NO_OUTCOME),
        (deleted, Announcement.NO_SUCH_VERSION),
        (deleted_after_a_review, Announcement.NO_SUCH_VERSION),
    ],
    ids=[
        "judged again",
        "approved by who registered it",
        "dry run",
        "a decision",
        "a review",
        "deleted",
        "reviewed and deleted",
    ],
)
def test_what_changed_nothing_or_may_not_stand_is_announced_to_nobody(
    world: World, made: Any, done: Announcement
) -> None:
    uri, received = made(world), Receivers()
    assert announce(world, uri, received) is done
    assert (received.events, received.messages) == ([], [])


def test_an_approval_of_who_registered_it_is_announced_where_the_deployment_allows_it(world: World) -> None:
    uri, received = approved_alone(world), Receivers()
    done = announce(world, uri, received, separation=SeparationOfDuties.NOT_REQUIRED)
    assert done is Announcement.ANNOUNCED


def change(path: str, **values: object) -> None:
    file = Path(path)
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"outcome": "updated", "approval_status": "Approved"}, "which is not what NeedsReview does"),
        ({"approval_status": "Approved"}, "which is not what NeedsReview does"),
        ({"decision_digest": "0" * 64}, "and not of the decision beside it"),
        ({"decision_uri": "s3://other/record.json"}, "it is the outcome of s3://other/record.json"),
    ],
    ids=["another outcome", "another status", "another digest", "another decision"],
)
def test_an_outcome_that_contradicts_its_decision_is_announced_to_nobody(
    world: World, values: Mapping[str, object], said: str
) -> None:
    uri, received = outcome_of(judged(world), world), Receivers()
    change(uri, **values)
    with pytest.raises(GovernanceError, match=said):
        announce(world, uri, received)
    assert received.events == []


def test_a_decision_that_was_changed_is_announced_to_nobody(world: World) -> None:
    uri, received = outcome_of(judged(world), world), Receivers()
    change(uri.replace(".outcome", ""), decided_at="2026-03-02T12:00:00Z")
    with pytest.raises(GovernanceError, match="has a seal that was not made for it"):
        announce(world, uri, received)
    assert received.events == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"approval_status": "Rejected"}, "which is not what the review beside it does"),
        ({"decision": "reject"}, "which is not what the review beside it does"),
        ({"decision_digest": "0" * 64}, "and not of the review beside it"),
    ],
    ids=["another status", "another action", "another digest"],
)
def test_the_outcome_of_a_review_that_contradicts_it_is_announced_to_nobody(
    world: World, values: Mapping[str, object], said: str
) -> None:
    uri, received = reviewed(review(world, judged(world))), Receivers()
    change(uri, **values)
    with pytest.raises(GovernanceError, match=said):
        announce(world, uri, received)
    assert received.events == []


def test_a_review_below_the_records_of_another_version_is_announced_to_nobody(world: World) -> None:
    made = review(world, judged(world))
    for uri in (made.location.uri, reviewed(made)):
        copy = Path(uri.replace("/AskData/1/", "/AskData/2/"))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(Path(uri).read_bytes())
    moved, received = made.location.uri.replace("/AskData/1/", "/AskData/2/"), Receivers()
    change(moved.replace(".review.json", ".reviewed.json"), decision_uri=moved)
    with pytest.raises(GovernanceError, match="whose records are in AskData/1"):
        announce(world, moved.replace(".review.json", ".reviewed.json"), received)
    assert received.events == []
