"""Charts as SVG, drawn by pygal: the values of a check against its limit, and how they went from version to version.

Of what pygal draws the shapes are kept. Its styles, its script and its comments, which have the day in them, are left
out: the page's own style sheet colours the shapes for light and dark, and the same record gives the same bytes.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree

import pygal
from msgspec import Struct
from pygal.style import Style

from checks.decision_record import RecordedFinding
from checks.limits import read_limit
from checks.text import one_line, shortened

WIDTH = 460  # units of the drawing, which the page scales: at 360 pixels a text of 14 units can still be read
ROW_HEIGHT = 26
FRAME_HEIGHT = 90
TREND_HEIGHT = 260
MOST_ROWS = 20
MOST_LINES = 6
MOST_TICKS = 8
LONGEST_LABEL = 18
TEXT_SIZE = 14
MARGIN = 0.08  # of the span of the values, on both sides
LARGEST = 1e12  # beyond it, and below a span of its inverse, an axis has no numbers that can be told apart
SMALLEST_SPAN = 1e-12
WHOLE = "all"

Point = tuple[float, float]
Gap = tuple[float, None]  # where a line is interrupted


class VersionFindings(Struct, frozen=True):
    """What the decision about one version found of one check."""

    version: int
    findings: Sequence[RecordedFinding]


class ChartLine(Struct, frozen=True):
    """One line of a chart: `kind` is how the page's style sheet knows it; one that is not drawn has dots alone."""

    kind: str
    name: str
    points: Sequence[Point | Gap]
    has_dots: bool = False
    is_drawn: bool = True


def draw_values(name: str, findings: Sequence[RecordedFinding]) -> str | None:
    """Return the values of one check, one row a facet, with their intervals, the limit and those of the baseline.

    `None` where nothing can be drawn: no finding has a value, or the numbers are too far apart for one axis. Of more
    than `MOST_ROWS` findings the first are drawn.
    """
    shown = [finding for finding in findings if finding.value is not None][:MOST_ROWS]
    rows = [(len(shown) - place, finding) for place, finding in enumerate(shown)]  # the first on top
    limits = sorted({bound for finding in shown for bound in _bounds(finding)})
    lines = [
        *(ChartLine("limit", "limit", [(bound, 0.5), (bound, len(shown) + 0.5)]) for bound in limits),
        *(_interval_line(row, finding) for row, finding in rows if finding.interval is not None),
        *(
            ChartLine(f"value {finding.outcome}", "value", [(_value(finding), row)], True)
            for row, finding in rows
        ),
        # After the values: a ring around a dot shows that both are the same.
        *(_baseline_line(row, finding) for row, finding in rows if finding.baseline is not None),
    ]
    span = find_span(x for line in lines for x, _ in line.points)
    if not shown or span is None:
        return None
    labels = [{"value": row, "label": _label(finding.facet)} for row, finding in rows]
    described = "; ".join(_describe(finding) for _, finding in rows)
    return draw_lines(
        f"{name}: value and limit",
        described,
        lines,
        height=FRAME_HEIGHT + ROW_HEIGHT * len(shown),
        xrange=span,
        range=(0.5, len(shown) + 0.5),
        y_labels=labels,
        x_value_formatter=write_number,
    )


