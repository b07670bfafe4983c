import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import Identity, ModelPackage, ModelPackageGoneError
from checks.decision_record import parse_record
from checks.errors import GovernanceError
from checks.outcome_record import OutcomeRecord
from checks.summary import summarise
from pipelines.decision_requirements import DecisionOutdatedError
from pipelines.sealed_decisions import DecisionMismatchError
from pipelines.step_messages import UpdateResponse
from tests.pipelines.conftest import Attach, World

EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/abc123"


@pytest.mark.parametrize(
    ("figures", "mode", "status", "outcome"),
    [
        pytest.param((0.9, 1.0), "enforce", "Approved", "updated", id="approved"),
        pytest.param((0.7, 1.0), "enforce", "Rejected", "updated", id="rejected"),
        pytest.param((0.9, 9.0), "enforce", "PendingManualApproval", "left_pending", id="needs review"),
        pytest.param((0.9, 1.0), "dry_run", "PendingManualApproval", "dry_run", id="approved in a dry run"),
        pytest.param((0.7, 1.0), "dry_run", "PendingManualApproval", "dry_run", id="rejected in a dry run"),
        pytest.param((0.9, 9.0), "dry_run", "PendingManualApproval", "dry_run", id="review in a dry run"),
    ],
)
def test_the_version_says_what_was_decided(
    world: World, figures: tuple[float, float], mode: str, status: str, outcome: str
) -> None:
    world.write_thresholds(mode)
    arn = world.register_scored(*figures)
    answer = world.evaluate(arn)
    response = world.update(arn, answer)

    record = parse_record(Path(answer.decision_uri).read_bytes())
    assert record.thresholds is not None
    assert record.model_package is not None
    package = world.registry.describe(arn)
    assert package.approval_status == status
    assert package.description == summarise(record)
    would_be = f'Dry run: would be {answer.decision} by thresholds "askdata": '
    assert summarise(record).startswith(would_be) is (mode == "dry_run")
    assert package.metadata == {
        "team": "search",
        "governance:decision-uri": answer.decision_uri,
        "governance:decision-digest": answer.decision_digest,
        "governance:thresholds-digest": record.thresholds.sha256,
        "governance:status": status,
    }
    outcome_uri = answer.decision_uri.replace(".json", ".outcome.json")
    assert response == UpdateResponse(outcome, status, outcome_uri)
    assert json.loads(Path(outcome_uri).read_bytes()) == {
        "schema": "governance.outcome/2",
        "outcome": outcome,
        "approval_status": status,
        "status_given_by": {"source": "gate", "decision_uri": answer.decision_uri}
        if outcome == "updated"
        else None,
        "decision": answer.decision,
        "decision_uri": answer.decision_uri,
        "decision_digest": answer.decision_digest,
        "model_package": arn,
        "model_package_created": record.model_package.created,
        "execution": record.execution,
        "recorded_at": "2026-03-01T12:00:00Z",
    }


def _outcome(response: UpdateResponse) -> dict[str, Any]:
    return dict(json.loads(Path(response.outcome_uri).read_bytes()))


@pytest.mark.parametrize("status", ["Approved", "Rejected"])
@pytest.mark.parametrize("accuracy", [0.9, 0.7])
def test_a_status_that_was_changed_meanwhile_is_not_overwritten_and_its_last_writer_is_named(
    world: World, status: str, accuracy: float
) -> None:
    arn = world.register_scored(accuracy)
    answer = world.evaluate(arn)
    world.registry.caller = Identity(arn="arn:aws:iam::123456789012:user/jane", user_profile="jane")
    world.registry.update(arn, approval_status=status, description="I looked at it.")
    before = world.registry.describe(arn)
    response = world.update(arn, answer)
    assert world.registry.describe(arn) == before
    assert (response.outcome, response.approval_status) == ("not_carried_out", status)
    recorded = _outcome(response)
    assert (recorded["outcome"], recorded["approval_status"]) == ("not_carried_out", status)
    assert recorded["status_given_by"] == {
        "source": "outside_the_gate",
        "last_modified_by": "arn:aws:iam::123456789012:user/jane (user profile jane)",
        "last_modified_at": before.last_modified.isoformat().replace("+00:00", "Z"),
    }


