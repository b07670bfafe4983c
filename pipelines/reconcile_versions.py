"""The reconciler: starts what is due for every pending version, whatever events were lost, late, throttled or refused.

It asks of each version what the function behind the rule asks of the one in its event, and comes to the same token.
So a version that both take up is judged once. A report that arrives from a model account has the versions looked at
that point at it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from aws.aws_errors import AwsThrottledError
from aws.executions import ExecutionStep, PipelineExecution
from aws.model_packages import ModelPackageGoneError, ModelPackageSummary, StatusChangedError
from aws.registry_names import FAILED_EXECUTION_PROPERTY, PENDING, STATUS_PROPERTY
from aws.s3_uris import S3Uri
from checks.errors import GovernanceError
from checks.summary import fitting_description
from pipelines.due_judgements import (
    LOOKED_BACK,
    Due,
    Failed,
    FindExecution,
    JudgementSources,
    Settled,
    Undecided,
    Ungoverned,
    Verdict,
    Waiting,
    WaitingForEvidence,
    look_for_judgement,
)
from pipelines.turns import take_turn

# As many versions as one run can look at in its minutes; where more are pending, the next run looks at the next ones.
MAX_LOOKS_PER_RUN = 500
# The newest pending versions, of which those that point at a report are looked for when it arrives. They are few, as
# most versions are decided at once; what is not among them is for the next run.
MAX_LOOKS_PER_ARRIVAL = 100

Report = Callable[..., None]


class RunBounds(Struct, frozen=True):
    """How much one run does at most, and how old a change may get before its version counts as undecided."""

    max_starts: int
    decide_within: timedelta
    max_looks: int = MAX_LOOKS_PER_RUN


class RunSummary(Struct):
    """What one run did, in numbers of versions.

    `undecided` are those that wait for people: nothing may or could be decided about them, or not in time, or they
    could not be looked at, which `failed` counts too. `refused` says that AWS refused a start or a retry for now, so
    that the run made no more of them.
    """

    pending: int = 0
    looked_at: int = 0
    started: int = 0
    retried: int = 0
    given_up: int = 0
    undecided: int = 0
    failed: int = 0
    refused: bool = False


class _Run(Struct):
    """One run under way."""

    sources: JudgementSources
    bounds: RunBounds
    now: datetime
    report: Report
    find_execution: FindExecution
    summary: RunSummary = field(default_factory=RunSummary)

    @property
    def may_start(self) -> bool:
        done = self.summary.started + self.summary.retried
        return not self.summary.refused and done < self.bounds.max_starts

    def is_late(self, changed_at: datetime) -> bool:
        return self.now - changed_at > self.bounds.decide_within

    def only_waits_its_turn(
        self, version: ModelPackageSummary, newest: Mapping[str, PipelineExecution]
    ) -> bool:
        """Whether it is known without a look that the version would be started, and cannot be in this run.

        One that was registered so lately that it cannot be late, and that no execution has judged, bears no mark of
        the gate and counts in no figure. In a burst that is nearly all of them, and a look is a call.
        """
        youngest = min(self.bounds.decide_within, LOOKED_BACK)
        is_young = self.now - version.created < youngest
        return not self.may_start and is_young and version.arn not in newest


def reconcile_versions(
    sources: JudgementSources, bounds: RunBounds, *, now: datetime, report: Report
) -> RunSummary:
    """Go through the pending versions once, and do for each what is due; `report` is called with what was done.

    What fails for one version is reported and does not keep the run from the others.

    Raises:
        AwsError: the executions or the versions could not be listed.
    """
    pending, unlisted = _governed(sources, report)
    newest = sources.executions.newest_by_version(since=now - LOOKED_BACK)
    run = _Run(sources, bounds, now, report, _finding_in(newest))
    run.summary.pending = len(pending)
    run.summary.failed += unlisted
    run.summary.undecided += unlisted  # whatever waits there waits for people
    for arn in take_turn(list(pending), bounds.max_looks, now):
        if run.only_waits_its_turn(pending[arn], newest):
            continue
        if not _take_up(arn, run, _reconcile_version):
            break
    return run.summary


class ArrivedReport(Struct, frozen=True):
    """A report of a model account whose copy has just arrived: `original` is where it is in that account."""

    account: str
    original: S3Uri


def reconcile_arrival(
    arrived: ArrivedReport, sources: JudgementSources, bounds: RunBounds, *, now: datetime, report: Report
) -> RunSummary:
    """Start what is due for the pending versions that point at a report which has just arrived.

    The next run would start them minutes later, by the same token: what both start runs once. Where AWS asks to slow
    down, as it may when many reports arrive, all is left to that run.

    Raises:
        AwsError: the versions could not be listed.
    """
    # Of the registries elsewhere only those of the report's own account: what they hold is asked for group by group.
    nearby = tuple(group for group in sources.groups_elsewhere if group.account == arrived.account)
    run = _Run(sources, bounds, now, report, sources.executions.find)
    try:
        pending, unlisted = _governed(replace(sources, groups_elsewhere=nearby), report)
    except AwsThrottledError as error:
        _note_refusal(error, run)
        return run.summary
    run.summary.pending = len(pending)
    run.summary.failed += unlisted
    for arn in list(reversed(pending))[: min(bounds.max_looks, MAX_LOOKS_PER_ARRIVAL)]:
        if not _take_up(arn, run, partial(_start_what_waited, arrived.original)):
            break
    return run.summary


def _finding_in(newest: Mapping[str, PipelineExecution]) -> FindExecution:
    """Return what finds the newest execution in the one list that a run began with."""

    def find(model_package_arn: str, *, since: datetime) -> PipelineExecution | None:
        found = newest.get(model_package_arn)
        return None if found is None or found.started < since else found

    return find


def _take_up(arn: str, run: _Run, do: Callable[[str, _Run], None]) -> bool:
    """Do something about a version; what fails for it is reported. Returns whether the run goes on to the next."""
    try:
        do(arn, run)
    except AwsThrottledError as error:
        # AWS asks to slow down even for a look: the next run goes on.
        run.report("stopped", error=str(error))
        run.summary.refused = True
        return False
    except GovernanceError as error:
        run.report("not reconciled", model_package_arn=arn, error=str(error))
        run.summary.failed += 1
        run.summary.undecided += 1
    return True


def _reconcile_version(arn: str, run: _Run) -> None:
    verdict = look_for_judgement(arn, run.sources, run.find_execution, now=run.now)
    run.summary.looked_at += 1
    _act(arn, verdict, run)


def _start_what_waited(original: S3Uri, arn: str, run: _Run) -> None:
    """Start what is due for a version that points at a report; all else is for the next run.

    That says what is still missing, too: of two arrivals at once, one could say it when the other has started it all.
    """
    if not _points_at(arn, original, run.sources):
        return
    verdict = look_for_judgement(arn, run.sources, run.find_execution, now=run.now)
    run.summary.looked_at += 1
    if isinstance(verdict, Due):
        _start(arn, verdict.changed_at, run)


def _points_at(arn: str, original: S3Uri, sources: JudgementSources) -> bool:
    """Whether a version has the report, by the registry; one that was deleted meanwhile has none."""
    if sources.arrivals is None:
        return False
    try:
        package = sources.registry.describe(arn)
    except ModelPackageGoneError:
        return False
    return sources.arrivals.points_at(package, original)


def _governed(sources: JudgementSources, report: Report) -> tuple[dict[str, ModelPackageSummary], int]:
    """Return the pending versions of governed groups by their ARNs, the oldest first.

    Each group is asked for once, and no version of others is read. Where the threshold files do not say whether a
    group is governed, that is reported, and its versions are looked at. The second value is how many groups of other
    accounts could not be listed; they keep the run from no others.
    """
    left_alone: dict[str, bool] = {}
    found = {}
    elsewhere, unlisted = _list_elsewhere(sources, report)
    waiting = sorted([*sources.registry.pending(), *elsewhere], key=lambda entry: entry.created)
    for entry in waiting:
        if entry.group not in left_alone:
            try:
                left_alone[entry.group] = sources.governed.why_left_alone(entry.group) is not None
            except GovernanceError as error:
                report("not known whether it is governed", group=entry.group, error=str(error))
                left_alone[entry.group] = False
        if not left_alone[entry.group]:
            found[entry.arn] = entry
    return found, unlisted


def _list_elsewhere(sources: JudgementSources, report: Report) -> tuple[list[ModelPackageSummary], int]:
    """Return the pending versions of other accounts' registries, and how many groups could not be listed."""
    found: list[ModelPackageSummary] = []
    unlisted = 0
    for group in sources.groups_elsewhere:
        try:
            found += sources.registry.list(group, approval_status=PENDING)
        except GovernanceError as error:
            report("not listed", group=str(group), error=str(error))
            unlisted += 1
    return found, unlisted


