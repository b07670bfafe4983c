"""Follow the executions that judge versions, until each is decided, cannot be, or the time is over."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from aws.arns import ModelPackageArn
from aws.aws_errors import AwsAccessDeniedError, AwsError, AwsThrottledError, AwsUnreachableError
from aws.clients import s3_client, sagemaker_client
from aws.decision_log import DecisionLog
from aws.executions import (
    SUCCEEDED,
    ExecutionStep,
    PipelineExecution,
    PipelineExecutions,
    PipelineMissingError,
)
from aws.model_packages import ModelPackage
from aws.model_registry import ModelRegistry, SageMakerModelRegistry
from aws.regions import require_region_of_partition
from checks.errors import GovernanceError
from cli.display.version_status import (
    KnownStanding,
    LeftAloneFinder,
    exit_code_of_standing,
    log_around,
    log_in_bucket,
    look_up,
    say_of_no_group,
)
from cli.exit_codes import ExitCode
from cli.lookup.left_alone import LeftAlone
from cli.options.durations import duration_text
from pipelines.reviews import list_requests
from pipelines.step_settings import EVERY_GROUP, PIPELINE_NAME, UngovernedGroups

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = (
    0.2,
    5.0,
    1.3,
)  # seconds between looks: quick in the sandbox, gentle to AWS
EARLIEST = datetime(2017, 11, 29, tzinfo=UTC)  # SageMaker began
CLOCK_SKEW = timedelta(minutes=10)  # how far this machine's clock may be from AWS's
QUIET = 60.0  # seconds without a line, after which one says what is waited for
NAMED_IN_A_LINE = 5  # versions
PACKAGE_FAILED = "Failed"
OF_A_MODEL_ACCOUNT = (
    "where the version is a model account's, the pipeline is in the account that governs, and nobody else looks into "
    "it: wait there, or see the version's status and description (aws sagemaker describe-model-package)"
)

Say = Callable[[str], None]


class Result(StrEnum):
    """What came of waiting for one version."""

    APPROVED = "approved"
    REJECTED = "rejected"
    NEEDS_REVIEW = "needs review"
    NO_DECISION = "no decision"
    NOT_GOVERNED = "not governed"
    COULD_NOT_JUDGE = "could not judge"
    NOTHING_STARTED = "nothing started"
    TIME_OVER = "time over"
    COULD_NOT_LOOK = "could not look"


_RESULTS = {ExitCode.APPROVED: Result.APPROVED, ExitCode.REJECTED: Result.REJECTED}


class Waited(Struct, frozen=True):
    """What came of waiting for the version `arn`.

    `known` is its status with the decision that gave it; `None` where nothing was decided, or that is not
    known. `status` is its approval status as far as it was read. `reasons` say why there is nothing to show, or
    what failed beside it. `execution` is the newest one that judges it, and `seconds` how long was waited.
    """

    arn: str
    result: Result
    exit_code: ExitCode
    seconds: float
    status: str | None = None
    reasons: tuple[str, ...] = ()
    execution: str | None = None
    known: KnownStanding | None = None

    @property
    def sentence(self) -> str:
        """The version, what came of it, and the reasons, as one message."""
        said = "; ".join(reason.removeprefix(f"{self.arn}: ") for reason in self.reasons)
        return f"{self.arn}: {self.result}" + (f": {said}" if said else "")


LogFinder = Callable[[ModelPackage, Sequence[ExecutionStep]], DecisionLog | None]


class WatchedPlace(Struct, frozen=True):
    """Where versions of one region are looked for: the registry, the pipeline's executions, and the decision log.

    `why_left_alone` says of a group why none of its versions is judged, by the threshold files in force.
    """

    registry: ModelRegistry
    executions: PipelineExecutions
    find_log: LogFinder
    why_left_alone: LeftAloneFinder = say_of_no_group


def wait_for(
    arns: Sequence[str],
    *,
    timeout: timedelta,
    pipeline: str = PIPELINE_NAME,
    decisions_bucket: str | None = None,
    thresholds_bucket: str | None = None,
    ungoverned_groups: UngovernedGroups = UngovernedGroups.IGNORE,
    model_package_groups: str = EVERY_GROUP,
    say: Say = lambda line: print(line, file=sys.stderr),
) -> tuple[Waited, ...]:
    """Wait until each of `arns` is decided or cannot be, at most for `timeout`; return what came of each, in order.

    Args:
        arns: versions, in any regions; one that is named twice is waited for once.
        timeout: for all of them together.
        pipeline: the name or ARN of the governance pipeline.
        decisions_bucket: the stack's output DecisionsBucket; without it the records are found by what the gate's own
            steps answered.
        thresholds_bucket: the stack's output ThresholdsBucket; without it a version of a group that no threshold file
            applies to is waited for in vain, which is said.
        ungoverned_groups: the stack's output UngovernedGroups: what it does about such versions.
        model_package_groups: the stack's output ModelPackageGroups: the patterns of the only groups that it reaches,
            with commas between them.
        say: takes each line about what is going on: a step that goes on, else one a minute.

    Raises:
        ArnError: one of them is no version's ARN, or its region is not of its partition; nothing was asked.
        AwsError: there are no credentials or settings to make a client with.
    """
    parsed = {arn: ModelPackageArn.parse(arn) for arn in arns}
    for arn in parsed.values():
        require_region_of_partition(arn)
    places = {}
    for region in dict.fromkeys(arn.region for arn in parsed.values()):
        left_alone = LeftAlone(thresholds_bucket, ungoverned_groups, model_package_groups, region=region)
        places[region] = _place(region, pipeline, decisions_bucket, left_alone)
    return follow({arn: places[name.region] for arn, name in parsed.items()}, timeout, say)


def follow(versions: dict[str, WatchedPlace], timeout: timedelta, say: Say) -> tuple[Waited, ...]:
    """Look at each version in its place again and again, and return what came of each."""
    watches = [_Watch(arn, place, is_alone=len(versions) == 1) for arn, place in versions.items()]
    round_ = _Round(watches, timeout, say)
    for pause in _pauses():
        round_.look()
        if not round_.open or round_.elapsed + pause > timeout.total_seconds():
            break
        round_.tell_if_quiet()
        time.sleep(pause)
    return tuple(watch.waited or watch.out_of_time(timeout, round_.elapsed) for watch in watches)


class _Round:
    """All that is waited for, and what was said of it: a fault of AWS once, and at least a line a minute."""

    def __init__(self, watches: Sequence["_Watch"], timeout: timedelta, say_line: Say) -> None:
        self.watches, self.timeout, self.say_line = watches, timeout, say_line
        self.begun = self.said_at = time.monotonic()
        self.faults: set[tuple[type, str]] = set()

    @property
    def open(self) -> list["_Watch"]:
        return [watch for watch in self.watches if watch.waited is None]

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.begun

    def look(self) -> None:
        for watch in self.open:
            watch.look(self)

    def say(self, line: str) -> None:
        self.said_at = time.monotonic()
        self.say_line(line)

    def say_fault(self, error: AwsError) -> None:
        # By its kind: the text names the version and may hold a request's id, and each look may meet it again.
        kind = (type(error), error.code)
        if kind not in self.faults:
            self.faults.add(kind)
            self.say(f"still waiting: {error}")

    def tell_if_quiet(self) -> None:
        if time.monotonic() - self.said_at < QUIET:
            return
        waiting = self.open
        named = ", ".join(f"{watch.name}: {watch.state}" for watch in waiting[:NAMED_IN_A_LINE])
        more = len(waiting) - NAMED_IN_A_LINE
        rest = f", and {more} more" if more > 0 else ""
        self.say(f"still waiting after {duration_text(self.elapsed)}: {named}{rest}")


class _Watch:
    """One version: the execution that judges it, as far as it is known, and at last what came of it."""

    def __init__(self, arn: str, place: WatchedPlace, *, is_alone: bool) -> None:
        self.waited: Waited | None = None
        name = ModelPackageArn.parse(arn)
        self.name = f"{name.group}/{name.version}"
        self.state = "nothing is known of it yet"
        self._arn = arn
        self._place = place
        self._is_alone = is_alone
        self._status: str | None = None
        self._execution: PipelineExecution | None = None
        self._since = EARLIEST
        self._begun = datetime.now(UTC) - CLOCK_SKEW
        self._shown: set[tuple[str, str]] = set()
        self._fault: AwsError | None = None
        self._is_expected = False  # as far as is known, the gate judges versions of its group

    def look(self, round_: _Round) -> None:
        """Look once, and keep what came of the version where there is nothing more to wait for."""
        try:
            self._look(round_)
            self._fault = None
        except (AwsThrottledError, AwsUnreachableError) as error:
            self._fault = error
            round_.say_fault(error)
        except GovernanceError as error:  # another look would come to the same
            self._end(round_, Result.COULD_NOT_LOOK, str(error))

    def out_of_time(self, timeout: timedelta, seconds: float) -> Waited:
        """Return what is known when the time is over."""
        after = f"after {duration_text(timeout.total_seconds())}"
        again = "wait again, or give a longer time"
        if self._fault is not None:
            state = "" if self._execution is None else f"{self._execution.arn} was {self._execution.status}; "
            reason = f"{after}: {state}AWS could not be asked at the end: {self._fault}"
            return self._ended(Result.TIME_OVER, seconds, reason)
        if self._execution is not None:
            return self._ended(
                Result.TIME_OVER,
                seconds,
                f"{self._execution.arn} is still {self._execution.status} {after}; {again}",
            )
        return self._ended(
            Result.NOTHING_STARTED,
            seconds,
            f"no execution of the governance pipeline judges it {after}; see that the stack is deployed in this "
            "account and region and governs the group. Where only the event was lost, or AWS's quota is used up, the "
            "gate's reconciler starts it within minutes: wait again",
        )

    def _look(self, round_: _Round) -> None:
        if self._execution is None:
            # The version first: an execution is there before its decision is.
            package = self._place.registry.describe(self._arn)
            self._status = package.approval_status
            self._execution, why_none = self._find(package)
            if self._execution is None:
                self._end_where_none_is_due(round_, package, why_none)
                return
        elif not self._execution.is_finished:
            self._execution = self._place.executions.describe(self._execution.arn)
        steps = self._place.executions.steps(self._execution.arn)
        self._tell_progress(round_, steps)
        if self._execution.is_finished:
            self._conclude(round_, steps)

    def _find(self, package: ModelPackage) -> tuple[PipelineExecution | None, str | None]:
        """Return the newest execution, or none and why there can be none.

        Where a reviewer asked to judge the version again, an earlier execution is none: the next one is waited for.
        """
        try:
            found = self._place.executions.find(self._arn, since=self._since)
        except PipelineMissingError as error:
            return None, f"{error}; {OF_A_MODEL_ACCOUNT}"
        except AwsAccessDeniedError as error:
            raise AwsAccessDeniedError(f"{error}; {OF_A_MODEL_ACCOUNT}", code=error.code) from error
        log = self._place.find_log(package, ()) if found is not None and package.is_pending else None
        if found is not None and log is not None and list_requests(package, log, found.started):
            self._is_expected = True
            found = None
        self._since = self._begun  # what came before was looked through
        self.state = "no execution has started yet"
        return found, None

    def _end_where_none_is_due(self, round_: _Round, package: ModelPackage, why_none: str | None) -> None:
        if not package.is_pending:
            self._conclude(round_, ())
        elif package.package_status == PACKAGE_FAILED:
            self._end(
                round_,
                Result.NOTHING_STARTED,
                f"the package itself is {PACKAGE_FAILED}, and the gate judges only one that is Completed; register "
                "the version again",
            )
        elif why_none is not None:
            self._end(round_, Result.NOTHING_STARTED, why_none)
        elif not self._is_expected:
            self._end_where_it_is_left_alone(round_, package)

    def _end_where_it_is_left_alone(self, round_: _Round, package: ModelPackage) -> None:
        """End where no threshold file applies; where that cannot be known, say so once and go on waiting."""
        try:
            reason = self._place.why_left_alone(package.group)
        except (AwsThrottledError, AwsUnreachableError):
            raise  # the next look asks again
        except GovernanceError as error:
            reason = None
            round_.say(f"whether {package.group} is governed is not known: {error}")
        self._is_expected = True
        if reason is not None:
            self._end(round_, Result.NOT_GOVERNED, reason)

    def _conclude(self, round_: _Round, steps: Sequence[ExecutionStep]) -> None:
        """Keep the version's status, now that its newest execution is finished or none is due."""
        package = self._place.registry.describe(self._arn)
        self._status = package.approval_status
        failure = None if self._execution is None else failure_of(self._execution, steps)
        if failure is not None and package.is_pending:
            nothing = f"nothing was decided, its status is {package.approval_status}. {failure}"
            self._end(round_, Result.COULD_NOT_JUDGE, nothing)
            return
        known = look_up(package, self._place.find_log(package, steps))
        notes = () if failure is None else (f"the newest execution decided nothing: {failure}",)
        self.waited = self._ended(result_of(known), round_.elapsed, *notes, known=known)

    def _tell_progress(self, round_: _Round, steps: Sequence[ExecutionStep]) -> None:
        for step in steps:
            self.state = f"{step.name} is {step.status}"
            if (step.name, step.status) not in self._shown:
                self._shown.add((step.name, step.status))
                of_which = "" if self._is_alone else f"{self.name}: "
                round_.say(f"{of_which}{step.name}: {step.status}")

    def _end(self, round_: _Round, result: Result, reason: str) -> None:
        self.waited = self._ended(result, round_.elapsed, reason)

    def _ended(
        self, result: Result, seconds: float, *reasons: str, known: KnownStanding | None = None
    ) -> Waited:
        return Waited(
            arn=self._arn,
            result=result,
            exit_code=_exit_code_of(result, known),
            seconds=seconds,
            status=self._status,
            reasons=reasons,
            execution=None if self._execution is None else self._execution.arn,
            known=known,
        )


