"""`governance wait`: what it follows, what it tells, what it prints, and the code that it exits with."""

import json
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import boto3
import pytest
import typer
from msgspec.structs import replace

from aws.aws_errors import AwsAccessDeniedError, AwsThrottledError, AwsUnreachableError
from aws.decision_log import FolderDecisionLog
from aws.executions import (
    ExecutionStep,
    PipelineExecution,
    PipelineExecutions,
    PipelineMissingError,
)
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import ModelPackage, Registration
from checks.decision import Asked, Consequence, Decision, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord
from checks.evidence import Evidence
from checks.limits import AtLeast
from checks.outcome_record import write_moment
from checks.review_record import ReviewAction, Reviewer
from cli.display.version_status import look_up, print_standing
from cli.exit_codes import ExitCode, worst_of
from cli.lookup import waiting
from cli.lookup.left_alone import NOT_KNOWN, LeftAlone
from cli.lookup.waiting import OF_A_MODEL_ACCOUNT, Result, Waited, WatchedPlace
from cli.main import run
from cli.options.decision_outputs import DecisionOutputs
from cli.options.durations import duration_text, parse_duration
from cli.options.output_format import DecisionFormat
from cli.work import wait
from pipelines.review_version import ReviewRequest, ReviewServices, review_version
from pipelines.step_settings import SeparationOfDuties, UngovernedGroups

EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/abc"
FAILED = (ExecutionStep("EvaluateModelPackage", "Failed", "DigestMismatchError: s3://b/a.json changed"),)
PENDING: Literal["PendingManualApproval"] = "PendingManualApproval"


class Executions(PipelineExecutions):
    """The executions of a pipeline whose only one goes through the given states, one at each look."""

    def __init__(
        self, states: Sequence[PipelineExecution | Exception | None], steps: Sequence[ExecutionStep] = ()
    ) -> None:
        self._states = list(states)
        self.searched_since: list[datetime] = []
        self._steps = tuple(steps)

    def find(self, arn: str, *, since: datetime | None = None) -> PipelineExecution | None:
        if since is not None:
            self.searched_since.append(since)
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if isinstance(state, Exception):
            raise state
        return state

    def describe(self, arn: str) -> PipelineExecution:
        found = self.find(arn)
        assert found is not None, "only an execution that was found is looked at again"
        return found

    def steps(self, arn: str) -> tuple[ExecutionStep, ...]:
        return self._steps


class Clock:
    """A clock that sleeping moves, and nothing else; what happens at a moment happens while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    return clock


@pytest.fixture
def registry() -> MemoryModelRegistry:
    return MemoryModelRegistry()


@pytest.fixture
def arn(registry: MemoryModelRegistry) -> str:
    return registry.register(Registration(group="churn", image="repo/image:1"))


@pytest.fixture
def log(tmp_path: Path) -> FolderDecisionLog:
    return FolderDecisionLog(tmp_path)


def _execution(status: str, reason: str | None = None) -> PipelineExecution:
    return PipelineExecution(EXECUTION, status, reason)


def _place(
    registry: MemoryModelRegistry,
    log: FolderDecisionLog,
    states: Sequence[PipelineExecution | Exception | None],
    steps: Sequence[ExecutionStep] = (),
) -> WatchedPlace:
    return WatchedPlace(registry, Executions(states, steps), lambda package, steps: log)


def _wait(place: WatchedPlace, *arns: str, seconds: float = 1800) -> tuple[list[Waited], list[str]]:
    said: list[str] = []
    waited = waiting.follow(dict.fromkeys(arns, place), timedelta(seconds=seconds), said.append)
    return list(waited), said


def _judged(
    log: FolderDecisionLog,
    registry: MemoryModelRegistry,
    arn: str,
    verdict: Verdict,
    *,
    outcome: str,
    status: str,
) -> str:
    """Write a decision and its outcome as the gate does; return the decision's URI."""
    consequence = None if verdict is Verdict.APPROVED else Consequence.REVIEW
    asked = Asked("accuracy", "a.b", AtLeast(0.8), "Why.")
    finding = Finding(asked, None, Outcome.FAILED, consequence, 0.5, None, None, "It is 0.5.")
    record = DecisionRecord.of(
        Decision(verdict, (finding,)), thresholds=None, evidence=Evidence(()), decided_at=datetime.now(UTC)
    )
    group, version = registry.describe(arn).group, registry.describe(arn).version
    location = log.keep(f"{group}/{version}/e1.json", record.to_bytes()).location
    document = {
        "outcome": outcome,
        "approval_status": status,
        "decision": verdict,
        "decision_uri": location.uri,
        "decision_digest": location.sha256,
        "model_package": arn,
        "recorded_at": datetime.now(UTC).isoformat(),
    }
    log.keep(f"{group}/{version}/e1.outcome.json", json.dumps(document).encode())
    return location.uri


