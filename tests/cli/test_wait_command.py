"""`governance wait`: what it follows, what it prints, and the code that it exits with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aws.decision_log import FolderDecisionLog
from aws.errors import AwsThrottled, AwsUnreachable
from aws.executions import Execution, ExecutionStep
from aws.model_packages import Registration
from aws.model_registry import MemoryModelRegistry
from checks.errors import GovernanceError
from cli import wait
from cli.main import run

EXECUTION = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/abc"


class Executions:
    """The executions of a pipeline whose only one goes through the given states, one at each look."""

    def __init__(
        self, states: Sequence[Execution | Exception | None], steps: Sequence[ExecutionStep] = ()
    ) -> None:
        self._states = list(states)
        self.searched_since: list[datetime] = []
        self._steps = tuple(steps)

    def find(self, arn: str, *, since: datetime | None = None) -> Execution | None:
        if since is not None:
            self.searched_since.append(since)
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if isinstance(state, Exception):
            raise state
        return state

    def describe(self, arn: str) -> Execution | None:
        return self.find(arn)

    def steps(self, arn: str) -> tuple[ExecutionStep, ...]:
        return self._steps


def _execution(status: str, reason: str | None = None) -> Execution:
    return Execution(EXECUTION, status, reason)


@pytest.fixture
def registry() -> MemoryModelRegistry:
    return MemoryModelRegistry()


@pytest.fixture
def arn(registry: MemoryModelRegistry) -> str:
    return registry.register(Registration(group="churn", image="repo/image:1"))


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "FIRST_PAUSE", 0.0)


FAILED = (ExecutionStep("EvaluateModelPackage", "Failed", "DigestMismatch: s3://b/a.json changed"),)


def test_a_failed_execution_says_why_and_what_the_status_is(registry, arn: str, tmp_path: Path) -> None:
    with pytest.raises(GovernanceError) as caught:
        wait.conclude(
            registry.describe(arn), FolderDecisionLog(tmp_path), _execution("Failed", "a step failed"), FAILED
        )
    assert str(caught.value) == (
        f"{arn}: could not judge: nothing was decided, its status is PendingManualApproval. "
        f"{EXECUTION} Failed: EvaluateModelPackage: DigestMismatch: s3://b/a.json changed"
    )


def test_a_later_execution_that_failed_does_not_hide_what_stands(
    registry, arn: str, tmp_path: Path, capsys
) -> None:
    registry.update(arn, approval_status="Rejected")
    execution = _execution("Failed", "a step failed")
    assert wait.conclude(registry.describe(arn), FolderDecisionLog(tmp_path), execution, FAILED) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(
        f"the newest execution decided nothing: {EXECUTION} Failed: EvaluateModelPackage"
    )
    assert "status      Rejected, changed outside the gate" in captured.out


def test_progress_is_told_once_a_change_until_the_execution_is_finished(registry, arn: str, capsys) -> None:
    states = [None, _execution("Executing"), _execution("Executing"), _execution("Succeeded")]
    executions = Executions(states, [ExecutionStep("EvaluateModelPackage", "Executing", None)])
    assert wait.follow(arn, registry, executions, timedelta(seconds=10)) == _execution("Succeeded")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "EvaluateModelPackage: Executing\n")


def test_a_long_history_of_executions_is_looked_through_once(registry, arn: str) -> None:
    executions = Executions([None, None, None, _execution("Succeeded")])
    wait.follow(arn, registry, executions, timedelta(seconds=10))
    first, *later = executions.searched_since
    assert first == wait.EARLIEST
    assert all(since > datetime.now(UTC) - timedelta(hours=1) for since in later)


@pytest.mark.parametrize("error", [AwsThrottled("slow down"), AwsUnreachable("no route")])
def test_a_passing_fault_of_aws_does_not_end_a_long_wait(
    registry, arn: str, capsys, error: Exception
) -> None:
    executions = Executions([error, _execution("Executing"), error, _execution("Succeeded")])
    assert wait.follow(arn, registry, executions, timedelta(seconds=10)) == _execution("Succeeded")
    assert capsys.readouterr().err == f"still waiting: {error}\n" * 2


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, "nothing was started: no execution of the governance pipeline judges it after 0 s"),
        (_execution("Executing"), f"the time is over: {EXECUTION} is still Executing after 0 s"),
    ],
)
def test_the_time_is_limited(registry, arn: str, state: Execution | None, message: str) -> None:
    with pytest.raises(GovernanceError, match=message):
        wait.follow(arn, registry, Executions([state]), timedelta(0))


@pytest.mark.parametrize(("status", "code"), [("Approved", 3), ("Rejected", 1)])
def test_a_version_that_has_a_status_and_no_execution_is_not_waited_for(
    registry, arn: str, tmp_path: Path, capsys, *, status: str, code: int
) -> None:
    registry.update(arn, approval_status=status, description="Signed off by the board.")
    assert wait.follow(arn, registry, Executions([None]), timedelta(seconds=10)) is None
    assert wait.conclude(registry.describe(arn), FolderDecisionLog(tmp_path), None, ()) == code
    assert f"{status}: no decision of the gate about {arn} is known\n" in capsys.readouterr().out


def test_a_version_that_does_not_exist_is_no_endless_wait(registry) -> None:
    gone = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/9"
    with pytest.raises(GovernanceError, match="churn/9"):
        wait.follow(gone, registry, Executions([None]), timedelta(seconds=10))


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("1.5h", 5400), ("0", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert wait.parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("arn", ["arn:aws:foo", "arn:aws:sagemaker:eu-west-1:123456789012:model-package/m"])
def test_a_bad_arn_is_told_before_aws_is_asked_for(monkeypatch, capsys, arn: str) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert run(["wait", arn]) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"error: {arn!r} is ")
    assert "model package" in message


@pytest.mark.parametrize("text", ["soon", "-5m", "5 m", "5d", "9999999h", "٣m"])
def test_what_is_no_duration_is_wrong_usage(text: str, capsys) -> None:
    assert (
        run(["wait", f"--timeout={text}", "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/9"])
        == 2
    )
    assert "is no duration; write 90s, 30m or 2h" in capsys.readouterr().err
