"""Step two: carry out the decision that step one recorded, unless the version is no longer pending."""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

from msgspec import Struct

from aws.decision_log import DecisionLocation, DecisionLog
from aws.model_packages import ModelPackage, StatusChangedError
from aws.model_registry import ModelRegistry
from aws.record_seals import Seals
from aws.registry_names import (
    APPROVED,
    DECISION_DIGEST_PROPERTY,
    DECISION_URI_PROPERTY,
    PENDING,
    REJECTED,
    STATUS_PROPERTY,
    THRESHOLDS_DIGEST_PROPERTY,
)
from checks.decision import Verdict
from checks.decision_record import DecisionRecord
from checks.outcome_record import DRY_RUN, LEFT_PENDING, NOT_CARRIED_OUT, UPDATED, OutcomeRecord
from checks.summary import summarise
from pipelines.decision_requirements import require_in_force, require_newest, require_same_package
from pipelines.record_keys import created_text
from pipelines.recorded_outcomes import keep_outcome
from pipelines.sealed_decisions import DecisionMismatchError, read_decision
from pipelines.step_messages import UpdateRequest, UpdateResponse
from pipelines.threshold_sources import ThresholdSource
from pipelines.version_standing import GATE, describe_source, look_up_standing

NO_THRESHOLDS = "none"


class UpdateServices(Struct, frozen=True):
    """What the update works with: AWS, or its twins in memory and folders. `thresholds` are those in force."""

    registry: ModelRegistry
    thresholds: ThresholdSource
    decisions: DecisionLog
    seals: Seals


class _Result(Struct, frozen=True):
    """What the decision did: the outcome, the version's status, and what gave that status."""

    outcome: str
    status: str
    given_by: Mapping[str, str | None] | None


def update_model_status(request: UpdateRequest, services: UpdateServices, *, now: datetime) -> UpdateResponse:
    """Set the version's status, description and metadata by the recorded decision, and record the outcome.

    Called again for the same execution it answers with the outcome that was recorded first.

    Raises:
        DecisionMismatchError: the record is not the one that step one wrote about this very package, or it is not to
            be carried out any more (`DecisionOutdatedError`): nothing is changed.
        ModelPackageGoneError: the version was deleted meanwhile.
        GovernanceError: AWS failed, or the version's metadata have no room left.
    """
    record, location = _read_verified_decision(request, services)
    package = services.registry.describe(request.model_package_arn)
    require_same_package(record, location.uri, package)
    if _is_carried_out(record, location, package):
        # An earlier attempt changed the version, and perhaps ended before it recorded the outcome.
        result = _predict_result(record, location)
    elif package.is_pending and not _bears_the_mark(location, package):
        require_in_force(record, location.uri, services.thresholds, package)
        require_newest(record, location.uri, services.decisions, services.seals, package)
        result = _carry_out(record, location, package, services)
    else:
        result = _leave_as_it_is(record, package, services)
    outcome = OutcomeRecord(
        outcome=result.outcome,
        approval_status=result.status,
        status_given_by=result.given_by,
        decision=request.decision,
        decision_uri=request.decision_uri,
        decision_digest=request.decision_digest,
        model_package=package.arn,
        created=created_text(package),
        execution=request.execution_arn,
        recorded_at=now,
    )
    kept = keep_outcome(services.decisions, package, request.execution_arn, outcome)
    return UpdateResponse(kept.outcome, kept.approval_status, str(kept.uri))


def _read_verified_decision(
    request: UpdateRequest, services: UpdateServices
) -> tuple[DecisionRecord, DecisionLocation]:
    record, location = read_decision(
        services.decisions, services.seals, request.decision_uri, about=request.model_package_arn
    )
    if (location.sha256, record.decision) != (request.decision_digest, request.decision):
        raise DecisionMismatchError(
            f"{request.decision_uri}: the record says {record.decision} and its SHA-256 is {location.sha256}, but "
            f"evaluation answered {request.decision} and {request.decision_digest}: it was changed or is another; "
            "keep its versions for the audit and start a new execution"
        )
    if record.execution != request.execution_arn:
        raise DecisionMismatchError(
            f"{request.decision_uri}: this decision was made by {record.execution or 'no execution'}, not by "
            f"{request.execution_arn}; a decision is carried out by its own execution: start a new one"
        )
    return record, location


def _choose_status(record: DecisionRecord) -> str | None:
    """The approval status that the decision asks for, or `None` where it leaves the version pending."""
    if record.is_dry_run:
        return None
    match record.decision:
        case Verdict.APPROVED:
            return APPROVED
        case Verdict.REJECTED:
            return REJECTED
        case Verdict.NEEDS_REVIEW:
            return None
        case _:
            assert_never(record.decision)


def _carry_out(
    record: DecisionRecord, location: DecisionLocation, package: ModelPackage, services: UpdateServices
) -> _Result:
    target = _choose_status(record)
    try:
        services.registry.update(
            package.arn,
            approval_status=target,
            description=summarise(record),
            metadata=_write_mark(record, location, left_as=target or PENDING),
            only_from=PENDING,
        )
    except StatusChangedError:  # somebody decided meanwhile
        return _leave_as_it_is(record, services.registry.describe(package.arn), services)
    return _predict_result(record, location)


def _leave_as_it_is(record: DecisionRecord, package: ModelPackage, services: UpdateServices) -> _Result:
    """Change nothing: the status is not this decision's, and the records say whose it is, where any do."""
    given_by = describe_source(look_up_standing(package, services.decisions).source)
    outcome = DRY_RUN if record.is_dry_run else NOT_CARRIED_OUT
    return _Result(outcome, package.approval_status, given_by)


def _predict_result(record: DecisionRecord, location: DecisionLocation) -> _Result:
    """Return the result of carrying out the decision."""
    target = _choose_status(record)
    if target is not None:
        return _Result(UPDATED, target, {"source": GATE, "decision_uri": location.uri})
    return _Result(DRY_RUN if record.is_dry_run else LEFT_PENDING, PENDING, None)


def _write_mark(record: DecisionRecord, location: DecisionLocation, *, left_as: str) -> Mapping[str, str]:
    return {
        DECISION_URI_PROPERTY: location.uri,
        DECISION_DIGEST_PROPERTY: location.sha256,
        THRESHOLDS_DIGEST_PROPERTY: NO_THRESHOLDS if record.thresholds is None else record.thresholds.sha256,
        STATUS_PROPERTY: left_as,
    }


def _is_carried_out(record: DecisionRecord, location: DecisionLocation, package: ModelPackage) -> bool:
    """Whether an earlier attempt of this step left the version as it is."""
    return _bears_the_mark(location, package) and package.approval_status == (
        _choose_status(record) or PENDING
    )


def _bears_the_mark(location: DecisionLocation, package: ModelPackage) -> bool:
    """Whether this decision was carried out on the version before, whatever status it was given since."""
    return package.metadata.get(DECISION_DIGEST_PROPERTY) == location.sha256
