"""Whether a judgement is due for a version, and for which change: the one answer of the event and of the reconciler.

A change is a transition to pending, the registration included. It is known by the version's ARN and by its time as
`DescribeModelPackage` tells it, so that whatever asks, and how often, comes to the same token and to one execution.
An edit of metadata or description is no change: while the version is being judged nothing is started, and when it was
judged it bears the gate's mark or has a status. A reviewer's request to judge it again is one, whatever it bears.

Light enough for the function behind the rule: boto3, the standard library, and what reads threshold files.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec import Struct

from aws.arns import GroupArn
from aws.decision_log import DecisionLog
from aws.executions import STOPPED, SUCCEEDED, Executions, PipelineExecution
from aws.model_packages import ModelPackage, ModelPackageGoneError
from aws.model_registry import ModelRegistry
from aws.record_seals import Seals
from aws.registry_names import COMPLETED, FAILED_EXECUTION_PROPERTY, PENDING, UNUSABLE
from aws.s3_uris import S3Uri
from pipelines.gate_marks import is_left_for_review, is_left_undecided
from pipelines.governed_groups import GovernedGroups
from pipelines.reviews import list_requests

WAITING_FOR_EVIDENCE = "Waiting for evidence:"
# How long a failed execution is tried again. What was changed later than that asks for an execution of its own.
RETRIED_FOR = timedelta(hours=1)
# Executions that were started longer ago are not looked for: what they left is in the registry.
LOOKED_BACK = timedelta(days=7)


class Due(Struct, frozen=True):
    """A judgement is due for the change of `package` at `changed_at`."""

    package: ModelPackage
    changed_at: datetime


class Failed(Struct, frozen=True):
    """The execution for the newest change of `package` failed; `is_retried` says whether that is to be tried again."""

    package: ModelPackage
    execution: PipelineExecution
    is_retried: bool


class Waiting(Struct, frozen=True):
    """No judgement can be started now, and one may be later: `reason` says why. `since` is the time of the change."""

    reason: str
    since: datetime


class Undecided(Struct, frozen=True):
    """The gate left the version to people, since nothing may or could be decided: `reason` says where that is said."""

    reason: str


class Ungoverned(Struct, frozen=True):
    """The version is of a group that the gate leaves alone: `reason` says why."""

    reason: str


class Settled(Struct, frozen=True):
    """No judgement is due: `reason` says why."""

    reason: str


class WaitingForEvidence(Struct, frozen=True):
    """Reports of the version have not arrived: `missing` are their URIs. It is decided without them at `until`."""

    package: ModelPackage
    missing: tuple[str, ...]
    until: datetime

    @property
    def reason(self) -> str:
        """What the version waits for, and until when; the same text as long as the same is missing."""
        return f"{WAITING_FOR_EVIDENCE} {', '.join(self.missing)}; until {self.until:%Y-%m-%d %H:%M} UTC"


Verdict = Due | Failed | Waiting | WaitingForEvidence | Undecided | Ungoverned | Settled


class Arrivals(Protocol):
    """Tells which reports of a version have not arrived yet from the account that they are in."""

    def list_missing(self, package: ModelPackage, *, now: datetime) -> tuple[str, ...]:
        """Return the URIs of what is to be waited for; none where all is there, or the time for it is over."""
        ...

    def waits_until(self, package: ModelPackage) -> datetime:
        """Return when that time is over."""
        ...

    def points_at(self, package: ModelPackage, original: S3Uri) -> bool:
        """Whether the version has the report at `original`, attached or under its evidence prefix."""
        ...


class FindExecution(Protocol):
    """Finds the newest execution for a version that was started after `since`."""

    def __call__(self, model_package_arn: str, *, since: datetime) -> PipelineExecution | None:
        """Return it, or `None` where there is none."""
        ...


class JudgementSources(Struct, frozen=True):
    """What the answer comes from: AWS, or its twins.

    `groups_elsewhere` are those of other accounts' registries; `arrivals` is `None` where no evidence is waited for.
    """

    registry: ModelRegistry
    executions: Executions
    decisions: DecisionLog
    seals: Seals
    governed: GovernedGroups
    groups_elsewhere: tuple[GroupArn, ...] = ()
    arrivals: Arrivals | None = None


def look_for_judgement(
    model_package_arn: str, sources: JudgementSources, find_execution: FindExecution, *, now: datetime
) -> Verdict:
    """Return whether a judgement is due for the version by what the registry, the records and the executions say.

    `find_execution` returns the newest execution for an ARN since a moment: that of the executions, or a list of them
    that the caller has.

    Raises:
        ArnError: the ARN is none of a version.
        BrokenThresholdsError: a threshold file cannot be read, so that it is not known whether the group is governed.
        AwsError: AWS could not be asked.
    """
    try:
        package = sources.registry.describe(model_package_arn)
    except ModelPackageGoneError:
        return Settled("it was deleted after the event was sent")
    if package.approval_status != PENDING:
        return Settled(f"it is {package.approval_status} by now")
    # Before all else that is said of a version: in a group that is left alone nothing waits and nothing has failed.
    if left_alone := sources.governed.why_left_alone(package.group):
        return Ungoverned(left_alone)
    # Then what costs nothing more, then the marks, which cost a call or two, then the executions.
    verdict = (
        _by_package(package)
        or _by_marks(package, sources, find_execution, now)
        or _by_execution(package, sources, find_execution, now)
    )
    # Last: nothing is looked for in S3 before it is known that the version is to be judged.
    return (isinstance(verdict, Due) and _by_evidence(package, sources.arrivals, now)) or verdict


def _by_package(package: ModelPackage) -> Verdict | None:
    """Return what the registry alone says about a pending version: it cannot be used (yet)."""
    if package.package_status in UNUSABLE:
        return Settled(f"its package is {package.package_status}: it can never be used")
    if package.package_status != COMPLETED:
        reason = f"its package is {package.package_status}, not {COMPLETED} yet"
        return Waiting(reason, package.last_modified)
    return None


def _by_evidence(package: ModelPackage, arrivals: Arrivals | None, now: datetime) -> Verdict | None:
    """Return what the version waits for, where reports of it have not arrived."""
    missing = () if arrivals is None else arrivals.list_missing(package, now=now)
    if arrivals is None or not missing:
        return None
    return WaitingForEvidence(package, missing, arrivals.waits_until(package).astimezone(UTC))


def _by_marks(
    package: ModelPackage, sources: JudgementSources, find_execution: FindExecution, now: datetime
) -> Verdict | None:
    """Return what the gate's marks on a pending version say, where it bears one and nobody asked to judge it again."""
    if is_left_for_review(package, sources.decisions, sources.seals):
        marked: Verdict = Settled("it was judged and waits for a review")
    elif is_left_undecided(package, sources.decisions, sources.seals, sources.executions):
        marked = Undecided("nothing may or could be decided about it, and it waits for a person")
    else:
        return None
    return _by_request(package, sources, find_execution, now) or marked


