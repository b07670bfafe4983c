"""What a limit comes to beside a figure of the baseline."""

import math

from msgspec import Struct
from msgspec.structs import replace

from checks.catalogue import find_metric
from checks.catalogue.metric import Better
from checks.exact import difference, product, size, total
from checks.intervals import two_sided_level
from checks.limits import AtLeast, AtMost, Limit, NoWorse, Target
from checks.measurements import Interval, Measured
from checks.pairing import Behind, Pairs, pair_items
from checks.thresholds import Check


class Beside(Struct, frozen=True):
    """What a limit comes to beside a figure of the baseline.

    The limit moves with the figure: by `slope` for each unit that the figure is larger or, of a metric that is best at
    a target, farther from it. `pairs` are the scores of the items behind both figures, or why there are none.
    """

    limit: Limit
    baseline: Measured
    slope: float
    pairs: Pairs | str = "nothing is known of their items"

    @property
    def is_even(self) -> bool:
        """Whether the limit is the baseline's own figure."""
        return self.slope == 1 and self.limit.turning_points == (self.baseline.value,)

    def pair(self, version: Behind, baseline: Behind) -> "Beside":
        """Return the same with the items behind the figure that is held against the limit, and the baseline's."""
        pairs: Pairs | str = "a distance to a target has two sides"
        if not isinstance(self.limit, Target):
            pairs = pair_items(version, baseline)
        return replace(self, pairs=pairs)

    def widen_paired(self, value: float, confidence: float) -> tuple[Interval, str] | str:
        """Return the interval around `value` as `widen` does, of paired items, and by which method; or why not."""
        if isinstance(self.pairs, str):
            return self.pairs
        from checks.paired_bounds import bound_difference  # noqa: PLC0415 - few checks have pairs

        bounds = bound_difference(self.pairs, confidence, slope=self.slope, is_even=self.is_even)
        if isinstance(bounds, str):
            return bounds
        interval = Interval(value - bounds.below, value + bounds.above, two_sided_level(confidence))
        return interval, bounds.method

    def widen(self, value: float, around: Interval, around_baseline: Interval) -> Interval:
        """Return the interval around `value` whose place by the limit is that of the difference by what is allowed.

        Each bound of the difference of two independent values is as far from it as the root of the squares of how far
        the bounds of the two are from them. Newcombe, R. G. (1998), Interval estimation for the difference between
        independent proportions. Statistics in Medicine 17, 873-890 (method 10, where both intervals are Wilson's).
        """
        figure = float(self.baseline.value)
        below, above = figure - around_baseline.low, around_baseline.high - figure
        if isinstance(self.limit, Target):  # whichever side of the target the baseline is on
            below = above = max(below, above)
        low = value - math.hypot(value - around.low, self.slope * above)
        high = value + math.hypot(around.high - value, self.slope * below)
        return Interval(low, high, two_sided_level(around_baseline.one_sided))


def limit_beside(check: Check, limit: NoWorse, figure: Measured) -> Beside:
    """Return what `limit` of `check` comes to beside the baseline's `figure`, exactly.

    A relative amount is that share of the figure's size, and of a metric that is best at a target, of the distance to
    it: beside a figure of 0, or one at the target, nothing is allowed.
    """
    metric, relative = find_metric(check.metric), limit.relative or 0.0
    if metric is not None and metric.better is Better.TARGET and metric.target is not None:
        away = size(difference(figure.value, metric.target))
        return Beside(Target(metric.target, total((away, _allow(limit, away)))), figure, 1 + relative)
    allowed = _allow(limit, figure.value)
    # The share that is allowed moves the limit of a negative figure the other way.
    share = relative if figure.value >= 0 else -relative
    if _is_higher_better(check):
        return Beside(AtLeast(difference(figure.value, allowed)), figure, 1 - share)
    return Beside(AtMost(total((figure.value, allowed))), figure, 1 + share)


def _allow(limit: NoWorse, figure: float) -> float:
    """Return by how much a value may be worse than `figure`."""
    if limit.absolute is not None:
        return limit.absolute
    return 0.0 if limit.relative is None else product(size(figure), limit.relative)


def _is_higher_better(check: Check) -> bool:
    if check.better is not None:
        return check.better.value == Better.HIGHER.value
    metric = find_metric(check.metric)
    return metric is not None and metric.better is Better.HIGHER
