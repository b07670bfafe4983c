"""The status of a version, for people: the decision that gave it, or that none did, and what came later."""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from aws.decision_log import DecisionLog, S3DecisionLog
from aws.model_packages import ModelPackage
from aws.registry_names import PENDING
from checks.decision_record import DecisionRecord, DecisionRecordError, parse_record
from checks.errors import GovernanceError
from checks.outcome_record import DRY_RUN, NOT_CARRIED_OUT, OutcomeRecord, write_moment
from checks.review_record import ReviewAction
from cli.display.decision_screen import print_facts
from cli.display.decision_text import Fact, show_record
from cli.display.terminal import clean_text, console_for
from cli.exit_codes import ExitCode, exit_code_of_status
from pipelines.judgements import find_page
from pipelines.record_keys import records_folder
from pipelines.reviews import Review
from pipelines.step_settings import DECISIONS_FOLDER
from pipelines.version_standing import (
    ByGate,
    ByRegistration,
    ByReviewer,
    OutsideTheGate,
    Standing,
    look_up_standing,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOT_LOOKED = (
    "no decisions bucket was named to look in: give --decisions-bucket, or set GOVERNANCE_DECISIONS_BUCKET to the "
    "stack's output DecisionsBucket"
)


# Why the gate leaves the versions of a group alone; `None` where it judges them, or nothing is known of that.
LeftAloneFinder = Callable[[str], str | None]


def say_of_no_group(_: str) -> None:
    """Say of no group that its versions are left alone."""


def log_in_bucket(client: "S3Client", bucket: str) -> DecisionLog:
    """Return the decision log of the stack whose output DecisionsBucket is `bucket`."""
    return S3DecisionLog(client, f"s3://{bucket}/{DECISIONS_FOLDER}/")


def log_around(client: "S3Client", record_uri: str | None, package: ModelPackage) -> DecisionLog | None:
    """Return the decision log in which `record_uri` is a record of `package`, or `None` where it can be none."""
    folder = re.escape(records_folder(package))
    match = re.fullmatch(rf"(s3://[^/]+/.+)/{folder}/[^/]+", record_uri or "")
    return None if match is None else S3DecisionLog(client, match[1])


class KnownStanding(Struct, frozen=True):
    """The status of a version, the record of the deciding decision, and whether there was a log to look in.

    `page` is where the page about that decision is, where one was written.
    """

    standing: Standing
    record: DecisionRecord | None
    has_looked: bool
    page: str | None = None


def look_up(package: ModelPackage, log: DecisionLog | None) -> KnownStanding:
    """Return the version's status and what gave it, by the records in `log`.

    Raises:
        GovernanceError: the records cannot be read, or are not those that were written.
    """
    standing = look_up_standing(package, log)
    if standing.deciding is None or log is None:
        return KnownStanding(standing, None, has_looked=log is not None)
    record = _read(log, standing.deciding)
    page = find_page(log, standing.deciding.decision_uri, package.group, package.version)
    return KnownStanding(standing, record, has_looked=True, page=page)


def print_standing(
    known: KnownStanding,
    stream: TextIO,
    *,
    failures_only: bool = False,
    why_left_alone: LeftAloneFinder = say_of_no_group,
) -> None:
    """Print the decision that gave the version its status with its reasons, and what is known of the status.

    `why_left_alone` says why the gate judges no version of a group; it is asked where none judged this one.
    """
    standing, package = known.standing, known.standing.package
    facts = list(list_status_facts(standing))
    if package.is_pending and standing.deciding is None:
        reason = why_left_alone(package.group)
        facts += [] if reason is None else [("left alone", reason)]
    if standing.deciding is not None and known.record is not None:
        show_record(known.record, stream, failures_only=failures_only)
        page = [] if known.page is None else [("page", known.page)]
        facts = [("record", standing.deciding.decision_uri), *page, *facts]
    with console_for(stream) as console:
        if known.record is not None:
            console.print()
        else:
            reason = "" if known.has_looked else f": {NOT_LOOKED}"
            console.print(
                clean_text(
                    f"{package.approval_status}: no decision of the gate about {package.arn} is known{reason}"
                )
            )
        print_facts(console, facts)


def exit_code_of_standing(standing: Standing) -> ExitCode:
    """Return the exit code of the version's status, which an approval has only where a decision bears it."""
    return exit_code_of_status(standing.package.approval_status, decided=standing.is_decided)


def _read(log: DecisionLog, outcome: OutcomeRecord) -> DecisionRecord:
    uri = outcome.decision_uri
    content = log.read(uri)
    if hashlib.sha256(content).hexdigest() != outcome.decision_digest:
        raise GovernanceError(
            f"{uri}: not the record that was written (its SHA-256 is not {outcome.decision_digest})"
        )
    try:
        return parse_record(content)
    except DecisionRecordError as error:
        raise GovernanceError(f"{uri}: {error}") from error


def list_status_facts(standing: Standing) -> Iterator[Fact]:
    """Yield what is known of the status, of who wrote last, and of what was judged later."""
    package = standing.package
    yield "status", f"{package.approval_status}{_describe_status(standing)}"
    if package.last_modified > package.created:
        writer = package.last_modified_by or "somebody whom AWS does not name"
        yield (
            "last write",
            f"{write_moment(package.last_modified)} by {writer}: whoever wrote last, which need not be who decided",
        )
    for review in standing.reviews:
        yield "review", _describe_review(review)
    if standing.later:
        *others, newest = standing.later
        more = f" (and {len(others)} before it)" if others else ""
        yield "later", f"{_describe_later(newest)}: {newest.decision_uri}{more}"
    dry_run = next((outcome for outcome in reversed(standing.later) if outcome.outcome == DRY_RUN), None)
    if dry_run is not None and dry_run != standing.later[-1]:
        yield "later", f"{_describe_later(dry_run)}: {dry_run.decision_uri}"


def _describe_status(standing: Standing) -> str:
    match standing.source:
        case ByGate():
            return ", given by the gate with this decision"
        case ByReviewer(review):
            return f", given by {review.record.reviewer.arn} with a review"
        case ByRegistration(by, at):
            return (
                f", registered so at {write_moment(at)} by {by or 'somebody whom AWS does not name'}: "
                "no decision gave it"
            )
        case OutsideTheGate():
            return ", changed outside the gate: no record says who decided"
        case None:
            return _describe_pending(standing)


def _describe_pending(standing: Standing) -> str:
    deciding = standing.deciding
    newest = standing.reviews[-1] if standing.reviews else None
    is_newest = newest is not None and (deciding is None or newest.order > deciding.order)
    if is_newest and newest is not None and newest.record.action is ReviewAction.REJUDGE:
        return f", to be judged again, at the request of {newest.record.reviewer.arn}"
    if deciding is None:
        return ": not judged yet"
    if deciding.outcome == DRY_RUN:
        return ", unchanged: this decision was a dry run"
    if deciding.approval_status != PENDING:
        return f", set back outside the gate: it was {deciding.approval_status}"
    return ", until it is reviewed"


_REVIEWED = {
    ReviewAction.APPROVE: "approved",
    ReviewAction.REJECT: "rejected",
    ReviewAction.REJUDGE: "sent back to be judged again",
}


def _describe_review(review: Review) -> str:
    record, outcome = review.record, review.outcome
    carried_out = ""
    if outcome is None:
        carried_out = ", not carried out yet"
    elif outcome.outcome == NOT_CARRIED_OUT:
        carried_out = f", not carried out: the version was {outcome.approval_status} by then"
    when = f"at {write_moment(record.reviewed_at)} by {record.reviewer.arn}"
    return f"{_REVIEWED[record.action]} {when}{carried_out}: {record.reason} ({review.location.uri})"


def _describe_later(outcome: OutcomeRecord) -> str:
    kind = "dry run" if outcome.outcome == DRY_RUN else "judgement"
    return f"{kind} of {write_moment(outcome.recorded_at)}, which changed no status: {outcome.decision}"
