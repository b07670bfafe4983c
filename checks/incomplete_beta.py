"""The incomplete beta function, of which the tails of Student's t and of the binomial distribution are made."""

import math

_STEPS = 500  # of the continued fraction; it ends long before
_PRECISION = 1e-15
_TINY = 1e-300


def incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """Return the incomplete beta function I_x(a, b), where `rest` is 1 - x, by its continued fraction.

    Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.5.8.
    """
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