def _act(arn: str, verdict: Verdict, run: _Run) -> None:
    match verdict:
        case Settled() | Ungoverned():
            pass
        case Undecided():
            run.summary.undecided += 1
        case WaitingForEvidence():
            run.summary.undecided += run.is_late(verdict.package.created)
            _say_what_is_missing(verdict, run)
        case Waiting(since=changed_at):
            run.summary.undecided += run.is_late(changed_at)
        case Due(changed_at=changed_at):
            run.summary.undecided += run.is_late(changed_at)
            _start(arn, changed_at, run)
        case Failed(execution=execution, is_retried=True):
            run.summary.undecided += run.is_late(verdict.package.last_modified)
            _retry(arn, execution, run)
        case Failed():
            _give_up(verdict, run)
            run.summary.undecided += 1
        case _:
            assert_never(verdict)


def _say_what_is_missing(waiting: WaitingForEvidence, run: _Run) -> None:
    """Say in the registry what the version waits for, when that changed.

    The event of this update starts nothing: whoever looks at the version comes to the same answer and text.
    """
    package, description = waiting.package, fitting_description(waiting.reason)
    if package.description == description:
        return
    try:
        run.sources.registry.update(package.arn, description=description, only_from=PENDING)
    except (StatusChangedError, ModelPackageGoneError):
        return  # somebody decided meanwhile
    run.report("waiting for evidence", model_package_arn=package.arn, missing=list(waiting.missing))


