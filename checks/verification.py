"""Evidence that does not count as it is reported: its figures are computed again, and those are judged.

What computes them is not here: it hands in, for each report, the figures that came out of the version's own items. A
figure reproduces where it is the same number. A share of counted items must be the same double; any other figure, a
mean or an error, may differ by `TOLERANCE` of its size, since sums are rounded and libraries add in other orders.
"""

import hashlib
import heapq
import math
from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from checks.evidence import Evidence, Report
from checks.measurements import Measured, Measurement, Unmeasured

TOLERANCE = 1e-9
_ONE_IN = 20  # a sample misses the share that is stated once in so many times: with a probability of 5 %
_Key = tuple[str, str | None]


class ItemFile(Struct, frozen=True):
    """The items behind a report: where they are, the SHA-256 of their bytes, and how many there are."""

    uri: str
    sha256: str
    items: int
    version_id: str | None = None


class Recomputation(Struct, frozen=True):
    """What came of one report when its figures were computed again.

    `figures` is a report of the same figures out of `items`; `None` where there is none, and `problem` says why.
    `altered` counts the items that came to something else than the items file says, and `first_altered` says of the
    first of them what. `scored` is how many items were scored again, of all that could be: by drawing fewer, a share
    of altered items can be missed (`share_missed`). `gold` is what the items were held against, where the threshold
    file names some. `how` says in words what was done.
    """

    figures: Report | None = None
    items: ItemFile | None = None
    problem: str | None = None
    altered: int = 0
    first_altered: str | None = None
    scored: int = 0
    gold: ItemFile | None = None
    how: str | None = None


class Verification(Struct, frozen=True):
    """The recomputation of each report of an evidence, in their order; by `seed` items were drawn, where they were."""

    recomputations: tuple[Recomputation, ...]
    seed: str | None = None


class NotVerified(Struct, frozen=True):
    """Why nothing could be computed again at all, and the way out."""

    reason: str


class Discrepancy(Struct, frozen=True):
    """A reported figure, and what came out instead; or, of items, what differs, in words."""

    metric: str
    facet: str | None
    reported: float | None
    recomputed: float | None
    reason: str


class VerifiedEvidence(Struct, frozen=True):
    """Evidence whose figures are those that were computed again.

    `reported` has by metric and facet what the reports say, of the figures that came out again in some way.
    """

    evidence: Evidence
    discrepancies: tuple[Discrepancy, ...] = ()
    reported: Mapping[_Key, float] = field(default_factory=dict)


def verify_evidence(evidence: Evidence, verification: Verification) -> VerifiedEvidence:
    """Return the evidence with the figures that were computed again in the place of the reported ones.

    A reported figure that nothing came out of is a gap with the reason. A group of a reported metric that came out and
    is not reported is there, too: one that does badly must not pass by being left out.

    Raises:
        ValueError: the recomputations are not those of the evidence (a defect of the caller).
    """
    reports: list[Report] = []
    discrepancies: list[Discrepancy] = []
    reported: dict[_Key, float] = {}
    for report, again in zip(evidence.reports, verification.recomputations, strict=True):
        found = _Figures(report, again)
        reports.append(replace(report, measurements=tuple(found.replaced())))
        discrepancies += found.discrepancies
        for key, value in found.reported.items():
            reported.setdefault(key, value)
    return VerifiedEvidence(Evidence(tuple(reports)), tuple(discrepancies), reported)


