"""Gaps that reach further than their own address: what is undefined is undefined with its parts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from checks.alike import alike
from checks.measurements import Measurement, Unmeasured

_NUMBER = r"[-+]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][-+]?[0-9]{1,3})?"
_ABOVE = re.compile(
    rf"(?P<column>.+?)(?:>\s*(?P<asked>{_NUMBER})|=\((?P<written>{_NUMBER}), inf[)\]])", re.DOTALL
)

ByFacet = Mapping[str | None, Sequence[Measurement]]
Gaps = Mapping[str, Sequence[Unmeasured]]
"""By metric: what is undefined with its parts."""


def concerns(asked: str | None, facet: str | None) -> bool:
    """Whether a check for the facet `asked` is about a measurement of `facet`.

    `None` is the whole, `"*"` every facet, `column` that column and all its groups; `column>number` is the group that
    bias reports write as `column=(number, inf)`.
    """
    if asked is None or facet is None:
        return asked is facet
    if asked == "*" or alike(asked) == alike(facet) or facet.startswith(f"{asked}="):
        return True
    threshold = _threshold(asked)
    return threshold is not None and threshold == _threshold(facet)


def is_above_a_number(asked: str) -> bool:
    """Whether the facet `asked` is a group above a number, which reports write in more ways than one."""
    return _threshold(asked) is not None


def _threshold(facet: str) -> tuple[str, Decimal] | None:
    """Return the column and the number that `facet` is above, if it is written so."""
    found = _ABOVE.fullmatch(facet)
    return None if found is None else (found["column"], Decimal(found["asked"] or found["written"]))


def with_gaps(metric: str, asked: str | None, found: ByFacet, gaps: Gaps) -> ByFacet:
    """Return `found`, the measurements of `metric` by facet, with the gaps that reach it from further up.

    `asked` is the facet that the check is for. Further up is what `metric` is a part of, and the column that `asked`
    is a group of.
    """
    held: dict[str | None, list[Measurement]] = {facet: list(of_facet) for facet, of_facet in found.items()}
    present = [facet for facet in held if concerns(asked, facet)]
    for gap, is_above in _gaps(metric, gaps):
        if gap.facet is None:
            # What is undefined as a whole is so in every facet, and where nothing was measured at all.
            reached: Sequence[str | None] = (present or [asked]) if is_above else []
        elif asked is not None and asked.startswith((f"{gap.facet}=", f"{gap.facet}>")):
            reached = [asked]
        else:
            reached = [gap.facet] if is_above and concerns(asked, gap.facet) else []
        for facet in reached:
            held.setdefault(facet, []).append(gap)
    return held


def gaps_by_metric(measurements: Iterable[Measurement]) -> Gaps:
    """Return every gap that has parts."""
    gaps: defaultdict[str, list[Unmeasured]] = defaultdict(list)
    for measurement in measurements:
        if isinstance(measurement, Unmeasured) and not measurement.itself_only:
            gaps[alike(measurement.metric)].append(measurement)
    return gaps


def _gaps(metric: str, gaps: Gaps) -> Iterator[tuple[Unmeasured, bool]]:
    """Yield every gap with parts at `metric` and above it, and whether it is above."""
    address = metric
    while address:
        yield from ((gap, address != metric) for gap in gaps.get(address, ()))
        address = address.rpartition(".")[0]
