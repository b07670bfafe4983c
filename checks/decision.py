"""Findings and the decision they come to."""

from dataclasses import dataclass
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


@value_class
class Finding:
    """One check held against one measurement (or against its absence).

    `consequence` is what the finding asks for, `None` where it asks for nothing: it passed.
    `value` is finite or `None`; `limit` is the check's, `None` where no check of the file made the finding; `reason`
    says in one sentence what was found.
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


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, and every finding behind it in the order of the threshold file."""

    verdict: Verdict
    findings: tuple[Finding, ...]
