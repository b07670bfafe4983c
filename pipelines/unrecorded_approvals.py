"""Approved versions that neither the gate nor a reviewer approved, as far as anything recorded says.

An approval is the gate's where its records say so, and a reviewer's where a reviewer wrote last to the version. Whoever
wrote last need not be who approved: nobody is named as having decided.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from aws.arns import GroupArn, ModelPackageArn
from aws.aws_errors import AwsError
from aws.decision_log import DecisionLog
from aws.model_packages import Identity, ModelPackage, ModelPackageGoneError
from aws.model_registry import ModelRegistry
from aws.record_seals import Seals
from aws.registry_names import APPROVED, DECISION_DIGEST_PROPERTY, DECISION_URI_PROPERTY, STATUS_PROPERTY
from aws.threshold_store import BrokenThresholdsError
from checks.decision import Verdict
from checks.errors import GovernanceError
from checks.outcome_record import OutcomeRecord
from checks.thresholds import Mode
from pipelines.decision_requirements import require_same_package
from pipelines.governed_groups import find_governing_mode, is_held_to
from pipelines.record_keys import records_folder
from pipelines.sealed_decisions import read_decision
from pipelines.step_settings import EVERY_GROUP
from pipelines.threshold_sources import ThresholdSource
from pipelines.turns import take_turn
from pipelines.version_standing import ByGate, ByRegistration, OutsideTheGate, look_up_standing

# What was written to longer ago was looked at by many runs before.
LOOKED_BACK = timedelta(days=1)
# As many versions as one run can look at in its minutes; where there are more, the next run looks at the next ones.
MAX_LOOKS_PER_RUN = 200


@dataclass(frozen=True, slots=True)
class ApprovalSources:
    """What the answer comes from: AWS, or its twins, and the reviewers as ARNs of roles and users, with `*` and `?`.

    `held_to` are the patterns of the only groups that the deployment's roles reach, `groups_elsewhere` the groups of
    other accounts' registries that they reach.
    """

    registry: ModelRegistry
    thresholds: ThresholdSource
    decisions: DecisionLog
    seals: Seals
    reviewers: Sequence[str]
    held_to: Sequence[str] = (EVERY_GROUP,)
    groups_elsewhere: Sequence[GroupArn] = ()


@dataclass(frozen=True, slots=True)
class UnrecordedApproval:
    """An approved version without a record that says who approved it.

    `by` made the call that `how` names, at `at`: `created_by` where the version was registered as approved, else
    `last_modified_by`, which need not be who approved it.
    """

    package: ModelPackage
    how: str
    by: Identity | None
    at: datetime


def examine_approval(arn: str, sources: ApprovalSources) -> UnrecordedApproval | None:
    """Return the approval of a version where it is one of a governed group that nothing recorded explains.

    A group whose thresholds are on trial is not governed: the gate decides nothing there.

    Raises:
        ArnError: the ARN is none of a version.
        AwsError: AWS could not be asked.
    """
    if not is_held_to(ModelPackageArn.parse(arn).group, sources.held_to):
        return None
    try:
        package = sources.registry.describe(arn)
    except ModelPackageGoneError:
        return None
    if package.approval_status != APPROVED or not _is_enforced(package.group, sources.thresholds):
        return None
    standing = look_up_standing(package, sources.decisions)
    match standing.source:
        case ByRegistration(by, at):
            found = UnrecordedApproval(package, "created_by", by, at)
        case OutsideTheGate(by, at):
            found = UnrecordedApproval(package, "last_modified_by", by, at)
        case ByGate() | None:
            return None
    if _is_reviewer(found.by, sources.reviewers) or _is_being_recorded(package, standing.outcomes, sources):
        return None
    return found


def find_unrecorded_approvals(
    sources: ApprovalSources,
    *,
    now: datetime,
    max_looks: int = MAX_LOOKS_PER_RUN,
    report: Callable[..., None],
) -> Iterator[UnrecordedApproval]:
    """Yield what `examine_approval` finds among the governed groups' approved versions that were written to of late.

    One run looks at `max_looks` versions at most, the next at the next ones. `report` is called with the groups of
    other accounts that cannot be listed, which keep the run from no others.

    Raises:
        AwsError: AWS could not be asked.
    """
    groups = [name for name in sources.registry.groups() if _is_looked_at(name, sources)]
    approved = [
        entry.arn for name in groups for entry in sources.registry.list(name, approval_status=APPROVED)
    ]
    for group in sources.groups_elsewhere:
        if _is_looked_at(group.group, sources):
            approved += _list_elsewhere(group, sources, report)
    for arn in take_turn(sorted(approved), max_looks, now):
        found = examine_approval(arn, sources)
        if found is not None and found.at > now - LOOKED_BACK:
            yield found


def _is_looked_at(group: str, sources: ApprovalSources) -> bool:
    return is_held_to(group, sources.held_to) and _is_enforced(group, sources.thresholds)


def _list_elsewhere(group: GroupArn, sources: ApprovalSources, report: Callable[..., None]) -> list[str]:
    try:
        return [entry.arn for entry in sources.registry.list(group, approval_status=APPROVED)]
    except GovernanceError as error:
        report("not listed", group=str(group), error=str(error))
        return []


def _is_enforced(group: str, thresholds: ThresholdSource) -> bool:
    try:
        return find_governing_mode(group, thresholds) is Mode.ENFORCE
    except BrokenThresholdsError:
        return True  # thresholds that cannot be read let nobody approve unseen


def _is_being_recorded(
    package: ModelPackage, outcomes: Sequence[OutcomeRecord], sources: ApprovalSources
) -> bool:
    """Whether a sealed decision explains the approval, whose outcome is not among those that were recorded yet.

    Step two changes the version first and records then, so that the event may come between the two. The outcomes are
    those of the look that found no explanation: it may be recorded since.
    """
    uri, digest = (package.metadata.get(name) for name in (DECISION_URI_PROPERTY, DECISION_DIGEST_PROPERTY))
    if uri is None or digest is None or package.metadata.get(STATUS_PROPERTY) != APPROVED:
        return False
    if f"/{records_folder(package)}/" not in uri:
        return False
    try:
        record, location = read_decision(sources.decisions, sources.seals, uri, about=package.arn)
        require_same_package(record, uri, package)
    except AwsError:
        raise
    except GovernanceError:
        return False  # there is no such record, or it is not the gate's
    is_in_force = record.thresholds is not None and record.thresholds.mode is not Mode.DRY_RUN
    if location.sha256 != digest or record.decision is not Verdict.APPROVED or not is_in_force:
        return False
    # An older approval whose outcome is recorded already does not speak for what was set since.
    return all(outcome.decision_uri != uri for outcome in outcomes)


def _is_reviewer(who: Identity | None, reviewers: Sequence[str]) -> bool:
    if who is None or who.arn is None:
        return False
    return any(_names(reviewer, who.arn) for reviewer in reviewers)


def _names(reviewer: str, arn: str) -> bool:
    """Whether the ARN of a role or a user, with patterns, names the caller; a session's ARN lacks its role's path."""
    if ":assumed-role/" not in arn:
        return fnmatchcase(arn, reviewer)
    account, role = arn.split(":")[4], arn.split("/")[1]
    _, _, _, _, wanted_account, resource = reviewer.split(":", 5)
    is_role = resource.startswith("role/")
    return is_role and fnmatchcase(account, wanted_account) and fnmatchcase(role, resource.rpartition("/")[2])
