"""How far what was measured is from the limit that it is held against."""

import math
from dataclasses import dataclass

from checks.decision import Finding
from checks.limits import Limit
from checks.ranges import Range
from checks.thresholds import Check

NEAR = 0.1  # of the size of a limit


@dataclass(frozen=True, slots=True)
class Margin:
    """The distance to the nearest end of a limit, in the unit of the metric; below zero where the limit is missed.

    `size` is what a tenth of is near: half of the width between two ends, otherwise the number of the one end.
    """

    distance: float
    size: float

    @property
    def is_near(self) -> bool:
        """Whether what was measured is within 10 % of the limit, on either side of it."""
        return abs(self.distance) <= NEAR * self.size


def find_margin(check: Check, finding: Finding) -> Margin | None:
    """Return the margin of a finding of `check`; `None` where it has no value, or none to compare it with.

    Where the check asks for confidence, it is that of the end of the interval that is worse.
    """
    # Beside a baseline the limit is the finding's; without one it says nothing of values.
    limit = check.limit if check.limit.is_fixed else finding.limit
    if finding.value is None or limit is None or not limit.is_fixed:
        return None
    points = [finding.value]
    if check.confidence is not None and finding.interval is not None:
        points = [finding.interval.low, finding.interval.high]
    margins = [_find_margin_at(limit, point) for point in points]
    return min(margins, key=lambda margin: margin.distance)


def list_near(limit: Limit) -> list[Range]:
    """Return what is within 10 % of each end of a limit, as `Margin.is_near` has it; nothing of a limit at zero."""
    near = []
    for values in limit.ranges:
        width = NEAR * _find_size(values)
        ends = dict.fromkeys(end for end in (values.low, values.high) if end is not None)
        near += [Range(end - width, end + width) for end in ends if width > 0]
    return near


def _find_margin_at(limit: Limit, point: float) -> Margin:
    margins = [Margin(_find_distance(values, point), _find_size(values)) for values in limit.ranges]
    return max(margins, key=lambda margin: margin.distance)


def _find_distance(values: Range, point: float) -> float:
    low = math.inf if values.low is None else point - values.low
    high = math.inf if values.high is None else values.high - point
    return float(min(low, high))


def _find_size(values: Range) -> float:
    if values.low is not None and values.high is not None and values.low < values.high:
        return float(values.high - values.low) / 2
    return abs(float(next((end for end in (values.low, values.high) if end is not None), 0.0)))
