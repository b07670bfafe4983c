"""The measurements of one version's evidence, found by metric and facet, and the names that are near a missing one."""

import difflib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from checks.alike import alike
from checks.evidence import Evidence
from checks.facets import WHOLE, KnownFacets
from checks.gaps import ByFacet, add_gaps, group_gaps
from checks.measurements import Measurement
from checks.sensitive_share import Explanations, find_explanations, sum_sensitive_shares
from checks.thresholds import Check

_NEIGHBOURS = 10  # names compared with a missing one, on each side of its place in an order
_LONGEST_COMPARED = 200  # characters: comparing two names takes the product of their lengths
_MOST_SHOWN = 5
_NOTHING: dict[str | None, list[Measurement]] = {}


class MeasurementIndex:
    """Made once for a decision; what each of hundreds of checks asks for is found without going through all of it."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._found: dict[str, dict[str | None, list[Measurement]]] = {}
        self._known_facets: dict[str, KnownFacets] = {}
        measurements = evidence.measurements
        for measurement in measurements:
            by_facet = self._found.setdefault(alike(measurement.metric), {})
            if measurement.facet in by_facet:
                by_facet[measurement.facet].append(measurement)
            else:
                by_facet[measurement.facet] = [measurement]
        self._gaps = group_gaps(measurements)

    def find_concerned(self, check: Check) -> Iterator[tuple[str | None, Sequence[Measurement]]]:
        """Yield each facet that `check` is about with what the evidence has of it, in the order of their names."""
        asked = check.asked_facet
        if not self._gaps and asked is WHOLE and check.sensitive_features is None:
            # As most checks are: nothing is to be put in order, and nothing is added.
            if whole := self._found.get(alike(check.metric), _NOTHING).get(None):
                yield None, whole
            return
        found = add_gaps(alike(check.metric), asked, self._find_for(check), self._gaps)
        facets = (facet for facet in found if asked.concerns(facet))
        yield from ((facet, found[facet]) for facet in sorted(facets, key=lambda facet: facet or ""))

    def list_some_facets(self, metric: str) -> list[str] | None:
        """Return the first facets of `metric`, none where it is only about the whole; `None` where it is not there."""
        found = self._found.get(alike(metric))
        return None if found is None else self._find_known(alike(metric), found).in_order[:_MOST_SHOWN]

    def find_nearest(self, metric: str) -> list[str]:
        """Return at most three names that are spelt much like `metric`, nearest first.

        Compared are its neighbours among the names in order, and among the names read backwards: of many names, those
        that begin or end alike.
        """
        if len(metric) > _LONGEST_COMPARED:
            return []
        near = _list_around(metric, self._names)
        near += [name[::-1] for name in _list_around(metric[::-1], self._mirrored)]
        return difflib.get_close_matches(metric, sorted(set(near)), n=3)

    def _find_for(self, check: Check) -> ByFacet:
        if check.sensitive_features is not None:
            return sum_sensitive_shares(check.metric, check.sensitive_features, self._explanations)
        metric = alike(check.metric)
        found: ByFacet = self._found.get(metric, {})
        return {facet: found[facet] for facet in check.asked_facet.among(self._find_known(metric, found))}

    def _find_known(self, metric: str, found: ByFacet) -> KnownFacets:
        """Return the facets of `metric`, which are put in order once."""
        if metric not in self._known_facets:
            self._known_facets[metric] = KnownFacets(found)
        return self._known_facets[metric]

    @cached_property
    def _explanations(self) -> Explanations:
        return find_explanations(self._evidence)

    @cached_property
    def _names(self) -> list[str]:
        return sorted(name for name in self._found if len(name) <= _LONGEST_COMPARED)

    @cached_property
    def _mirrored(self) -> list[str]:
        return sorted(name[::-1] for name in self._names)


def _list_around(name: str, names: Sequence[str]) -> list[str]:
    place = bisect_left(names, name)
    return list(names[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS])
