"""The scores of a run, item by item, as they come."""

import math
from typing import TYPE_CHECKING

from msgspec import Struct, field

from scorers.rag.items import RagItem

if TYPE_CHECKING:  # it imports what scores texts, which whoever has scores can do without
    from scorers.rag.metrics import RagMetric


class Unscored(Struct, frozen=True):
    """No score for one item, and why."""

    reason: str


class ScoringPlan(Struct, frozen=True):
    """What is scored, and what cannot be for any item, with the reason by the metric's name."""

    metrics: "tuple[RagMetric, ...]"
    impossible: dict[str, str]
    repeats: int


class MetricScores(Struct):
    """One item's draws by one metric (one, or one a repeat), and why draws are missing.

    Draws come as the judge answers; they are read in the order of the repeats.
    """

    _by_repeat: dict[int, float | Unscored] = field(default_factory=dict)

    def add(self, repeat: int, score: float | Unscored) -> None:
        """Take in the draw of one repeat."""
        self._by_repeat[repeat] = score

    @property
    def draws(self) -> list[float]:
        """The scores."""
        return [score for score in self._in_order() if not isinstance(score, Unscored)]

    @property
    def reasons(self) -> list[str]:
        """Why draws are missing."""
        return [score.reason for score in self._in_order() if isinstance(score, Unscored)]

    @property
    def value(self) -> float | None:
        """The mean of the draws; `None` where there is none."""
        draws = self.draws
        return math.fsum(draws) / len(draws) if draws else None

    def _in_order(self) -> list[float | Unscored]:
        return [self._by_repeat[repeat] for repeat in sorted(self._by_repeat)]


class RunScores:
    """All items' scores, by metric and then in the order of the items."""

    def __init__(self, plan: ScoringPlan, items: list[RagItem]) -> None:
        self.plan, self.items = plan, items
        self.by_metric = {metric.name: [MetricScores() for _ in items] for metric in plan.metrics}
