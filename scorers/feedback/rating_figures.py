"""The figures of ratings: net promoter score and mean, with their errors, of all and by group.

The net promoter score is the share of promoters less the share of detractors, times 100 (Reichheld, The one number
you need to grow, Harvard Business Review, 2003): -100 to 100.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import NormalDist

from msgspec.structs import replace

from checks.measurements import Interval, Measured, Measurement, Support
from scorers.feedback.ratings import Rating
from scorers.feedback.scale import Scale
from scorers.group_figures import HERE, Figure, measure_groups
from scorers.uncertainty import estimate

GROUP = "feedback"
LEVEL = 0.95
Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
POINTS = 100


def net_promoter_score(points: Sequence[int], sessions: Sequence[str] = ()) -> Measured:
    """Return the score of `points` (1, 0 and -1) with its standard error and 95 % interval, all in points of 100.

    The variance is the multinomial's, (p + d - (p - d)²) / n, with one promoter and one detractor added to the sample
    so that a small unanimous one is not taken for certain (Bonett and Price, Adjusted Wald confidence interval for a
    difference of binomial proportions based on paired data, Journal of Educational and Behavioral Statistics 37,
    2012). Where sessions gave several ratings, the error is at least that of whole sessions drawn at random.
    """
    samples = len(points)
    counts = Counter(points)
    value = POINTS * (counts[1] - counts[-1]) / samples
    promoters, detractors = (counts[1] + 1) / (samples + 2), (counts[-1] + 1) / (samples + 2)
    centre = promoters - detractors
    error = POINTS * math.sqrt((promoters + detractors - centre**2) / (samples + 2))
    clustered = _cluster_error([POINTS * point for point in points], sessions)
    error = max(error, clustered or 0.0)
    interval = Interval(
        max(-POINTS, POINTS * centre - Z * error), min(POINTS, POINTS * centre + Z * error), LEVEL
    )
    return Measured(
        f"{GROUP}.nps",
        value,
        HERE,
        samples=samples,
        support=Support(standard_error=error, interval=_widen(interval, value)),
    )


def mean_rating(ratings: Sequence[int], scale: Scale, sessions: Sequence[str] = ()) -> Measured:
    """Return the mean of `ratings` with its spread, its standard error and its 95 % interval (normal)."""
    whole = estimate([[float(rating)] for rating in ratings], low=scale.low, high=scale.high)
    clustered = _cluster_error(ratings, sessions)
    error = whole.standard_error
    if error is not None:
        error = max(error, clustered or 0.0)
    interval = None
    if error is not None:
        low, high = max(scale.low, whole.value - Z * error), min(scale.high, whole.value + Z * error)
        interval = Interval(low, high, LEVEL)
    return Measured(
        f"{GROUP}.mean_rating",
        whole.value,
        HERE,
        samples=whole.samples,
        support=Support(standard_deviation=whole.standard_deviation, standard_error=error, interval=interval),
    )


def _widen(interval: Interval, value: float) -> Interval:
    """The interval, reaching to the value itself: the adjusted centre is nearer to 0 than it."""
    return Interval(min(interval.low, value), max(interval.high, value), interval.confidence)


def _cluster_error(values: Sequence[float], sessions: Sequence[str]) -> float | None:
    """The standard error of a mean whose sessions were drawn whole; `None` where every session gave one value.

    The linearised variance of a ratio (Cochran, Sampling Techniques, 1977, section 9A).
    """
    totals: dict[str, float] = defaultdict(float)
    mean = math.fsum(values) / len(values)
    for index, (value, session) in enumerate(zip(values, sessions, strict=False)):
        totals[session or f"\0{index}"] += value - mean
    if not 1 < len(totals) < len(values):
        return None
    squares = math.fsum(total**2 for total in totals.values())
    return math.sqrt(squares * len(totals) / (len(totals) - 1)) / len(values)


def measure_ratings(
    found: Sequence[Rating], groups: Mapping[str, Sequence[Rating]], scale: Scale
) -> list[Measurement]:
    """Return the score, the mean and the number of ratings, of all and by group, with the gaps between groups."""
    by_group = {group: _measure(groups[group], scale) for group in sorted(groups)}
    result: list[Measurement] = []
    for index, whole in enumerate(_measure(found, scale)):
        of_groups = {group: _figure(measured[index]) for group, measured in by_group.items()}
        result += measure_groups(whole, of_groups)
    responses = Measured(f"{GROUP}.responses", len(found), HERE)
    counts = [replace(responses, value=len(groups[group]), facet=group) for group in by_group]
    return [*result, responses, *counts]


def _measure(ratings: Sequence[Rating], scale: Scale) -> tuple[Measured, Measured]:
    sessions = [rating.session for rating in ratings]
    return (
        net_promoter_score([scale.points(rating.rating) for rating in ratings], sessions),
        mean_rating([rating.rating for rating in ratings], scale, sessions),
    )


def _figure(stated: Measured) -> Figure:
    error = stated.support.standard_error
    return Figure(stated, stated.samples or 0, None if error is None else Fraction(error) ** 2)
