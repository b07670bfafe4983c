"""What the catalogue says of a metric: its range, which way is better, its unit, its meaning and its source."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from checks.ranges import Range

LARGEST_GAP = "_largest_gap"


def without_gap(metric: str) -> str:
    """Return the address of the metric whose largest gap between groups `metric` may be."""
    return metric.removesuffix(LARGEST_GAP)


_PLACEHOLDER = re.compile(r"<[^<>]+>")


class Better(StrEnum):
    """Which values of a metric are better."""

    HIGHER = "higher"
    LOWER = "lower"
    TARGET = "nearest to the target"
    NEITHER = "neither"


class Unit(StrEnum):
    """What a value counts. A share of 1 is 100 %; a ratio of 1 is as much as the other."""

    SHARE = "share"
    DIFFERENCE = "difference of shares"
    RATIO = "ratio"
    POINTS = "points"
    SCORE = "score"
    SECONDS = "seconds"
    COUNT = "count"
    TOKENS = "tokens"
    CHARACTERS = "characters"
    NATS = "nats"
    AS_REPORTED = "as the report has it"


class Facets(StrEnum):
    """For what a metric is there: the whole, the groups of a column (`column=value`), or a column as such."""

    WHOLE = "never"
    EITHER = "optional"
    GROUPS = "always"
    COLUMN = "always, a column"


SHARE = Range(0.0, 1.0)
SIGNED = Range(-1.0, 1.0)
POSITIVE = Range(0.0, None)
UNBOUNDED = Range(None, None)


class Metric(Struct, frozen=True, dict=True):
    """One address, or one pattern of addresses, and what the number there means.

    `<word>` in an address is any text, dots included. `target` is the best value of a metric that has it
    inside its range. `supported` says whether reports give a sample size with it, on which `confidence` and
    `min_samples` rest. `companion_of` is the address of the metric from which this one is derived.
    """

    address: str
    meaning: str
    source: str
    range: Range
    better: Better
    unit: Unit
    facets: Facets = Facets.EITHER
    target: float | None = None
    supported: bool = True
    companion_of: str | None = None

    @property
    def is_pattern(self) -> bool:
        """Whether the address has a placeholder."""
        return "<" in self.address

    def matches(self, address: str) -> bool:
        """Whether `address` is this metric's, or one of its pattern's."""
        return self._expression.fullmatch(address) is not None

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        literals = map(re.escape, _PLACEHOLDER.split(self.address))
        return re.compile(".+".join(literals), re.DOTALL)


class Family(Struct, frozen=True):
    """Metrics that one scorer or one kind of report produces, under a heading of the catalogue's page."""

    title: str
    about: str
    metrics: tuple[Metric, ...]


def with_largest_gaps(*metrics: Metric) -> Iterator[Metric]:
    """Yield each metric, and the largest gap between the groups of a column that scorers write beside it."""
    for metric in metrics:
        yield metric
        low, high = metric.range.low, metric.range.high
        width = None if low is None or high is None else high - low
        yield replace(
            metric,
            address=metric.address + LARGEST_GAP,
            meaning=f"The highest group's {metric.address} less the lowest group's, within one column.",
            range=Range(0.0, width),
            better=Better.LOWER,
            unit=Unit.DIFFERENCE if metric.unit is Unit.SHARE else metric.unit,
            facets=Facets.COLUMN,
            target=None,
            companion_of=metric.address,
        )