def _gate_decides(log: FolderDecisionLog, registry: MemoryModelRegistry, arn: str, verdict: Verdict) -> str:
    if verdict is Verdict.NEEDS_REVIEW:
        return _judged(log, registry, arn, verdict, outcome="left_pending", status=PENDING)
    registry.update(arn, approval_status=verdict)
    return _judged(log, registry, arn, verdict, outcome="updated", status=verdict)


@pytest.mark.parametrize(
    ("verdict", "result", "code"),
    [
        (Verdict.APPROVED, "approved", 0),
        (Verdict.REJECTED, "rejected", 1),
        (Verdict.NEEDS_REVIEW, "needs review", 3),
    ],
    ids=str,
)
def test_a_decision_is_waited_for_and_known_with_its_record(
    registry: MemoryModelRegistry,
    arn: str,
    log: FolderDecisionLog,
    *,
    verdict: Verdict,
    result: str,
    code: int,
) -> None:
    uri = _gate_decides(log, registry, arn, verdict)
    (waited,), _ = _wait(_place(registry, log, [_execution("Executing"), _execution("Succeeded")]), arn)
    document = wait.document_of(waited)
    assert waited.known is not None
    deciding = waited.known.standing.deciding
    assert deciding is not None
    given_by = {"source": "gate", "decision_uri": uri, "outcome_uri": uri.replace(".json", ".outcome.json")}
    assert document == {
        "schema": "governance.wait/1",
        "model_package": arn,
        "result": result,
        "exit_code": code,
        "status": PENDING if verdict is Verdict.NEEDS_REVIEW else verdict,
        "decision": verdict,
        "outcome": "left_pending" if verdict is Verdict.NEEDS_REVIEW else "updated",
        "record_uri": uri,
        "record_digest": deciding.decision_digest,
        "page_uri": None,
        "status_given_by": None if verdict is Verdict.NEEDS_REVIEW else given_by,
        "reasons": [] if verdict is Verdict.APPROVED else ["asks for review: accuracy: It is 0.5."],
        "execution": EXECUTION,
        "seconds_waited": 0.2,
    }


def test_a_failed_execution_says_why_and_what_the_status_is(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog
) -> None:
    (waited,), _ = _wait(_place(registry, log, [_execution("Failed", "a step failed")], FAILED), arn)
    assert (waited.result, waited.exit_code, waited.status) == (Result.COULD_NOT_JUDGE, 2, PENDING)
    assert waited.sentence == (
        f"{arn}: could not judge: nothing was decided, its status is PendingManualApproval. "
        f"{EXECUTION} Failed: EvaluateModelPackage: DigestMismatchError: s3://b/a.json changed"
    )


