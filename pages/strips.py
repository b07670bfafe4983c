"""A strip for each check: its values in the versions of the past as dots with intervals, against its limit.

What is within 10 % of the limit is shaded. Of an edit the limit of before is drawn, too, and rings are around what
decides about the versions that it decides otherwise.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from markupsafe import Markup
from msgspec import Struct

from checks.decision import Finding, Outcome
from checks.impact import JudgedTwice
from checks.limits import Limit
from checks.margins import Ruler, list_near
from checks.selection import select_thresholds
from checks.text import one_line
from checks.thresholds import Check, Origin, ThresholdFile
from pages.charts import MOST_TICKS, ChartLine, Gap, Point, draw_lines, find_span, write_number

MOST_VERSIONS = 60  # the newest of them
MOST_FACETS = 12  # dots of one version
MOST_DESCRIBED = 10  # versions that are read out, the newest; the table has them all
HEIGHT = 190
_AROUND = 0.5  # of the place of a version


class VersionDot(Struct, frozen=True):
    """What one version has of one check at each facet.

    `decides`: the edit decides otherwise about the version, and this check makes the stricter of the two verdicts.
    """

    version: int
    findings: tuple[Finding, ...]
    decides: bool


class Strip(Struct, frozen=True):
    """One check of one group: `origin` is where it is written, `old` the check before the edit, and the drawing.

    `span` are the lowest and the highest value of all versions that are drawn; `None` where none has a value.
    """

    group: str
    check: Check
    origin: Origin
    old: Check | None
    svg: Markup | None
    caption: str
    span: Point | None


def draw_strips(
    old: Sequence[ThresholdFile], new: Sequence[ThresholdFile], judged: Iterable[JudgedTwice]
) -> list[Strip]:
    """Return the strip of each check of the files `new`, group by group; `judged` is what was decided by both."""
    by_group: defaultdict[str, list[JudgedTwice]] = defaultdict(list)
    for one in judged:
        by_group[one.group].append(one)
    return [
        strip
        for group, versions in sorted(by_group.items())
        for strip in _draw_group(
            select_thresholds(old, group), select_thresholds(new, group), group, versions[-MOST_VERSIONS:]
        )
    ]


def _draw_group(
    old: ThresholdFile | None, new: ThresholdFile | None, group: str, versions: Sequence[JudgedTwice]
) -> Iterator[Strip]:
    if new is None:
        return
    before = {check.name: check for check in (() if old is None else old.checks)}
    dots = _collect_dots(versions)
    for place, check in enumerate(new.checks):
        old_check = before.get(check.name)
        old_limit = None if old_check is None else old_check.limit
        found = tuple(dots.get(check.name, ()))
        drawn = draw_strip(check.name, check.limit, found, old_limit)
        yield Strip(
            group=group,
            check=check,
            origin=new.origin_of(place),
            old=old_check,
            svg=None if drawn is None else Markup(drawn),  # noqa: S704 - drawn here, with its texts escaped
            caption=_write_caption(check, found),
            span=_span_values(found),
        )


def _span_values(versions: Sequence[VersionDot]) -> Point | None:
    values = [one.value for version in versions for one in version.findings if one.value is not None]
    return (min(values), max(values)) if values else None


def _collect_dots(versions: Sequence[JudgedTwice]) -> Mapping[str, list[VersionDot]]:
    """Return by the name of a check what each version has of it."""
    dots: defaultdict[str, list[VersionDot]] = defaultdict(list)
    for one in versions:
        by_check: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in one.new.findings:
            by_check[finding.check].append(finding)
        deciding = {finding.check for finding in one.by} if one.flips else set()
        for name, findings in by_check.items():
            dots[name].append(VersionDot(one.version, tuple(findings[:MOST_FACETS]), name in deciding))
    return dots


def _write_caption(check: Check, versions: Sequence[VersionDot]) -> str:
    """Return how many versions have a value, and how many of them are near the limit."""
    ruler = Ruler.of(check)
    margins = [[ruler.measure(finding) for finding in one.findings] for one in versions]
    valued = [[margin for margin in found if margin is not None] for found in margins]
    known = [found for found in valued if found]
    near = sum(any(margin.is_near for margin in found) for found in known)
    if not known:
        return "No version has a value."
    return f"{len(known)} version{'s'[: len(known) != 1]} with a value, {near} within 10 % of the limit."


@lru_cache(maxsize=256)  # of a page that is drawn again at each move, most strips are as they were
def draw_strip(
    name: str, limit: Limit, versions: tuple[VersionDot, ...], old: Limit | None = None
) -> str | None:
    """Return the values of one check, oldest version first, against its limit, and the limit `old` where it differs.

    `None` where no version has a value, or the numbers are too far apart for one axis.
    """
    dots = list(_list_dots(versions))
    ends = (-_AROUND, len(versions) - _AROUND)
    lines = [
        *(_shade(values.low, values.high, ends) for values in list_near(limit)),
        *_draw_limits(limit, versions, ends),
        *(_across("limit-before", end, ends) for end in _ends_of(old) if old != limit),
        ChartLine("interval", "interval", [point for line in _list_intervals(versions) for point in line]),
        *dots,
    ]
    span = find_span(y for line in lines for _, y in line.points)
    if not dots or span is None:
        return None
    step = -(-len(versions) // MOST_TICKS)
    ticks = [
        {"value": place, "label": str(versions[place].version)} for place in range(0, len(versions), step)
    ]
    return draw_lines(
        f"{name}: versions against {limit.symbols}",
        "; ".join(_describe(one) for one in versions[-MOST_DESCRIBED:]),
        [line for line in lines if line.points],
        height=HEIGHT,
        xrange=ends,
        range=span,
        x_labels=ticks,
        value_formatter=write_number,
    )


def _ends_of(limit: Limit | None) -> list[float]:
    """Return the finite numbers at which values begin or cease to pass, each once."""
    points = () if limit is None else limit.turning_points
    return [point for point in dict.fromkeys(points) if math.isfinite(point)]


def _draw_limits(limit: Limit, versions: Sequence[VersionDot], ends: Point) -> Iterator[ChartLine]:
    if limit.is_fixed:
        yield from (_across("limit", end, ends) for end in _ends_of(limit))
        return
    # Beside a baseline each version has a limit of its own.
    points: list[Point | Gap] = []
    for place, one in enumerate(versions):
        for end in dict.fromkeys(end for finding in one.findings for end in _ends_of(finding.limit)):
            points += [(place - _AROUND, end), (place + _AROUND, end), (place + _AROUND, None)]
    yield ChartLine("limit", "limit", points)


def _across(kind: str, number: float, ends: Point) -> ChartLine:
    return ChartLine(kind, kind, [(end, number) for end in ends])


def _shade(low: float | None, high: float | None, ends: Point) -> ChartLine:
    """Return the outline of what is near an end of a limit, which is drawn filled."""
    begin, end = ends
    if low is None or high is None:
        return ChartLine("near", "near", [])
    return ChartLine("near", "near", [(begin, low), (end, low), (end, high), (begin, high), (begin, low)])


def _list_intervals(versions: Sequence[VersionDot]) -> Iterator[Sequence[Point | Gap]]:
    for place, one in enumerate(versions):
        for finding in one.findings:
            if finding.interval is not None:
                yield (place, finding.interval.low), (place, finding.interval.high), (place, None)


def _list_dots(versions: Sequence[VersionDot]) -> Iterator[ChartLine]:
    """Yield the dots of each outcome, and rings around those of versions that flip."""
    by_outcome: defaultdict[Outcome, list[Point | Gap]] = defaultdict(list)
    flipping: list[Point | Gap] = []
    for place, one in enumerate(versions):
        values = [(finding.outcome, finding.value) for finding in one.findings if finding.value is not None]
        for outcome, value in values:
            by_outcome[outcome].append((place, value))
        flipping += [(place, value) for _, value in values if one.decides]
    if flipping:
        yield ChartLine("flip", "flip", flipping, has_dots=True, is_drawn=False)
    for outcome, points in by_outcome.items():
        yield ChartLine(f"value {outcome}", "value", points, has_dots=True, is_drawn=False)


def _describe(one: VersionDot) -> str:
    told = ", ".join(_describe_finding(finding) for finding in one.findings)
    return f"version {one.version} {told}{', decides otherwise' if one.decides else ''}"


def _describe_finding(finding: Finding) -> str:
    facet = "" if finding.facet is None else f"{one_line(finding.facet)} "
    return f"{facet}{write_number(finding.value)} {finding.outcome}"
