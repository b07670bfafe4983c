"""Gaps that reach further than their own address: what is undefined is undefined with its parts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from checks.alike import alike
from checks.facets import AskedFacet
from checks.measurements import Measurement, Unmeasured

ByFacet = Mapping[str | None, Sequence[Measurement]]
Gaps = Mapping[str, Sequence[Unmeasured]]
"""By metric: what is undefined with its parts."""


def add_gaps(metric: str, asked: AskedFacet, found: ByFacet, gaps: Gaps) -> ByFacet:
    """Return `found`, the measurements of `metric` by facet, with the gaps that reach it from further up.

    `asked` is what the check is for. Further up is what `metric` is a part of, and the column that `asked` is a group
    of.
    """
    held: dict[str | None, list[Measurement]] = {facet: list(of_facet) for facet, of_facet in found.items()}
    present = [facet for facet in held if asked.concerns(facet)]
    for gap, is_above in _gaps_at_or_above(metric, gaps):
        if gap.facet is None:
            # What is undefined as a whole is so in every facet, and where nothing was measured at all.
            reached: Sequence[str | None] = (present or [asked.text]) if is_above else []
        elif asked.is_part_of(gap.facet):
            reached = [asked.text]
        else:
            reached = [gap.facet] if is_above and asked.concerns(gap.facet) else []
        for facet in reached:
            held.setdefault(facet, []).append(gap)
    return held


def group_gaps(measurements: Iterable[Measurement]) -> Gaps:
    """Return every gap that has parts."""
    gaps: defaultdict[str, list[Unmeasured]] = defaultdict(list)
    # Nearly every measurement is none, and they are passed over before anything else is asked.
    unmeasured = [one for one in measurements if isinstance(one, Unmeasured)]
    for gap in unmeasured:
        if not gap.itself_only:
            gaps[alike(gap.metric)].append(gap)
    return gaps


def _gaps_at_or_above(metric: str, gaps: Gaps) -> Iterator[tuple[Unmeasured, bool]]:
    """Yield every gap with parts at `metric` and above it, and whether it is above."""
    address = metric
    while address:
        yield from ((gap, address != metric) for gap in gaps.get(address, ()))
        address = address.rpartition(".")[0]
