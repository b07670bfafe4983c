"""Announces a decision that was carried out, by an event for programs and a message for people.

What begins it is the record of what a decision did, by step two or by a reviewer: a decision that changed nothing, such
as that of a dry run, is announced to nobody. S3 tells of a record at least once, and what fails is tried again, so
that an announcement may come twice: both have one id.
"""

import hashlib
from collections.abc import Collection
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from aws.announcements import SnsClient, publish_message, put_event
from aws.decision_log import DecisionLocation, DecisionLog
from aws.model_packages import Identity, ModelPackage, ModelPackageGoneError
from aws.model_registry import ModelRegistry
from aws.record_seals import Seals
from checks.decision import Verdict
from checks.decision_event import (
    STATUS_OF,
    AnnouncedRecord,
    AnnouncedVersion,
    Decider,
    DecisionEvent,
)
from checks.decision_message import write_message, write_subject
from checks.outcome_record import LEFT_PENDING, UPDATED, OutcomeRecord
from checks.review_record import ReviewAction
from checks.summary import fitting_description, summarise, tell_reasons
from pipelines.record_keys import (
    created_text,
    decision_of_outcome,
    is_outcome,
    page_uri,
    records_folder,
    review_of_outcome,
)
from pipelines.recorded_outcomes import read_outcome
from pipelines.reviews import ReviewMismatchError, is_about, read_review
from pipelines.sealed_decisions import DecisionMismatchError, read_in_place
from pipelines.separation_of_duties import why_not_independent
from pipelines.step_settings import DECISION_DETAIL_TYPE, DECISION_SOURCE, SeparationOfDuties

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

# What carrying out each decision of the gate does.
_DONE = {
    Verdict.APPROVED: UPDATED,
    Verdict.REJECTED: UPDATED,
    Verdict.NEEDS_REVIEW: LEFT_PENDING,
}
_REVIEWED = {ReviewAction.APPROVE: Verdict.APPROVED, ReviewAction.REJECT: Verdict.REJECTED}


class Announcement(StrEnum):
    """What was done about an object of the decision log."""

    ANNOUNCED = "announced"
    WITH_MESSAGE = "announced, with a message"
    NO_OUTCOME = "no outcome"
    NOT_CARRIED_OUT = "not carried out"
    NO_SUCH_VERSION = "no such version"
    NOT_INDEPENDENT = "approved by who registered it"


class AnnounceServices(Struct, frozen=True):
    """What announcing works with. `bus` and `topic` are ARNs, and `notify_on` the decisions that people are told of.

    `has_pages` says whether a page is written beside each record of the gate.
    """

    decisions: DecisionLog
    seals: Seals
    registry: ModelRegistry
    events: "EventBridgeClient"
    sns: SnsClient
    bus: str
    topic: str
    notify_on: Collection[str]
    separation: SeparationOfDuties
    has_pages: bool


def announce_decision(uri: str, services: AnnounceServices) -> Announcement:
    """Announce the decision whose outcome is recorded at `uri`; other objects of the log are let pass.

    Who can write into the bucket could put a record there: what is announced is verified, by the seal of the gate's
    record, or by the place of a review.

    Raises:
        DecisionMismatchError: the decision is not the one that step one wrote there, or its outcome is of another.
        ReviewMismatchError: a review or its outcome is not what its place says.
        AwsError: AWS could not be asked, or took the event or the message not: both are sent again at the next try.
        GovernanceError: a record cannot be read.
    """
    if is_outcome(uri):
        found = _describe_decision(uri, services)
    elif (review := review_of_outcome(uri)) is not None:
        found = _describe_review(uri, review, services)
    else:
        return Announcement.NO_OUTCOME
    return found if isinstance(found, Announcement) else _send(found, services)


def _describe_decision(uri: str, services: AnnounceServices) -> DecisionEvent | Announcement:
    """Return the event about a decision of the gate, or why there is none."""
    outcome = read_outcome(services.decisions, uri)
    record, judged, location = read_in_place(services.decisions, services.seals, decision_of_outcome(uri))
    if (outcome.decision_uri, outcome.decision_digest) != (location.uri, location.sha256):
        raise DecisionMismatchError(
            f"{uri}: it is the outcome of {outcome.decision_uri}, and not of the decision beside it; nothing was "
            "announced. Find out who wrote it, and keep it for the audit"
        )
    if outcome.outcome not in (UPDATED, LEFT_PENDING):
        return Announcement.NOT_CARRIED_OUT
    done = (_DONE[record.decision], STATUS_OF[record.decision])
    if record.is_dry_run or (outcome.outcome, outcome.approval_status) != done:
        raise DecisionMismatchError(
            f"{uri}: it says {outcome.outcome} and {outcome.approval_status}, which is not what {record.headline} "
            "does; nothing was announced. Find out who wrote it, and keep it for the audit"
        )
    package = _find_package(judged.arn, services)
    if package is None or (judged.created or created_text(package)) != created_text(package):
        return Announcement.NO_SUCH_VERSION
    event = _begin_event(
        package,
        _locate(uri, services),
        record.decision,
        decided_by=Decider(source="gate", arn=None),
        decided_at=record.decided_at,
        summary=summarise(record),
        record=location,
        page_uri=page_uri(location.uri) if services.has_pages else None,
    )
    return event.with_reasons(tell_reasons(record))