def test_a_later_execution_that_failed_does_not_hide_what_stands(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.update(arn, approval_status="Rejected")
    (waited,), _ = _wait(_place(registry, log, [_execution("Failed", "a step failed")], FAILED), arn)
    assert (waited.result, waited.exit_code) == (Result.REJECTED, 1)
    wait.deliver([waited], DecisionOutputs(DecisionFormat.TEXT))
    shown = capsys.readouterr().out
    assert shown.startswith(f"the newest execution decided nothing: {EXECUTION} Failed: EvaluateModelPackage")
    assert "status      Rejected, changed outside the gate" in shown


def test_each_step_is_told_once_a_change_until_the_execution_is_finished(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog
) -> None:
    states = [None, _execution("Executing"), _execution("Executing"), _execution("Succeeded")]
    place = _place(registry, log, states, [ExecutionStep("EvaluateModelPackage", "Executing", None)])
    (waited,), said = _wait(place, arn)
    assert said == ["EvaluateModelPackage: Executing"]
    assert waited.execution == EXECUTION


def test_a_long_wait_tells_a_line_a_minute_and_no_more(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog, clock: Clock
) -> None:
    place = _place(
        registry, log, [_execution("Executing")], [ExecutionStep("EvaluateModelPackage", "Executing", None)]
    )
    told: list[tuple[float, str]] = []
    waiting.follow({arn: place}, timedelta(minutes=10), lambda line: told.append((clock.now, line)))
    moments = [moment for moment, _ in told]
    assert 9 <= len(told) <= 10
    assert all(later - before >= 60 for before, later in pairwise(moments))
    assert told[-1][1].startswith("still waiting after 9m")
    assert told[-1][1].endswith(": churn/1: EvaluateModelPackage is Executing")


def test_a_line_about_many_versions_names_a_few_and_counts_the_others(
    registry: MemoryModelRegistry, log: FolderDecisionLog
) -> None:
    arns = [registry.register(Registration(group="churn", image="repo/image:1")) for _ in range(7)]
    _, said = _wait(_place(registry, log, [None]), *arns, seconds=70)
    named = ", ".join(f"churn/{number}: no execution has started yet" for number in range(1, 6))
    assert [line.split(": ", 1)[1] for line in said] == [f"{named}, and 2 more"]


def test_a_long_history_of_executions_is_looked_through_once(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog
) -> None:
    place = _place(registry, log, [None, None, None, _execution("Succeeded")])
    _wait(place, arn)
    assert isinstance(place.executions, Executions)
    first, *later = place.executions.searched_since
    assert first == waiting.EARLIEST
    assert all(since > datetime.now(UTC) - timedelta(hours=1) for since in later)


@pytest.mark.parametrize(
    "error",
    [
        AwsThrottledError("slow down", code="Throttling"),
        AwsUnreachableError("no route", code="EndpointConnectionError"),
    ],
    ids=["throttled", "unreachable"],
)
def test_a_passing_fault_of_aws_is_told_once_and_does_not_end_a_long_wait(
    registry: MemoryModelRegistry,
    arn: str,
    log: FolderDecisionLog,
    error: AwsThrottledError | AwsUnreachableError,
) -> None:
    states = [error, _execution("Executing"), error, error, _execution("Succeeded")]
    (waited,), said = _wait(_place(registry, log, states), arn)
    assert said == [f"still waiting: {error}"]
    assert waited.execution == EXECUTION


def test_reading_the_records_may_be_throttled_too(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog
) -> None:
    _gate_decides(log, registry, arn, Verdict.APPROVED)
    answers: Iterator[AwsThrottledError | FolderDecisionLog] = iter(
        [AwsThrottledError("slow down", code="SlowDown"), log]
    )

    def find_log(package: ModelPackage, steps: Sequence[ExecutionStep]) -> FolderDecisionLog:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    place = WatchedPlace(registry, Executions([_execution("Succeeded")]), find_log)
    (waited,), said = _wait(place, arn)
    assert (waited.result, said) == (Result.APPROVED, ["still waiting: slow down"])


def test_throttling_for_the_whole_time_does_not_say_that_nothing_was_started(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog
) -> None:
    error = AwsThrottledError("x: listing failed; AWS asks to slow down", code="Throttling")
    (waited,), said = _wait(_place(registry, log, [error]), arn, seconds=50)
    assert said == [f"still waiting: {error}"]
    assert waited.sentence == f"{arn}: time over: after 50s: AWS could not be asked at the end: {error}"


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, "nothing started: no execution of the governance pipeline judges it after 0s; see that"),
        (_execution("Executing"), f"time over: {EXECUTION} is still Executing after 0s; wait again"),
    ],
    ids=["nothing started", "time over"],
)
def test_the_time_is_limited(
    registry: MemoryModelRegistry,
    arn: str,
    log: FolderDecisionLog,
    state: PipelineExecution | None,
    message: str,
) -> None:
    (waited,), _ = _wait(_place(registry, log, [state]), arn, seconds=0)
    assert waited.sentence.startswith(f"{arn}: {message}")
    assert (waited.exit_code, waited.status) == (2, PENDING)


