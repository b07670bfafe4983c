"""A metric for the whole, for each facet group, and the largest gap between a facet's groups: one rule for all scorers.

However a scorer comes to its figures, as a rate, a mean of items or a score of its own, it hands them to
`measure_groups`, and nothing else in this room computes a gap. The rule, for each facet (column):

- The gap is the highest of the groups' values less the lowest; of groups that tie, the first in the order of the names
  counts. Where all tie it is one group against itself: its samples count once, and its error twice.
- Groups without a value are stated with their reason and take no part. One group that is left, or none, has no gap.
- The standard error is that of the difference of two independent values. Where one of theirs is unknown it is unknown,
  and no samples are stated either: samples alone would pass the difference of two means for a proportion.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from msgspec import Struct, field
from msgspec.structs import replace

from checks.catalogue.metric import LARGEST_GAP
from checks.facets import column_of
from checks.measurements import Measured, Measurement, Source, Support, Unmeasured
from scorers.uncertainty import Estimate, estimate

HERE = Source("evaluation.json")


class Figure(Struct, frozen=True):
    """A metric's value over some items: how evidence states it, and what a gap is computed from.

    `variance` is that of the value, exact, so that adding two of them loses nothing; `None` where it is unknown.
    """

    stated: Measured
    samples: int
    variance: Fraction | None


class ScoredItem(Struct):
    """One item: its groups (`column=value`), a value for each time it was scored, and why values are missing."""

    groups: tuple[str, ...]
    draws: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def measure_groups(whole: Measurement, groups: Mapping[str, Figure | Unmeasured]) -> list[Measurement]:
    """Return the whole, each group (`column=value`) in the order of its name, and each column's largest gap."""
    result = [whole]
    columns: dict[str, list[Figure]] = {}
    for group, found in sorted(groups.items()):
        figures = columns.setdefault(column_of(group), [])
        if isinstance(found, Figure):
            figures.append(found)
            result.append(replace(found.stated, facet=group))
        else:
            result.append(replace(found, facet=group))
    return result + [_gap(whole.metric, column, figures) for column, figures in columns.items()]


def measure_means(
    metric: str,
    items: Sequence[ScoredItem],
    *,
    scale: tuple[float, float] = (0.0, 1.0),
    nothing: str = "no item could be scored",
) -> list[Measurement]:
    """Return the mean over the items' means with its standard error, for the whole and by group, and the gaps.

    `scale` bounds the draws. `nothing` is the reason to give where no item has a value; what the items themselves say
    most often is added.
    """
    members: dict[str, list[ScoredItem]] = {}
    for item in items:
        for group in item.groups:
            members.setdefault(group, []).append(item)
    whole = _mean(metric, items, scale, nothing)
    by_group = {group: _mean(metric, of_group, scale, nothing) for group, of_group in members.items()}
    return measure_groups(whole.stated if isinstance(whole, Figure) else whole, by_group)


def estimate_items(items: Sequence[ScoredItem], scale: tuple[float, float] = (0.0, 1.0)) -> Estimate | None:
    """Return the mean over the items that have a value; `None` where there is none. `scale` bounds the draws."""
    draws = [item.draws for item in items if item.draws]
    low, high = scale
    return estimate(draws, low=low, high=high) if draws else None


def state_estimate(metric: str, found: Estimate) -> Figure:
    """Return an estimate as the figure of `metric`."""
    error = found.standard_error
    stated = Measured(
        metric,
        found.value,
        HERE,
        samples=found.samples,
        support=Support(standard_deviation=found.standard_deviation, standard_error=error),
    )
    return Figure(stated, found.samples, None if error is None else Fraction(error) ** 2)


def _mean(
    metric: str, items: Sequence[ScoredItem], scale: tuple[float, float], nothing: str
) -> Figure | Unmeasured:
    found = estimate_items(items, scale)
    if found is not None:
        return state_estimate(metric, found)
    reasons = [reason for item in items for reason in item.reasons]
    if reasons:
        nothing = f"{nothing}, most often because: {max(reasons, key=reasons.count)}"
    return Unmeasured(metric, nothing, HERE)


def _gap(metric: str, column: str, figures: Sequence[Figure]) -> Measurement:
    metric += LARGEST_GAP
    if not figures:
        return Unmeasured(metric, f"{column} has no group with scores", HERE, column)
    if len(figures) == 1:
        return Unmeasured(metric, f"{column} has only one group", HERE, column)
    highest = max(figures, key=lambda one: one.stated.value)
    lowest = min(figures, key=lambda one: one.stated.value)
    samples = highest.samples if highest is lowest else highest.samples + lowest.samples
    error = None
    if highest.variance is not None and lowest.variance is not None:
        error = math.sqrt(highest.variance + lowest.variance)
    return Measured(
        metric,
        highest.stated.value - lowest.stated.value,
        HERE,
        column,
        samples=samples if error is not None or samples == 1 else None,
        support=Support(standard_error=error),
    )
