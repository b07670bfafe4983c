"""Bounds of a measured value at a one-sided level, out of what the report says beside it."""

import math
from functools import lru_cache

from msgspec import Struct

from checks.measurements import NO_SUPPORT, Interval, Measured
from checks.student_t import normal_quantile, student_t_quantile

_LEVEL_TOLERANCE = 1e-9  # levels such as 0.9 and 2 * 0.95 - 1 differ in their last bit
_SPREAD_TOLERANCE = 1e-6

# A spread below this part of the scale is rounding: RAGAS divides by a sum plus 1e-10, a float32 has 7 digits. Few
# items show even less: three cosines of half precision differ by 0.0005 where all three are 1.
_NOTHING = 1e-6
_NOTHING_OF_FEW = 1e-3
_FEW = 30
_HIGHEST_LEVEL = 1 - 1e-6  # of an interval: nobody evaluates on enough items to claim more


class Unsupported(Struct, frozen=True):
    """Why there is no interval: the report does not give what one is made of, or what it gives cannot be used."""

    reason: str


class NoSpread(Struct, frozen=True):
    """The report gives a spread that is nothing, or one sample: that is no certainty, and `reason` says so.

    `worst_case` is the interval that holds if every score is between 0 and 1, where the value suggests that.
    """

    reason: str
    worst_case: Interval | None = None


@lru_cache(maxsize=1024)  # few levels are asked for
def two_sided_level(one_sided: float) -> float:
    """Return the level of the two-sided interval whose ends are bounds at the one-sided level: 0.90 for 0.95."""
    return round(2 * one_sided - 1, 12)


