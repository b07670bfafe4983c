"""Limits against the range and the direction that the catalogue gives, and the proof that they ask for."""

import math
from collections.abc import Iterator

from checks.catalogue import find_metric
from checks.catalogue.metric import Better, Metric, Unit
from checks.doubts.doubt import Doubt, Ends, ends_of, short
from checks.ranges import Range
from checks.thresholds import LIMITS, Check
from checks.yaml_source import Path

_PERCENT = 100
_STOPS = "lets the worst pass and stops the best; did you mean"


def about_limit(check: Check, path: Path, together: Ends) -> Iterator[Doubt]:
    """Yield what is doubtful about the limit of the check at `path`, at most one thing.

    `together` is what all checks of its metric and facet let pass: two may limit one side each.
    """
    ends, metric = ends_of(check), find_metric(check.metric)
    path = (*path, next(limit for limit in LIMITS if getattr(check, limit) is not None))
    values = Range(None, None) if metric is None else metric.range
    if problem := _impossible(check, ends, metric):
        yield Doubt(path, problem, refused=True)
    elif check.confidence is not None and _allows_one_value(ends, values):
        only = _number(max(ends[0], _low(values)))
        message = (
            f"with confidence nothing can meet this: only {only} itself passes, and an interval around a value is "
            "wider; allow more, or leave confidence out"
        )
        yield Doubt(path, message, refused=True)
    elif metric is not None and (problem := _misdirected(check, ends, metric, together)):
        yield Doubt(path, problem, refused=False)


def _low(values: Range) -> float:
    return -math.inf if values.low is None else values.low


def _high(values: Range) -> float:
    return math.inf if values.high is None else values.high


def _covers(ends: Ends, values: Range) -> bool:
    """Whether every value passes."""
    return ends[0] <= _low(values) and _high(values) <= ends[1]


def _excludes(ends: Ends, values: Range) -> bool:
    """Whether no value passes."""
    below = ends[1] < _low(values) or (values.low_open and ends[1] == _low(values))
    above = ends[0] > _high(values) or (values.high_open and ends[0] == _high(values))
    return below or above


def _allows_one_value(ends: Ends, values: Range) -> bool:
    return max(ends[0], _low(values)) == min(ends[1], _high(values))


def _impossible(check: Check, ends: Ends, metric: Metric | None) -> str | None:
    """Return why no value can miss or meet the limit, with what it was probably meant as."""
    if metric is None:
        return None
    if _covers(ends, metric.range):
        verb, way_out = "miss", "write a stricter limit, or remove the check"
    elif _excludes(ends, metric.range):
        verb, way_out = "meet", "write a limit within that range"
    else:
        return None
    meant = next((text for text, both in _meant(check, ends, metric) if _decides(both, metric.range)), None)
    return (
        f"no value of {short(check.metric)} can {verb} this, for it lies in {metric.range}; "
        f"{f'did you mean {meant}?' if meant else way_out}"
    )


def _decides(ends: Ends, values: Range) -> bool:
    return not _covers(ends, values) and not _excludes(ends, values)


def _meant(check: Check, ends: Ends, metric: Metric) -> Iterator[tuple[str, Ends]]:
    """Yield what the limit may have been meant as, and which values that lets pass: the other end, or percent."""
    is_share = metric.unit in {Unit.SHARE, Unit.DIFFERENCE, Unit.SCORE} and _high(metric.range) <= 1
    scales = (1, _PERCENT) if is_share else (1,)
    if not is_share and (ends[0] == _low(metric.range) or ends[1] == _high(metric.range)):
        return  # no more than 0 seconds is not what at least 0 seconds was meant as
    if check.at_least is not None and metric.better is Better.LOWER:
        yield from ((f"at_most: {_number(ends[0] / by)}", (-math.inf, ends[0] / by)) for by in scales)
    elif check.at_most is not None and metric.better is Better.HIGHER:
        yield from ((f"at_least: {_number(ends[1] / by)}", (ends[1] / by, math.inf)) for by in scales)
    elif is_share:
        yield _in_percent(check, ends)


def _in_percent(check: Check, ends: Ends) -> tuple[str, Ends]:
    """Return the limit as shares, where its numbers were meant in percent."""
    if check.target is not None and check.tolerance is not None:
        target, tolerance = _share(check.target), _share(check.tolerance)
        text = f"target: {_number(target)} with tolerance: {_number(tolerance)}"
        return text, (target - tolerance, target + tolerance)
    shares = (ends[0] / _PERCENT, ends[1] / _PERCENT)
    if check.between is not None:
        return f"{_between(shares)}, which is {_number(ends[0])} % to {_number(ends[1])} %", shares
    given = ends[0] if check.at_least is not None else ends[1]
    return f"{_number(given / _PERCENT)}, which is {_number(given)} %", shares


def _share(number: float) -> float:
    """Return a number above 1 as the share that it is in percent."""
    return number / _PERCENT if abs(number) > 1 else number


def _misdirected(check: Check, ends: Ends, metric: Metric, together: Ends) -> str | None:
    """Return why the limit lets pass what is worse, or stops what is best, of a metric whose direction is known."""
    low, high = _low(metric.range), _high(metric.range)
    lowest_passes, highest_passes = ends[0] <= low, ends[1] >= high
    match metric.better:
        case Better.HIGHER if lowest_passes and not highest_passes:
            return f"more of {short(check.metric)} is better, and this {_STOPS} at_least: {_number(ends[1])}?"
        case Better.LOWER if highest_passes and not lowest_passes:
            return f"less of {short(check.metric)} is better, and this {_STOPS} at_most: {_number(ends[0])}?"
        case Better.TARGET if metric.target is not None:
            return _beside_target(check, ends, metric, metric.target, together)
    return None


def _beside_target(check: Check, ends: Ends, metric: Metric, target: float, together: Ends) -> str | None:
    both = _between(_around(ends, metric, target))
    if not ends[0] <= target <= ends[1]:
        return f"{short(check.metric)} is best at {_number(target)}, and this stops it; did you mean {both}?"
    if together[0] <= _low(metric.range) < target:
        side = "below"
    elif together[1] >= _high(metric.range) > target:
        side = "above"
    else:
        return None
    limited = f"this limits {short(check.metric)} on one side only"
    return f"{limited}: every value {side} {_number(target)} passes; did you mean {both}?"


def _around(ends: Ends, metric: Metric, target: float) -> Ends:
    """Return the limits that stop as much on both sides of the target as the given one does on its own side."""
    given = [end for end in ends if math.isfinite(end) and end not in {metric.range.low, metric.range.high}]
    nearest = min(given, key=lambda end: abs(end - target), default=target)
    if metric.unit is Unit.RATIO and target == 1 and nearest > 0:
        return min(nearest, 1 / nearest), max(nearest, 1 / nearest)
    distance = abs(nearest - target) or 0.1
    return target - distance, target + distance


def _between(ends: Ends) -> str:
    return f"between: [{_number(ends[0])}, {_number(ends[1])}]"


def _number(number: float) -> str:
    return f"{number + 0.0:.6g}"  # which makes 0 of -0


def about_support(check: Check, path: Path) -> Iterator[Doubt]:
    """Yield that the check asks for proof which reports of its metric do not give."""
    metric = find_metric(check.metric)
    if metric is None or metric.supported:
        return
    for key in ("confidence", "min_samples"):
        if getattr(check, key) is not None:
            what = f"reports give {short(check.metric)} without a sample size, so every finding is invalid"
            message = f"{what}; leave {key} out"
            yield Doubt((*path, key), message, refused=False)
