"""Rates and means of items that were answered once or several times, for the whole and for each facet group.

An item with repeats counts once: its value is the mean of its repeats, and the standard error is that of
`scorers.uncertainty` (the sampling of items, and the model's own variation between repeats). A rate of items that were
answered once is a proportion with its sample size, whose interval the gate computes.
"""

from collections.abc import Hashable, Sequence

from checks.measurements import Measurement
from scorers.group_figures import ScoredItem, measure_means
from scorers.item_groups import FacetedMetric


class Items:
    """Gathers the values of one metric by item."""

    def __init__(self) -> None:
        self._items: dict[Hashable, ScoredItem] = {}

    def add(self, key: Hashable, groups: tuple[str, ...], *values: float | None) -> None:
        """Add values of the item `key`; none at all, or `None`, says that the item exists without one."""
        item = self._items.setdefault(key, ScoredItem(groups))
        item.draws += [value for value in values if value is not None]

    @property
    def all(self) -> list[ScoredItem]:
        """The items in the order in which they came."""
        return list(self._items.values())


def measure(
    metric: str,
    items: Sequence[ScoredItem],
    *,
    proportion: bool,
    scale: tuple[float, float] = (0.0, 1.0),
    nothing: str = "no response could be scored",
) -> list[Measurement]:
    """Return the mean over items as a whole, by group, and each column's largest gap between groups.

    `proportion` says that every draw is 0 or 1; `scale` bounds the draws. `nothing` is the reason to give for the
    whole or a group in which no item has a value.
    """
    scored = [item for item in items if item.draws]
    if not (proportion and scored and all(len(item.draws) == 1 for item in scored)):
        return measure_means(metric, items, scale=scale, nothing=nothing)
    rate = FacetedMetric(metric, proportion=True)
    for item in scored:
        rate.add(item.draws[0], item.groups)
    known_groups = {group for item in items for group in item.groups}
    return rate.measurements(nothing=nothing, known_groups=known_groups)