def _start(arn: str, changed_at: datetime, run: _Run) -> None:
    if not run.may_start:
        return
    try:
        execution_arn = run.sources.executions.start(arn, changed_at=changed_at)
    except AwsThrottledError as error:
        _note_refusal(error, run)
        return
    run.summary.started += 1
    run.report("started", model_package_arn=arn, execution_arn=execution_arn)


def _retry(arn: str, execution: PipelineExecution, run: _Run) -> None:
    if not run.may_start:
        return
    try:
        run.sources.executions.retry(execution.arn, at=run.now)
    except AwsThrottledError as error:
        _note_refusal(error, run)
        return
    run.summary.retried += 1
    run.report("retried", model_package_arn=arn, execution_arn=execution.arn)


def _note_refusal(error: AwsThrottledError, run: _Run) -> None:
    """Start nothing more in this run; looking goes on where it may find an undecided version."""
    run.summary.refused = True
    run.report("refused for now", error=str(error))


def _give_up(failed: Failed, run: _Run) -> None:
    """Say in the registry why the last try failed, for people; the mark keeps this update from being judged."""
    package, execution = failed.package, failed.execution
    reason = _reason(execution, run.sources.executions.steps(execution.arn))
    try:
        run.sources.registry.update(
            package.arn,
            description=fitting_description(f"Not decided: {reason}"),
            metadata={FAILED_EXECUTION_PROPERTY: execution.arn, STATUS_PROPERTY: PENDING},
            only_from=PENDING,
        )
    except (StatusChangedError, ModelPackageGoneError):
        return  # somebody decided meanwhile, and needs no reason
    run.summary.given_up += 1
    run.report("given up", model_package_arn=package.arn, execution_arn=execution.arn, reason=reason)


def _reason(execution: PipelineExecution, steps: tuple[ExecutionStep, ...]) -> str:
    """Return why an execution did not decide: what its failed step says, else what it says itself."""
    said = [f"{step.name} failed: {step.failure_reason}" for step in steps if step.failure_reason]
    what = said[-1] if said else execution.failure_reason or f"its execution is {execution.status}"
    way_out = "Fix the cause, then start the pipeline for this version by hand, or register it again."
    return f"{what.rstrip('.')}. {way_out} {execution.arn}"