@pytest.mark.parametrize(
    ("mode", "outcome"), [("enforce", "not_carried_out"), ("dry_run", "dry_run")], ids=["in force", "dry run"]
)
def test_a_second_execution_names_the_decision_that_gave_the_status(
    world: World, mode: str, outcome: str
) -> None:
    arn = world.register_scored(0.9)
    first = world.evaluate(arn)
    updated = world.update(arn, first)
    before = world.registry.describe(arn)
    world.write_thresholds(mode)
    again = world.evaluate(arn, execution=f"{EXECUTION}2")
    response = world.update(arn, again, execution=f"{EXECUTION}2")
    assert world.registry.describe(arn) == before
    assert (response.outcome, response.approval_status) == (outcome, "Approved")
    assert _outcome(response)["status_given_by"] == {
        "source": "gate",
        "decision_uri": first.decision_uri,
        "outcome_uri": updated.outcome_uri,
    }


class RegisteredAs(MemoryModelRegistry):
    """Versions are registered with a status, as anybody who may register can."""

    status = "Approved"

    def describe(self, arn: str) -> ModelPackage:
        return replace(super().describe(arn), approval_status=self.status)


def test_a_status_that_was_registered_is_said_to_be(world: World) -> None:
    world.registry = RegisteredAs()
    arn = world.register_scored(0.9)
    package = world.registry.describe(arn)
    recorded = _outcome(world.update(arn, world.evaluate(arn)))
    assert recorded["status_given_by"] == {
        "source": "registration",
        "created_by": str(package.created_by),
        "created_at": package.created.isoformat().replace("+00:00", "Z"),
    }


class Hasty(MemoryModelRegistry):
    """Once `in_time`, somebody rejects a version right after it was looked at."""

    in_time = False

    def describe(self, arn: str) -> ModelPackage:
        package = super().describe(arn)
        if self.in_time:
            self.in_time = False
            self.update(arn, approval_status="Rejected", description="I looked at it.")
        return package


def test_a_status_that_changes_between_the_look_and_the_update_is_not_overwritten(world: World) -> None:
    world.registry = Hasty()
    arn = world.register_scored(0.9)
    answer = world.evaluate(arn)
    world.registry.in_time = True
    response = world.update(arn, answer)
    assert (response.outcome, response.approval_status) == ("not_carried_out", "Rejected")
    assert world.registry.describe(arn).description == "I looked at it."


def test_a_version_without_thresholds_says_so(world: World) -> None:
    (world.folder / "thresholds" / "askdata.yaml").unlink()
    arn = world.register_scored(0.9)
    world.update(arn, world.evaluate(arn))
    assert world.registry.describe(arn).metadata["governance:thresholds-digest"] == "none"


@pytest.mark.parametrize("accuracy", [0.9, 0.7])
def test_a_repeated_step_answers_as_before_and_changes_nothing(world: World, accuracy: float) -> None:
    arn = world.register_scored(accuracy)
    answer = world.evaluate(arn)
    first = world.update(arn, answer)
    before = world.registry.describe(arn)
    assert world.update(arn, answer, now=datetime(2027, 1, 1, tzinfo=UTC)) == first
    assert world.registry.describe(arn) == before


def test_a_step_that_broke_off_after_the_update_is_finished_by_the_next_attempt(world: World) -> None:
    arn = world.register_scored(0.9)
    answer = world.evaluate(arn)
    first = world.update(arn, answer)
    Path(first.outcome_uri).unlink()
    assert world.update(arn, answer) == first


def test_a_status_that_changes_after_a_review_is_not_overwritten_by_a_repeated_step(world: World) -> None:
    arn = world.register_scored(0.9, latency=9.0)
    answer = world.evaluate(arn)
    first = world.update(arn, answer)
    world.registry.update(arn, approval_status="Approved")
    assert world.update(arn, answer) == first
    assert world.registry.describe(arn).approval_status == "Approved"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"decision_digest": "0" * 64}, id="another digest"),
        pytest.param({"decision": "Approved"}, id="another verdict"),
    ],
)
def test_a_record_that_is_not_what_evaluation_answered_changes_nothing(
    world: World, change: dict[str, str]
) -> None:
    arn = world.register_scored(0.7)
    answer = world.evaluate(arn)
    before = world.registry.describe(arn)
    with pytest.raises(DecisionMismatchError, match="start a new execution"):
        world.update(arn, replace(answer, **change))
    assert world.registry.describe(arn) == before


