"""`governance wait`: follow the execution that judges a version, and exit with what came of it."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from aws.arns import ModelPackageArn
from aws.clients import s3_client, sagemaker_client
from aws.decision_log import DecisionLog
from aws.errors import AwsThrottled, AwsUnreachable
from aws.executions import SUCCEEDED, Execution, ExecutionStep, PipelineExecutions
from aws.model_packages import ModelPackage
from aws.model_registry import ModelRegistry, SageMakerModelRegistry
from checks.errors import GovernanceError
from cli.decisions_bucket import DecisionsBucket
from cli.exit_codes import ExitCode
from cli.standing import exit_code_of_standing, log_around, log_in_bucket, show_standing
from pipelines.settings import PIPELINE_NAME

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = (
    0.2,
    5.0,
    1.3,
)  # seconds between looks: quick in the sandbox, gentle to AWS
EARLIEST = datetime(2017, 11, 29, tzinfo=UTC)  # SageMaker began
CLOCK_SKEW = timedelta(minutes=10)  # how far this machine's clock may be from AWS's
_DURATION = re.compile(r"(?P<number>[0-9]{1,6}(\.[0-9]+)?)(?P<unit>[smh]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> timedelta:
    """Read `90`, `90s`, `30m` or `2h`.

    Raises:
        typer.BadParameter: it is something else.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no duration; write 90s, 30m or 2h")
    return timedelta(seconds=float(match["number"]) * _SECONDS[match["unit"]])


def command(
    arn: Annotated[str, typer.Argument(help="The version's ARN, as `governance register` prints it.")],
    *,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="Such as 90s, 30m or 2h.")
    ] = "30m",
    pipeline: Annotated[
        str,
        typer.Option(
            "--pipeline", metavar="NAME", envvar="GOVERNANCE_PIPELINE_NAME", help="The governance pipeline."
        ),
    ] = PIPELINE_NAME,
    decisions_bucket: DecisionsBucket = None,
) -> None:
    """Wait for a version's decision; print the one that gave its status with its reasons, and exit with its code.

    Exits with 0 when the version is approved, 1 rejected, 3 when it asks for review or is approved without any
    decision, 2 when the gate could not judge, nothing was started, or the time is over.
    """
    limit = parse_duration(timeout)
    region = ModelPackageArn.parse(arn).region
    registry = SageMakerModelRegistry(sagemaker_client(region))
    executions = PipelineExecutions(sagemaker_client(region), pipeline)
    execution = follow(arn, registry, executions, limit)
    steps = () if execution is None else executions.steps(execution.arn)
    package = registry.describe(arn)
    if decisions_bucket is not None:
        log: DecisionLog | None = log_in_bucket(s3_client(region), decisions_bucket)
    else:
        # The gate's own answers: what the version's metadata name, whoever writes the version can choose.
        outputs = {name: value for step in steps for name, value in step.outputs.items()}
        log = log_around(s3_client(region), outputs.get("outcome_uri"), package)
    raise typer.Exit(conclude(package, log, execution, steps))


def follow(
    arn: str, registry: ModelRegistry, executions: PipelineExecutions, timeout: timedelta
) -> Execution | None:
    """Return the newest finished execution for the version, or `None` where it is not pending and there is none.

    Raises:
        GovernanceError: the version does not exist, or nothing finished within `timeout`.
    """
    deadline = time.monotonic() + timeout.total_seconds()
    watch = _Watch(arn, registry, executions)
    for pause in _pauses():
        try:
            if watch.look():
                return watch.execution
        except (AwsThrottled, AwsUnreachable) as error:
            print(f"still waiting: {error}", file=sys.stderr)
        if time.monotonic() + pause > deadline:
            break
        time.sleep(pause)
    raise GovernanceError(_out_of_time(arn, watch.execution, timeout))


class _Watch:
    """The execution for one version, as far as it is known, and what was told of its steps."""

    def __init__(self, arn: str, registry: ModelRegistry, executions: PipelineExecutions) -> None:
        self.execution: Execution | None = None
        self._arn = arn
        self._registry = registry
        self._executions = executions
        self._since = EARLIEST
        self._begun = datetime.now(UTC) - CLOCK_SKEW
        self._shown: set[tuple[str, str]] = set()

    def look(self) -> bool:
        """Look once; whether there is nothing more to wait for: the execution is finished, or none is due."""
        if self.execution is None:
            # The version first: an execution that decided it stands before the decision does.
            is_pending = self._registry.describe(self._arn).is_pending
            self.execution = self._executions.find(self._arn, since=self._since)
            self._since = self._begun  # what came before was looked through
            if self.execution is None:
                return not is_pending
        else:
            self.execution = self._executions.describe(self.execution.arn)
        self._show_progress(self.execution)
        return self.execution.is_finished

    def _show_progress(self, execution: Execution) -> None:
        for step in self._executions.steps(execution.arn):
            if (step.name, step.status) not in self._shown:
                self._shown.add((step.name, step.status))
                print(f"{step.name}: {step.status}", file=sys.stderr)


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def _out_of_time(arn: str, execution: Execution | None, timeout: timedelta) -> str:
    waited = f"after {timeout.total_seconds():g} s"
    if execution is not None:
        return (
            f"{arn}: the time is over: {execution.arn} is still {execution.status} {waited}; wait again, or give a "
            "longer --timeout"
        )
    return (
        f"{arn}: nothing was started: no execution of the governance pipeline judges it {waited}; see that the stack "
        "is deployed in this account and region, and its dead-letter queue"
    )


def conclude(
    package: ModelPackage,
    log: DecisionLog | None,
    execution: Execution | None,
    steps: Sequence[ExecutionStep],
) -> ExitCode:
    """Print what gave the version its status, and return the exit code that the status asks for.

    Raises:
        GovernanceError: the execution failed and the version is pending: nothing was decided. Or the records cannot
            be read.
    """
    if execution is not None and execution.status != SUCCEEDED:
        reasons = "; ".join(f"{step.name}: {step.failure_reason}" for step in steps if step.failure_reason)
        failure = (
            f"{execution.arn} {execution.status}: {reasons or execution.failure_reason or 'no reason given'}"
        )
        if package.is_pending:
            raise GovernanceError(
                f"{package.arn}: could not judge: nothing was decided, its status is {package.approval_status}. "
                f"{failure}"
            )
        print(f"the newest execution decided nothing: {failure}", file=sys.stderr)
    return exit_code_of_standing(show_standing(package, log))
