"""How far what was measured is from the limit that it is held against."""

import math
from functools import lru_cache
from typing import Self

from msgspec import Struct

from checks.decision import Finding
from checks.limits import Limit
from checks.ranges import Range
from checks.thresholds import Check

NEAR = 0.1  # of the size of a limit


class Margin(Struct, frozen=True):
    """The distance to the nearest end of a limit, in the unit of the metric; below zero where the limit is missed.

    `size` is what a tenth of is near: half of the width between two ends, otherwise the number of the one end.
    """

    distance: float
    size: float

    @property
    def is_near(self) -> bool:
        """Whether what was measured is within 10 % of the limit, on either side of it."""
        return abs(self.distance) <= NEAR * self.size


class Ruler(Struct, frozen=True):
    """What the margins of a check's findings are measured with: made once for the thousands of versions of a history.

    `ends` are those of the check's limit, `None` beside a baseline, where each finding has a limit of its own. Where
    the check asks for confidence, the margin is that of the end of the interval that is worse.
    """

    ends: "tuple[_Ends, ...] | None"
    asks_for_confidence: bool

    @classmethod
    def of(cls, check: Check) -> Self:
        """Return the one of a check."""
        limit = check.limit
        return cls(_find_ends(limit) if limit.is_fixed else None, check.confidence is not None)

    def measure(self, finding: Finding) -> Margin | None:
        """Return the margin of a finding of the check; `None` where it has no value, or none to compare it with."""
        value, interval, ends = finding.value, finding.interval, self.ends
        if value is None:
            return None
        if ends is None:
            limit = finding.limit
            if limit is None or not limit.is_fixed:
                return None
            ends = _find_ends(limit)
        if interval is None or not self.asks_for_confidence:
            return _find_margin_at(ends, value)
        low, high = _find_margin_at(ends, interval.low), _find_margin_at(ends, interval.high)
        return low if low.distance <= high.distance else high


def list_near(limit: Limit) -> list[Range]:
    """Return what is within 10 % of each end of a limit, as `Margin.is_near` has it; nothing of a limit at zero."""
    near: list[Range] = []
    for values in limit.ranges:
        width = NEAR * _find_size(values)
        ends = dict.fromkeys(end for end in (values.low, values.high) if end is not None)
        near += [Range(end - width, end + width) for end in ends if width > 0]
    return near


class _Ends(Struct, frozen=True):
    """The ends of one range of a limit, infinite where it has none, and its size as `Margin` has it."""

    low: float
    high: float
    size: float


# Kept, since thousands of versions are held against the same few limits.
@lru_cache(maxsize=1_000)
def _find_ends(limit: Limit) -> tuple[_Ends, ...]:
    return tuple(
        _Ends(
            low=-math.inf if values.low is None else float(values.low),
            high=math.inf if values.high is None else float(values.high),
            size=_find_size(values),
        )
        for values in limit.ranges
    )


def _find_margin_at(ends: tuple[_Ends, ...], point: float) -> Margin:
    margins = [Margin(min(point - one.low, one.high - point), one.size) for one in ends]
    return margins[0] if len(margins) == 1 else max(margins, key=lambda margin: margin.distance)


def _find_size(values: Range) -> float:
    if values.low is not None and values.high is not None and values.low < values.high:
        return float(values.high - values.low) / 2
    return abs(float(next((end for end in (values.low, values.high) if end is not None), 0.0)))