def _describe_review(uri: str, review_uri: str, services: AnnounceServices) -> DecisionEvent | Announcement:
    """Return the event about what a reviewer decided, or why there is none."""
    review = read_review(services.decisions, review_uri, has_outcome=True)
    record, outcome = review.record, review.outcome
    verdict = _REVIEWED.get(record.action)
    if verdict is None or outcome is None or outcome.outcome != UPDATED:
        return Announcement.NOT_CARRIED_OUT
    _require_same(outcome, uri, record.action, verdict)
    package = _find_package(record.model_package, services)
    if package is None or not is_about(review, package):
        return Announcement.NO_SUCH_VERSION
    if f"/{records_folder(package)}/" not in uri:
        raise ReviewMismatchError(
            f"{uri}: it is about {package.arn}, whose records are in {records_folder(package)}; nothing was "
            "announced. Find out who wrote it, and keep it for the audit"
        )
    is_required = services.separation is SeparationOfDuties.REQUIRED
    if (
        verdict is Verdict.APPROVED
        and is_required
        and why_not_independent(package.created_by, record.reviewer)
    ):
        return Announcement.NOT_INDEPENDENT
    event = _begin_event(
        package,
        _locate(uri, services),
        verdict,
        decided_by=Decider(source="reviewer", arn=record.reviewer.arn),
        decided_at=record.reviewed_at.isoformat().replace("+00:00", "Z"),
        summary=fitting_description(f"{verdict} by {record.reviewer.arn}: {record.reason}"),
        record=review.location,
        page_uri=None,
    )
    return event.with_reasons([record.reason])


def _require_same(outcome: OutcomeRecord, uri: str, action: ReviewAction, verdict: Verdict) -> None:
    if (outcome.decision, outcome.approval_status) != (action, STATUS_OF[verdict]):
        raise ReviewMismatchError(
            f"{uri}: it says {outcome.decision} and {outcome.approval_status}, which is not what the review beside it "
            "does; nothing was announced. Find out who wrote it, and keep it for the audit"
        )


def _find_package(arn: str, services: AnnounceServices) -> ModelPackage | None:
    try:
        return services.registry.describe(arn)
    except ModelPackageGoneError:
        return None


def _locate(uri: str, services: AnnounceServices) -> DecisionLocation:
    return DecisionLocation(uri, hashlib.sha256(services.decisions.read(uri)).hexdigest())


def _begin_event(
    package: ModelPackage,
    outcome: DecisionLocation,
    decision: Verdict,
    *,
    decided_by: Decider,
    decided_at: str,
    summary: str,
    record: DecisionLocation,
    page_uri: str | None,
) -> DecisionEvent:
    """Return the event without its reasons."""
    return DecisionEvent(
        id=outcome.sha256,
        decision=decision,
        decided_by=decided_by,
        decided_at=decided_at,
        model_package=AnnouncedVersion(
            arn=package.arn, group=package.group, version=package.version, created=created_text(package)
        ),
        registered_by=_name(package.created_by),
        summary=summary,
        reasons=(),
        reasons_left_out=0,
        record=AnnouncedRecord(uri=record.uri, sha256=record.sha256),
        outcome_record=AnnouncedRecord(uri=outcome.uri, sha256=outcome.sha256),
        page_uri=page_uri,
    )


def _name(identity: Identity | None) -> str | None:
    """Return a caller by one name, so that a subscription can filter by it."""
    if identity is None:
        return None
    return identity.arn or identity.principal_id or identity.user_profile or identity.source_identity


def _send(event: DecisionEvent, services: AnnounceServices) -> Announcement:
    # The event first: where the message fails both come again, and programs can tell by the id.
    put_event(
        services.events,
        services.bus,
        source=DECISION_SOURCE,
        detail_type=DECISION_DETAIL_TYPE,
        detail=event.to_json(),
        resources=[event.model_package.arn],
    )
    if event.decision not in services.notify_on:
        return Announcement.ANNOUNCED
    attributes = {"decision": str(event.decision), "group": event.model_package.group}
    if event.registered_by is not None:
        attributes["registered_by"] = event.registered_by
    publish_message(
        services.sns,
        services.topic,
        subject=write_subject(event),
        text=write_message(event),
        attributes=attributes,
    )
    return Announcement.WITH_MESSAGE
