"""What gave a version the status that it has: the gate, a reviewer, its registration, or somebody outside the gate."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from aws.decision_log import DecisionLog
from aws.model_packages import Identity, ModelPackage
from aws.registry_names import PENDING
from checks.outcome_record import (
    DRY_RUN,
    LEFT_PENDING,
    SENT_BACK,
    UPDATED,
    OutcomeRecord,
    write_moment,
)
from pipelines.recorded_outcomes import list_records, read_outcomes
from pipelines.reviews import Review, is_about, read_reviews

GATE = "gate"
REVIEWER = "reviewer"
REGISTRATION = "registration"
OUTSIDE_THE_GATE = "outside_the_gate"


class ByGate(Struct, frozen=True):
    """The gate gave the status: `outcome` is the record of it."""

    outcome: OutcomeRecord


class ByReviewer(Struct, frozen=True):
    """A reviewer gave the status: `review` is the record of it."""

    review: Review


class ByRegistration(Struct, frozen=True):
    """The version was registered with its status, and never written to since."""

    by: Identity | None
    at: datetime


class OutsideTheGate(Struct, frozen=True):
    """No record says who gave the status; `by` wrote last to the version, which need not be who gave it."""

    by: Identity | None
    at: datetime


StatusSource = ByGate | ByReviewer | ByRegistration | OutsideTheGate


class Standing(Struct, frozen=True):
    """A version, the outcomes of the gate's decisions about it, its reviews, and what gave its status.

    Both are ordered, the oldest first; `source` is `None` while the version is pending.
    """

    package: ModelPackage
    outcomes: tuple[OutcomeRecord, ...]
    reviews: tuple[Review, ...]
    source: StatusSource | None

    @property
    def deciding(self) -> OutcomeRecord | None:
        """The gate's decision that gave the status, or that the reviewer who gave it saw; else the newest one.

        A dry run is it only where there is nothing else.
        """
        match self.source:
            case ByGate(outcome):
                return outcome
            case ByReviewer(review) if review.record.decision_uri is not None:
                seen = (one for one in self.outcomes if one.decision_uri == review.record.decision_uri)
                return next(seen, None)
        in_force = [outcome for outcome in self.outcomes if outcome.outcome != DRY_RUN]
        return next(reversed(in_force or self.outcomes), None)

    @property
    def later(self) -> tuple[OutcomeRecord, ...]:
        """The outcomes after the deciding one, oldest first: dry runs, and judgements that changed nothing."""
        if self.deciding is None:
            return ()
        return self.outcomes[self.outcomes.index(self.deciding) + 1 :]

    @property
    def is_decided(self) -> bool:
        """Whether the version was judged, and its status, where it has one, is that of a record.

        A status that was registered, or set outside the gate, rests on none, whatever was judged before or later. On
        trial people decide without records: the status that they give counts where a dry run saw the version wait.
        """
        match self.source:
            case ByGate() | ByReviewer():
                return True
            case ByRegistration():
                return False
            case None:
                return bool(self.outcomes)
            case OutsideTheGate():
                on_trial = all(outcome.outcome == DRY_RUN for outcome in self.outcomes)
                return on_trial and any(outcome.approval_status == PENDING for outcome in self.outcomes)


def look_up_standing(package: ModelPackage, log: DecisionLog | None) -> Standing:
    """Return the standing of `package` by the records of `log`, or without any where there is no log to look in.

    Raises:
        DecisionMismatchError: something else is where an outcome should be.
        ReviewMismatchError: something else is where a review should be.
        GovernanceError: the log cannot be read.
    """
    if log is None:
        return Standing(package, (), (), _find_source(package, (), ()))
    written = list_records(package, log)
    outcomes = read_outcomes(package, log, written)
    reviews = tuple(one for one in read_reviews(log, written) if is_about(one, package))
    return Standing(package, outcomes, reviews, _find_source(package, outcomes, reviews))


def describe_source(source: StatusSource | None) -> dict[str, str | None] | None:
    """Return what gave a status as an outcome record says it; `None` for a version that is pending."""
    match source:
        case None:
            return None
        case ByGate(outcome):
            return {"source": GATE, "decision_uri": outcome.decision_uri, "outcome_uri": outcome.uri}
        case ByReviewer(review):
            return {
                "source": REVIEWER,
                "review_uri": review.location.uri,
                "reviewed_by": review.record.reviewer.arn,
                "reviewed_at": write_moment(review.record.reviewed_at),
                "reason": review.record.reason,
            }
        case ByRegistration(by, at):
            return {"source": REGISTRATION, "created_by": _write_name(by), "created_at": write_moment(at)}
        case OutsideTheGate(by, at):
            return {
                "source": OUTSIDE_THE_GATE,
                "last_modified_by": _write_name(by),
                "last_modified_at": write_moment(at),
            }


def find_status_given(
    outcomes: Iterable[OutcomeRecord], reviews: Iterable[Review]
) -> tuple[OutcomeRecord, Review | None] | None:
    """Return the outcome by which a version last got a status, with the review where a reviewer gave it.

    `None` where none did, or where the version was left or sent back pending since: an older status does not speak
    for one that somebody sets later.
    """
    by_gate = [(one.order, one, None) for one in outcomes if one.outcome in (UPDATED, LEFT_PENDING)]
    by_review = [
        (one.order, one.outcome, one)
        for one in reviews
        if one.outcome is not None and one.outcome.outcome in (UPDATED, SENT_BACK)
    ]
    newest = max([*by_gate, *by_review], key=lambda given: given[0], default=None)
    return None if newest is None or newest[1].outcome != UPDATED else newest[1:]


def _find_source(
    package: ModelPackage, outcomes: tuple[OutcomeRecord, ...], reviews: tuple[Review, ...]
) -> StatusSource | None:
    if package.is_pending:
        return None
    match find_status_given(outcomes, reviews):
        case (outcome, None) if outcome.approval_status == package.approval_status:
            return ByGate(outcome)
        case (outcome, review) if review is not None and outcome.approval_status == package.approval_status:
            return ByReviewer(review)
    if package.last_modified == package.created:
        return ByRegistration(package.created_by, package.created)
    return OutsideTheGate(package.last_modified_by, package.last_modified)


def _write_name(identity: Identity | None) -> str | None:
    return None if identity is None else str(identity)
