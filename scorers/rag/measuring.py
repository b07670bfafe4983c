"""From scores to evidence: measurements for the gate, and one result a line behind them."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from checks.incomplete_beta import incomplete_beta
from checks.measurements import Interval, Measured, Measurement, Support, Unmeasured
from checks.strict_json import JsonValue
from scorers.group_figures import HERE, ScoredItem, estimate_items, measure_means, state_estimate
from scorers.item_groups import FacetedMetric
from scorers.rag.items import RagItem
from scorers.rag.scores import MetricScores, RunScores
from scorers.uncertainty import estimate

if TYPE_CHECKING:  # who measures scores again has no client of a judge
    from scorers.rag.rag_settings import CorrectRule

GROUP = "rag"
COVERAGE = f"{GROUP}.coverage"
EMPTY_ANSWERS = f"{GROUP}.empty_answer_rate"
JUDGE_SPREAD = "_judge_standard_deviation"
PERCENTILES = {"p50_seconds": 0.50, "p95_seconds": 0.95}
INTERVAL_LEVEL = 0.95
SAME_AT_ZERO = (
    "the judge was asked at temperature 0 and every repeat came to the same, so the repeats do not measure its noise; "
    "give --judge-temperature"
)


def measurements(scores: RunScores, *, at_zero: bool = False) -> list[Measurement]:
    """Return every measurement of the run, in an order that depends on the input alone.

    `at_zero` says that the judge was asked at temperature 0, where equal draws say nothing of its noise.
    """
    lowest = {metric.name: metric.low for metric in scores.plan.metrics}
    return measure_items(
        scores.items, scores.by_metric, scores.plan.impossible, lowest=lowest, at_zero=at_zero
    )


def measure_items(
    items: Sequence[RagItem],
    by_metric: Mapping[str, Sequence[MetricScores]],
    impossible: Mapping[str, str],
    *,
    lowest: Mapping[str, float],
    at_zero: bool = False,
) -> list[Measurement]:
    """Return every measurement of items whose scores are in `by_metric`, by the metric's name, in their order.

    `impossible` says of further metrics why no item has a score. `lowest` is the least score of each metric.
    """
    found: list[Measurement] = []
    for name, column in by_metric.items():
        found += _of_metric(name, lowest[name], items, column, at_zero=at_zero)
    for name, reason in impossible.items():
        found.append(Unmeasured(f"{GROUP}.{name}", reason, HERE))
    return [*found, *_rates(items, by_metric), *_latency(items)]


def results(scores: RunScores, correct: "CorrectRule") -> Iterator[dict[str, JsonValue]]:
    """Yield one line of `results.jsonl` an item: its score by every metric, `null` with the reason where it has none.

    `draws` holds the single draws where items were scored more than once.
    """
    for index, item in enumerate(scores.items):
        cells = {name: column[index] for name, column in scores.by_metric.items()}
        values: dict[str, JsonValue] = {name: cell.value for name, cell in cells.items()}
        # `correct` is what one metric decides; where the run does not have it, no item is known to be right or wrong.
        decisive = cells.get(correct.metric)
        line: dict[str, JsonValue] = {
            "id": item.id,
            "question": item.question,
            "answer": item.answer,
            **({} if item.reference is None else {"reference": item.reference}),
            "correct": correct.holds(decisive.value if decisive is not None else None),
            "scores": {**values, **dict.fromkeys(scores.plan.impossible)},
            "reasons": {
                **{
                    name: "; ".join(dict.fromkeys(cell.reasons))
                    for name, cell in cells.items()
                    if cell.reasons
                },
                **scores.plan.impossible,
            },
            "latency_seconds": item.latency_seconds,
            "facets": dict(item.facets),
        }
        if scores.plan.repeats > 1:
            line["draws"] = {
                metric.name: cells[metric.name].draws for metric in scores.plan.metrics if metric.judge
            }
        yield line


def _of_metric(
    metric: str, low: float, items: Sequence[RagItem], column: Sequence[MetricScores], *, at_zero: bool
) -> list[Measurement]:
    name = f"{GROUP}.{metric}"
    scored = [
        ScoredItem(item.groups, cell.draws, cell.reasons) for item, cell in zip(items, column, strict=True)
    ]
    found = measure_means(name, scored, scale=(low, 1.0))
    whole = estimate_items(scored, (low, 1.0))
    if whole is not None and whole.judge_standard_deviation is not None:
        found.insert(1, _judge_spread(name + JUDGE_SPREAD, whole.judge_standard_deviation, at_zero=at_zero))
    return found


def _judge_spread(name: str, deviation: float, *, at_zero: bool) -> Measurement:
    if at_zero and not deviation:
        return Unmeasured(name, SAME_AT_ZERO, HERE)
    return Measured(name, deviation, HERE)


def _rates(items: Sequence[RagItem], by_metric: Mapping[str, Sequence[MetricScores]]) -> list[Measurement]:
    """Coverage (items that every metric of the run could score) and empty answers, as shares of all items."""
    coverage = FacetedMetric(COVERAGE, proportion=True)
    empty = FacetedMetric(EMPTY_ANSWERS, proportion=True)
    for index, item in enumerate(items):
        is_covered = all(column[index].draws for column in by_metric.values())
        coverage.add(float(is_covered), item.groups)
        empty.add(float(not item.has("answer")), item.groups)
    of_metrics: list[Measurement] = []
    for name, column in by_metric.items():
        share = FacetedMetric(f"{GROUP}.{name}_coverage", proportion=True)
        for cell in column:
            share.add(float(bool(cell.draws)))
        of_metrics += share.measurements()
    return [*coverage.measurements(), *of_metrics, *empty.measurements()]


def _latency(items: Sequence[RagItem]) -> list[Measurement]:
    seconds = sorted(item.latency_seconds for item in items if item.latency_seconds is not None)
    if not seconds:
        names = [*PERCENTILES, "mean_seconds", "total_seconds"]
        return [Unmeasured(f"{GROUP}.latency_{name}", "no item has latency_seconds", HERE) for name in names]
    mean = estimate([[second] for second in seconds], high=max(seconds[-1], 1e-9))
    return [
        *(_percentile(seconds, name, share) for name, share in PERCENTILES.items()),
        state_estimate(f"{GROUP}.latency_mean_seconds", mean).stated,
        Measured(f"{GROUP}.latency_total_seconds", math.fsum(seconds), HERE),
    ]


def _percentile(seconds: Sequence[float], name: str, share: float) -> Measured:
    """One percentile, with the interval between order statistics that holds it at 95 %, where the sample has one.

    The number of items below a percentile is binomial (Conover, Practical Nonparametric Statistics, 3.2).
    """
    below, above = (
        _binomial_quantile(level, len(seconds), share)
        for level in ((1 - INTERVAL_LEVEL) / 2, (1 + INTERVAL_LEVEL) / 2)
    )
    interval = None
    if below >= 1 and above < len(seconds):
        interval = Interval(seconds[below - 1], seconds[above], INTERVAL_LEVEL)
    samples = (
        len(seconds) if interval is not None else None
    )  # a value with samples alone would be a proportion
    beyond, first = math.modf(share * (len(seconds) - 1))
    lower, upper = seconds[int(first)], seconds[math.ceil(first + beyond)]
    value = lower + beyond * (upper - lower)
    return Measured(
        f"{GROUP}.latency_{name}", value, HERE, samples=samples, support=Support(interval=interval)
    )


def _binomial_quantile(level: float, trials: int, share: float) -> int:
    """Return the least number of which as many or fewer come, of so many trials, with a probability of `level`."""

    def at_most(count: int) -> float:
        return incomplete_beta(trials - count, count + 1, 1 - share, share)

    return bisect_left(range(trials), level, key=at_most)
