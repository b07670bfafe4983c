"""Findings and the decision they come to."""

from abc import abstractmethod
from datetime import date
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from checks.limits import Limit
from checks.measurements import Interval


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


class AppliedWaiver(Struct, frozen=True):
    """The waiver by which a finding asks for nothing but a warning, and what it would ask for without.

    `facet` is what the waiver says, `expires` the last day on which it counts.
    """

    facet: str | None
    reason: str
    approved_by: str
    expires: date
    otherwise: Consequence


class BaselineFigure(Struct, frozen=True):
    """The value of the baseline, and on how many samples it rests, that a finding's limit was made of."""

    value: float
    samples: int | None


class Reason(Struct, frozen=True):
    """Why a finding came to what it did, put into words when somebody reads it: few findings of thousands are read.

    It is equal to its words. `most_bytes` is at least as many as they have in the JSON of a record.
    """

    most_bytes: ClassVar[int]

    @abstractmethod
    def __str__(self) -> str: ...

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, str | Reason) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))


class Asked(Struct, frozen=True):
    """What a finding is about: a check of the threshold file, or what is asked of every version.

    It is shared by all findings of a check. `limit` is `None` where no check of the file made the finding; beside a
    baseline it is the one that the baseline's figure comes to. `metric` is then empty where it is about no metric.
    """

    check: str
    metric: str
    limit: Limit | None
    why: str

    @property
    def characters(self) -> int:
        """How many its texts have together."""
        return len(self.check) + len(self.metric) + len(self.why)


# Nothing that it holds leads back to it: the collector of garbage keeps no list of the hundred thousand.
class Finding(Struct, frozen=True, gc=False):
    """One check held against one measurement (or against its absence).

    `consequence` is what the finding asks for, `None` where it asks for nothing: it passed. Where `waiver` lets it
    pass, it warns. `origin` is where the check is written, where that is another file than the one that applies.
    `value` is finite or `None`. `because` is the reason, in words or as what they are made of. `baseline` is the figure
    that the limit was made of. Where figures were computed again, `value` is what came out and `reported` what the
    report says.
    """

    asked: Asked
    facet: str | None
    outcome: Outcome
    consequence: Consequence | None
    value: float | None
    samples: int | None
    interval: Interval | None
    because: str | Reason
    waiver: AppliedWaiver | None = None
    origin: str | None = None
    baseline: BaselineFigure | None = None
    reported: float | None = None

    @property
    def check(self) -> str:
        """The name of the check."""
        return self.asked.check

    @property
    def metric(self) -> str:
        """The address of the metric."""
        return self.asked.metric

    @property
    def limit(self) -> Limit | None:
        """What was asked of the value."""
        return self.asked.limit

    @property
    def why(self) -> str:
        """Why the check exists."""
        return self.asked.why

    @property
    def reason(self) -> str:
        """What was found, in one sentence."""
        return str(self.because)


class Decision(Struct, frozen=True):
    """The verdict, and every finding behind it in the order of the threshold file."""

    verdict: Verdict
    findings: tuple[Finding, ...]
