"""A reviewer decides about a version, or has it judged again: the record first, then the status, then its outcome.

So no status is ever set without a record of who set it and why. What was left half done by a lost connection is
completed when the same reviewer does the same again.
"""

from datetime import datetime

from msgspec import Struct

from aws.decision_log import DecisionLog
from aws.model_packages import ModelPackage, StatusChangedError
from aws.model_registry import ModelRegistry
from aws.registry_names import (
    APPROVED,
    FAILED_EXECUTION_PROPERTY,
    LOGGED,
    PENDING,
    REJECTED,
    UNDECIDED_URI_PROPERTY,
)
from checks.errors import GovernanceError
from checks.outcome_record import NOT_CARRIED_OUT, SENT_BACK, UPDATED, OutcomeRecord
from checks.review_record import MAX_REASON, ReviewAction, Reviewer, ReviewRecord
from checks.summary import fitting_description
from pipelines.record_keys import created_text
from pipelines.reviews import Review, keep_review, keep_review_outcome
from pipelines.separation_of_duties import why_not_independent
from pipelines.step_settings import SeparationOfDuties
from pipelines.version_standing import REVIEWER, Standing, describe_source, look_up_standing

_TARGETS = {
    ReviewAction.APPROVE: APPROVED,
    ReviewAction.REJECT: REJECTED,
    ReviewAction.REJUDGE: PENDING,
}
_SAID = {
    ReviewAction.APPROVE: "Approved by the reviewer",
    ReviewAction.REJECT: "Rejected by the reviewer",
    ReviewAction.REJUDGE: "To be judged again, at the request of",
}


class ReviewRefusedError(GovernanceError):
    """A review that is not to be carried out: nothing was written."""


class ReviewServices(Struct, frozen=True):
    """What a review works with; where `separation` is required nobody approves what they registered."""

    registry: ModelRegistry
    decisions: DecisionLog
    separation: SeparationOfDuties


class ReviewRequest(Struct, frozen=True):
    """What a reviewer wants, and why."""

    model_package_arn: str
    action: ReviewAction
    reason: str
    reviewer: Reviewer


def review_version(request: ReviewRequest, services: ReviewServices, *, now: datetime) -> Review:
    """Write the review, set the status that it gives, write what came of it, and return all of it.

    Raises:
        ReviewRefusedError: there is no reason, the version is decided already or was not judged yet, or the reviewer
            registered it: nothing was written.
        ReviewerIdError: the reviewer is no caller whom AWS knows by an id.
        ModelPackageGoneError: there is no such version.
        GovernanceError: AWS failed; the same again completes what was begun.
    """
    reason = _check_reason(request.reason)
    package = services.registry.describe(request.model_package_arn)
    standing = look_up_standing(package, services.decisions)
    begun = _find_begun(standing, request)
    if begun is None:
        _require_reviewable(standing, request.action)
        is_required = services.separation is SeparationOfDuties.REQUIRED
        if request.action is ReviewAction.APPROVE and is_required:
            _require_independent(package, request.reviewer)
        begun = keep_review(services.decisions, package, _write_record(standing, request, reason, now))
    return _carry_out(begun, package, services, now)


def _check_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise ReviewRefusedError("the reason is empty: say for whoever asks in a year why, in a sentence")
    if len(reason) > MAX_REASON:
        raise ReviewRefusedError(
            f"the reason has {len(reason):,} characters, and at most {MAX_REASON:,} are kept; name a document"
        )
    return reason


def _find_begun(standing: Standing, request: ReviewRequest) -> Review | None:
    """Return the newest review of the same reviewer, action and decision, where what came of it was not recorded.

    One that was begun before the gate judged the version again is none: its reviewer saw another decision.
    """
    deciding = standing.deciding
    wanted = (request.reviewer.user_id, request.action, None if deciding is None else deciding.decision_uri)
    own = [
        one
        for one in standing.reviews
        if (one.record.reviewer.user_id, one.record.action, one.record.decision_uri) == wanted
    ]
    return own[-1] if own and own[-1].outcome is None else None


def _require_reviewable(standing: Standing, action: ReviewAction) -> None:
    package = standing.package
    if package.approval_status == LOGGED:
        raise ReviewRefusedError(
            f"{package.arn}: it is merely logged, and not meant for approval; register it as a version to be judged"
        )
    if not package.is_pending and action is not ReviewAction.REJUDGE:
        by = describe_source(standing.source) or {}
        raise ReviewRefusedError(
            f"{package.arn}: it is {package.approval_status} already (by: {by.get('source')}); where that is wrong, "
            f"have it judged again: governance rejudge {package.arn} --reason …"
        )
    if package.is_pending and not _was_judged(standing):
        raise ReviewRefusedError(
            f"{package.arn}: the gate has not judged it yet; wait for it: governance wait {package.arn}"
        )


def _was_judged(standing: Standing) -> bool:
    """Whether the gate decided about the version, or said that it cannot."""
    metadata = standing.package.metadata
    gave_up = UNDECIDED_URI_PROPERTY in metadata or FAILED_EXECUTION_PROPERTY in metadata
    return bool(standing.outcomes) or gave_up


def _require_independent(package: ModelPackage, reviewer: Reviewer) -> None:
    if (reason := why_not_independent(package.created_by, reviewer)) is not None:
        raise ReviewRefusedError(
            f"{package.arn}: {reason}; somebody else has to approve it, or the deployment's setting "
            "separation_of_duties has to be not_required"
        )


def _write_record(standing: Standing, request: ReviewRequest, reason: str, now: datetime) -> ReviewRecord:
    package, deciding = standing.package, standing.deciding
    return ReviewRecord(
        action=request.action,
        model_package=package.arn,
        created=created_text(package),
        reason=reason,
        reviewer=request.reviewer,
        registered_by=None if package.created_by is None else str(package.created_by),
        status_before=package.approval_status,
        decision_uri=None if deciding is None else deciding.decision_uri,
        decision_digest=None if deciding is None else deciding.decision_digest,
        reviewed_at=now,
    )


def _carry_out(review: Review, package: ModelPackage, services: ReviewServices, now: datetime) -> Review:
    record, target = review.record, _TARGETS[review.record.action]
    did = SENT_BACK if record.action is ReviewAction.REJUDGE else UPDATED
    if not _is_carried_out(record, target, package):
        said = f"{_SAID[record.action]} {record.reviewer.arn}: {record.reason} {review.location.uri}"
        try:
            services.registry.set_status(
                package.arn,
                target,
                description=fitting_description(said),
                only_from=record.status_before,
            )
        except StatusChangedError as error:  # somebody decided meanwhile
            did, target = NOT_CARRIED_OUT, error.status
    given_by = {
        "source": REVIEWER,
        "decision_uri": review.location.uri,
        "reviewed_by": record.reviewer.arn,
    }
    outcome = OutcomeRecord(
        outcome=did,
        approval_status=target,
        status_given_by=given_by if did == UPDATED else None,
        decision=record.action,
        decision_uri=review.location.uri,
        decision_digest=review.location.sha256,
        model_package=package.arn,
        created=record.created,
        execution=None,
        recorded_at=now,
    )
    return keep_review_outcome(services.decisions, package, review, outcome)


def _is_carried_out(record: ReviewRecord, target: str, package: ModelPackage) -> bool:
    """Whether an earlier attempt of this reviewer left the version as it is."""
    writer = package.last_modified_by
    is_own_write = writer is None or writer.arn in (None, record.reviewer.arn)
    return package.approval_status == target and record.status_before != target and is_own_write
