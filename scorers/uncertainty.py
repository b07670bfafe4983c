"""How far a mean over judged items can be trusted: the sampling of questions and the judge's noise, together.

The model has two levels. Item i of n has a true score drawn from the questions that could have been asked, with
variance A; draw k of K_i by the judge adds noise of its own with variance J:

    y_ik = mean + a_i + e_ik          Var(a_i) = A,  Var(e_ik) = J

The value is the mean of the items' means, whose variance is

    SE² = A / n + J / (n K)           K the harmonic mean of the K_i

With s² the sample variance of the items' means and J estimated within items (pooled over those with two draws or
more), A is estimated by max(0, s² − J / K): the one-way random-effects analysis of variance (Searle, Casella and
McCulloch, Variance Components, 1992, chapter 3). Where s² is the larger this is s² / n, which already holds the judge's
noise; repeats make it smaller and say how much of it is the judge's.

Where all items have one and the same score, but for rounding (the gate's own rule, `checks.intervals.is_no_spread`),
there is no spread to estimate from, and next to nothing would claim certainty: the standard error is then the distance
from the value to the far end of its 95 % Wilson score interval, divided by 1.96, which is the worst case for scores
within known bounds.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

from msgspec import Struct

from checks.intervals import is_no_spread, wilson_interval

ONE_SIDED = 0.975  # each end of a two-sided 95 % interval
Z_95 = NormalDist().inv_cdf(ONE_SIDED)


class Estimate(Struct, frozen=True):
    """A mean of `samples` items; `judge_standard_deviation` is that of one draw around its item's true score."""

    value: float
    samples: int
    standard_deviation: float | None
    standard_error: float | None
    judge_standard_deviation: float | None


def estimate(scores: Sequence[Sequence[float]], *, low: float = 0.0, high: float = 1.0) -> Estimate:
    """Return the mean of the items' means with its standard error; `scores` holds one or more draws for each item.

    `low` and `high` bound every score. With one item there is no standard error.

    Raises:
        ValueError: without items, or with an item without draws (a defect of the caller).
    """
    if not scores or not all(scores):
        raise ValueError("an estimate needs items, each with a draw")
    samples = len(scores)
    means = [math.fsum(draws) / len(draws) for draws in scores]
    value = math.fsum(means) / samples
    judge_variance = _within(scores)
    deviation = error = None
    if samples > 1:
        between = math.fsum((mean - value) ** 2 for mean in means) / (samples - 1)
        draws = samples / math.fsum(1 / len(item) for item in scores)
        of_judge = (judge_variance or 0.0) / draws
        deviation = math.sqrt(between)
        error = math.sqrt((max(0.0, between - of_judge) + of_judge) / samples)
        if is_no_spread(error * math.sqrt(samples), scale=high - low, samples=samples):
            error = _without_spread(value, samples, low, high)
    return Estimate(
        value, samples, deviation, error, None if judge_variance is None else math.sqrt(judge_variance)
    )


def _within(scores: Sequence[Sequence[float]]) -> float | None:
    """The variance of draws around their item's mean, pooled; `None` where no item was drawn twice."""
    squares = freedom = 0.0
    for draws in scores:
        mean = math.fsum(draws) / len(draws)
        squares += math.fsum((draw - mean) ** 2 for draw in draws)
        freedom += len(draws) - 1
    return squares / freedom if freedom else None


def _without_spread(value: float, samples: int, low: float, high: float) -> float:
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    far = wilson_interval(share, samples, ONE_SIDED)
    return max(share - far.low, far.high - share) / Z_95 * (high - low)