class _Figures:
    """The figures of one report, each held against what came out of its items."""

    def __init__(self, report: Report, again: Recomputation) -> None:
        self._report, self._again = report, again
        figures = () if again.figures is None else again.figures.measurements
        self._found = {(one.metric, one.facet): one for one in figures}
        self.discrepancies: list[Discrepancy] = []
        self.reported: dict[_Key, float] = {}

    def replaced(self) -> Iterator[Measurement]:
        """Yield what counts in the place of each reported figure, and then what the report leaves out."""
        if self._again.altered:
            reason = f"{self._report.uri}: {self._again.first_altered}"
            if self._again.altered > 1:
                reason += f"; and {self._again.altered - 1:,} more items"
            self.discrepancies.append(Discrepancy("", None, None, None, reason))
        seen = set()
        for one in self._report.measurements:
            seen.add((one.metric, one.facet))
            yield one if isinstance(one, Unmeasured) else self._replace(one)
        metrics = {metric for metric, _ in seen}
        for key, left_out in self._found.items():
            if key not in seen and left_out.metric in metrics and isinstance(left_out, Measured):
                yield replace(left_out, place=replace(left_out.place, uri=self._report.uri))

    def _replace(self, one: Measured) -> Measurement:
        again = self._found.get((one.metric, one.facet))
        if not isinstance(again, Measured):
            said = again.reason if again is not None else self._again.problem or _NO_FIGURE
            reason = f"verify: it cannot be computed again: {said}"
            return Unmeasured(one.metric, reason, one.source, one.facet, itself_only=True)
        if math.isfinite(one.value):
            self.reported[one.metric, one.facet] = float(one.value)
        if not reproduces(one, again):
            self.discrepancies.append(self._differ(one, again))
        return replace(again, place=one.place)

    def _differ(self, one: Measured, again: Measured) -> Discrepancy:
        items = "its items" if self._again.items is None else self._again.items.uri
        said, is_now = float(one.value), float(again.value)
        what = f"{said!r} is reported, and {is_now!r} comes out of {items}"
        if said == is_now:
            what = f"{one.samples:,} samples are reported, and {again.samples:,} come out of {items}"
        reason = f"{one.source}: {what}; score the version again, and register what scoring wrote as it is"
        return Discrepancy(
            one.metric,
            one.facet,
            said if math.isfinite(said) else None,
            is_now if math.isfinite(is_now) else None,
            reason,
        )


_NO_FIGURE = (
    "its items say nothing of it; take the check out of a file that asks to verify, or let a scorer of the project "
    "compute it"
)


def reproduces(reported: Measured, again: Measured) -> bool:
    """Return whether a reported figure is the one that came out again: the same number, of as many samples."""
    samples = (reported.samples, again.samples)
    if None not in samples and samples[0] != samples[1]:
        return False
    said, is_now = float(reported.value), float(again.value)
    support = again.support
    spreads = (support.standard_deviation, support.standard_error, support.interval)
    is_share = again.samples is not None and all(spread is None for spread in spreads)
    return said == is_now or (
        not is_share and math.isclose(said, is_now, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    )


def draw_items(count: int, sample: int | None, seed: str | None) -> tuple[int, ...]:
    """Return the places of the items to score again: all `count`, or `sample` of them that `seed` draws.

    Each set of so many is as likely as any other: the items with the smallest SHA-256 of the seed and their place.
    Nothing but SHA-256 is in it, so that another machine draws the same a year later.
    """
    if sample is None or sample >= count:
        return tuple(range(count))
    ranks = [(hashlib.sha256(f"{seed} {place}".encode()).digest(), place) for place in range(count)]
    return tuple(sorted(place for _, place in heapq.nsmallest(sample, ranks)))


def share_missed(drawn: int, count: int) -> float:
    """Return the largest share of altered items that `drawn` items of `count`, all clean, miss with 5 % or more.

    With K altered items of N, n items drawn without replacement are all clean with the hypergeometric probability
    C(N - K, n) / C(N, n) (W. G. Cochran, Sampling Techniques, 3rd edition, 1977, section 3.6), which for large N is
    (1 - K/N)^n. The largest K with which that is at least 5 % is found by halving, in whole numbers.
    """
    fewest, most = 0, count - drawn  # that many clean ones are needed to draw none of the others
    every = math.comb(count, drawn)
    while fewest < most:
        middle = (fewest + most + 1) // 2
        if _ONE_IN * math.comb(count - middle, drawn) >= every:
            fewest = middle
        else:
            most = middle - 1
    return fewest / count if count else 0.0
