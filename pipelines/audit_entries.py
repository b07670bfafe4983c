"""What an auditor asks for: decisions and waivers by the records, and by the registry what no record explains."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from aws.aws_errors import AwsError
from aws.decision_log import DecisionLog
from aws.model_packages import Identity, ModelPackage
from aws.model_registry import ModelRegistry
from aws.registry_names import APPROVED
from checks.decision_record import DecisionRecord, DecisionRecordError, WaiverUse, parse_record
from checks.errors import GovernanceError
from checks.outcome_record import NOT_CARRIED_OUT, write_moment
from checks.review_record import ReviewAction
from pipelines.judgements import list_judged_versions
from pipelines.loosened_thresholds import ThresholdsSince
from pipelines.record_keys import is_decision
from pipelines.reviews import Review, read_reviews
from pipelines.version_standing import (
    ByGate,
    ByRegistration,
    ByReviewer,
    OutsideTheGate,
    Standing,
    look_up_standing,
)


class AuditKind(StrEnum):
    """What an entry is about."""

    DECISION = "decision"
    WAIVER_USED = "waiver used"
    OVERRIDE = "override"
    REJUDGED = "judged again"
    OUTSIDE_THE_GATE = "changed outside the gate"
    APPROVAL_WITHOUT_RECORD = "approval without a record"
    NO_DECISION = "no decision"
    LOOSENED_SINCE = "thresholds loosened since"
    NOT_COMPARED = "thresholds of then not known"


class AuditEntry(Struct, frozen=True):
    """One thing that happened to a version, or did not.

    `at` is UTC, ISO 8601: of thresholds since when those in force are as they are. `by` is who reviewed, who approved a
    waiver, who published the thresholds in force, or who wrote last to the version, which need not be who gave the
    status; `None` where nobody is known, or the gate decided. `record` is where the decision or the review is kept.
    """

    group: str
    version: int
    kind: AuditKind
    at: str
    what: str
    by: str | None = None
    record: str | None = None


def list_recorded_entries(
    log: DecisionLog, group: str, since: datetime, thresholds: ThresholdsSince | None = None
) -> Iterator[AuditEntry]:
    """Yield the decisions and reviews of a group that were recorded after `since`, newest version first.

    Each decision is followed by its waivers, and with `thresholds` by what less is asked by now.

    Raises:
        GovernanceError: the log cannot be listed, or something in it is no decision record or no review.
        AwsError: the thresholds in force could not be read.
    """
    for version in list_judged_versions(log, group):
        written = log.written_below(f"{group}/{version}", since)
        for uri in filter(is_decision, written):
            record = _read(log, uri)
            yield from _list_of_record(group, version, uri, record)
            if thresholds is not None:
                yield from _list_loosened(group, version, uri, record, thresholds)
        for review in read_reviews(log, written):
            yield _describe_review(group, version, review)


def _read(log: DecisionLog, uri: str) -> DecisionRecord:
    try:
        return parse_record(log.read(uri))
    except DecisionRecordError as error:
        raise GovernanceError(f"{uri}: {error}") from error


def _list_of_record(group: str, version: int, uri: str, record: DecisionRecord) -> Iterator[AuditEntry]:
    at = record.decided_at
    by_thresholds = "no thresholds" if record.thresholds is None else record.thresholds.name
    yield AuditEntry(
        group, version, AuditKind.DECISION, at, f"{record.headline} by {by_thresholds}", record=uri
    )
    for waiver in record.waivers:
        if waiver.use is WaiverUse.USED:
            about = f"{waiver.check} ({waiver.facet})" if waiver.facet else waiver.check
            what = f"{about}, until {waiver.expires}: {waiver.reason}"
            yield AuditEntry(group, version, AuditKind.WAIVER_USED, at, what, waiver.approved_by, uri)


def _describe_review(group: str, version: int, review: Review) -> AuditEntry:
    record, outcome = review.record, review.outcome
    kind = AuditKind.REJUDGED if record.action is ReviewAction.REJUDGE else AuditKind.OVERRIDE
    carried_out = ""
    if outcome is None:
        carried_out = " (what came of it was not recorded)"
    elif outcome.outcome == NOT_CARRIED_OUT:
        carried_out = f" (not carried out: it was {outcome.approval_status} by then)"
    what = f"{record.action}{carried_out}: {record.reason}"
    at, by = write_moment(record.reviewed_at), record.reviewer.arn
    return AuditEntry(group, version, kind, at, what, by, review.location.uri)


def _list_loosened(
    group: str, version: int, uri: str, record: DecisionRecord, thresholds: ThresholdsSince
) -> Iterator[AuditEntry]:
    try:
        found = thresholds.find_loosened(record, group)
    except AwsError:
        raise
    except GovernanceError as error:
        # Nothing found must mean that nothing was loosened.
        yield AuditEntry(group, version, AuditKind.NOT_COMPARED, record.decided_at, str(error), record=uri)
        return
    if found is None:
        return
    start = found.start
    at = record.decided_at if start is None else write_moment(start.at)
    what = "; ".join(map(str, found.loosenings))
    by = None if start is None else start.by
    yield AuditEntry(group, version, AuditKind.LOOSENED_SINCE, at, what, by, uri)


def list_live_entries(
    registry: ModelRegistry, log: DecisionLog, group: str, since: datetime
) -> Iterator[AuditEntry]:
    """Yield what the registry has of a group's versions and no record explains, of versions written to after `since`.

    Raises:
        GovernanceError: the records cannot be read.
        AwsError: the registry could not be asked.
    """
    for summary in registry.list(group):
        package = registry.describe(summary.arn)
        if max(package.created, package.last_modified) > since:
            yield from _list_of_standing(look_up_standing(package, log))


def _list_of_standing(standing: Standing) -> Iterator[AuditEntry]:
    package, deciding = standing.package, standing.deciding
    record = None if deciding is None else deciding.decision_uri
    match standing.source:
        case ByGate() | ByReviewer():
            return
        case None:
            if deciding is None:
                what = f"registered, {package.approval_status}"
                yield _about(package, AuditKind.NO_DECISION, what, (package.created_by, package.created))
        case ByRegistration(by, at):
            is_approved = package.approval_status == APPROVED
            kind = AuditKind.APPROVAL_WITHOUT_RECORD if is_approved else AuditKind.NO_DECISION
            yield _about(package, kind, f"registered as {package.approval_status}", (by, at), record)
        case OutsideTheGate(by, at):
            is_approved = package.approval_status == APPROVED and not standing.is_decided
            kind = AuditKind.APPROVAL_WITHOUT_RECORD if is_approved else AuditKind.OUTSIDE_THE_GATE
            decided = "no decision" if deciding is None else f"the gate's decision was {deciding.decision}"
            yield _about(package, kind, f"{package.approval_status}, {decided}", (by, at), record)


def _about(
    package: ModelPackage,
    kind: AuditKind,
    what: str,
    writer: tuple[Identity | None, datetime],
    record: str | None = None,
) -> AuditEntry:
    by, at = writer
    name = None if by is None else str(by)
    return AuditEntry(package.group, package.version, kind, write_moment(at), what, name, record)
