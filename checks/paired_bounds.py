"""Bounds of the difference of two versions that were scored on the same items, each at a one-sided level.

Nothing here is drawn at random and nothing but the standard library is asked, so that a repeated decision comes to the
same bytes; tests hold the results against SciPy's.
"""

import math
from collections.abc import Callable

from msgspec import Struct

from checks.incomplete_beta import incomplete_beta
from checks.intervals import is_no_spread, wilson_interval
from checks.pairing import Pairs
from checks.student_t import normal_quantile, student_t_quantile

_HALVINGS = 80  # of an interval no longer than 2: beyond the last bit of a double


class PairedBounds(Struct, frozen=True):
    """How far the bounds of a difference are below and above it, and by which method, in words with its reason."""

    below: float
    above: float
    method: str


def bound_difference(pairs: Pairs, confidence: float, *, slope: float, is_even: bool) -> PairedBounds | str:
    """Return the bounds of the mean of `values - slope * before` over the items, or why there are none.

    `slope` is 1 less the share of the baseline that a version may be worse by (or 1 more, where less is better).
    `is_even` says that it may not be worse at all. Verdicts are then held by McNemar's exact test, which is about no
    difference, and by Tango's score interval where some is allowed; the share that is allowed is as uncertain as the
    baseline, which is added in full. Scores are held by Student's t of the differences.
    """
    if pairs.are_verdicts:
        return _bound_verdicts(pairs, confidence, slope, is_even)
    count = len(pairs.values)
    differences = [value - slope * before for value, before in zip(pairs.values, pairs.before, strict=True)]
    mean = math.fsum(differences) / count
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in differences) / (count - 1))
    scale = max(1.0, *map(abs, pairs.values), *map(abs, pairs.before))
    if is_no_spread(spread, scale=scale, samples=count):
        return "all items differ by the same, and what does not spread is no certainty"
    half = student_t_quantile(confidence, count - 1) * spread / math.sqrt(count)
    method = f"paired on the same {count:,} items by Student's t of their differences, as items have scores"
    return PairedBounds(half, half, method)


def _bound_verdicts(pairs: Pairs, confidence: float, slope: float, is_even: bool) -> PairedBounds:
    both = list(zip(pairs.values, pairs.before, strict=True))
    count, risen, fallen = len(both), both.count((1.0, 0.0)), both.count((0.0, 1.0))
    difference = (risen - fallen) / count
    changed = f"{risen:,} went up and {fallen:,} went down" if risen + fallen else "none changed"
    on = f"paired on the same {count:,} items, of which {changed},"
    if is_even and risen + fallen:
        low, high = mcnemar_bounds(risen, fallen, count, confidence)
        method = f"{on} by McNemar's exact test, as items are right or wrong"
        return PairedBounds(difference - low, high - difference, method)
    low, high = tango_bounds(risen, fallen, count, confidence)
    # The share that is allowed is of the baseline's true value, which may be as far off as its own bounds.
    figure = math.fsum(pairs.before) / count
    around = wilson_interval(figure, count, confidence)
    off = abs(1 - slope) * max(figure - around.low, around.high - figure)
    method = f"{on} by Tango's score interval, as items are right or wrong"
    if not is_even:
        method += " and an amount is allowed"
    return PairedBounds(difference - low + off, high - difference + off, method)


def mcnemar_bounds(risen: int, fallen: int, count: int, confidence: float) -> tuple[float, float]:
    """Return bounds of the difference of two shares of the same items, given how many changed; at least one did.

    The exact bounds (Clopper and Pearson) of the share of the changed items that rose, scaled to all items. They
    leave out 0 exactly where McNemar's exact test does, one-sided at 1 - `confidence`: of the changed items, half
    rise by chance. Where the difference is not 0 they are no bounds of it at that level.

    McNemar, Q. (1947), Note on the sampling error of the difference between correlated proportions or percentages.
    Psychometrika 12, 153-157. Clopper, C. and Pearson, E. (1934), Biometrika 26, 404-413.
    """
    changed, tail = risen + fallen, 1 - confidence

    def exceeds(share: float) -> bool:  # P(at least so many rise) is above the tail
        return incomplete_beta(risen, fallen + 1, share, 1 - share) > tail

    def falls_short(share: float) -> bool:  # P(at most so many rise) is below the tail
        return incomplete_beta(fallen, risen + 1, 1 - share, share) < tail

    low = 0.0 if risen == 0 else _bisect(exceeds, 0.0, 1.0)
    high = 1.0 if fallen == 0 else _bisect(falls_short, 0.0, 1.0)
    return (2 * low - 1) * changed / count, (2 * high - 1) * changed / count


def tango_bounds(risen: int, fallen: int, count: int, confidence: float) -> tuple[float, float]:
    """Return Tango's score interval of the difference of two shares of the same items: its ends are bounds.

    It has a width where no item changed, and at 0 its test is McNemar's without the correction.

    Tango, T. (1998), Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design. Statistics in Medicine 17, 891-908.
    """
    z, difference = normal_quantile(confidence), (risen - fallen) / count

    def is_within(assumed: float) -> bool:
        return _tango_score(risen, fallen, count, assumed) < z

    def is_beyond(assumed: float) -> bool:
        return _tango_score(risen, fallen, count, assumed) < -z

    return _bisect(is_within, -1.0, difference), _bisect(is_beyond, difference, 1.0)


def _tango_score(risen: int, fallen: int, count: int, assumed: float) -> float:
    """Return by how many standard errors the difference is above the assumed one, which falls as that rises.

    The error is that of the most likely shares of changed items whose difference is the assumed one.
    """
    a = 2.0 * count
    b = -risen - fallen + (2 * count - risen + fallen) * assumed
    c = -fallen * assumed * (1 - assumed)
    likely = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    away = risen - fallen - count * assumed
    variance = count * (2 * likely + assumed * (1 - assumed))
    if variance <= 0:
        return math.copysign(math.inf, away) if away else 0.0
    return away / math.sqrt(variance)


def _bisect(is_above: Callable[[float], bool], low: float, high: float) -> float:
    """Return where between `low` and `high` a condition begins to hold."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if is_above(middle):
            high = middle
        else:
            low = middle
    return (low + high) / 2
