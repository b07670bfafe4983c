"""Rates and means, for the whole and for each facet group, with the largest gap between groups.

Facets are a mapping from column to group, such as `{"region": "CA"}`; a group is addressed as `region=CA`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from checks.errors import GovernanceError
from checks.measurements import Measured, Measurement, Source, Unmeasured
from checks.strict_json import JsonValue

MAX_GROUPS = 1_000
LARGEST_GAP = "_largest_gap"
HERE = Source("evaluation.json")


def facet_groups(facets: JsonValue) -> tuple[str, ...]:
    """Return the groups (`column=value`) that `facets`, as read from JSON, puts an item in.

    `None` means no facets, and a column that is null or blank puts the item in no group. Spaces around a group are
    not part of it.

    Raises:
        GovernanceError: when `facets` is not a mapping from column names without `=` to texts, integers or booleans.
    """
    if facets is None:
        return ()
    if not isinstance(facets, Mapping):
        raise GovernanceError('facets: not a mapping; write {"region": "CA"}')
    groups = []
    for column, value in facets.items():
        if not column or "=" in column:
            raise GovernanceError(f'facets: "{column}" cannot name a column; use a name without "="')
        if isinstance(value, bool):
            groups.append(f"{column}={str(value).lower()}")
        elif isinstance(value, int):
            groups.append(f"{column}={value}")
        elif isinstance(value, str):
            if group := value.strip():
                groups.append(f"{column}={group}")
        elif value is not None:
            raise GovernanceError(f"facets.{column}: a group is a text, an integer or a boolean")
    return tuple(groups)


@dataclass(slots=True)
class _Tally:
    samples: int = 0
    total: float = 0.0
    mean: float = 0.0
    squares: float = 0.0  # sum of squared deviations from the mean, kept by Welford's update

    def count(self, value: float) -> None:
        """Add a 0 or 1, whose spread follows from the rate."""
        self.samples += 1
        self.total += value

    def add(self, value: float) -> None:
        self.count(value)
        delta = value - self.mean
        self.mean += delta / self.samples
        self.squares += delta * (value - self.mean)

    @property
    def standard_deviation(self) -> float | None:
        """The sample standard deviation; undefined below two samples."""
        return math.sqrt(self.squares / (self.samples - 1)) if self.samples > 1 else None


def _value(tally: _Tally) -> float:
    return tally.total / tally.samples  # exact for a rate, where the running mean is not


class FacetedMetric:
    """Accumulates one metric in constant memory for a bounded number of groups.

    With `proportion`, values are 0 or 1 and the evidence is a rate with its samples; otherwise it is a mean with the
    sample standard deviation.
    """

    def __init__(self, metric: str, *, proportion: bool) -> None:
        self._metric, self._proportion = metric, proportion
        self._whole = _Tally()
        self._groups: dict[str, _Tally] = {}

    def add(self, value: float, groups: tuple[str, ...] = ()) -> None:
        """Count one item's value for the whole and for each of its groups.

        Raises:
            GovernanceError: beyond 1,000 groups, which says that the column is an identifier, not a grouping.
        """
        add = _Tally.count if self._proportion else _Tally.add
        add(self._whole, value)
        for group in groups:
            tally = self._groups.get(group)
            if tally is None:
                if len(self._groups) >= MAX_GROUPS:
                    raise GovernanceError(
                        f"facets: more than {MAX_GROUPS:,} groups, the last one {group}; "
                        "leave out columns that identify a single item"
                    )
                tally = self._groups[group] = _Tally()
            add(tally, value)

    def measurements(self, *, nothing: str = "no item could be scored") -> list[Measurement]:
        """Return the whole, each group in the order of its name, and each column's largest gap.

        `nothing` is the reason to give where there is no item at all.
        """
        if not self._whole.samples:
            return [Unmeasured(self._metric, nothing, HERE)]
        groups = sorted(self._groups.items())
        columns: dict[str, list[tuple[str, _Tally]]] = {}
        for group, tally in groups:
            columns.setdefault(group.partition("=")[0], []).append((group, tally))
        return [
            self._measured(self._whole, None),
            *(self._measured(tally, group) for group, tally in groups),
            *(self._gap(column, [tally for _, tally in members]) for column, members in columns.items()),
        ]

    def _measured(self, tally: _Tally, facet: str | None) -> Measured:
        spread = None if self._proportion else tally.standard_deviation
        return Measured(
            self._metric, _value(tally), HERE, facet=facet, samples=tally.samples, standard_deviation=spread
        )

    def _gap(self, column: str, tallies: list[_Tally]) -> Measurement:
        metric = self._metric + LARGEST_GAP
        if len(tallies) == 1:
            return Unmeasured(metric, f"{column} has only one group", HERE, facet=column)
        high = max(tallies, key=_value)
        low = min(tallies, key=_value)
        variances = [self._variance_of_mean(tally) for tally in (high, low)]
        known = [variance for variance in variances if variance is not None]
        samples = high.samples + low.samples if high is not low else high.samples
        return Measured(
            metric,
            _value(high) - _value(low),
            HERE,
            facet=column,
            # Several samples without a standard error would pass the difference of two means for a proportion.
            samples=samples if len(known) == len(variances) or samples == 1 else None,
            standard_error=math.sqrt(sum(known)) if len(known) == len(variances) else None,
        )

    def _variance_of_mean(self, tally: _Tally) -> float | None:
        """The variance of a group's value.

        For a rate, that of Agresti and Caffo (The American Statistician 54, 2000): one success and one failure added
        to the group, so that a group that is all right or all wrong does not pass for certain.
        """
        if self._proportion:
            share = (tally.total + 1) / (tally.samples + 2)
            return share * (1 - share) / (tally.samples + 2)
        deviation = tally.standard_deviation
        return None if deviation is None else deviation**2 / tally.samples