@pytest.mark.parametrize(
    ("status", "code", "result"), [("Approved", 3, "no decision"), ("Rejected", 1, "rejected")]
)
def test_a_version_that_has_a_status_and_no_execution_is_not_waited_for(
    registry: MemoryModelRegistry,
    arn: str,
    log: FolderDecisionLog,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    *,
    status: str,
    code: int,
    result: str,
) -> None:
    registry.update(arn, approval_status=status, description="Signed off by the board.")
    (waited,), _ = _wait(_place(registry, log, [None]), arn)
    assert (clock.now, waited.exit_code, waited.result) == (0, code, result)
    wait.deliver([waited], DecisionOutputs(DecisionFormat.TEXT))
    assert f"{status}: no decision of the gate about {arn} is known\n" in capsys.readouterr().out
    assert json.loads(json.dumps(wait.document_of(waited)))["status_given_by"]["source"] == "outside_the_gate"


def test_a_version_that_is_merely_logged_is_not_waited_for(
    arn: str, log: FolderDecisionLog, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    class Logged(MemoryModelRegistry):
        def describe(self, arn: str) -> ModelPackage:
            return replace(super().describe(arn), approval_status="Logged")

    registry = Logged()
    registry.register(Registration(group="churn", image="repo/image:1"))
    (waited,), _ = _wait(_place(registry, log, [None]), arn)
    assert (clock.now, waited.exit_code, waited.result, waited.status) == (0, 3, "no decision", "Logged")
    wait.deliver([waited], DecisionOutputs(DecisionFormat.TEXT))
    first, *_, status = capsys.readouterr().out.splitlines()
    assert first == f"Logged: no decision of the gate about {arn} is known"
    assert status.startswith("status      Logged, registered so at ")


@pytest.mark.parametrize(("status", "result"), [(PENDING, "nothing started"), ("Approved", "no decision")])
def test_where_nothing_is_deployed_the_wait_ends_at_once(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog, clock: Clock, *, status: str, result: str
) -> None:
    registry.update(arn, approval_status=status)
    (waited,), _ = _wait(_place(registry, log, [PipelineMissingError("no pipeline 'p' is there")]), arn)
    assert (clock.now, waited.result) == (0, result)
    if status == PENDING:
        assert waited.sentence == f"{arn}: nothing started: no pipeline 'p' is there; {OF_A_MODEL_ACCOUNT}"


NOT_GOVERNED = "no published threshold file applies to the group churn, so the gate leaves it alone"


def test_a_version_that_the_gate_leaves_alone_is_not_waited_for(
    registry: MemoryModelRegistry,
    arn: str,
    log: FolderDecisionLog,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = replace(_place(registry, log, [None]), why_left_alone=f"{NOT_GOVERNED}: {{}}".format)
    (waited,), _ = _wait(place, arn)
    assert (clock.now, waited.result, waited.exit_code) == (0, Result.NOT_GOVERNED, 3)
    wait.deliver([waited], DecisionOutputs(DecisionFormat.TEXT))
    assert capsys.readouterr() == (f"{arn}: not governed: {NOT_GOVERNED}: churn\n", "")
    assert wait.document_of(waited)["reasons"] == [f"{NOT_GOVERNED}: churn"]


def test_an_execution_that_somebody_started_is_followed_whatever_is_governed(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog
) -> None:
    _gate_decides(log, registry, arn, Verdict.NEEDS_REVIEW)
    place = replace(
        _place(registry, log, [_execution("Succeeded")]), why_left_alone=f"{NOT_GOVERNED}{{}}".format
    )
    (waited,), _ = _wait(place, arn)
    assert waited.result == Result.NEEDS_REVIEW


def test_where_it_cannot_be_known_whether_a_group_is_governed_that_is_said_once_and_the_wait_goes_on(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog
) -> None:
    answers = iter([AwsThrottledError("slow down"), AwsAccessDeniedError("not for you")])

    def why_left_alone(group: str) -> str | None:
        raise next(answers)

    _gate_decides(log, registry, arn, Verdict.NEEDS_REVIEW)
    states = [None, None, None, _execution("Succeeded")]
    place = replace(_place(registry, log, states), why_left_alone=why_left_alone)
    (waited,), said = _wait(place, arn)
    assert waited.result == Result.NEEDS_REVIEW
    assert said == ["still waiting: slow down", "whether churn is governed is not known: not for you"]


def test_without_the_thresholds_bucket_it_is_said_that_nothing_may_come(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog
) -> None:
    _gate_decides(log, registry, arn, Verdict.NEEDS_REVIEW)
    left_alone = LeftAlone(None, UngovernedGroups.IGNORE)
    states = [None, None, _execution("Succeeded")]
    place = replace(_place(registry, log, states), why_left_alone=left_alone.why_or_doubt)
    (waited,), said = _wait(place, arn)
    assert waited.result == Result.NEEDS_REVIEW
    assert said == [f"whether churn is governed is not known: {NOT_KNOWN}"]


@pytest.mark.parametrize("ungoverned", UngovernedGroups)
def test_a_version_of_a_group_that_the_deployment_does_not_reach_is_not_waited_for(
    registry: MemoryModelRegistry,
    arn: str,
    log: FolderDecisionLog,
    clock: Clock,
    ungoverned: UngovernedGroups,
) -> None:
    left_alone = LeftAlone(None, ungoverned, "fraud, rag-*")
    (waited,), _ = _wait(replace(_place(registry, log, [None]), why_left_alone=left_alone.why_or_doubt), arn)
    assert (clock.now, waited.result, waited.exit_code) == (0, Result.NOT_GOVERNED, 3)
    assert "the group churn is not among model_package_groups of the deployment" in waited.sentence


def test_a_package_that_failed_is_never_judged(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog, clock: Clock
) -> None:
    class OfFailedPackages(MemoryModelRegistry):
        def describe(self, arn: str) -> ModelPackage:
            return replace(registry.describe(arn), package_status="Failed")

    (waited,), _ = _wait(_place(OfFailedPackages(), log, [None]), arn)
    assert (clock.now, waited.result) == (0, Result.NOTHING_STARTED)
    assert "the package itself is Failed" in waited.sentence


def test_a_version_that_does_not_exist_is_no_endless_wait(
    registry: MemoryModelRegistry, log: FolderDecisionLog, clock: Clock
) -> None:
    gone = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/9"
    (waited,), _ = _wait(_place(registry, log, [None]), gone)
    assert (clock.now, waited.result, waited.exit_code) == (0, Result.COULD_NOT_LOOK, 2)
    assert waited.sentence.startswith(f"{gone}: could not look: there is no such model package")


def test_a_refusal_ends_the_wait_with_its_reason(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog, clock: Clock
) -> None:
    """In a model account nobody may look at executions: the pipeline is another account's, and shares nothing."""
    (waited,), _ = _wait(_place(registry, log, [AwsAccessDeniedError("not for you")]), arn)
    assert (clock.now, waited.sentence) == (0, f"{arn}: could not look: not for you; {OF_A_MODEL_ACCOUNT}")


def test_of_several_each_has_its_line_and_the_worst_code_counts(
    registry: MemoryModelRegistry, log: FolderDecisionLog, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good, bad = (registry.register(Registration(group=name, image="repo/image:1")) for name in ("a", "b"))
    gone = bad.replace("/b/1", "/b/2")
    _gate_decides(log, registry, good, Verdict.APPROVED)
    _gate_decides(log, registry, bad, Verdict.REJECTED)
    waited, _ = _wait(_place(registry, log, [_execution("Succeeded")]), good, bad, gone)
    wait.deliver(waited, DecisionOutputs(None, {tmp_path / "answer.txt": DecisionFormat.TEXT}))
    captured = capsys.readouterr()
    assert captured == ("", f"written to {tmp_path / 'answer.txt'}\n")
    text = (tmp_path / "answer.txt").read_text()
    lines = text.splitlines()
    assert lines[:2] == [f"{good}: approved", f"{bad}: rejected"]
    assert lines[2].startswith(f"{gone}: could not look: there is no such model package")
    assert f"\n{good}\nApproved\n" in text
    assert f"\n{bad}\nRejected\n" in text
    assert worst_of(one.exit_code for one in waited) == 1
    documents = json.loads(wait.to_json(waited))
    assert [document["result"] for document in documents] == ["approved", "rejected", "could not look"]


def test_outputs_for_other_tools_agree_with_the_exit_codes(
    registry: MemoryModelRegistry, log: FolderDecisionLog, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody approved `d` after the gate had asked for review, and rejected `e` though it was approved."""
    a, b, c, d, e = (registry.register(Registration(group=name, image="repo/image:1")) for name in "abcde")
    for arn, verdict in (
        (a, Verdict.APPROVED), (b, Verdict.REJECTED), (c, Verdict.NEEDS_REVIEW), (d, Verdict.NEEDS_REVIEW),
        (e, Verdict.APPROVED),
    ):  # fmt: skip
        _gate_decides(log, registry, arn, verdict)
    registry.update(d, approval_status="Approved")
    registry.update(e, approval_status="Rejected")
    gone = e.replace("/e/1", "/e/2")
    waited, _ = _wait(_place(registry, log, [_execution("Succeeded")]), a, b, c, d, e, gone)
    wait.deliver(waited, DecisionOutputs(DecisionFormat.JUNIT))
    suites = ElementTree.fromstring(capsys.readouterr().out)
    bad = [int(suite.get("failures", "")) + int(suite.get("errors", "")) for suite in suites]
    assert [bool(count) for count in bad] == [one.exit_code != 0 for one in waited]
    wait.deliver(waited, DecisionOutputs(DecisionFormat.GITHUB))
    kinds = [line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()]
    # Of the rejected one the result is told, too: its record has one finding, which asks for review.
    assert kinds == [
        f"::{kind}" for kind in ["notice", "error", "warning", "warning", "warning", "error", "error"]
    ]


def test_a_review_gives_the_status_and_the_gates_decision_is_shown_with_it(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = _gate_decides(log, registry, arn, Verdict.NEEDS_REVIEW)
    ann = Reviewer("arn:aws:sts::123456789012:assumed-role/reviewers/ann", "AROAREVIEWERS:ann")
    services = ReviewServices(registry, log, SeparationOfDuties.REQUIRED)
    now = datetime.now(UTC)
    done = review_version(ReviewRequest(arn, ReviewAction.APPROVE, "agreed", ann), services, now=now)
    waited, _ = _wait(_place(registry, log, [_execution("Succeeded")]), arn)
    document = wait.document_of(waited[0])
    assert (document["result"], document["exit_code"]) == ("approved", 0)
    assert (document["decision"], document["record_uri"]) == (Verdict.NEEDS_REVIEW, uri)
    assert document["status_given_by"] == {
        "source": "reviewer",
        "review_uri": done.location.uri,
        "reviewed_by": ann.arn,
        "reviewed_at": write_moment(now),
        "reason": "agreed",
    }
    wait.deliver(waited, DecisionOutputs(DecisionFormat.TEXT))
    shown = capsys.readouterr().out
    assert f"Approved, given by {ann.arn} with a review" in shown
    assert f"approved at {write_moment(now)} by {ann.arn}: agreed ({done.location.uri})" in shown


def test_a_version_that_is_to_be_judged_again_is_waited_for(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog, capsys: pytest.CaptureFixture[str]
) -> None:
    _gate_decides(log, registry, arn, Verdict.REJECTED)
    ann = Reviewer("arn:aws:sts::123456789012:assumed-role/reviewers/ann", "AROAREVIEWERS:ann")
    services = ReviewServices(registry, log, SeparationOfDuties.REQUIRED)
    request = ReviewRequest(arn, ReviewAction.REJUDGE, "the limit was corrected", ann)
    review_version(request, services, now=datetime.now(UTC))
    waited, _ = _wait(_place(registry, log, [_execution("Succeeded")]), arn, seconds=0)
    assert waited[0].result is Result.NOTHING_STARTED
    print_standing(look_up(registry.describe(arn), log), sys.stdout)
    assert (
        f"PendingManualApproval, to be judged again, at the request of {ann.arn}" in capsys.readouterr().out
    )


def test_one_that_could_not_be_judged_is_an_error_in_words_and_an_answer_in_json(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog, capsys: pytest.CaptureFixture[str]
) -> None:
    waited, _ = _wait(_place(registry, log, [None]), arn, seconds=0)
    wait.deliver(waited, DecisionOutputs(DecisionFormat.TEXT))
    assert capsys.readouterr() == ("", f"error: {waited[0].sentence}\n")
    wait.deliver(waited, DecisionOutputs(DecisionFormat.JSON))
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out)["result"] == "nothing started"


def test_two_waits_at_once_come_to_the_same(
    registry: MemoryModelRegistry, arn: str, log: FolderDecisionLog
) -> None:
    _gate_decides(log, registry, arn, Verdict.APPROVED)
    found: list[Waited] = []
    place = _place(registry, log, [_execution("Succeeded")])
    threads = [threading.Thread(target=lambda: found.extend(_wait(place, arn)[0])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.result for one in found] == [Result.APPROVED, Result.APPROVED]


@pytest.mark.parametrize(
    ("codes", "worst"), [((0, 3), 3), ((0, 3, 2), 2), ((3, 2, 1, 0), 1), ((0,), 0)], ids=str
)
def test_the_worst_code(codes: tuple[int, ...], worst: int) -> None:
    assert worst_of(ExitCode(code) for code in codes) == worst


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("1d", 86_400),
        ("1d2h3m4s", 93_784),
        ("0s", 0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["0s", "59s", "1m", "1h30m", "1d1s", "9h59m59s"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert duration_text(parse_duration(text).total_seconds()) == text


ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/9"


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("arn:aws:foo", "is not a model package ARN"),
        ("arn:aws:sagemaker:eu-west-1:123456789012:model-package/m", "unversioned model package"),
        ("arn:aws:sagemaker:eu-west-1:123456789012:pipeline/churn/9", "is not a model package ARN"),
        (ARN.replace("aws:", "aws-cn:", 1), "eu-west-1 is of the partition aws, not of aws-cn"),
        (ARN.replace("eu-west-1", "nowhere-at-all"), "nowhere-at-all is no region of AWS"),
    ],
    ids=["another service", "unversioned", "another type", "another partition", "no region"],
)
def test_a_bad_arn_is_told_before_aws_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arn: str, said: str
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert run(["wait", ARN, arn]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert arn in message
    assert said in message


@pytest.mark.parametrize("text", ["soon", "-5m", "5 m", "5w", "9999999h", "٣m", "30m1h", "1h1h", "h", "1e3s"])
def test_what_is_no_duration_is_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["wait", f"--timeout={text}", ARN]) == 2
    assert "is no duration; write 90s, 30m, 1h30m or 1d" in " ".join(capsys.readouterr().err.split())


def test_of_a_number_alone_the_unit_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.BadParameter, match=r"of which unit. Write 5s, 5m, 5h or 5d"):
        parse_duration("5")
    assert run(["wait", "--timeout", "5", ARN]) == 2
    assert "of which unit?" in capsys.readouterr().err


def _registered(moto_aws: boto3.Session) -> str:
    client = moto_aws.client("sagemaker")
    client.create_model_package_group(ModelPackageGroupName="churn")
    return client.create_model_package(
        ModelPackageGroupName="churn",
        ModelApprovalStatus=PENDING,
        InferenceSpecification={
            "Containers": [{"Image": "repo/image:1"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]


@pytest.mark.parametrize(
    ("change", "result"),
    [
        (("", ""), "nothing started"),
        (("123456789012", "210987654321"), "could not look"),
        (("churn/", "gone/"), "could not look"),
        (("eu-west-1", "eu-central-1"), "could not look"),
    ],
    ids=["nothing is deployed", "another account", "a group that is gone", "another region"],
)
def test_what_will_never_be_judged_ends_the_wait_at_once(
    moto_aws: boto3.Session,
    capsys: pytest.CaptureFixture[str],
    clock: Clock,
    change: tuple[str, str],
    result: str,
) -> None:
    arn = _registered(moto_aws).replace(*change)
    assert run(["wait", arn, "--format", "json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["model_package"], document["result"], clock.now) == (arn, result, 0)
    assert run(["wait", arn]) == 2
    assert capsys.readouterr().err.startswith(f"error: {arn}: {result}: ")
