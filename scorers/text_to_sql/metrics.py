"""The metrics of `text_to_sql_metrics` and `latency_metrics`: one function each, with the source of its definition.

Each takes a verdict and says whether the pair counts as a hit, or `None` where the metric does not apply to it. A rate
is hits over the pairs to which it applies. Pairs whose gold query fails are in none of them.
"""

import math
import sqlite3
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from checks.measurements import Measured, Measurement, Support, Unmeasured
from scorers.group_figures import HERE
from scorers.item_groups import FacetedMetric
from scorers.text_to_sql.verdicts.verdict import PairVerdict

GROUP = "text_to_sql"
LATENCY = "latency"
QUANTILES = (0.5, 0.95)
_BUFFERED = 1_000
_MOST_ALIKE = 1_000
_Z_95 = 1.959963984540054
_NOTHING = "no pair of the file has this figure"


def execution_accuracy(verdict: PairVerdict) -> bool | None:
    """Spider's execution match: equal results over one database, under some permutation of the columns.

    Source: Zhong, Yu and Klein, "Semantic Evaluation for Text-to-SQL with Distilled Test Suites" (EMNLP 2020), as
    computed by taoyds/test-suite-sql-eval with its defaults. The order of rows counts where the gold text says ORDER
    BY, duplicates count, DISTINCT is left out on both sides.
    """
    return verdict.correct


def execution_accuracy_bird(verdict: PairVerdict) -> bool | None:
    """BIRD's execution accuracy: both results have the same set of rows, columns in the same order.

    Source: Li et al., "Can LLM Already Serve as A Database Interface? A BIg Bench for Large-Scale Database Grounded
    Text-to-SQLs" (NeurIPS 2023), section 5.1.
    """
    return verdict.bird_match


def exact_set_match(verdict: PairVerdict) -> bool | None:
    """Spider's exact set match: the same components in every clause, whatever the literals.

    Source: Yu et al., "Spider: A Large-Scale Human-Labeled Dataset for Complex and Cross-Domain Semantic Parsing and
    Text-to-SQL Task" (EMNLP 2018), section 5. Does not apply where Spider's parser refuses the gold query.
    """
    return verdict.exact_set_match


def valid_sql_rate(verdict: PairVerdict) -> bool | None:
    """Predictions that sqlglot parses in the stated dialect. Own definition; nothing is run for it."""
    return verdict.valid_sql


def execution_error_rate(verdict: PairVerdict) -> bool | None:
    """Safe predictions that the engine refuses unchanged, or that pass the bounds on rows or memory.

    Own definition, after BIRD's evaluator, which scores "error" for them. A prediction without any SQL, or that cannot
    be transpiled to the engine, is among them; one that runs into the time limit is not.
    """
    return verdict.execution_error


def timeout_rate(verdict: PairVerdict) -> bool | None:
    """Predictions stopped at the time limit. Own definition, after BIRD's evaluator and its 30 seconds."""
    return verdict.timeout


def unsafe_sql_rate(verdict: PairVerdict) -> bool | None:
    """Predictions that are anything but a single query that only reads. Own definition; they are never correct."""
    return verdict.unsafe


def schema_hallucination_rate(verdict: PairVerdict) -> bool | None:
    """Predictions that name a table or column that the schema, or the part of it in reach, does not have.

    Own definition: by name resolution on the parsed query, and by the engine's own complaint about an unknown name.
    """
    return verdict.schema_hallucination


def transpilation_failure_rate(verdict: PairVerdict) -> bool | None:
    """Predictions that parse in the stated dialect and that sqlglot cannot write for the engine. Own definition."""
    return verdict.transpilation_failure


def empty_gold_rate(verdict: PairVerdict) -> bool | None:
    """Pairs whose gold query runs and gives no row: any prediction without rows counts as correct beside it.

    Own definition. A figure of the data set and not of the model; the official evaluators score such pairs without a
    word.
    """
    return verdict.empty_gold


def relative_execution_time(verdict: PairVerdict) -> float | None:
    """Mean over correct pairs of the prediction's time over the gold's, 1 being as fast and more being slower.

    Source: the inverse of the time ratio in BIRD's valid efficiency score (Li et al., NeurIPS 2023, section 5.1), of
    one run each; times below a millisecond count as one, since less is noise.
    """
    return verdict.relative_execution_time


RATES: tuple[Callable[[PairVerdict], bool | None], ...] = (
    execution_accuracy,
    execution_accuracy_bird,
    exact_set_match,
    valid_sql_rate,
    execution_error_rate,
    timeout_rate,
    unsafe_sql_rate,
    schema_hallucination_rate,
    empty_gold_rate,
)

