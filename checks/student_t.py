"""The quantiles of the normal distribution and of Student's t, without SciPy: the gate's bundle has none."""

import math
from functools import lru_cache

from checks.incomplete_beta import incomplete_beta

_MANY = 1000  # degrees of freedom from which the expansion around the normal quantile is exact enough
_MOST_STEPS = 200  # of Newton's method; the heaviest tail at the highest level takes some 40
_PRECISION = 1e-15


@lru_cache(maxsize=1024)
def normal_quantile(level: float) -> float:
    """Return what a standard normal variable stays below with probability `level`; few levels are asked for."""
    from statistics import NormalDist  # noqa: PLC0415 - loads more than all of this, for checks with confidence alone

    return NormalDist().inv_cdf(level)


@lru_cache(maxsize=4096)
def student_t_quantile(level: float, degrees: int) -> float:
    """Return the value that Student's t with `degrees` degrees of freedom stays below with probability `level`.

    `level` is above 0.5 and below 1, `degrees` is 1 or more. The relative error is below 1e-7. Below 1,000
    degrees the tail, an incomplete beta function, is solved by Newton's method; from there
    on the expansion of Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.5.
    """
    if degrees >= _MANY:
        return _expanded(normal_quantile(level), degrees)
    # The tail is convex, and the normal quantile is below the root: Newton's steps come nearer from one side.
    t = normal_quantile(level)
    for _ in range(_MOST_STEPS):
        step = (_tail(t, degrees) - (1 - level)) / _density(t, degrees)
        t += step
        if step <= _PRECISION * t:
            break
    return t


def _density(t: float, degrees: int) -> float:
    half = degrees / 2
    log_scale = math.lgamma(half + 0.5) - math.lgamma(half) - math.log(math.pi * degrees) / 2
    return math.exp(log_scale - (half + 0.5) * math.log1p(t * t / degrees))


def _expanded(z: float, degrees: int) -> float:
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(degrees) ** power for power, term in enumerate(terms, 1))


def _tail(t: float, degrees: int) -> float:
    """Return the probability of a value above `t`: half the incomplete beta function I_x(degrees / 2, 1 / 2)."""
    share = degrees / (degrees + t * t)
    return incomplete_beta(degrees / 2, 0.5, share, t * t / (degrees + t * t)) / 2
