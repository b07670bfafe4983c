"""Pairing: the scores of the same items in two versions, where the items are behind the figures that are compared."""

import math
from collections.abc import Mapping

from msgspec import Struct

from checks.exact import number_text
from checks.item_results import RESULTS, ItemResults
from checks.measurements import Measured

_ROUNDING = 1e-6  # what reports are rounded to at most
_FEWEST = 2  # one item shows no spread


class Pairs(Struct, frozen=True):
    """The scores of the same items, of the version that is judged and of the baseline, in the order of their ids."""

    values: tuple[float, ...]
    before: tuple[float, ...]

    @property
    def are_verdicts(self) -> bool:
        """Whether each item is right or wrong, and has no score between."""
        return {*self.values, *self.before} <= {0.0, 1.0}


class Behind(Struct, frozen=True):
    """A figure, and the item results beside its report; `owner` is what findings call whose they are."""

    owner: str
    figure: Measured
    items: ItemResults | None


def pair_items(version: Behind, baseline: Behind) -> Pairs | str:
    """Return the scores of the items behind two figures of one metric and facet, or why they cannot be paired.

    All items must be in both: of a part of them, whoever chooses the part could choose the outcome. On each side they
    must come to the figure in the report, so that what is compared is what was reported.
    """
    scores = _find_scores(version)
    if isinstance(scores, str):
        return scores
    before = _find_scores(baseline)
    if isinstance(before, str):
        return before
    in_both = scores.keys() & before.keys()
    of_all = scores.keys() | before.keys()
    if len(in_both) < len(of_all):
        return f"{len(in_both):,} of {len(of_all):,} items are in both, and pairing needs all of them"
    if len(in_both) < _FEWEST:
        return "there is one item, and one shows no spread"
    ids = sorted(in_both)
    return Pairs(tuple(scores[one] for one in ids), tuple(before[one] for one in ids))


def _find_scores(behind: Behind) -> Mapping[str, float] | str:
    """Return the score of each item by its id, or why they are not those behind the figure."""
    owner, figure = behind.owner, behind.figure
    if behind.items is None:
        return f"no item results ({RESULTS}) of {owner} were read beside its report"
    if behind.items.problem is not None:
        return f"the item results of {owner} cannot be used: {behind.items.problem}"
    scores = behind.items.scores_of(figure.metric, figure.facet)
    if not scores:
        return f"the item results of {owner} do not say what an item came to by this metric"
    mean = math.fsum(scores.values()) / len(scores)
    rounding = _ROUNDING * max(1.0, abs(figure.value))
    if abs(mean - figure.value) > rounding or figure.samples not in (None, len(scores)):
        samples = "" if figure.samples is None else f" of {figure.samples:,}"
        return (
            f"the item results of {owner} come to {mean:.6g} of {len(scores):,} items, and its report says "
            f"{number_text(figure.value)}{samples}"
        )
    return _explain_wider(figure, scores, mean) or scores


def _explain_wider(figure: Measured, scores: Mapping[str, float], mean: float) -> str | None:
    """Return why the spread of the items is not all that the figure is uncertain by, or `None` where it is.

    A report may know that its items are not independent, or add the noise of a judge.
    """
    support = figure.support
    if support.spread_problem is not None:
        return support.spread_problem
    if support.interval is not None and support.standard_error is None:
        return "a report gives an interval of its own, and items do not tell what it rests on"
    if support.standard_error is None or len(scores) < _FEWEST:
        return None
    squares = math.fsum((score - mean) ** 2 for score in scores.values())
    error = math.sqrt(squares / (len(scores) - 1) / len(scores))
    if support.standard_error > error * (1 + _ROUNDING) + _ROUNDING:
        return (
            f"a report gives a standard error of {support.standard_error:.6g}, and its items show {error:.6g}"
        )
    return None
