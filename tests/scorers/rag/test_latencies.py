"""Percentiles of latencies: as NumPy interpolates them, between the order statistics that SciPy finds."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checks.measurements import Interval, Measured
from scorers.rag.items import RagItem
from scorers.rag.measuring import PERCENTILES, measure_items

SECONDS = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)


@given(SECONDS)
@settings(max_examples=60)
@example([1.0])
@example([float(second) for second in range(1, 6)])
@example([float(second) for second in range(100_000)])
def test_percentiles_are_those_of_numpy_with_the_interval_of_scipy(seconds: list[float]) -> None:
    import numpy as np  # noqa: PLC0415 - takes a while, and every worker collects this file
    from scipy.stats import binom  # noqa: PLC0415 - likewise

    items = [
        RagItem(id=str(number), question="q", contexts=(), answer="a", latency_seconds=second)
        for number, second in enumerate(seconds)
    ]
    found = {one.metric: one for one in measure_items(items, {}, {}, lowest={})}
    ordered = sorted(seconds)
    for name, share in PERCENTILES.items():
        below, above = (int(one) for one in binom.ppf([0.025, 0.975], len(seconds), share))
        around = None
        if below >= 1 and above < len(seconds):
            around = Interval(ordered[below - 1], ordered[above], 0.95)
        percentile = found[f"rag.latency_{name}"]
        assert isinstance(percentile, Measured)
        assert percentile.value == pytest.approx(np.quantile(seconds, share), rel=1e-12)
        assert percentile.support.interval == around
        assert percentile.samples == (None if around is None else len(seconds))