def draw_trend(name: str, versions: Sequence[VersionFindings]) -> str | None:
    """Return the values of one check from version to version, oldest first, one line a facet, and the limit of each.

    `None` where fewer than two versions have a value, or the numbers are too far apart for one axis. Of more than
    `MOST_LINES` facets the first ones of the last version are drawn.
    """
    facets = list(dict.fromkeys(finding.facet for finding in versions[-1].findings))[:MOST_LINES]
    lines = [_trend_line(number, facet, versions) for number, facet in enumerate(facets)]
    drawn = [line for line in lines if line.points]
    if len({place for line in drawn for place, _ in line.points}) < 2:  # noqa: PLR2004 - a trend has two ends
        return None
    limits = _limit_lines(versions)
    span = find_span(y for line in [*drawn, *limits] for _, y in line.points)
    if span is None:
        return None
    step = -(-len(versions) // MOST_TICKS)
    ticks = [
        {"value": place, "label": str(versions[place].version)} for place in range(0, len(versions), step)
    ]
    return draw_lines(
        f"{name}: from version to version",
        "; ".join(_describe_line(line, versions) for line in drawn),
        [*limits, *drawn],
        height=TREND_HEIGHT,
        xrange=(-0.5, len(versions) - 0.5),
        range=span,
        x_labels=ticks,
        value_formatter=write_number,
    )


def list_trend_names(findings: Sequence[RecordedFinding]) -> list[str]:
    """Return what the lines of a trend are about, in their order: the facets of the newest version."""
    return [
        _label(facet) for facet in list(dict.fromkeys(finding.facet for finding in findings))[:MOST_LINES]
    ]


def _bounds(finding: RecordedFinding) -> list[float]:
    limit = read_limit(finding.limit)
    return [] if limit is None else [bound for bound in limit.bounds if bound is not None]


def _value(finding: RecordedFinding) -> float:
    return math.nan if finding.value is None else finding.value


def _interval_line(row: int, finding: RecordedFinding) -> ChartLine:
    interval = finding.interval
    ends = [] if interval is None else [(interval.low, float(row)), (interval.high, float(row))]
    return ChartLine("interval", "interval", ends)


def _baseline_line(row: int, finding: RecordedFinding) -> ChartLine:
    points = [] if finding.baseline is None else [(finding.baseline.value, float(row))]
    return ChartLine("baseline", "baseline", points, has_dots=True)


def _trend_line(number: int, facet: str | None, versions: Sequence[VersionFindings]) -> ChartLine:
    points: list[Point] = []
    for place, version in enumerate(versions):
        found = next((one.value for one in version.findings if one.facet == facet), None)
        if found is not None:
            points.append((place, found))
    return ChartLine(f"line-{number}", _label(facet), points, has_dots=True)


def _limit_lines(versions: Sequence[VersionFindings]) -> list[ChartLine]:
    """Return the lowest and the highest bound of each version as lines that step where a limit was changed."""
    lows: list[Point] = []
    highs: list[Point] = []
    for place, version in enumerate(versions):
        limits = [read_limit(finding.limit) for finding in version.findings]
        bounds = [limit.bounds for limit in limits if limit is not None]
        for points, ends in ((lows, [low for low, _ in bounds]), (highs, [high for _, high in bounds])):
            known = [end for end in ends if end is not None]
            if known:
                points += [(place - 0.5, known[0]), (place + 0.5, known[0])]
    return [ChartLine("limit", "limit", points) for points in (lows, highs) if points]


def find_span(numbers: Iterable[float | None]) -> Point | None:
    """Return from where to where an axis goes, or `None` where it would have no numbers that can be told apart."""
    known = [number for number in numbers if number is not None and math.isfinite(number)]
    if not known or max(map(abs, known)) > LARGEST:
        return None
    low, high = min(known), max(known)
    if low == high:  # one value alone is drawn in the middle
        half = abs(low) / 2 or 0.5
        low, high = low - half, high + half
    span = high - low
    if span < max(SMALLEST_SPAN, SMALLEST_SPAN * max(abs(low), abs(high)) * 1_000):
        return None
    return low - MARGIN * span, high + MARGIN * span


def draw_lines(
    title: str, described: str, lines: Sequence[ChartLine], *, height: int, **options: object
) -> str:
    """Return lines as SVG, in the order in which they cover each other; `described` is read out in their place.

    `options` are those of pygal's XY chart.
    """
    style = Style(label_font_size=TEXT_SIZE, major_label_font_size=TEXT_SIZE)
    chart = pygal.XY(
        style=style,
        width=WIDTH,
        height=height,
        margin=12,
        show_legend=False,
        truncate_label=-1,
        min_scale=2,
        max_scale=4,
        dots_size=5,
        allow_interruptions=True,
        disable_xml_declaration=True,
        **options,
    )
    for line in lines:
        chart.add(line.name, list(line.points), show_dots=line.has_dots, stroke=line.is_drawn)
    return _write_svg(chart.render_tree(), title, described, lines)


def _write_svg(drawn: Any, title: str, described: str, lines: Sequence[ChartLine]) -> str:
    """Return the shapes of `drawn`, an element tree of pygal, with the texts that are read out in their place."""
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": drawn.get("viewBox"),
            "role": "img",
            "class": "chart",
        },
    )
    ElementTree.SubElement(root, "title").text = one_line(title)
    ElementTree.SubElement(root, "desc").text = one_line(described)
    for part in drawn:
        shapes = _copy_shapes(part, lines)
        if shapes is not None:
            root.append(shapes)
    return ElementTree.tostring(root, encoding="unicode")


def _copy_shapes(part: Any, lines: Sequence[ChartLine]) -> ElementTree.Element | None:
    """Return a copy of what is seen of an element, with the classes of this page's style sheet; `None` of nothing."""
    if _tag(part) not in _SHAPES or "tooltip-overlay" in part.get("class", ""):
        return None
    copy = ElementTree.Element(
        _tag(part), {name: part.get(name) for name in _PLACES if part.get(name) is not None}
    )
    classes = _classes_of(part.get("class", "").split(), lines)
    if classes:
        copy.set("class", classes)
    copy.text = part.text
    children = (_copy_shapes(child, lines) for child in part)
    copy.extend(child for child in children if child is not None)
    is_empty = _tag(part) == "g" and len(copy) == 0
    return None if is_empty else copy


def _classes_of(given: Sequence[str], lines: Sequence[ChartLine]) -> str:
    """Return how the page's style sheet knows an element: pygal's `serie-1` is the second of `lines`."""
    number = next((int(one.removeprefix(_SERIES)) for one in given if one.startswith(_SERIES)), None)
    if number is not None:
        return f"series {lines[number].kind}"
    return " ".join(one for one in given if one in _KEPT_CLASSES)


_SHAPES = {"g", "path", "circle", "text"}
_PLACES = ("transform", "d", "x", "y", "cx", "cy", "r")
_SERIES = "serie-"
_KEPT_CLASSES = {"axis", "x", "y", "guide", "line"}


def _tag(part: Any) -> str:
    """Return the name of an element without its namespace; comments have none."""
    return part.tag.rpartition("}")[2] if isinstance(part.tag, str) else ""


def _label(facet: str | None) -> str:
    return WHOLE if facet is None else shortened(one_line(facet), LONGEST_LABEL)


def write_number(number: object) -> str:
    """Return a number as axes and descriptions have it: with four digits."""
    return f"{number:.4g}" if isinstance(number, int | float) else str(number)


def _describe(finding: RecordedFinding) -> str:
    interval, baseline = finding.interval, finding.baseline
    parts = [f"{_label(finding.facet)} {write_number(finding.value)}"]
    if interval is not None:
        parts.append(f"interval {write_number(interval.low)} to {write_number(interval.high)}")
    if baseline is not None:
        parts.append(f"baseline {write_number(baseline.value)}")
    return ", ".join([*parts, finding.outcome])


def _describe_line(line: ChartLine, versions: Sequence[VersionFindings]) -> str:
    told = ", ".join(
        f"version {versions[int(place)].version} {write_number(value)}" for place, value in line.points
    )
    return f"{line.name}: {told}"
