"""Measurements: the named numbers that reports hold, and those that reports could not measure."""

from msgspec import Struct


class Source(Struct, frozen=True):
    """Where a measurement is: the report's URI, and the JSON pointer (RFC 6901) inside it."""

    uri: str
    pointer: str = ""

    def __str__(self) -> str:
        return f"{self.uri}#{self.pointer}" if self.pointer else self.uri

    def of(self, metric: str) -> "Source":  # noqa: ARG002 - `Members` asks for it
        """Return where the figure of a metric is: here, whatever the metric."""
        return self

    def count_characters(self, metric: str) -> int:  # noqa: ARG002 - likewise
        """Return how many characters the pointer to the figure of a metric has."""
        return len(self.pointer)


class Members(Struct, frozen=True):
    """Where the figures of one object of a report are, each at the member that its metric ends with.

    All of them share it: a pointer for each would be half of what a figure takes. `name_from` is the place in a metric
    at which the name of the member begins, which is in a pointer as it is. `end` leads from the member to the figure.
    """

    uri: str
    pointer: str
    name_from: int
    end: str = ""

    def of(self, metric: str) -> Source:
        """Return where the figure of a metric is."""
        return Source(self.uri, f"{self.pointer}/{metric[self.name_from :]}{self.end}")

    def count_characters(self, metric: str) -> int:
        """Return how many characters the pointer to the figure of a metric has."""
        return len(self.pointer) + 1 + len(metric) - self.name_from + len(self.end)


class Interval(Struct, frozen=True):
    """A two-sided interval around a value; `confidence` is its level, strictly between 0 and 1."""

    low: float
    high: float
    confidence: float

    @property
    def one_sided(self) -> float:
        """The one-sided level at which each end bounds the value: 0.95 of a two-sided interval of 0.9."""
        return round((1 + self.confidence) / 2, 12)


class Support(Struct, frozen=True):
    """What a report says beside a value and its number of items, which most reports do not.

    `standard_deviation` is the spread of the items; `standard_error` that of the value itself, where the report knows
    better than spread over root n (a judge's noise, clustered samples).

    `samples_problem` says why the sample size that the report gives cannot be one (0, 2.5, 400 digits): the value is
    then judged as invalid. `spread_problem` says why the spread, error or interval that the report gives cannot be
    used (text, NaN, negative): that matters only to a check with `confidence`.
    """

    standard_deviation: float | None = None
    standard_error: float | None = None
    interval: Interval | None = None
    samples_problem: str | None = None
    spread_problem: str | None = None


NO_SUPPORT = Support()


# Nothing that it holds leads back to it: the collector of garbage keeps no list of the hundred thousand.
class Measured(Struct, frozen=True, gc=False):
    """One finite number out of a report.

    `facet` is `None` for the whole, `column` or `column=value` for a group. `samples` is the number of scored
    items behind the value, and `support` what else is said of them. A value with `samples` and neither spread, error
    nor interval is a proportion and is in [0, 1].
    """

    metric: str
    value: float
    place: Source | Members
    facet: str | None = None
    samples: int | None = None
    support: Support = NO_SUPPORT

    @property
    def source(self) -> Source:
        """Where it is."""
        return self.place.of(self.metric)

    def __eq__(self, other: object) -> bool:
        """Whether all is the same; where it is, is the same source, however that is kept."""
        if not isinstance(other, Measured):
            return NotImplemented
        return self._list_parts() == other._list_parts()

    def __hash__(self) -> int:
        return hash((self.metric, self.value, self.facet, self.samples, self.support))

    def _list_parts(self) -> tuple[object, ...]:
        return self.metric, self.value, self.source, self.facet, self.samples, self.support


class Unmeasured(Struct, frozen=True):
    """A metric that a report names but could not measure, and why. Never 0, `None` or NaN.

    What is undefined is undefined with its parts: a check on a metric below the address (`fmeval.qa` and
    `fmeval.qa.trivia.f1`), or on a group of a facet's column (`category` and `category=age`), has the same gap.
    `itself_only` says that the parts count on their own, as the entries of a confusion matrix do.
    """

    metric: str
    reason: str
    source: Source
    facet: str | None = None
    itself_only: bool = False

    @property
    def place(self) -> Source:
        """Where it is, as `Measured` has it."""
        return self.source


Measurement = Measured | Unmeasured
