"""Ranges of numbers: those that a metric can have, those that a limit lets pass, and intervals around values."""

import math

from msgspec import Struct

End = tuple[float, int]
"""Where a range begins or ends. Ends compare as places on the number line: `(1.0, 0)` is 1 itself, `(1.0, 1)` the place
just above it, where an open range begins, and `(1.0, -1)` the place just below it, where an open range ends."""


class Range(Struct, frozen=True):
    """Numbers from `low` to `high`; `None` is no end, and an open end is approached and never reached."""

    low: float | None
    high: float | None
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        return self.begin <= (value, 0) <= self.end

    def __str__(self) -> str:
        left = "(-∞" if self.low is None else f"{'(' if self.low_open else '['}{self.low:.4g}"
        right = "∞)" if self.high is None else f"{self.high:.4g}{')' if self.high_open else ']'}"
        return f"{left}, {right}"

    @property
    def begin(self) -> End:
        """The lower end."""
        return -math.inf if self.low is None else self.low, int(self.low_open)

    @property
    def end(self) -> End:
        """The upper end."""
        return math.inf if self.high is None else self.high, -int(self.high_open)

    def covers(self, other: "Range") -> bool:
        """Whether every number of `other` is one of this range."""
        return self.begin <= other.begin and other.end <= self.end

    def meets(self, other: "Range") -> bool:
        """Whether some number is in both."""
        return self.begin <= other.end and other.begin <= self.end