def test_a_record_that_was_rewritten_changes_nothing(world: World) -> None:
    arn = world.register_scored(0.7)
    answer = world.evaluate(arn)
    path = Path(answer.decision_uri)
    path.write_bytes(path.read_bytes().replace(b'"Rejected"', b'"Approved"'))
    before = world.registry.describe(arn)
    with pytest.raises(DecisionMismatchError):
        world.update(arn, answer)
    assert world.registry.describe(arn) == before


def test_a_record_about_another_version_changes_nothing(world: World) -> None:
    first, second = world.register_scored(0.9), world.register_scored(0.9)
    with pytest.raises(DecisionMismatchError, match=f"about {first}, not {second}"):
        world.update(second, world.evaluate(first))
    assert world.registry.describe(second).is_pending


def test_a_record_of_another_execution_changes_nothing(world: World) -> None:
    """A decision of the past is not carried out again, though it is about the same version."""
    arn = world.register_scored(0.9)
    answer = world.evaluate(arn)
    with pytest.raises(DecisionMismatchError, match="carried out by its own execution"):
        world.update(arn, answer, execution="arn:aws:sagemaker:eu-west-1:1:pipeline/p/execution/later")
    assert world.registry.describe(arn).is_pending


@pytest.mark.parametrize("standing", [b"", b"[]", b'{"outcome": 1}', b"\xff", b'{"outcome": "updated"}'])
def test_an_outcome_that_is_none_is_a_clear_error(world: World, standing: bytes) -> None:
    arn = world.register_scored(0.9)
    answer = world.evaluate(arn)
    world.registry.update(arn, approval_status="Rejected")
    Path(answer.decision_uri.replace(".json", ".outcome.json")).write_bytes(standing)
    with pytest.raises(DecisionMismatchError, match="not the outcome of a decision"):
        world.update(arn, answer)


def test_metadata_without_room_changes_nothing_and_says_so(world: World, attached: Attach) -> None:
    path = world.report("v.json", text_to_sql__accuracy=0.9)
    arn = world.register(attached(path), **{f"key{number}": "x" for number in range(48)})
    answer = world.evaluate(arn)
    before = world.registry.describe(arn)
    with pytest.raises(GovernanceError, match="53 entries, and SageMaker takes 50; remove some"):
        world.update(arn, answer)
    assert world.registry.describe(arn) == before


def test_a_missing_record_and_a_deleted_version_are_clear_errors(world: World) -> None:
    arn = world.register_scored(0.9)
    answer = world.evaluate(arn)
    with pytest.raises(GovernanceError, match=r"nowhere\.json"):
        world.update(arn, replace(answer, decision_uri=str(world.folder / "decisions" / "nowhere.json")))
    world.registry.delete(arn)
    with pytest.raises(ModelPackageGoneError):
        world.update(arn, answer)


@pytest.mark.parametrize(
    ("account", "outdates"), [("123456789012", True), ("111122223333", False)], ids=["own", "other"]
)
def test_an_outcome_of_a_version_in_another_accounts_registry_outdates_no_decision(
    world: World, account: str, outdates: bool
) -> None:
    """Groups of two accounts may have one name, and their records are in one folder then."""
    arn = world.register_scored(0.9)
    answer = world.evaluate(arn)
    outcome = OutcomeRecord(
        outcome="updated",
        approval_status="Rejected",
        status_given_by=None,
        decision="Rejected",
        decision_uri="elsewhere",
        decision_digest="0" * 64,
        model_package=arn.replace("123456789012", account),
        created="2026-03-01T12:00:00.000Z",
        execution=EXECUTION,
        recorded_at=datetime.now(UTC),
    )
    Path(answer.decision_uri).with_name("other.outcome.json").write_bytes(outcome.to_bytes())
    if outdates:
        with pytest.raises(DecisionOutdatedError, match="a later decision was carried out already"):
            world.update(arn, answer)
    else:
        assert world.update(arn, answer).approval_status == "Approved"
