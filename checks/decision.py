"""Findings and the decision they come to."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from checks.limits import Limit
from checks.measurements import Interval
from checks.values import value_class


class Outcome(StrEnum):
    """What one check came to."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    MISSING = "missing"
    INVALID = "invalid"


class Verdict(StrEnum):
    """What was decided. Not being able to decide is an error, never a verdict."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    NEEDS_REVIEW = "NeedsReview"


class Consequence(StrEnum):
    """What a finding that did not pass asks for."""

    REJECT = "reject"
    REVIEW = "review"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class AppliedWaiver:
    """The waiver by which a finding asks for nothing but a warning, and what it would ask for without.

    `facet` is what the waiver says, `expires` the last day on which it counts.
    """

    facet: str | None
    reason: str
    approved_by: str
    expires: date
    otherwise: Consequence


@value_class
class BaselineFigure:
    """The value of the baseline, and on how many samples it rests, that a finding's limit was made of."""

    value: float
    samples: int | None


@value_class
class Finding:
    """One check held against one measurement (or against its absence).

    `consequence` is what the finding asks for, `None` where it asks for nothing: it passed. Where `waiver` lets it
    pass, it warns. `origin` is where the check is written, where that is another file than the one that applies.
    `value` is finite or `None`; `limit` is the check's, `None` where no check of the file made the finding; beside a
    baseline it is the one that its figure, `baseline`, comes to. `reason` says in one sentence what was found. Where
    figures were computed again, `value` is what came out and `reported` what the report says.
    """

    check: str
    metric: str
    facet: str | None
    outcome: Outcome
    consequence: Consequence | None
    value: float | None
    samples: int | None
    interval: Interval | None
    limit: Limit | None
    why: str
    reason: str
    waiver: AppliedWaiver | None = None
    origin: str | None = None
    baseline: BaselineFigure | None = None
    reported: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, and every finding behind it in the order of the threshold file."""

    verdict: Verdict
    findings: tuple[Finding, ...]