def _by_request(
    package: ModelPackage, sources: JudgementSources, find_execution: FindExecution, now: datetime
) -> Verdict | None:
    """Return what is due for a version that a reviewer asked to judge again, since the mark that it bears was left.

    Requests are looked for as long ago as executions are, so that one that was answered is never taken up again.
    """
    requests = list_requests(package, sources.decisions, now - LOOKED_BACK)
    if not requests:
        return None
    asked = requests[-1]
    newest = find_execution(package.arn, since=asked.order[0])
    if newest is None:
        return Due(package, asked.record.reviewed_at)
    if not newest.is_finished:
        return Waiting("an execution for it is running", asked.order[0])
    if newest.status == SUCCEEDED or package.metadata.get(FAILED_EXECUTION_PROPERTY) == newest.arn:
        return None
    return Failed(package, newest, is_retried=_is_tried_again(newest, now))


def _by_execution(
    package: ModelPackage, sources: JudgementSources, find_execution: FindExecution, now: datetime
) -> Verdict:
    """Return what is due for a pending version without a mark, by the newest execution for it."""
    changed_at = package.last_modified
    newest = find_execution(package.arn, since=max(package.created, now - LOOKED_BACK))
    if newest is None:
        return Due(package, changed_at)
    if not newest.is_finished:
        return Waiting("an execution for it is running", changed_at)
    # One that succeeded left neither a mark nor another status: somebody set the version back since. One that failed
    # judges the version as it is by then when it is tried again, so that only a change after that is another one.
    given_up_at = newest.started if newest.status == SUCCEEDED else newest.started + RETRIED_FOR
    if changed_at > given_up_at:
        return Due(package, changed_at)
    if newest.status == SUCCEEDED:
        return Settled(f"an execution has judged this change: {newest.arn}")
    # What was asked for after it began, it cannot answer, however often it is tried again.
    return _by_request(package, sources, find_execution, now) or Failed(
        package, newest, is_retried=_is_tried_again(newest, now)
    )


def _is_tried_again(failed: PipelineExecution, now: datetime) -> bool:
    return failed.status != STOPPED and now < failed.started + RETRIED_FOR
