"""Measurements: the named numbers that reports hold, and those that reports could not measure."""

from checks.values import value_class


@value_class
class Source:
    """Where a measurement is: the report's URI, and the JSON pointer (RFC 6901) inside it."""

    uri: str
    pointer: str = ""

    def __str__(self) -> str:
        return f"{self.uri}#{self.pointer}" if self.pointer else self.uri


@value_class
class Interval:
    """A two-sided interval around a value; `confidence` is its level, strictly between 0 and 1."""

    low: float
    high: float
    confidence: float

    @property
    def one_sided(self) -> float:
        """The one-sided level at which each end bounds the value: 0.95 of a two-sided interval of 0.9."""
        return round((1 + self.confidence) / 2, 12)


@value_class
class Measured:
    """One finite number out of a report.

    `facet` is `None` for the whole, `column` or `column=value` for a group. `samples` is the number of scored
    items behind the value. `standard_deviation` is the spread of the items; `standard_error` that of the value
    itself, where the report knows better than spread over root n (a judge's noise, clustered samples).
    A value with `samples` and neither spread, error nor interval is a proportion and is in [0, 1].

    `samples_problem` says why the sample size that the report gives cannot be one (0, 2.5, 400 digits): the value is
    then judged as invalid. `spread_problem` says why the spread, error or interval that the report gives cannot be
    used (text, NaN, negative): that matters only to a check with `confidence`.
    """

    metric: str
    value: float
    source: Source
    facet: str | None = None
    samples: int | None = None
    standard_deviation: float | None = None
    standard_error: float | None = None
    interval: Interval | None = None
    samples_problem: str | None = None
    spread_problem: str | None = None


@value_class
class Unmeasured:
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


Measurement = Measured | Unmeasured