def wilson_interval(proportion: float, samples: int, confidence: float) -> Interval:
    """Return the Wilson score interval of a proportion at the one-sided level `confidence`.

    It holds for the mean of any scores between 0 and 1: none of the same mean spread more than zeros and ones.

    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22, 209-212.
    """
    n, z = float(samples), normal_quantile(confidence)
    shrink = 1 + z * z / n
    centre = (proportion + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(proportion * (1 - proportion) / n + z * z / (4 * n * n))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    # The ends are 0 and 1 exactly there; rounding must not move them past the value.
    low, high = (0.0 if proportion == 0 else low), (1.0 if proportion == 1 else high)
    return Interval(low, high, two_sided_level(confidence))


def mean_interval(mean: float, standard_error: float, samples: int | None, confidence: float) -> Interval:
    """Return Student's interval of a mean of `samples` items at the one-sided level `confidence`.

    Without a number of samples it is that of two items, the fewest that have a standard error.

    Student (1908), The probable error of a mean. Biometrika 6, 1-25.
    """
    degrees = 1 if samples is None else max(1, samples - 1)
    half = student_t_quantile(confidence, degrees) * standard_error
    return Interval(mean - half, mean + half, two_sided_level(confidence))


def is_no_spread(standard_deviation: float, *, scale: float, samples: int | None) -> bool:
    """Whether items of this standard deviation are all alike, but for rounding.

    `scale` is the size of the range that the items come from, in their own unit.
    """
    few = samples is not None and samples < _FEW
    return standard_deviation < scale * (_NOTHING_OF_FEW if few else _NOTHING)


def is_proportion(measured: Measured) -> bool:
    """Whether a value is a share of `samples` items.

    It is one when nothing but its sample size is beside it, and when its spread is that of zeros and ones. One
    item is no share: its value may be a latency.
    """
    samples, support = measured.samples, measured.support
    if samples is None or samples <= 1 or support.spread_problem is not None:
        return False
    if support.standard_error is not None or support.interval is not None:
        return False
    return support.standard_deviation is None or _has_spread_of_zeros_and_ones(measured)


def _has_spread_of_zeros_and_ones(measured: Measured) -> bool:
    value, samples, spread = measured.value, measured.samples, measured.support.standard_deviation
    if samples is None or spread is None or not 0 <= value <= 1 or _is_nothing(spread, measured):
        return False
    population = math.sqrt(value * (1 - value))
    sample = population * math.sqrt(samples / (samples - 1))
    return any(abs(spread - expected) <= _SPREAD_TOLERANCE for expected in (population, sample))


def _is_nothing(standard_deviation: float, measured: Measured) -> bool:
    # Nothing says from which range the items come; of scores it is 1, and of larger figures at least their size.
    scale = max(1.0, abs(measured.value))
    return is_no_spread(standard_deviation, scale=scale, samples=measured.samples)


def _scale_to_one_item(standard_error: float, measured: Measured) -> float:
    """Return the standard deviation of the items, as far as their number is known."""
    return standard_error * math.sqrt(measured.samples or 1)


def find_interval(measured: Measured, confidence: float) -> Interval | NoSpread | Unsupported:
    """Return the interval whose ends bound the value at the one-sided level, or why there is none.

    In this order: the interval of the report, when its level is high enough (each end of a two-sided interval of
    level c is a bound at the one-sided level (1 + c) / 2, so 0.95 asks for 0.90); the standard error of the report;
    the Wilson score interval for a proportion; the spread of the items over the root of their number. An interval of
    the report at a lower level is never stretched. What has no width, or claims certainty, is passed over.
    """
    samples = measured.samples
    if samples is not None and samples > 1 and measured.support is NO_SUPPORT:
        # As most figures are: a share, of which nothing else is said that would have to be looked at.
        return wilson_interval(measured.value, samples, confidence)
    if problem := measured.support.spread_problem or _find_spread_problem(measured):
        return Unsupported(problem)
    if samples == 1:
        return NoSpread("it rests on one sample, and one sample shows no spread")
    found = _take_from_report(measured, confidence) or _compute_from_spread(measured, confidence)
    if found is not None:
        return found
    return _find_no_spread(measured, confidence) or Unsupported(_why_none(measured, confidence))


def _take_from_report(measured: Measured, confidence: float) -> Interval | None:
    carried, error = measured.support.interval, measured.support.standard_error
    if (
        carried is not None
        and two_sided_level(confidence) - _LEVEL_TOLERANCE <= carried.confidence <= _HIGHEST_LEVEL
        and not _has_no_width(carried, measured)
    ):
        return carried
    if error is None or _is_nothing(_scale_to_one_item(error, measured), measured):
        return None
    return mean_interval(measured.value, error, measured.samples, confidence)


def _compute_from_spread(measured: Measured, confidence: float) -> Interval | None:
    samples, spread = measured.samples, measured.support.standard_deviation
    if samples is None:
        return None
    if is_proportion(measured):
        return wilson_interval(measured.value, samples, confidence)
    if spread is None or _is_nothing(spread, measured):
        return None
    return mean_interval(measured.value, spread / math.sqrt(samples), samples, confidence)


def _has_no_width(interval: Interval, measured: Measured) -> bool:
    return _is_nothing(_scale_to_one_item(interval.high - interval.low, measured), measured)


def _find_no_spread(measured: Measured, confidence: float) -> NoSpread | None:
    """Return what a spread of nothing comes to; `None` where the report gives none that could be nothing."""
    support = measured.support
    spread, error, carried = support.standard_deviation, support.standard_error, support.interval
    if carried is not None and carried.confidence > _HIGHEST_LEVEL:
        return NoSpread(f"its interval claims a level of {carried.confidence:.12g}, which is certainty")
    given = error is not None or (spread is not None and measured.samples is not None)
    if not given and (carried is None or not _has_no_width(carried, measured)):
        return None
    reason = "the spread that the report gives is nothing against the value, and items that are alike are no certainty"
    return NoSpread(reason, _bound_worst_case(measured, confidence))


def _bound_worst_case(measured: Measured, confidence: float) -> Interval | None:
    """Return the Wilson interval where all items are 0 or all are 1, but for rounding, as scores are."""
    value, samples = measured.value, measured.samples
    if samples is None or not is_no_spread(min(abs(value), abs(1 - value)), scale=1.0, samples=samples):
        return None
    wilson = wilson_interval(min(max(value, 0.0), 1.0), samples, confidence)
    return Interval(min(wilson.low, value), max(wilson.high, value), wilson.confidence)


def _find_spread_problem(measured: Measured) -> str | None:
    support, interval = measured.support, measured.support.interval
    for spread in (support.standard_deviation, support.standard_error):
        if spread is not None and not (math.isfinite(spread) and spread >= 0):
            return "its spread is not a finite number of zero or more"
    if interval is not None and not (
        math.isfinite(interval.low)
        and math.isfinite(interval.high)
        and interval.low <= measured.value <= interval.high
    ):
        return "its interval is not a finite one around the value"
    return None


def _why_none(measured: Measured, confidence: float) -> str:
    interval = measured.support.interval
    if interval is not None:
        return (
            f"its interval has a level of {interval.confidence:g}, a one-sided confidence of "
            f"{confidence:g} needs {two_sided_level(confidence):g}, and there is no standard error or spread to "
            "compute one"
        )
    if measured.support.standard_deviation is not None:
        return (
            "the report gives a spread and no sample size; add the number of scored items as samples, "
            "or the standard error"
        )
    return "the report gives neither a sample size nor a spread, a standard error or an interval"
