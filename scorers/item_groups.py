"""Facet groups, and rates and means that are counted item by item, for the whole and for each group.

Facets are a mapping from column to group, such as `{"region": "CA"}`; a group is addressed as `region=CA`.
"""

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction

from msgspec import Struct

from checks.errors import GovernanceError
from checks.facets import group_facet, is_group_of_column
from checks.measurements import Measured, Measurement, Support, Unmeasured
from checks.strict_json import JsonValue
from scorers.group_figures import HERE, Figure, measure_groups

MAX_GROUPS = 1_000


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
        if not column or is_group_of_column(column):
            raise GovernanceError(f'facets: "{column}" cannot name a column; use a name without "="')
        if isinstance(value, bool):
            groups.append(group_facet(column, str(value).lower()))
        elif isinstance(value, int):
            groups.append(group_facet(column, value))
        elif isinstance(value, str):
            if group := value.strip():
                groups.append(group_facet(column, group))
        elif value is not None:
            raise GovernanceError(f"facets.{column}: a group is a text, an integer or a boolean")
    return tuple(groups)


class _Tally(Struct):
    samples: int = 0
    total: float = 0.0
    mean: float = 0.0
    squares: float = 0.0  # sum of squared deviations from the mean, kept by Welford's update

    def count(self, value: float, items: int) -> None:
        """Add so many items of the value 0 or 1, whose spread follows from the rate."""
        self.samples += items
        self.total += value * items

    def add(self, value: float) -> None:
        self.count(value, 1)
        delta = value - self.mean
        self.mean += delta / self.samples
        self.squares += delta * (value - self.mean)

    @property
    def standard_deviation(self) -> float | None:
        """The sample standard deviation; undefined below two samples."""
        return math.sqrt(self.squares / (self.samples - 1)) if self.samples > 1 else None


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
        if self._proportion:
            self.count(value, 1, groups)
            return
        self._whole.add(value)
        for group in groups:
            self._find_tally(group).add(value)

    def count(self, hit: float, items: int, groups: tuple[str, ...] = ()) -> None:
        """Count so many items of a proportion at once, all of them hits (1) or all of them none (0).

        Raises:
            GovernanceError: as `add` does.
        """
        self._whole.count(hit, items)
        for group in groups:
            self._find_tally(group).count(hit, items)

    def _find_tally(self, group: str) -> _Tally:
        tally = self._groups.get(group)
        if tally is None:
            if len(self._groups) >= MAX_GROUPS:
                raise GovernanceError(
                    f"facets: more than {MAX_GROUPS:,} groups, the last one {group}; "
                    "leave out columns that identify a single item"
                )
            tally = self._groups[group] = _Tally()
        return tally

    def measurements(
        self, *, nothing: str = "no item could be scored", known_groups: Iterable[str] = ()
    ) -> list[Measurement]:
        """Return the whole, each group in the order of its name, and each column's largest gap.

        `nothing` is the reason to give for the whole, or for one of `known_groups`, in which there is no item.
        """
        unmeasured = Unmeasured(self._metric, nothing, HERE)
        whole = self._figure(self._whole).stated if self._whole.samples else unmeasured
        figures = {group: self._figure(tally) for group, tally in self._groups.items()}
        return measure_groups(whole, {**dict.fromkeys(known_groups, unmeasured), **figures})

    def _figure(self, tally: _Tally) -> Figure:
        spread = None if self._proportion else tally.standard_deviation
        stated = Measured(
            self._metric,
            tally.total / tally.samples,  # exact for a rate, where the running mean is not
            HERE,
            samples=tally.samples,
            support=Support(standard_deviation=spread),
        )
        variance = self._variance_of_mean(tally)
        return Figure(stated, tally.samples, None if variance is None else Fraction(variance))

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
