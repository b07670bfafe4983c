"""Whether a threshold file means what it says: limits against the catalogue of metrics, names, facets and patterns.

A file that parses can still approve everything or nothing. What cannot do anything, a limit that no value can miss or
meet, a pattern that matches nothing, is refused; what probably says something else than was meant is a warning. A
metric that the catalogue does not know is held to nothing that only the catalogue says.
"""

from collections.abc import Mapping, Sequence

from checks.catalogue import find_metric
from checks.doubts.about_limits import BOTH, Sides, doubt_limit, doubt_support
from checks.doubts.about_names import doubt_facet, doubt_metric, doubt_patterns
from checks.doubts.about_pairs import doubt_pointless
from checks.doubts.doubt import Doubt
from checks.thresholds import Check, ThresholdFile
from checks.yaml_source import Path


def doubts_about(file: ThresholdFile) -> list[Doubt]:
    """Return everything about a threshold file that cannot mean what it says, or probably does not.

    Inherited checks are doubted where they are written; here they count for what they do beside the file's own.
    """
    found = list(doubt_patterns(file))
    together = _narrow_sides(file.checks)
    own = {place: _path_of(file, place) for place in file.own_places}
    for place, path in own.items():
        check = file.checks[place]
        for about in (doubt_metric, doubt_facet, doubt_support):
            found += about(check, path)
        found += doubt_limit(check, path, together.get((check.metric, check.facet), BOTH))
    refused = {doubt.path[:2] for doubt in found if doubt.refused}
    sound = [place for place in range(len(file.checks)) if own.get(place) not in refused]
    pointless = doubt_pointless(file, sound)
    return [
        *found,
        *(Doubt(own[place], message, refused=False) for place, message in pointless if place in own),
    ]


def _path_of(file: ThresholdFile, place: int) -> Path:
    return "checks", file.origin_of(place).index


def _narrow_sides(checks: Sequence[Check]) -> Mapping[tuple[str, str | None], Sides]:
    """Return for each metric and facet whether the ends of the metric's range pass all checks of it."""
    found: dict[tuple[str, str | None], Sides] = {}
    for check in checks:
        metric = find_metric(check.metric)
        if metric is not None and check.limit.is_fixed:
            subject = (check.metric, check.facet)
            found[subject] = found.get(subject, BOTH).narrowed(check.limit, metric.range)
    return found
