"""Text-to-SQL: the verdicts of pairs, counted again."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from scorers.recomputing.item_lines import Alteration, Identity, ItemLine, Seconds, read_as, refuse_repeated
from scorers.recomputing.recomputed import Recomputed, ReportToRecompute
from scorers.text_to_sql.metrics import TextToSqlMetrics
from scorers.text_to_sql.verdicts.verdict import PairOutcome, PairVerdict


class PairLine(ItemLine):
    """A pair of gold and predicted SQL with its verdict, as `scorers.text_to_sql.score` writes it."""

    id: Identity
    verdict: Annotated[PairOutcome, Field(strict=False)]
    correct: bool | None
    bird_match: bool | None = None
    exact_set_match: bool | None = None
    valid_sql: bool | None = None
    unsafe: bool | None = None
    execution_error: bool | None = None
    timeout: bool | None = None
    schema_hallucination: bool | None = None
    transpilation_failure: bool | None = None
    empty_gold: bool | None = None
    relative_execution_time: Seconds | None = None
    latency_seconds: Seconds | None = None

    @property
    def said(self) -> bool | None:
        """What the verdict comes to: right, wrong, or not to be known."""
        return None if self.verdict is PairOutcome.GOLD_ERROR else self.verdict is PairOutcome.CORRECT

    def to_verdict(self) -> PairVerdict:
        """Return the verdict as the metrics count it."""
        same = {name: getattr(self, name) for name in _COUNTED}
        return PairVerdict(self.verdict, reason="", correct=self.said, **same)


_COUNTED = (
    "bird_match",
    "exact_set_match",
    "valid_sql",
    "unsafe",
    "execution_error",
    "timeout",
    "schema_hallucination",
    "transpilation_failure",
    "empty_gold",
    "relative_execution_time",
)


def recompute(report: ReportToRecompute) -> Recomputed:
    """Count the verdicts again."""
    lines = read_as(PairLine, report.items)
    refuse_repeated(str(line.id) for line in lines)
    transpiled = report.settings("settings").get("dialect") is not None
    with TextToSqlMetrics(transpiled=transpiled) as metrics:
        for line in lines:
            metrics.add(line.to_verdict(), line.groups, line.latency_seconds)
        return Recomputed(metrics.measurements(), altered=list(_find_altered(lines)))


def _find_altered(lines: Sequence[PairLine]) -> Iterator[Alteration]:
    for line in lines:
        if line.correct is not line.said:
            yield Alteration(str(line.id), f"correct is {line.correct}, and its verdict is {line.verdict}")
