"""Every pending version is decided once for each change, whether or not the events came."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aws.aws_errors import AwsThrottledError, AwsUnreachableError
from aws.decision_log import FolderDecisionLog
from aws.executions import Executions
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import ModelPackage, Registration
from aws.record_seals import LocalSeals
from aws.threshold_store import FolderThresholdStore
from lambdas.start_pipeline import start_pipeline
from pipelines.due_judgements import JudgementSources
from pipelines.governed_groups import GovernedGroups
from pipelines.reconcile_versions import RunBounds, RunSummary, reconcile_versions
from pipelines.step_settings import StartPipelineSettings, UngovernedGroups
from tests.memory_executions import PREFIX, MemoryExecutions

BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOUNDS = RunBounds(max_starts=20, decide_within=timedelta(hours=24))
SETTINGS = StartPipelineSettings(
    pipeline_name="model-governance",
    account="123456789012",
    region="eu-west-1",
    thresholds_bucket="unused",
    decisions_bucket="unused",
    seal_key="unused",
    model_package_groups="*",
    ungoverned_groups=UngovernedGroups.REVIEW,
)
EVERY_GROUP = GovernedGroups(FolderThresholdStore(Path("/nonexistent")), UngovernedGroups.REVIEW)
PENDING = "PendingManualApproval"


@dataclass
class Gate:
    """The registry, the executions and the two that start them, under one clock."""

    registry: MemoryModelRegistry = field(default_factory=MemoryModelRegistry)
    executions: MemoryExecutions = field(default_factory=MemoryExecutions)
    now: datetime = BEGINNING
    reports: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    decisions: FolderDecisionLog = field(default_factory=lambda: FolderDecisionLog(Path("/nonexistent")))

    governed: GovernedGroups = EVERY_GROUP

    def __post_init__(self) -> None:
        self.registry.clock = lambda: self.now
        self.executions.now = self.now

    @property
    def sources(self) -> JudgementSources:
        executions: Executions = self.executions
        return JudgementSources(
            self.registry, executions, self.decisions, LocalSeals(b"secret"), self.governed
        )

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)
        self.executions.now = self.now

    def register(self) -> str:
        self.wait(seconds=1)
        return self.registry.register(Registration(group="askdata", image="1.dkr.ecr/i:1"))

    def send_event(self, arn: str, *updated_fields: str) -> str:
        """Deliver an event of the version as it is now; returns what was done about it."""
        self.wait(seconds=1)
        detail: dict[str, object] = {"ModelPackageArn": arn, "ModelApprovalStatus": PENDING}
        if updated_fields:
            detail["UpdatedModelPackageFields"] = list(updated_fields)
        event = {
            "source": "aws.sagemaker",
            "detail-type": "SageMaker Model Package State Change",
            "detail": detail,
        }
        sources = self.sources
        outcome = start_pipeline(
            event,
            settings=SETTINGS,
            registry=sources.registry,
            executions=sources.executions,
            governed=sources.governed,
            decisions=sources.decisions,
            seals=sources.seals,
            now=self.now,
        )
        return outcome.outcome

    def reconcile(self, bounds: RunBounds = BOUNDS) -> RunSummary:
        self.wait(minutes=5)

        def report(message: str, **fields: Any) -> None:
            self.reports.append((message, fields))

        return reconcile_versions(self.sources, bounds, now=self.now, report=report)

    def finish(self, status: str = "Rejected") -> None:
        """Let everything that runs succeed: each version gets its status."""
        self.wait(seconds=1)
        for execution in self.executions.running:
            self.registry.update(str(execution.about), approval_status=status)
            self.executions.end(execution.arn)
        self.wait(seconds=1)


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_a_version_whose_event_was_lost_is_started_by_the_next_run_and_by_no_later_one(gate: Gate) -> None:
    arn = gate.register()
    assert gate.reconcile() == RunSummary(pending=1, looked_at=1, started=1)
    assert gate.reports == [("started", {"model_package_arn": arn, "execution_arn": f"{PREFIX}e0"})]
    assert gate.reconcile() == RunSummary(pending=1, looked_at=1)
    gate.finish()
    assert gate.reconcile() == RunSummary()
    assert len(gate.executions.all) == 1


def test_versions_of_groups_that_are_left_alone_are_not_even_read(gate: Gate, tmp_path: Path) -> None:
    gate.governed = GovernedGroups(FolderThresholdStore(tmp_path), UngovernedGroups.IGNORE)
    gate.register()
    assert gate.reconcile() == RunSummary()
    assert gate.executions.all == []


def test_a_version_that_is_merely_logged_is_left_alone(gate: Gate) -> None:
    class Logged(MemoryModelRegistry):
        def describe(self, arn: str) -> ModelPackage:
            return replace(super().describe(arn), approval_status="Logged")

    arn = gate.register()
    gate.registry.__class__ = Logged
    assert gate.send_event(arn) == "ignored"
    # Should the registry list it among the pending ones, nothing is started either.
    assert gate.reconcile() == RunSummary(pending=1, looked_at=1)
    assert gate.executions.all == []


def test_a_run_starts_no_more_than_it_may_and_the_oldest_first(gate: Gate) -> None:
    arns = [gate.register() for _ in range(5)]
    assert gate.reconcile(RunBounds(max_starts=2, decide_within=timedelta(hours=1))).started == 2
    assert [execution.about for execution in gate.executions.all] == arns[:2]


def test_a_refused_quota_ends_the_starts_of_a_run_and_the_next_ones_go_on(gate: Gate) -> None:
    gate.executions.quota = 2
    arns = [gate.register() for _ in range(5)]
    assert gate.reconcile() == RunSummary(pending=5, looked_at=3, started=2, refused=True)
    assert gate.reports[-1] == ("refused for now", {"error": "as many run as may"})
    for _ in range(2):
        gate.finish()
        gate.reconcile()
    gate.finish()
    assert sorted(str(execution.about) for execution in gate.executions.all) == arns
    assert gate.reconcile() == RunSummary()


def test_a_run_that_may_start_no_more_looks_only_at_what_may_be_undecided(gate: Gate) -> None:
    late, judged = gate.register(), gate.register()
    gate.wait(hours=23)
    young = gate.register()
    gate.send_event(judged)
    gate.executions.end(f"{PREFIX}e0", "Stopped")
    gate.executions.quota = 0
    gate.wait(hours=1)
    # The first look meets the quota. The version that was given up has an execution; the young one needs no look.
    assert gate.reconcile() == RunSummary(pending=3, looked_at=2, given_up=1, undecided=2, refused=True), (
        gate.reports
    )
    assert gate.registry.describe(young).metadata == {}
    # A day later it is late as well, and looked at although nothing can be started.
    gate.wait(hours=24)
    assert gate.reconcile() == RunSummary(pending=3, looked_at=3, undecided=3, refused=True)
    assert gate.registry.describe(late).is_pending


def test_a_run_looks_at_a_bounded_number_and_the_runs_get_to_all(gate: Gate) -> None:
    arns = {gate.register() for _ in range(7)}
    bounds = RunBounds(max_starts=20, decide_within=timedelta(hours=1), max_looks=3)
    while len(gate.executions.all) < 7 and gate.now < BEGINNING + timedelta(hours=2):
        assert gate.reconcile(bounds).looked_at == 3
    assert {execution.about for execution in gate.executions.all} == arns


def test_a_failed_execution_is_tried_again_for_an_hour_and_then_given_up_with_the_reason(gate: Gate) -> None:
    arn = gate.register()
    gate.send_event(arn)
    tries = 0
    while (summary := gate_fails(gate)).retried:
        tries += 1
        assert summary == RunSummary(pending=1, looked_at=1, retried=1)
    assert tries == 11
    assert summary == RunSummary(pending=1, looked_at=1, given_up=1, undecided=1)
    package = gate.registry.describe(arn)
    assert (package.approval_status, package.description) == (
        PENDING,
        "Not decided: EvaluateModelPackage failed: KMS did not answer. Fix the cause, then start the pipeline for this "
        f"version by hand, or register it again. {PREFIX}e0",
    )
    assert package.metadata == {"governance:failed-execution": f"{PREFIX}e0", "governance:status": PENDING}
    # The update of the gate sends an event, and so does an edit; neither starts anything, then or much later.
    assert gate.send_event(arn) == "ignored"
    gate.wait(days=30)
    gate.registry.update(arn, description="Please look at it.")
    assert gate.send_event(arn) == "ignored"
    assert gate.reconcile() == RunSummary(pending=1, looked_at=1, undecided=1)
    assert len(gate.executions.all) == 1


def gate_fails(gate: Gate) -> RunSummary:
    """Let what runs fail, and make the next run."""
    for execution in gate.executions.running:
        gate.executions.end(execution.arn, "Failed", reason="KMS did not answer.")
    return gate.reconcile()


def test_an_execution_that_somebody_stopped_is_not_tried_again(gate: Gate) -> None:
    arn = gate.register()
    gate.send_event(arn)
    gate.executions.end(f"{PREFIX}e0", "Stopped")
    assert gate.reconcile() == RunSummary(pending=1, looked_at=1, given_up=1, undecided=1)
    assert str(gate.registry.describe(arn).description).startswith(
        "Not decided: its execution is Stopped. Fix the cause"
    )


def test_when_the_next_try_succeeds_nothing_is_given_up(gate: Gate) -> None:
    gate.send_event(gate.register())
    assert gate_fails(gate).retried == 1
    gate.finish()
    assert gate.reconcile() == RunSummary()
    assert gate.executions.retries == [f"{PREFIX}e0"]


def test_a_forged_mark_is_none(gate: Gate) -> None:
    arn, other = gate.register(), gate.register()
    gate.send_event(other)
    gate.executions.end(f"{PREFIX}e0", "Failed", reason="no")
    forged = (f"{PREFIX}e0", f"{PREFIX}nowhere", "no ARN")
    for name in forged:
        gate.registry.update(
            arn, metadata={"governance:failed-execution": name, "governance:status": PENDING}
        )
        assert gate.send_event(arn) in {"started", "left"}
    assert [execution.about for execution in gate.executions.running] == [arn]


def test_a_version_that_nothing_starts_in_time_counts_as_undecided(gate: Gate) -> None:
    gate.register()
    gate.executions.quota = 0
    assert gate.reconcile().undecided == 0
    gate.wait(hours=24)
    assert gate.reconcile() == RunSummary(pending=1, looked_at=1, undecided=1, refused=True)


def test_a_version_that_is_still_being_made_waits(gate: Gate) -> None:
    arn = gate.register()
    gate.registry.set_package_status(arn, "InProgress")
    assert gate.reconcile() == RunSummary(pending=1, looked_at=1)
    gate.registry.set_package_status(arn, "Completed")
    assert gate.reconcile().started == 1


def test_throttled_looks_end_the_run(gate: Gate) -> None:
    for _ in range(2):
        gate.register()

    class Throttling(MemoryExecutions):
        def start(self, model_package_arn: str, *, changed_at: datetime) -> str | None:
            self.is_throttled = True
            return super().start(model_package_arn, changed_at=changed_at)

    gate.executions = Throttling()
    summary = gate.reconcile()
    assert (summary.started, summary.refused) == (0, True)


def test_what_fails_for_one_version_keeps_the_run_from_no_other(gate: Gate) -> None:
    first = gate.register()
    gate.register()

    class Faulty(MemoryModelRegistry):
        def describe(self, arn: str) -> ModelPackage:
            if arn == first:
                raise AwsUnreachableError(f"{arn}: no answer")
            return super().describe(arn)

    gate.registry.__class__ = Faulty
    assert gate.reconcile() == RunSummary(pending=2, looked_at=1, started=1, failed=1, undecided=1)
    assert gate.reports[0] == (
        "not reconciled",
        {"model_package_arn": first, "error": f"{first}: no answer"},
    )


class Story:
    """What may happen to some versions, each step by its name; it counts the changes and the decisions of each."""

    ALONE = ("register", "reconcile", "finish", "fail", "throttle", "use_up_quota", "recover")
    OF_ONE = (
        "send_event",
        "send_status_event",
        "send_edit_event",
        "edit",
        "edit_at_once",
        "set_back",
        "set_back_and_edit_at_once",
    )

    def __init__(self, *, answers_conflict: bool) -> None:
        self.gate = Gate()
        self.gate.executions.answers_conflict = answers_conflict
        self.changes: dict[str, int] = {}
        self.decided: dict[str, int] = {}

    def take(self, step: str, which: int) -> None:
        if step in self.ALONE:
            getattr(self, step)()
        elif self.changes:
            arn = list(self.changes)[which % len(self.changes)]
            getattr(self, step)(arn)

    def register(self) -> None:
        self.changes[self.gate.register()] = 1

    def send_event(self, arn: str) -> None:
        self.gate.send_event(arn)

    def send_status_event(self, arn: str) -> None:
        self.gate.send_event(arn, "ModelApprovalStatus")

    def send_edit_event(self, arn: str) -> None:
        self.gate.send_event(arn, "CustomerMetadataProperties")

    def edit(self, arn: str) -> None:
        self.gate.wait(seconds=1)
        self.gate.registry.update(arn, metadata={"team": str(self.gate.now.second)})

    def edit_at_once(self, arn: str) -> None:
        """Edit the version in the same instant as whatever happened before."""
        self.gate.registry.update(arn, metadata={"team": "at once"})

    def set_back_and_edit_at_once(self, arn: str) -> None:
        self.set_back(arn)
        self.edit_at_once(arn)

    def set_back(self, arn: str) -> None:
        if not self.gate.registry.describe(arn).is_pending:
            self.gate.wait(seconds=1)
            self.gate.registry.update(arn, approval_status=PENDING)
            self.changes[arn] += 1

    def reconcile(self) -> None:
        with suppress(AwsThrottledError):  # the executions could not even be listed
            self.gate.reconcile()

    def finish(self) -> None:
        for execution in self.gate.executions.running:
            about = str(execution.about)
            self.decided[about] = self.decided.get(about, 0) + 1
        self.gate.finish()

    def fail(self) -> None:
        for execution in self.gate.executions.running:
            self.gate.executions.end(execution.arn, "Failed", reason="for a while")

    def throttle(self) -> None:
        self.gate.executions.is_throttled = True

    def use_up_quota(self) -> None:
        self.gate.executions.quota = 0

    def recover(self) -> None:
        self.gate.executions.is_throttled, self.gate.executions.quota = False, 20


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from(Story.ALONE + Story.OF_ONE), st.integers(0, 3)), max_size=40),
    answers_conflict=st.booleans(),
)
def test_each_change_is_decided_once_whatever_order_repetition_or_loss(
    steps: list[tuple[str, int]], answers_conflict: bool
) -> None:
    story = Story(answers_conflict=answers_conflict)
    for step, which in steps:
        story.take(step, which)

    # In the end AWS works again, and the reconciler alone goes on.
    story.recover()
    for _ in range(3):
        story.reconcile()
        story.finish()
    for arn, changes in story.changes.items():
        package = story.gate.registry.describe(arn)
        if "governance:failed-execution" in package.metadata:
            assert story.decided.get(arn, 0) < changes  # handed to people, and judged no more often
        else:
            assert story.decided[arn] == changes
            assert not package.is_pending
