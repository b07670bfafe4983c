"""The measurements of one version's evidence, found by metric and facet, and the names that are near a missing one."""

import difflib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import takewhile

from checks.alike import alike
from checks.evidence import Evidence
from checks.gaps import ByFacet, concerns, gaps_by_metric, is_above_a_number, with_gaps
from checks.measurements import Measurement
from checks.sensitive_share import Explanations, explanations, sensitive_shares
from checks.thresholds import Check

_NEIGHBOURS = 10  # names compared with a missing one, on each side of its place in an order
_LONGEST_COMPARED = 200  # characters: comparing two names takes the product of their lengths
_MOST_SHOWN = 5


class MeasurementIndex:
    """Made once for a decision; what each of hundreds of checks asks for is found without going through all of it."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._found: defaultdict[str, defaultdict[str | None, list[Measurement]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self._sorted_facets: dict[str, list[str]] = {}
        self._alike_facets: dict[str, dict[str, list[str]]] = {}
        for measurement in evidence.measurements:
            self._found[alike(measurement.metric)][measurement.facet].append(measurement)
        self._gaps = gaps_by_metric(evidence.measurements)

    def concerned(self, check: Check) -> Iterator[tuple[str | None, Sequence[Measurement]]]:
        """Yield each facet that `check` is about with what the evidence has of it, in the order of their names."""
        found = with_gaps(alike(check.metric), check.facet, self._found_for(check), self._gaps)
        facets = (facet for facet in found if concerns(check.facet, facet))
        yield from ((facet, found[facet]) for facet in sorted(facets, key=lambda facet: facet or ""))

    def some_facets(self, metric: str) -> list[str] | None:
        """Return the first facets of `metric`, none where it is only about the whole; `None` where it is not there."""
        found = self._found.get(alike(metric))
        return None if found is None else self._in_order(alike(metric), found)[:_MOST_SHOWN]

    def nearest(self, metric: str) -> list[str]:
        """Return at most three names that are spelt much like `metric`, nearest first.

        Compared are its neighbours among the names in order, and among the names read backwards: of many names, those
        that begin or end alike.
        """
        if len(metric) > _LONGEST_COMPARED:
            return []
        near = _around(metric, self._names)
        near += [name[::-1] for name in _around(metric[::-1], self._mirrored)]
        return difflib.get_close_matches(metric, sorted(set(near)), n=3)

    def _found_for(self, check: Check) -> ByFacet:
        if check.sensitive_features is not None:
            return sensitive_shares(check.metric, check.sensitive_features, self._explanations)
        metric = alike(check.metric)
        found: ByFacet = self._found.get(metric, {})
        return {facet: found[facet] for facet in self._facets(metric, check.facet, found)}

    def _facets(self, metric: str, wanted: str | None, found: ByFacet) -> Iterator[str | None]:
        if wanted is None:
            yield from (facet for facet in (None,) if facet in found)
            return
        facets = self._in_order(metric, found)
        if wanted == "*" or is_above_a_number(wanted):
            yield from (facet for facet in facets if concerns(wanted, facet))
            return
        yield from self._facets_alike(metric, facets).get(alike(wanted), ())
        groups = f"{wanted}="
        start = bisect_left(facets, groups)
        yield from takewhile(
            lambda facet: facet.startswith(groups), map(facets.__getitem__, range(start, len(facets)))
        )

    def _in_order(self, metric: str, found: ByFacet) -> list[str]:
        if metric not in self._sorted_facets:
            self._sorted_facets[metric] = sorted(facet for facet in found if facet is not None)
        return self._sorted_facets[metric]

    def _facets_alike(self, metric: str, facets: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return the facets of `metric` by the form that those share that look the same."""
        if metric not in self._alike_facets:
            by_form = self._alike_facets.setdefault(metric, {})
            for facet in facets:
                by_form.setdefault(alike(facet), []).append(facet)
        return self._alike_facets[metric]

    @cached_property
    def _explanations(self) -> Explanations:
        return explanations(self._evidence)

    @cached_property
    def _names(self) -> list[str]:
        return sorted(name for name in self._found if len(name) <= _LONGEST_COMPARED)

    @cached_property
    def _mirrored(self) -> list[str]:
        return sorted(name[::-1] for name in self._names)


def _around(name: str, names: Sequence[str]) -> list[str]:
    place = bisect_left(names, name)
    return list(names[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS])
