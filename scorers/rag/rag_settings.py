"""How a run scores."""

from msgspec import Struct, field

from checks.errors import GovernanceError
from scorers.endpoints.requests import RequestLimits


class Prices(Struct, frozen=True):
    """What a million tokens cost, in any one currency."""

    input_per_million: float
    output_per_million: float

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """Return what so many tokens cost."""
        return (input_tokens * self.input_per_million + output_tokens * self.output_per_million) / 1e6


class CorrectRule(Struct, frozen=True):
    """When an answer counts as correct in `results.jsonl`: its score by `metric` is at least `at_least`."""

    metric: str = "answer_correctness"
    at_least: float = 0.5

    def holds(self, score: float | None) -> bool | None:
        """Whether the answer is correct; `None` where the metric could not be measured."""
        return None if score is None else score >= self.at_least


class RagSettings(Struct, frozen=True):
    """What to score by, and how hard to ask. `metrics` empty means all; judged items are scored `repeats` times.

    Raises:
        GovernanceError: for settings that no run can have.
    """

    metrics: tuple[str, ...] = ()
    repeats: int = 1
    limits: RequestLimits = field(default_factory=RequestLimits)
    correct: CorrectRule = field(default_factory=CorrectRule)
    prices: Prices | None = None

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise GovernanceError("repeats: score every judged item at least once")
        if self.limits.concurrency < 1 or self.limits.attempts < 1:
            raise GovernanceError("concurrency and attempts: at least 1")
