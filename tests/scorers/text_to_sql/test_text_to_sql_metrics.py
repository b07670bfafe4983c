import math
import re
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.measurements import Measured, Unmeasured
from scorers.text_to_sql.metrics import RATES, Quantiles, relative_execution_time, transpilation_failure_rate
from scorers.text_to_sql.running.bounded_cache import BoundedCache


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.sampled_from([0.5, 0.95]))
def test_a_quantile_is_the_value_at_its_rank(values: list[float], share: float) -> None:
    quantiles = Quantiles()
    for value in values:
        quantiles.add(value)
    found = quantiles.measurement(share)
    quantiles.close()
    assert isinstance(found, Measured)
    assert found.value == sorted(values)[math.ceil(share * len(values)) - 1]
    assert found.samples == len(values)
    assert (found.support.standard_error is None) == (len(values) == 1)


def test_the_error_of_a_quantile_is_woodruff_s() -> None:
    quantiles = Quantiles()
    for value in range(1, 1001):
        quantiles.add(value)
    found = quantiles.measurement(0.5)
    quantiles.close()
    assert isinstance(found, Measured)
    # ranks 500 -+ 1.96 sqrt(1000 / 4): 470 and 531
    assert (found.metric, found.value) == ("latency.p50_seconds", 500)
    assert found.support.standard_error == pytest.approx((531 - 470) / (2 * 1.959964), rel=1e-6)


def test_no_latency_is_unmeasured() -> None:
    quantiles = Quantiles()
    assert isinstance(quantiles.measurement(0.95), Unmeasured)
    quantiles.close()


@pytest.mark.parametrize(
    "rate", [*RATES, transpilation_failure_rate, relative_execution_time], ids=lambda rate: rate.__name__
)
def test_every_rate_states_the_source_of_its_definition(rate: Callable[..., object]) -> None:
    assert re.search("Source: |Own definition", rate.__doc__ or "")


def test_a_cache_makes_each_value_once_and_stays_within_its_bound() -> None:
    made: Counter[str] = Counter()
    discarded: list[str] = []
    cache: BoundedCache[str, str] = BoundedCache(10, cost=len, discard=discarded.append)

    def make(text: str) -> str:
        made[text] += 1
        return text

    for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb", "d" * 11, "d" * 11):
        assert cache.get(text, partial(make, text)) == text
    assert made == {"aaaa": 1, "bbbb": 2, "cccc": 1, "d" * 11: 2}
    assert discarded == ["bbbb", "cccc"]