_Hits = tuple[bool | None, ...] | None  # of each rate; `None` for a pair whose gold query failed


class TextToSqlMetrics:
    """Accumulates all metrics of a run, for the whole and per facet group, in constant memory."""

    def __init__(self, *, transpiled: bool) -> None:
        rates = (*RATES, transpilation_failure_rate) if transpiled else RATES
        self._rates = [(rate, FacetedMetric(f"{GROUP}.{rate.__name__}", proportion=True)) for rate in rates]
        self._time = FacetedMetric(f"{GROUP}.{relative_execution_time.__name__}", proportion=False)
        self._latency = FacetedMetric(f"{LATENCY}.mean_seconds", proportion=False)
        self._gold_errors = FacetedMetric(f"{GROUP}.gold_error_rate", proportion=True)
        self._latencies = Quantiles()
        # How many pairs came to the same hits in the same groups: most pairs are like one before them.
        self._alike: Counter[tuple[_Hits, tuple[str, ...]]] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._latencies.close()

    def add(self, verdict: PairVerdict, groups: tuple[str, ...], latency_seconds: float | None) -> None:
        """Count one pair; one whose gold failed counts for `gold_error_rate` alone."""
        hits = None if verdict.correct is None else tuple([rate(verdict) for rate, _ in self._rates])
        self._alike[hits, groups] += 1
        if len(self._alike) >= _MOST_ALIKE:
            self._count_alike()
        if hits is None:
            return
        if verdict.relative_execution_time is not None:
            self._time.add(verdict.relative_execution_time, groups)
        if latency_seconds is not None:
            self._latency.add(latency_seconds, groups)
            self._latencies.add(latency_seconds)

    def _count_alike(self) -> None:
        for (hits, groups), pairs in self._alike.items():
            self._gold_errors.count(hits is None, pairs, groups)
            if hits is None:
                continue
            for hit, (_, metric) in zip(hits, self._rates, strict=True):
                if hit is not None:
                    metric.count(hit, pairs, groups)
        self._alike.clear()

    def measurements(self) -> list[Measurement]:
        """Return what the evidence states; a metric that applies to no pair is unmeasured, with the reason."""
        self._count_alike()
        metrics = [metric for _, metric in self._rates]
        faceted = (*metrics, self._gold_errors, self._time, self._latency)
        whole = [measurement for metric in faceted for measurement in metric.measurements(nothing=_NOTHING)]
        return [*whole, *(self._latencies.measurement(share) for share in QUANTILES)]


class Quantiles:
    """Quantiles of any number of values, exact and in constant memory: the values are on disk."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("CREATE TABLE latencies (seconds REAL)")
        self._connection.execute("BEGIN")
        self._buffer: list[tuple[float]] = []

    def add(self, value: float) -> None:
        """Note one value."""
        self._buffer.append((value,))
        if len(self._buffer) >= _BUFFERED:
            self._flush()

    def _flush(self) -> None:
        self._connection.executemany("INSERT INTO latencies VALUES (?)", self._buffer)
        self._buffer.clear()

    def measurement(self, share: float) -> Measurement:
        """Return the quantile: the smallest value that at least `share` of the values do not pass.

        Its standard error is Woodruff's (Journal of the American Statistical Association 47, 1952): the values at the
        95 % bounds of the quantile's rank, over twice the normal quantile.
        """
        self._flush()
        metric = f"{LATENCY}.p{share * 100:g}_seconds"
        count = int(self._connection.execute("SELECT count(*) FROM latencies").fetchone()[0])
        if count == 0:
            return Unmeasured(metric, _NOTHING, HERE)
        spread = _Z_95 * math.sqrt(count * share * (1 - share))
        ranks = [
            min(max(math.ceil(rank), 1), count)
            for rank in (count * share, count * share - spread, count * share + spread)
        ]
        value, low, high = (self._find_value_at(rank) for rank in ranks)
        error = (high - low) / (2 * _Z_95) if count > 1 else None
        return Measured(metric, value, HERE, samples=count, support=Support(standard_error=error))

    def _find_value_at(self, rank: int) -> float:
        query = "SELECT seconds FROM latencies ORDER BY seconds LIMIT 1 OFFSET ?"
        return float(self._connection.execute(query, (rank - 1,)).fetchone()[0])

    def close(self) -> None:
        """Let go of the values."""
        self._connection.close()
