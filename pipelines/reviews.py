"""Reviews of a version: what people decided about it, kept beside the gate's decisions and read back.

A review is no evidence by what it says of its author: anybody can write a name. It counts because the policy of the
decisions bucket lets each reviewer write below a folder of their own id alone (`aws:userid`), and a reader takes it
only where the id in the record is that of the folder.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from aws.decision_log import DecisionLocation, DecisionLog
from aws.model_packages import ModelPackage
from checks.errors import GovernanceError
from checks.outcome_record import OutcomeRecord, OutcomeRecordError
from checks.review_record import ReviewAction, ReviewRecord, ReviewRecordError
from pipelines.record_keys import created_text, records_folder, review_key, review_outcome_key, reviewer_id_of


class ReviewMismatchError(GovernanceError):
    """A review or its outcome that is not what its place says."""


class Review(Struct, frozen=True):
    """A review that was kept, where it is with its digest, and what it did; `None` where that was not recorded yet.

    `written_at` is when the log took the review, to the second; `None` where the log was not asked.
    """

    record: ReviewRecord
    location: DecisionLocation
    outcome: OutcomeRecord | None
    written_at: datetime | None = None

    @property
    def order(self) -> tuple[datetime, datetime]:
        """By which reviews are ordered, and beside outcomes of the gate: the log's time first."""
        return self.written_at or self.record.reviewed_at, self.record.reviewed_at


def keep_review(log: DecisionLog, package: ModelPackage, record: ReviewRecord) -> Review:
    """Write a review, or read the one that the same reviewer wrote of the same change with the same action.

    Raises:
        ReviewerIdError: the reviewer's id is none of a caller of AWS.
        ReviewMismatchError: something else is there.
        AwsError: it could not be written or read.
    """
    changed = package.last_modified.strftime("%Y%m%dT%H%M%S%f")
    kept = log.keep(
        review_key(package, record.reviewer.user_id, f"{changed}-{record.action}"), record.to_bytes()
    )
    return Review(_parse(kept.content, kept.uri), kept.location, None)


def keep_review_outcome(
    log: DecisionLog, package: ModelPackage, review: Review, outcome: OutcomeRecord
) -> Review:
    """Write what a review did, or read what was recorded of it before, and return the review with it.

    Raises:
        ReviewMismatchError: something else is there.
        AwsError: it could not be written or read.
    """
    folder = records_folder(package)
    key = folder + review_outcome_key(review.location.uri).rpartition(folder)[2]
    kept = log.keep(key, outcome.to_bytes())
    return replace(review, outcome=_parse_outcome(kept.content, kept.uri, review.location))


def read_reviews(log: DecisionLog, written: Mapping[str, datetime]) -> tuple[Review, ...]:
    """Return the reviews among the records that were written, oldest first, each with its outcome where there is one.

    Raises:
        ReviewMismatchError: a review or an outcome is not what its place says.
        GovernanceError: one cannot be read.
    """
    found = [
        replace(_read(log, uri, has_outcome=review_outcome_key(uri) in written), written_at=at)
        for uri, at in written.items()
        if reviewer_id_of(uri)
    ]
    return tuple(sorted(found, key=lambda one: one.order))


def list_requests(package: ModelPackage, log: DecisionLog, since: datetime) -> tuple[Review, ...]:
    """Return the reviews by which the version is to be judged again that the log took after `since`, oldest first.

    Raises as `read_reviews` does, and where the log cannot be listed.
    """
    written = log.written_below(records_folder(package), since)
    return tuple(
        one
        for one in read_reviews(log, written)
        if one.record.action is ReviewAction.REJUDGE and is_about(one, package)
    )


def is_about(review: Review, package: ModelPackage) -> bool:
    """Whether a review is about exactly this version, and not another one of the same ARN."""
    return (review.record.model_package, review.record.created) == (package.arn, created_text(package))


def read_review(log: DecisionLog, uri: str, *, has_outcome: bool = False) -> Review:
    """Return the review at `uri`, with its outcome where that is there.

    Raises:
        ReviewMismatchError: it is none, or not what its place says.
        GovernanceError: it cannot be read.
    """
    return _read(log, uri, has_outcome=has_outcome)


def _read(log: DecisionLog, uri: str, *, has_outcome: bool) -> Review:
    content = log.read(uri)
    location = DecisionLocation(uri, hashlib.sha256(content).hexdigest())
    record = _parse(content, uri)
    if not has_outcome:
        return Review(record, location, None)
    outcome_uri = review_outcome_key(uri)
    return Review(record, location, _parse_outcome(log.read(outcome_uri), outcome_uri, location))


def _parse(content: bytes, uri: str) -> ReviewRecord:
    try:
        record = ReviewRecord.parse(content, uri)
    except ReviewRecordError as error:
        raise _mismatch(uri, f"not a review, which belongs there ({error})") from error
    if record.reviewer.user_id != reviewer_id_of(uri):
        raise _mismatch(uri, f"it says that {record.reviewer.user_id} reviewed, whose folder this is not")
    return record


def _parse_outcome(content: bytes, uri: str, review: DecisionLocation) -> OutcomeRecord:
    try:
        outcome = OutcomeRecord.parse(content, uri)
    except OutcomeRecordError as error:
        raise _mismatch(uri, f"not the outcome of a review, which belongs there ({error})") from error
    if (outcome.decision_uri, outcome.decision_digest) != (review.uri, review.sha256):
        raise _mismatch(uri, f"it is the outcome of {outcome.decision_uri}, and not of the review beside it")
    return outcome


def _mismatch(uri: str, what: str) -> ReviewMismatchError:
    return ReviewMismatchError(
        f"{uri}: {what}; nothing was taken from it. Find out who wrote it, keep it for the audit, and look at "
        "the version's status"
    )