def result_of(known: KnownStanding) -> Result:
    """Return the word for a version's status; a rejection is one whoever gave it."""
    standing = known.standing
    code = exit_code_of_standing(standing)
    if code in _RESULTS:
        return _RESULTS[code]
    is_undecided = standing.deciding is None or not standing.package.is_pending
    return Result.NO_DECISION if is_undecided else Result.NEEDS_REVIEW


def _exit_code_of(result: Result, known: KnownStanding | None) -> ExitCode:
    if known is not None:
        return exit_code_of_standing(known.standing)
    return ExitCode.NEEDS_REVIEW if result is Result.NOT_GOVERNED else ExitCode.COULD_NOT_TRY


def failure_of(execution: PipelineExecution, steps: Sequence[ExecutionStep]) -> str | None:
    """Return why a finished execution did not succeed, or `None` where it did."""
    if execution.status == SUCCEEDED:
        return None
    reasons = "; ".join(f"{step.name}: {step.failure_reason}" for step in steps if step.failure_reason)
    return f"{execution.arn} {execution.status}: {reasons or execution.failure_reason or 'no reason given'}"


def _place(region: str, pipeline: str, decisions_bucket: str | None, left_alone: LeftAlone) -> WatchedPlace:
    client, s3 = sagemaker_client(region), s3_client(region)

    def find_log(package: ModelPackage, steps: Sequence[ExecutionStep]) -> DecisionLog | None:
        if decisions_bucket is not None:
            return log_in_bucket(s3, decisions_bucket)
        # The gate's own answers: what the version's metadata name, whoever writes the version can choose.
        outputs = {name: value for step in steps for name, value in step.outputs.items()}
        return log_around(s3, outputs.get("outcome_uri"), package)

    registry, executions = SageMakerModelRegistry(client), PipelineExecutions(client, pipeline)
    return WatchedPlace(registry, executions, find_log, left_alone.why_or_doubt)


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * GROWTH, LONGEST_PAUSE)
