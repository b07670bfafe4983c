"""The measurements of one version's evidence, found by metric and facet, and the names that are near a missing one."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain

from checks.alike import alike, list_forms
from checks.evidence import Evidence
from checks.facets import WHOLE, KnownFacets
from checks.gaps import ByFacet, add_gaps, group_gaps
from checks.measurements import Measurement
from checks.sensitive_share import Explanations, find_explanations, sum_sensitive_shares
from checks.thresholds import Check

_NEIGHBOURS = 10  # names compared with a missing one, on each side of its place in an order
_LONGEST_COMPARED = 200  # characters: comparing two names takes the product of their lengths
_LEAST_LIKENESS = 0.7  # 1 is the same name; names that have nothing to do with each other come to 0.5
_MOST_NEAR = 3
_MOST_SHOWN = 5
_NOTHING: dict[str | None, list[Measurement]] = {}


class MeasurementIndex:
    """Made once for a decision; what each of hundreds of checks asks for is found without going through all of it."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        # Most metrics have one measurement, which is about the whole: they need no dictionary and no list each.
        self._only: dict[str, Measurement] = {}
        self._found: dict[str, dict[str | None, list[Measurement]]] = {}
        self._known_facets: dict[str, KnownFacets] = {}
        measurements = evidence.measurements
        only, found = self._only, self._found
        forms = list_forms([measurement.metric for measurement in measurements])
        for metric, measurement in zip(forms, measurements, strict=True):
            if metric in found:
                found[metric].setdefault(measurement.facet, []).append(measurement)
            elif metric in only:
                found[metric] = {None: [only.pop(metric)]}
                found[metric].setdefault(measurement.facet, []).append(measurement)
            elif measurement.facet is None:
                only[metric] = measurement
            else:
                found[metric] = {measurement.facet: [measurement]}
        self._gaps = group_gaps(measurements)

    @property
    def only(self) -> Mapping[str, Measurement]:
        """By the form of its name, what each metric has that has one measurement, about the whole; none beside gaps."""
        return {} if self._gaps else self._only

    def find_concerned(self, check: Check) -> Sequence[tuple[str | None, Sequence[Measurement]]]:
        """Return each facet that `check` is about with what the evidence has of it, in the order of their names."""
        asked = check.asked_facet
        metric = alike(check.metric)
        if not self._gaps and asked is WHOLE and check.sensitive_features is None:
            # As most checks are: nothing is to be put in order, and nothing is added.
            if metric in self._only:
                return [(None, (self._only[metric],))]
            whole = self._found.get(metric, _NOTHING).get(None)
            return [(None, whole)] if whole else []
        found = add_gaps(metric, asked, self._find_for(check), self._gaps)
        facets = (facet for facet in found if asked.concerns(facet))
        return [(facet, found[facet]) for facet in sorted(facets, key=lambda facet: facet or "")]

    def list_some_facets(self, metric: str) -> list[str] | None:
        """Return the first facets of `metric`, none where it is only about the whole; `None` where it is not there."""
        form = alike(metric)
        if form in self._only:
            return []
        found = self._found.get(form)
        return None if found is None else self._find_known(form, found).in_order[:_MOST_SHOWN]

    def find_nearest(self, metric: str) -> list[str]:
        """Return at most three names that are spelt much like `metric`, nearest first.

        Compared are its neighbours among the names in order, and among the names read backwards: of many names, those
        that begin or end alike.
        """
        if len(metric) > _LONGEST_COMPARED:
            return []
        near = _list_around(metric, self._names)
        near += [name[::-1] for name in _list_around(metric[::-1], self._mirrored)]
        likeness = measure_likeness(metric, near)
        alike_enough = (name for name in sorted(likeness) if likeness[name] >= _LEAST_LIKENESS)
        return sorted(alike_enough, key=lambda name: -likeness[name])[:_MOST_NEAR]

    def _find_for(self, check: Check) -> ByFacet:
        if check.sensitive_features is not None:
            return sum_sensitive_shares(check.metric, check.sensitive_features, self._explanations)
        metric = alike(check.metric)
        found: ByFacet = self._found.get(metric, _NOTHING)
        if metric in self._only:
            found = {None: [self._only[metric]]}
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
        return sorted(name for name in chain(self._only, self._found) if len(name) <= _LONGEST_COMPARED)

    @cached_property
    def _mirrored(self) -> list[str]:
        return sorted(name[::-1] for name in self._names)


def measure_likeness(name: str, others: Iterable[str]) -> dict[str, float]:
    """Return for each of `others` the share of characters, of both names, that are in their longest common subsequence.

    It is found in one step a character, whatever the length of `name`: Hyyrö, H. (2004), Bit-parallel LCS-length
    computation revisited. Proc. 15th Australasian Workshop on Combinatorial Algorithms, 16-27.
    """
    places: dict[str, int] = {}  # of each character in `name`, a bit each
    for place, character in enumerate(name):
        places[character] = places.get(character, 0) | 1 << place
    every = (1 << len(name)) - 1
    likeness: dict[str, float] = {}
    for other in others:
        left = every  # a bit becomes 0 where the common subsequence grows
        for character in other:
            matching = left & places.get(character, 0)
            left = (left + matching) | (left - matching)
        common = (every & ~left).bit_count()
        likeness[other] = 2 * common / (len(name) + len(other))
    return likeness


def _list_around(name: str, names: Sequence[str]) -> list[str]:
    place = bisect_left(names, name)
    return list(names[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS])
