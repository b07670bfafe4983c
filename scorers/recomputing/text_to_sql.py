"""Text-to-SQL: predicted SQL run again beside the gold, or, without databases, the verdicts of pairs counted again."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from msgspec.structs import replace
from pydantic import Field

from checks.measurements import Measurement
from checks.strict_json import JsonValue
from scorers.recomputing.gold import Gold
from scorers.recomputing.item_lines import (
    WAY_OUT,
    Alteration,
    Identity,
    ItemLine,
    ItemsError,
    Seconds,
    read_as,
    refuse_repeated,
)
from scorers.recomputing.recomputed import Recomputed, ReportToRecompute
from scorers.recomputing.sql_again import PairToRun, run_sql_again
from scorers.text_to_sql.metrics import TextToSqlMetrics
from scorers.text_to_sql.verdicts.verdict import PairOutcome, PairVerdict


class PairLine(ItemLine):
    """A pair of gold and predicted SQL with its verdict, as `scorers.text_to_sql.score` writes it."""

    id: Identity
    database: str | None = None
    predicted_sql: str | None = None
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
    """Run the predicted SQL of the drawn items again where there are databases, and count the verdicts again."""
    lines = read_as(PairLine, report.items)
    refuse_repeated(str(line.id) for line in lines)
    altered = list(_find_contradictions(lines))
    if report.databases is None or report.gold is None:
        how = "verdicts counted again, and no SQL was run: the threshold file names no databases under verify"
        return Recomputed(
            _count(report, [line.to_verdict() for line in lines], lines), altered=altered, how=how
        )
    again = _run_again(report, lines, report.gold, report.databases)
    verdicts = []
    for place, line in enumerate(lines):
        stored = line.to_verdict()
        verdict = stored if place not in again else _merge(stored, again[place], report)
        altered += _find_differences(line, stored, verdict)
        verdicts.append(verdict)
    return Recomputed(
        _count(report, verdicts, lines),
        altered=altered,
        scored=len(again),
        how="predicted SQL run again beside the gold; times are those of the items",
        undone={SCHEMA_METRIC: _OWN_SCHEMA} if _has_own_schema(report) else {},
    )


def _count(
    report: ReportToRecompute, verdicts: Sequence[PairVerdict], lines: Sequence[PairLine]
) -> list[Measurement]:
    transpiled = report.settings("settings").get("dialect") is not None
    with TextToSqlMetrics(transpiled=transpiled) as metrics:
        for verdict, line in zip(verdicts, lines, strict=True):
            metrics.add(verdict, line.groups, line.latency_seconds)
        return metrics.measurements()


def _find_contradictions(lines: Sequence[PairLine]) -> Iterator[Alteration]:
    for line in lines:
        if line.correct is not line.said:
            yield Alteration(str(line.id), f"correct is {line.correct}, and its verdict is {line.verdict}")


def _run_again(
    report: ReportToRecompute, lines: Sequence[PairLine], gold: Gold, databases: Path
) -> dict[int, PairVerdict]:
    """Return the verdicts of the drawn items, by their places; one that the gold does not have is not run."""
    pairs = []
    for place in report.drawn:
        line = lines[place]
        known = gold.get(str(line.id))
        if known is not None:
            pairs.append(_make_pair(place, line, known))
    return dict(run_sql_again(pairs, databases, report.settings("settings")))


def _make_pair(place: int, line: PairLine, known: Mapping[str, JsonValue]) -> PairToRun:
    """Return the pair to run: its gold SQL is the governance team's, and so is its database where they say one."""
    gold_sql, database = known.get("gold_sql"), known.get("database", line.database)
    if not isinstance(gold_sql, str):
        raise ItemsError(
            f"item {line.id}: the gold that the threshold file names has no gold_sql of it; add it"
        )
    if not isinstance(database, str) or line.predicted_sql is None:
        raise ItemsError(f"item {line.id}: no database or predicted_sql; {WAY_OUT}")
    return PairToRun(place, database, gold_sql, line.predicted_sql)


def _merge(stored: PairVerdict, again: PairVerdict, report: ReportToRecompute) -> PairVerdict:
    """Return the verdict that counts: what was measured with a clock is kept, as it comes to something else each time.

    A query that ran out of time then and does not now stays one that did: that is to nobody's favour.
    """
    if stored.timeout and again.verdict is not PairOutcome.GOLD_ERROR:
        return stored
    merged = replace(again, relative_execution_time=stored.relative_execution_time if again.correct else None)
    if _has_own_schema(report):
        merged = replace(merged, schema_hallucination=stored.schema_hallucination)
    return merged


def _find_differences(line: PairLine, stored: PairVerdict, verdict: PairVerdict) -> Iterator[Alteration]:
    for name in ("verdict", *_COUNTED):
        was, is_now = getattr(stored, name), getattr(verdict, name)
        if was != is_now:
            yield Alteration(
                str(line.id), f"{name} is {was}, and run again it is {is_now} ({verdict.reason})"
            )
            return


def _has_own_schema(report: ReportToRecompute) -> bool:
    return report.settings("settings").get("schema") is not None


SCHEMA_METRIC = "text_to_sql.schema_hallucination_rate"
_OWN_SCHEMA = (
    "the report was scored by a schema that the registrant named; score without --schema, so that the databases' own "
    "one counts"
)
