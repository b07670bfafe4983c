"""The quantile of Student's t distribution, without SciPy: the gate's bundle has none."""

import math
from functools import lru_cache
from statistics import NormalDist

_MANY = 1000  # degrees of freedom from which the expansion around the normal quantile is exact enough
_STEPS = 500  # of the continued fraction; it ends long before
_MOST_STEPS = 200  # of Newton's method; the heaviest tail at the highest level takes some 40
_PRECISION = 1e-15
_TINY = 1e-300


@lru_cache(maxsize=4096)
def student_t_quantile(level: float, degrees: int) -> float:
    """Return the value that Student's t with `degrees` degrees of freedom stays below with probability `level`.

    `level` is above 0.5 and below 1, `degrees` is 1 or more. The relative error is below 1e-7. Below 1,000
    degrees the tail, an incomplete beta function, is solved by Newton's method; from there
    on the expansion of Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.5.
    """
    if degrees >= _MANY:
        return _expanded(NormalDist().inv_cdf(level), degrees)
    # The tail is convex, and the normal quantile is below the root: Newton's steps come nearer from one side.
    t = NormalDist().inv_cdf(level)
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
    return _incomplete_beta(degrees / 2, 0.5, share, t * t / (degrees + t * t)) / 2


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """Return I_x(a, b), where `rest` is 1 - x, by its continued fraction (Abramowitz and Stegun, 26.5.8)."""
    if rest == 0:
        return 1.0
    if x == 0:
        return 0.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(a, b, x) / a
    return 1 - math.exp(log_front) * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction by Lentz's method (Press and others, Numerical Recipes, 1992, section 6.4)."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, _STEPS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _not_zero(1 + numerator * d)
            c = _not_zero(1 + numerator / c)
            result *= d * c
        if abs(d * c - 1) < _PRECISION:
            break
    return result


def _not_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
