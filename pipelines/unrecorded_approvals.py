"""Approved versions that neither the gate nor a reviewer approved, as far as anything recorded says.

An approval is the gate's or a reviewer's where their records say so. Whoever wrote last to the version need not be who
approved it: nobody is named as having decided.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

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
from checks.review_record import ReviewAction
from checks.thresholds import Mode
from pipelines.decision_requirements import require_same_package
from pipelines.governed_groups import find_governing_mode, is_held_to
from pipelines.record_keys import records_folder
from pipelines.reviews import Review
from pipelines.sealed_decisions import read_decision
from pipelines.separation_of_duties import why_not_independent
from pipelines.step_settings import EVERY_GROUP, SeparationOfDuties
from pipelines.threshold_sources import ThresholdSource
from pipelines.turns import take_turn
from pipelines.version_standing import (
    ByGate,
    ByRegistration,
    ByReviewer,
    OutsideTheGate,
    Standing,
    look_up_standing,
)

# What was written to longer ago was looked at by many runs before.
LOOKED_BACK = timedelta(days=1)
# As many versions as one run can look at in its minutes; where there are more, the next run looks at the next ones.
MAX_LOOKS_PER_RUN = 200


class ApprovalSources(Struct, frozen=True):
    """What the answer comes from: AWS, or its twins, and whether who registered a version may approve it.

    `held_to` are the patterns of the only groups that the deployment's roles reach, `groups_elsewhere` the groups of
    other accounts' registries that they reach.
    """

    registry: ModelRegistry
    thresholds: ThresholdSource
    decisions: DecisionLog
    seals: Seals
    separation: SeparationOfDuties
    held_to: Sequence[str] = (EVERY_GROUP,)
    groups_elsewhere: Sequence[GroupArn] = ()


class UnrecordedApproval(Struct, frozen=True):
    """An approved version without a record that says who approved it, or approved by who registered it.

    `by` made the call that `how` names, at `at`: `created_by` where the version was registered as approved,
    `reviewed_by` where the review is of who registered it, else `last_modified_by`, which need not be who approved it.
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
    return _find_unexplained(look_up_standing(package, sources.decisions), sources)


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


def _find_unexplained(standing: Standing, sources: ApprovalSources) -> UnrecordedApproval | None:
    """Return the approval, unless a record explains it, or one that is just being written."""
    package = standing.package
    match standing.source:
        case ByGate() | None:
            return None
        case ByReviewer(review):
            return _examine_review(review, package, sources)
        case ByRegistration(by, at):
            found = UnrecordedApproval(package, "created_by", by, at)
        case OutsideTheGate(by, at):
            found = UnrecordedApproval(package, "last_modified_by", by, at)
    if _is_being_recorded(package, standing.outcomes, sources):
        return None
    # A reviewer, too, changes the version first and records then what came of the review.
    begun = [one for one in standing.reviews if one.outcome is None]
    if begun and begun[-1].record.action is ReviewAction.APPROVE:
        return _examine_review(begun[-1], package, sources)
    return found


def _examine_review(
    review: Review, package: ModelPackage, sources: ApprovalSources
) -> UnrecordedApproval | None:
    reviewer = review.record.reviewer
    if sources.separation is SeparationOfDuties.NOT_REQUIRED:
        return None
    if why_not_independent(package.created_by, reviewer) is None:
        return None
    by = Identity(reviewer.arn, reviewer.user_id)
    return UnrecordedApproval(package, "reviewed_by", by, review.record.reviewed_at)


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
