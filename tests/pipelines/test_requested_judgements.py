"""A version that bears the gate's mark is judged again when a reviewer asks for it, and once for each request."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from aws.model_packages import Identity
from aws.threshold_store import FolderThresholdStore
from checks.review_record import ReviewAction, Reviewer
from pipelines.due_judgements import (
    Due,
    Failed,
    JudgementSources,
    Settled,
    Undecided,
    Verdict,
    Waiting,
    look_for_judgement,
)
from pipelines.governed_groups import GovernedGroups
from pipelines.review_version import ReviewRequest, ReviewServices, review_version
from pipelines.reviews import Review
from pipelines.step_settings import SeparationOfDuties, UngovernedGroups
from tests.memory_executions import MemoryExecutions
from tests.pipelines.conftest import SEALS, World

ANN = Reviewer("arn:aws:sts::123456789012:assumed-role/reviewers/ann", "AROAREVIEWERS:ann")


class Asked:
    """A version that was left for review, a request to judge it again, and what is due for it later."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.executions = MemoryExecutions()
        self.arn = world.register_scored(0.9, 9.0)
        world.update(self.arn, world.evaluate(self.arn))
        self.began = datetime.now(UTC)

    def ask(self) -> Review:
        self.world.registry.caller = Identity(ANN.arn, ANN.user_id)
        services = ReviewServices(self.world.registry, self.world.decisions, SeparationOfDuties.REQUIRED)
        request = ReviewRequest(self.arn, ReviewAction.REJUDGE, "the limit was corrected", ANN)
        return review_version(request, services, now=datetime.now(UTC))

    def look(self, **later: float) -> Verdict:
        now = self.began + timedelta(**later)
        self.executions.now = now
        thresholds = FolderThresholdStore(self.world.folder / "thresholds")
        sources = JudgementSources(
            self.world.registry,
            self.executions,
            self.world.decisions,
            SEALS,
            GovernedGroups(thresholds, UngovernedGroups.IGNORE),
        )
        return look_for_judgement(self.arn, sources, self.executions.find, now=now)

    def start(self, verdict: Verdict) -> str:
        assert isinstance(verdict, Due)
        arn = self.executions.start(verdict.package.arn, changed_at=verdict.changed_at)
        assert arn is not None
        return arn


@pytest.fixture
def asked(world: World) -> Asked:
    return Asked(world)


def test_a_request_is_one_execution_whatever_looks_and_how_often(asked: Asked) -> None:
    assert isinstance(asked.look(seconds=10), Settled)
    request = asked.ask()
    first, second = asked.look(seconds=20), asked.look(minutes=5)
    assert first == second
    assert isinstance(first, Due)
    assert first.changed_at == request.record.reviewed_at
    execution = asked.start(first)
    assert isinstance(asked.look(minutes=6), Waiting)
    asked.executions.end(execution)
    for minutes in (7, 60, 60 * 24 * 6, 60 * 24 * 8):
        assert isinstance(asked.look(minutes=minutes), Settled), minutes
    assert len(asked.executions.all) == 1


def test_an_execution_that_fails_is_tried_again_and_then_left_to_people(asked: Asked) -> None:
    asked.ask()
    execution = asked.start(asked.look(seconds=20))
    asked.executions.end(execution, "Failed", reason="no capacity")
    verdict = asked.look(minutes=10)
    assert isinstance(verdict, Failed)
    assert verdict.is_retried
    verdict = asked.look(minutes=90)
    assert isinstance(verdict, Failed)
    assert not verdict.is_retried
    marks = {"governance:failed-execution": execution, "governance:status": "PendingManualApproval"}
    asked.world.registry.update(asked.arn, metadata=marks)
    assert not isinstance(asked.look(minutes=95), Failed | Due)


def test_what_could_not_be_decided_is_judged_again_too(asked: Asked) -> None:
    asked.arn = asked.world.register_scored(0.85)
    asked.executions.now = asked.world.registry.describe(asked.arn).created + timedelta(microseconds=1)
    failed = str(asked.executions.start(asked.arn, changed_at=asked.began))
    asked.executions.end(failed, "Failed", reason="two files contend")
    marks = {"governance:failed-execution": failed, "governance:status": "PendingManualApproval"}
    asked.world.registry.update(asked.arn, metadata=marks)
    assert isinstance(asked.look(hours=2), Undecided)
    time.sleep(1)  # the log knows whole seconds
    request = asked.ask()
    assert request.record.decision_uri is None
    assert isinstance(asked.look(hours=2), Due)


def test_what_is_asked_for_while_an_execution_fails_is_another_execution(asked: Asked) -> None:
    """Its decision is older than the request, so that no further try of it would be carried out."""
    asked.ask()
    execution = asked.start(asked.look(seconds=20))
    registry = asked.world.registry
    registry.update(asked.arn, metadata={"governance:status": "Rejected"})  # it bears no mark
    asked.executions.end(execution, "Failed", reason="a newer request")
    assert isinstance(asked.look(seconds=30), Failed)
    asked.executions = MemoryExecutions()
    asked.executions.now = datetime.now(UTC)
    failed = str(asked.executions.start(asked.arn, changed_at=asked.began))
    asked.executions.end(failed, "Failed", reason="a newer request")
    time.sleep(1)  # the log knows whole seconds
    second = asked.ask()
    verdict = asked.look(seconds=40)
    assert isinstance(verdict, Due)
    assert verdict.changed_at == second.record.reviewed_at
