"""The quantile of Student's t, against scipy as the oracle."""

import pytest
import scipy

from checks.student_t import student_t_quantile

LEVELS = [0.50001, 0.51, 0.6, 0.75, 0.9, 0.95, 0.975, 0.99, 0.999, 0.9999, 1 - 1e-9, 1 - 1e-12]


@pytest.mark.parametrize(
    "samples", [2, 3, 4, 5, 6, 10, 30, 31, 100, 500, 999, 1000, 1001, 1002, 5000, 10**5, 10**6, 2**53]
)
def test_it_is_that_of_scipy(samples: int) -> None:
    found = [student_t_quantile(level, samples - 1) for level in LEVELS]
    oracle = [scipy.stats.t.isf(1 - level, samples - 1) for level in LEVELS]
    assert found == pytest.approx(oracle, rel=1e-7)


def test_it_rises_with_the_level_and_falls_with_the_samples() -> None:
    by_level = [student_t_quantile(level / 1000, 7) for level in range(501, 1000)]
    by_degrees = [student_t_quantile(0.95, degrees) for degrees in range(1, 1100)]
    assert by_level == sorted(by_level)
    assert by_degrees == sorted(by_degrees, reverse=True)


def test_the_highest_level_that_a_double_holds_is_finite() -> None:
    assert 1e15 < student_t_quantile(1 - 2**-53, 1) < 1e17
