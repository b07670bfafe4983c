"""Intervals, against scipy as the oracle."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from checks.intervals import (
    NoSpread,
    Unsupported,
    find_interval,
    is_no_spread,
    is_proportion,
    mean_interval,
    two_sided_level,
    wilson_interval,
)
from checks.measurements import Interval, Measured, Source
from tests.made_measurements import make_measured

HERE = Source("here")


def measured(value: float, **support: Any) -> Measured:
    return make_measured("m", value, HERE, **support)


@given(st.integers(1, 10**6), st.data(), st.floats(0.51, 0.9999))
def test_the_wilson_interval_is_that_of_scipy(samples: int, data: st.DataObject, confidence: float) -> None:
    successes = data.draw(st.integers(0, samples))
    oracle = scipy.stats.binomtest(successes, samples).proportion_ci(2 * confidence - 1, method="wilson")
    found = wilson_interval(successes / samples, samples, confidence)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)
    assert 0 <= found.low <= successes / samples <= found.high <= 1


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 10**6), st.floats(0.51, 0.9999))
def test_the_interval_of_a_mean_is_that_of_scipy(
    mean: float, error: float, samples: int, confidence: float
) -> None:
    found = mean_interval(mean, error, samples, confidence)
    oracle = scipy.stats.t.interval(2 * confidence - 1, samples - 1, loc=mean, scale=error)
    assert (found.low, found.high) == pytest.approx(oracle, rel=1e-7, abs=1e-7)


def test_without_a_sample_size_a_mean_is_taken_for_one_of_two_items() -> None:
    assert mean_interval(0.9, 0.01, None, 0.95) == mean_interval(0.9, 0.01, 2, 0.95)


def test_a_one_sided_level_is_that_of_the_end_of_a_two_sided_interval() -> None:
    assert [two_sided_level(level) for level in (0.95, 0.975, 0.9)] == [0.9, 0.95, 0.8]


@pytest.mark.parametrize(
    ("value", "support", "proportion"),
    [
        (0.84, {"samples": 300}, True),
        (7.0, {"samples": 300}, True),
        (3.0, {"samples": 1}, False),
        (1.0, {"samples": 1}, False),
        (0.84, {"samples": 300, "spread_problem": "standard_deviation: the text"}, False),
        (0.84, {}, False),
        (0.84, {"samples": 300, "standard_error": 0.05}, False),
        (0.84, {"samples": 300, "interval": Interval(0.8, 0.9, 0.9)}, False),
        (0.84, {"samples": 300, "standard_deviation": 0.1}, False),
        (0.84, {"samples": 300, "standard_deviation": math.sqrt(0.84 * 0.16)}, True),
        (0.84, {"samples": 300, "standard_deviation": math.sqrt(0.84 * 0.16 * 300 / 299)}, True),
        (1.0, {"samples": 5, "standard_deviation": 0.0}, False),
        (0.9999999999, {"samples": 5, "standard_deviation": 0.0}, False),
        (1.0, {"samples": 1, "standard_deviation": 0.0}, False),
        (0.7, {"samples": 5, "standard_deviation": 0.0}, False),
        (3.0, {"samples": 5, "standard_deviation": 0.0}, False),
    ],
)
def test_what_is_a_proportion(value: float, support: dict[str, object], proportion: bool) -> None:
    assert is_proportion(measured(value, **support)) is proportion


Bounds = tuple[float, float]


# Asked by the test: scipy's distributions take a second to import, and every worker collects this file.
def wilsons() -> Bounds:
    return tuple(scipy.stats.binomtest(50, 100).proportion_ci(0.9, method="wilson"))


def students(standard_error: float, samples: int = 100) -> Callable[[], Bounds]:
    return lambda: scipy.stats.t.interval(0.9, samples - 1, loc=0.5, scale=standard_error)


CARRIED = Interval(0.4, 0.6, 0.9)
TOO_LOW = Interval(0.4, 0.6, 0.8)
FLAT = Interval(0.5, 0.5, 0.95)
CERTAIN = Interval(0.49, 0.51, 0.99999999)


@pytest.mark.parametrize(
    ("support", "expected"),
    [
        ({"samples": 100}, wilsons),
        ({"samples": 100, "standard_deviation": 0.2}, students(0.02)),
        ({"standard_error": 0.03}, students(0.03, samples=2)),
        (
            {"samples": 100, "standard_deviation": 0.2, "standard_error": 0.03},
            students(0.03),
        ),
        ({"interval": CARRIED, "standard_error": 0.03}, lambda: (0.4, 0.6)),
        ({"interval": Interval(0.3, 0.7, 0.99)}, lambda: (0.3, 0.7)),
        ({"interval": TOO_LOW, "standard_error": 0.03}, students(0.03, samples=2)),
        (
            {"interval": TOO_LOW, "samples": 100, "standard_deviation": 0.2},
            students(0.02),
        ),
        (
            {"interval": FLAT, "samples": 100, "standard_deviation": 0.2},
            students(0.02),
        ),
        (
            {"interval": CERTAIN, "samples": 100, "standard_error": 0.02},
            students(0.02),
        ),
        (
            {"samples": 100, "standard_deviation": 0.2, "standard_error": 0.0},
            students(0.02),
        ),
    ],
)
def test_which_interval_is_used(support: dict[str, object], expected: Callable[[], Bounds]) -> None:
    found = find_interval(measured(0.5, **support), 0.95)
    assert isinstance(found, Interval)
    assert (found.low, found.high) == pytest.approx(expected())
    assert found.confidence >= 0.9


@pytest.mark.parametrize(
    ("support", "reason"),
    [
        ({}, "the report gives neither a sample size nor a spread, a standard error or an interval"),
        (
            {"standard_deviation": 0.1},
            "the report gives a spread and no sample size; add the number of scored items as samples, or the",
        ),
        (
            {"interval": TOO_LOW},
            "its interval has a level of 0.8, a one-sided confidence of 0.95 needs 0.9, and",
        ),
        (
            {"interval": TOO_LOW, "samples": 9},
            "its interval has a level of 0.8, a one-sided confidence of 0.95 needs 0.9",
        ),
        ({"samples": 9, "spread_problem": 'standard_deviation: "NaN"'}, 'standard_deviation: "NaN"'),
        ({"samples": 9, "standard_deviation": -0.1}, "its spread is not a finite number of zero or more"),
        ({"samples": 9, "standard_error": math.nan}, "its spread is not a finite number of zero or more"),
        ({"interval": Interval(0.6, 0.7, 0.95)}, "its interval is not a finite one around the value"),
        ({"interval": Interval(0.4, math.inf, 0.95)}, "its interval is not a finite one around the value"),
    ],
)
def test_no_interval_is_made_up(support: dict[str, object], reason: str) -> None:
    found = find_interval(measured(0.5, **support), 0.95)
    assert isinstance(found, Unsupported)
    assert found.reason.startswith(reason)


NOTHING = (
    "the spread that the report gives is nothing against the value, and items that are alike are no certainty"
)
ONE = "it rests on one sample, and one sample shows no spread"


@pytest.mark.parametrize(
    ("value", "support", "reason"),
    [
        (0.81, {"samples": 2, "standard_deviation": 0.0}, NOTHING),
        (0.81, {"samples": 40, "standard_error": 0.0}, NOTHING),
        (0.81, {"standard_error": 0.0}, NOTHING),
        (0.81, {"samples": 40, "standard_deviation": 1e-9}, NOTHING),
        (0.81, {"samples": 3, "standard_deviation": 5e-4}, NOTHING),
        (0.81, {"samples": 9, "interval": Interval(0.81, 0.81, 0.95)}, NOTHING),
        (0.81, {"interval": Interval(0.81 - 1e-12, 0.81, 0.95)}, NOTHING),
        (
            0.81,
            {"interval": Interval(0.80, 0.82, 0.9999999)},
            "its interval claims a level of 0.9999999, which",
        ),
        (0.99999, {"samples": 40, "standard_deviation": 0.0}, NOTHING),
        (250.0, {"samples": 40, "standard_deviation": 1e-4}, NOTHING),
        (0.9, {"samples": 1, "standard_deviation": 0.2}, ONE),
        (1.0, {"samples": 1}, ONE),
        (0.9, {"samples": 1, "standard_error": 0.1}, ONE),
        (0.9, {"samples": 1, "interval": Interval(0.8, 1.0, 0.95)}, ONE),
        (1.0, {"standard_error": 0.0}, NOTHING),
    ],
    ids=[
        "two equal rows",
        "standard error of zero",
        "standard error of zero of unknown items",
        "rounding",
        "half precision of few",
        "interval of no width",
        "interval of rounding",
        "level of nearly one",
        "near one, but not as near as rounding",
        "large figures",
        "one sample with a spread",
        "one sample alone",
        "one sample with an error",
        "one sample with an interval",
        "a full score of unknown items",
    ],
)
def test_no_spread_is_no_certainty(value: float, support: dict[str, object], reason: str) -> None:
    found = find_interval(measured(value, **support), 0.95)
    assert isinstance(found, NoSpread)
    assert found.reason.startswith(reason)
    assert found.worst_case is None


@pytest.mark.parametrize(
    ("value", "spread"),
    [(1.0, 0.0), (0.9999999999, 0.0), (0.9999999999166667, 2.9e-11), (1.0000000001, 1e-9), (0.9995, 5e-4)],
    ids=["one", "ragas", "rag scorer", "above one by rounding", "half precision"],
)
@pytest.mark.parametrize("key", ["standard_deviation", "standard_error"])
def test_scores_that_are_all_one_or_all_zero_have_the_worst_case_of_scores(
    value: float, spread: float, key: str
) -> None:
    for end in (value, 1 - value):
        found = find_interval(measured(end, samples=3, **{key: spread / math.sqrt(3)}), 0.95)
        assert isinstance(found, NoSpread)
        assert found.worst_case is not None
        oracle = wilson_interval(round(end, 3) if abs(end - round(end)) < 1e-6 else end, 3, 0.95)
        assert (found.worst_case.low, found.worst_case.high) == pytest.approx(
            (oracle.low, oracle.high), abs=1e-4
        )
        assert found.worst_case.low <= end <= found.worst_case.high


@pytest.mark.parametrize(
    ("spread", "scale", "samples", "nothing"),
    [
        (0.0, 1.0, None, True),
        (9e-7, 1.0, 10**6, True),
        (2e-6, 1.0, 10**6, False),
        (2e-6, 5.0, 10**6, True),
        (9e-4, 1.0, 29, True),
        (9e-4, 1.0, 30, False),
        (2e-3, 1.0, 2, False),
    ],
)
def test_what_is_no_spread(spread: float, scale: float, samples: int | None, nothing: bool) -> None:
    assert is_no_spread(spread, scale=scale, samples=samples) is nothing
