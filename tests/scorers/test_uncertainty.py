import math
from functools import cache
from random import Random
from statistics import mean, stdev

import pytest

from checks.intervals import find_interval
from checks.measurements import Interval, Measured, Source, Support
from scorers.uncertainty import estimate


def test_one_draw_an_item_is_the_plain_standard_error_of_a_mean() -> None:
    scores = [0.1, 0.4, 0.4, 0.9]
    found = estimate([[score] for score in scores])
    assert found.value == pytest.approx(mean(scores))
    assert found.standard_deviation == pytest.approx(stdev(scores))
    assert found.standard_error == pytest.approx(stdev(scores) / 2)
    assert found.judge_standard_deviation is None


def test_repeats_tell_the_judge_s_spread_from_that_of_the_items() -> None:
    found = estimate([[0.2, 0.4], [0.7, 0.9]])
    assert found.judge_standard_deviation == pytest.approx(math.sqrt(0.02))
    assert found.standard_error == pytest.approx(stdev([0.3, 0.8]) / math.sqrt(2))


def test_the_judge_s_noise_stays_in_the_error_where_the_items_means_happen_to_agree() -> None:
    found = estimate([[0.2, 0.8], [0.8, 0.2], [0.4, 0.6]])
    judge_variance = (0.18 + 0.18 + 0.02) / 3
    assert found.standard_deviation == pytest.approx(0.0, abs=1e-9)
    assert found.standard_error == pytest.approx(math.sqrt(judge_variance / 2 / 3))


def test_unanimous_items_are_not_certain() -> None:
    """As far as the Wilson interval of a proportion: 1.96² / (n + 1.96²) from 1 for n of n."""
    found = estimate([[1.0]] * 10)
    assert found.standard_error == pytest.approx(1.959964 / (10 + 1.959964**2), rel=1e-5)
    assert estimate([[5.0]] * 10, low=1, high=5).standard_error == pytest.approx(
        4 * (found.standard_error or 0)
    )


def test_one_item_has_no_standard_error() -> None:
    found = estimate([[0.5, 0.7]])
    assert (found.standard_deviation, found.standard_error) == (None, None)


@pytest.mark.parametrize("scores", [[], [[0.5], []]])
def test_nothing_to_estimate_from_is_a_defect(scores: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="needs items"):
        estimate(scores)


TRUE_MEAN, RUNS = 0.6, 2000


@cache
def simulated(judge_deviation: float, repeats: int, failing: float) -> list[Measured]:
    """What 2,000 evaluations of 60 items write, whose true scores have a mean of 0.6."""
    random, measured = Random(20260101), []
    for _ in range(RUNS):
        scores = []
        for _ in range(60):
            true_score = sorted(random.random() for _ in range(4))[2]  # as of Beta(3, 2), and drawn sooner
            draws = [true_score + random.gauss(0, judge_deviation) for _ in range(repeats)]
            kept = [draw for draw in draws if random.random() >= failing]
            scores += [kept] if kept else []
        found = estimate(scores)
        measured.append(
            Measured(
                "rag.x",
                found.value,
                Source("x"),
                samples=found.samples,
                support=Support(
                    standard_deviation=found.standard_deviation, standard_error=found.standard_error
                ),
            )
        )
    return measured


@pytest.mark.parametrize(
    ("judge_deviation", "repeats", "failing"),
    [(0.0, 1, 0.0), (0.25, 1, 0.0), (0.25, 3, 0.0), (0.4, 5, 0.3)],
    ids=["no noise", "one noisy draw", "three noisy draws", "draws fail"],
)
@pytest.mark.parametrize("confidence", [0.90, 0.95])
def test_the_gate_s_intervals_cover_the_true_mean_at_their_level(
    judge_deviation: float, repeats: int, failing: float, confidence: float
) -> None:
    """The bound that the gate computes from the evidence, one-sided, over 2,000 simulated evaluations.

    2,000 runs at 0.95 have a standard error of 0.005; the margin is four of them.
    """
    covered = 0
    for measured in simulated(judge_deviation, repeats, failing):
        interval = find_interval(measured, confidence)
        assert isinstance(interval, Interval)
        covered += interval.low <= TRUE_MEAN
    assert covered / RUNS == pytest.approx(
        confidence, abs=4 * math.sqrt(confidence * (1 - confidence) / RUNS)
    )
