"""RAG: the scores of answers, aggregated anew; what needs no judge is scored again where its packages are there."""

import asyncio
import importlib.util
import math
from collections.abc import Iterator, Sequence

from pydantic import Field

from checks.catalogue import find_metric
from scorers.rag.impossible import is_of_all_items
from scorers.rag.items import RagItem
from scorers.rag.measuring import GROUP, measure_items
from scorers.rag.scores import MetricScores, Unscored
from scorers.recomputing.item_lines import Alteration, ItemLine, ItemsError, Seconds, read_as, refuse_repeated
from scorers.recomputing.recomputed import Recomputed, ReportToRecompute

# What is made of answer and reference alone, which the items have: neither a judge nor the contexts are asked for.
DETERMINISTIC = ("rouge_l", "bleu", "chrf", "string_similarity")
PACKAGE = "rouge_score"  # is installed with what scores them
NO_PACKAGES = (
    "it is scored again by packages that are not installed here; install the extra rag, or let the Processing job run "
    "an image that has it (image_uri)"
)
_TOLERANCE = 1e-9
_MOST_WORK = 25_000_000  # characters of answer times reference: comparing takes that many steps


class AnswerLine(ItemLine):
    """An answer with its scores, as `scorers.rag.measuring.results` writes it."""

    id: str
    question: str
    answer: str
    reference: str | None = None
    scores: dict[str, float | None]
    reasons: dict[str, str] = Field(default_factory=dict)
    draws: dict[str, list[float]] = Field(default_factory=dict)
    latency_seconds: Seconds | None = None

    def to_item(self) -> RagItem:
        """Return the item, without its contexts."""
        return RagItem(
            id=self.id,
            question=self.question,
            contexts=(),
            answer=self.answer,
            reference=self.reference,
            latency_seconds=self.latency_seconds,
            facets=self.facets,
            groups=self.groups,
        )

    def cell(self, metric: str) -> MetricScores:
        """Return the draws of one metric, or why there is none."""
        cell = MetricScores()
        score = self.scores.get(metric)
        if score is None:
            cell.add(0, Unscored(self.reasons.get(metric, "")))
            return cell
        for repeat, draw in enumerate(self.draws.get(metric) or [score]):
            cell.add(repeat, draw)
        return cell


def recompute(report: ReportToRecompute) -> Recomputed:
    """Aggregate the scores anew; those of the drawn items that need no judge are scored again first."""
    lines = read_as(AnswerLine, report.items)
    refuse_repeated(line.id for line in lines)
    names = list(dict.fromkeys(name for line in lines for name in line.scores))
    impossible = {name: reason for name in names if (reason := _why_of_none(name, lines))}
    possible = [name for name in names if name not in impossible]
    lowest = {name: _find_lowest(name) for name in possible}
    again = [name for name in DETERMINISTIC if name in possible]
    undone: dict[str, str] = {}
    altered: list[Alteration] = [*_find_inconsistent(lines)]
    if again and importlib.util.find_spec(PACKAGE) is None:
        undone = {f"{GROUP}.{name}": NO_PACKAGES for name in again}
        again.clear()
    if again:
        altered += _find_altered(lines, again, report.drawn)
    by_metric = {name: [line.cell(name) for line in lines] for name in possible}
    found = measure_items([line.to_item() for line in lines], by_metric, impossible, lowest=lowest)
    how = "item scores aggregated anew"
    if again:
        how += f"; scored again: {', '.join(again)}"
    return Recomputed(
        found, altered=altered, scored=len(report.drawn) if again else 0, how=how, undone=undone
    )


def _why_of_none(name: str, lines: Sequence[AnswerLine]) -> str | None:
    """Return why no item of the run has a score by a metric, where that is so."""
    reason = lines[0].reasons.get(name, "")
    is_none = all(line.scores.get(name) is None for line in lines)
    return reason if is_none and is_of_all_items(reason) else None


def _find_lowest(name: str) -> float:
    """Return the least score of a metric.

    Raises:
        ItemsError: it is no metric of the project.
    """
    known = find_metric(f"{GROUP}.{name}")
    if known is None or known.range.low is None:
        raise ItemsError(
            f"scores.{name}: no metric of this project's scorers; register the file that scoring wrote"
        )
    return known.range.low


def _find_inconsistent(lines: Sequence[AnswerLine]) -> Iterator[Alteration]:
    for line in lines:
        for name, draws in line.draws.items():
            score = line.scores.get(name)
            if draws and (score is None or not _is_same(math.fsum(draws) / len(draws), score)):
                yield Alteration(line.id, f"{name} is {score}, and its draws are {draws}")


def _find_altered(
    lines: Sequence[AnswerLine], names: Sequence[str], places: Sequence[int]
) -> Iterator[Alteration]:
    return asyncio.run(_score_again([lines[place] for place in places], names))


async def _score_again(lines: Sequence[AnswerLine], names: Sequence[str]) -> Iterator[Alteration]:
    from scorers.rag.metrics import METRICS, score  # noqa: PLC0415 - not for reports alone

    found = []
    for line in lines:
        if len(line.answer) * len(line.reference or "") > _MOST_WORK:
            raise ItemsError(
                f"item {line.id}: answer and reference are too long to be compared again; shorten them"
            )
        for name in names:
            again = await score(METRICS[name], line.to_item())
            stored = line.scores.get(name)
            is_now = None if isinstance(again, Unscored) else again
            if not _is_same(is_now, stored):
                found.append(Alteration(line.id, f"{name} is {stored}, and scored again it is {is_now}"))
    return iter(found)


def _is_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
