"""Limits against the range and the direction that the catalogue gives, and the proof that they ask for."""

from collections.abc import Iterator

from msgspec import Struct

from checks.catalogue import find_metric
from checks.catalogue.metric import UNBOUNDED, Better, Metric, Unit
from checks.doubts.doubt import Doubt, short
from checks.limits import AtLeast, AtMost, Between, Limit, OneSided, short_number
from checks.ranges import Range
from checks.thresholds import Check
from checks.yaml_source import Path

_PERCENT = 100
_WORSE = {
    True: Better.LOWER,
    False: Better.HIGHER,
}  # what is better where a floor, or a ceiling, is the wrong way round
_STOPS = "lets the worst pass and stops the best; did you mean"


class Sides(Struct, frozen=True):
    """Whether the lowest and the highest values of a metric pass."""

    lowest: bool
    highest: bool

    def narrowed(self, limit: Limit, values: Range) -> "Sides":
        """Return which of them pass `limit`, too."""
        return Sides(
            self.lowest and limit.passes_at(values.begin), self.highest and limit.passes_at(values.end)
        )


BOTH = Sides(lowest=True, highest=True)


def doubt_limit(check: Check, path: Path, together: Sides) -> Iterator[Doubt]:
    """Yield what is doubtful about the limit of the check at `path`, at most one thing.

    `together` is which ends all checks of its metric and facet let pass: two may limit one side each.
    """
    limit, metric = check.limit, find_metric(check.metric)
    if not limit.is_fixed:
        return  # which values pass is known beside a baseline
    path = (*path, limit.keys[0])
    values = UNBOUNDED if metric is None else metric.range
    only = limit.only_value(values)
    if problem := _explain_impossible(check, metric):
        yield Doubt(path, problem, refused=True)
    elif check.confidence is not None and only is not None:
        message = (
            f"with confidence nothing can meet this: only {short_number(only)} itself passes, and an interval around "
            "a value is wider; allow more, or leave confidence out"
        )
        yield Doubt(path, message, refused=True)
    elif metric is not None and (problem := _explain_misdirected(check, metric, together)):
        yield Doubt(path, problem, refused=False)


def _explain_impossible(check: Check, metric: Metric | None) -> str | None:
    """Return why no value can miss or meet the limit, with what it was probably meant as."""
    if metric is None:
        return None
    if check.limit.covers(metric.range):
        verb, way_out = "miss", "write a stricter limit, or remove the check"
    elif not check.limit.meets(metric.range):
        verb, way_out = "meet", "write a limit within that range"
    else:
        return None
    meant = next(
        (text for limit, text in _guess_meant(check.limit, metric) if _decides(limit, metric.range)), None
    )
    return (
        f"no value of {short(check.metric)} can {verb} this, for it is in {metric.range}; "
        f"{f'did you mean {meant}?' if meant else way_out}"
    )


def _decides(limit: Limit, values: Range) -> bool:
    """Whether some values pass and others do not."""
    return limit.meets(values) and not limit.covers(values)


def _guess_meant(limit: Limit, metric: Metric) -> Iterator[tuple[Limit, str]]:
    """Yield what the limit may have been meant as, with how that is written: the other side, or percent."""
    is_share = metric.unit in {Unit.SHARE, Unit.DIFFERENCE, Unit.SCORE} and metric.range.end[0] <= 1
    scales = (1, _PERCENT) if is_share else (1,)
    lowest, highest = limit.ends
    if not is_share and (lowest == metric.range.begin[0] or highest == metric.range.end[0]):
        return  # no more than 0 seconds is not what at least 0 seconds was meant as
    if isinstance(limit, OneSided) and metric.better is _WORSE[limit.is_floor]:
        for scale in scales:
            other_side = limit.opposite(limit.number / scale)
            yield other_side, str(other_side)
    elif is_share:
        yield limit.as_shares()


def _explain_misdirected(check: Check, metric: Metric, together: Sides) -> str | None:
    """Return why the limit lets pass what is worse, or stops what is best, of a metric whose direction is known."""
    sides = BOTH.narrowed(check.limit, metric.range)
    lowest, highest = check.limit.ends
    match metric.better:
        case Better.HIGHER if sides.lowest and not sides.highest:
            return f"more of {short(check.metric)} is better, and this {_STOPS} {AtLeast(highest)}?"
        case Better.LOWER if sides.highest and not sides.lowest:
            return f"less of {short(check.metric)} is better, and this {_STOPS} {AtMost(lowest)}?"
        case Better.TARGET if metric.target is not None:
            return _explain_beside_target(check, metric, metric.target, together)
        case _:
            return None


def _explain_beside_target(check: Check, metric: Metric, target: float, together: Sides) -> str | None:
    both = _limit_around(check.limit, metric, target)
    best = short_number(target)
    if not check.limit.passes(target):
        return f"{short(check.metric)} is best at {best}, and this stops it; did you mean {both}?"
    if together.lowest and metric.range.begin[0] < target:
        side = "below"
    elif together.highest and metric.range.end[0] > target:
        side = "above"
    else:
        return None
    limited = f"this limits {short(check.metric)} on one side only"
    return f"{limited}: every value {side} {best} passes; did you mean {both}?"


def _limit_around(limit: Limit, metric: Metric, target: float) -> Between:
    """Return the limit that stops as much on both sides of the target as the given one does on its own side."""
    given = [point for point in limit.turning_points if point not in {metric.range.low, metric.range.high}]
    nearest = min(given, key=lambda point: abs(point - target), default=target)
    if metric.unit is Unit.RATIO and target == 1 and nearest > 0:
        return Between(min(nearest, 1 / nearest), max(nearest, 1 / nearest))
    distance = abs(nearest - target) or 0.1
    return Between(target - distance, target + distance)


def doubt_support(check: Check, path: Path) -> Iterator[Doubt]:
    """Yield that the check asks for proof which reports of its metric do not give."""
    metric = find_metric(check.metric)
    if metric is None or metric.supported:
        return
    for key in ("confidence", "min_samples"):
        if getattr(check, key) is not None:
            what = f"reports give {short(check.metric)} without a sample size, so every finding is invalid"
            message = f"{what}; leave {key} out"
            yield Doubt((*path, key), message, refused=False)
