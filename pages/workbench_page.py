"""The workbench: threshold files with their limits to move, and what the past versions come to by them.

Judged and edited is elsewhere: here is the page, its parts that are exchanged at every move, its script and its style.
"""

import difflib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct, field

from checks.decision import Consequence
from checks.exact import number_text
from checks.impact import Impact, JudgedTwice
from checks.threshold_moves import NEW, SEVERITY_KEYS
from checks.thresholds import Check, ThresholdContent, ThresholdFile, Waiver
from pages.charts import Point
from pages.impact_page import list_sections
from pages.strips import Strip, draw_strips
from pages.template_environment import template_environment

SLIDER_STEPS = 200
_AROUND = 0.25  # of the span of the values, to move a limit beyond them
_CONTEXT = 3  # lines around a change


class BenchFile(Struct, frozen=True):
    """A threshold file on the workbench: what it comes to, and what it says itself.

    `is_saved` says whether the workbench writes it; otherwise there is only the difference to copy.
    """

    whole: ThresholdFile
    content: ThresholdContent
    is_saved: bool

    @property
    def source(self) -> str:
        """What messages call the file."""
        return self.whole.source

    @property
    def inherited(self) -> Sequence[tuple[str, str]]:
        """The name of each check that it has from another file, and the source of that."""
        own = set(self.whole.own_places)
        return [
            (check.name, self.whole.origin_of(place).source)
            for place, check in enumerate(self.whole.checks)
            if place not in own
        ]


class Answered(Struct, frozen=True):
    """What a move comes to: the files before and after it, all versions by both, and the difference of their texts."""

    old: Sequence[ThresholdFile]
    new: Sequence[ThresholdFile]
    impact: Impact
    judged: Sequence[JudgedTwice]
    difference: str


class _Slider(Struct, frozen=True):
    low: float
    high: float
    step: float


class _Field(Struct, frozen=True):
    """One value to move: where in the file it is, how it is called, and how it is typed."""

    path: str
    label: str
    value: str
    kind: str
    options: Sequence[str] = ()
    slider: _Slider | None = None


class _Card(Struct, frozen=True):
    """One check or one waiver with its fields; `part` is where the strips of a check are.

    `counts_in` are the other files that have the check from here, which a move of it changes, too.
    """

    name: str
    about: str
    why: str
    fields: Sequence[_Field]
    part: str = ""
    counts_in: Sequence[str] = ()


class _FileCard(Struct, frozen=True):
    """One file: its checks, its waivers, and what a new waiver may be about."""

    file: BenchFile
    checks: Sequence[_Card]
    waivers: Sequence[_Card] = field(default=())
    waivable: Sequence[str] = field(default=())


def write_workbench_page(files: Sequence[BenchFile], answered: Answered) -> str:
    """Return the whole page as HTML; it takes its script and its style from beside itself, and nothing else."""
    strips = _by_origin(answered)
    spans = {place: _join(strip.span for strip in found) for place, found in strips.items()}
    heirs = _list_heirs(files)
    cards = [_make_file_card(number, file, spans, heirs) for number, file in enumerate(files)]
    return (
        template_environment()
        .get_template("workbench.html")
        .render(cards=cards, parts=write_parts(files, answered), new=NEW)
    )


def write_parts(files: Sequence[BenchFile], answered: Answered) -> dict[str, Markup]:
    """Return what is on the page by the id of its place: what versions come to, the strips, and the difference."""
    strips = _by_origin(answered)
    # Its attributes are the macros of the template.
    parts: Any = template_environment().get_template("workbench_parts.html").module
    sections = list_sections(answered.impact, answered.judged)
    written = {
        "summary": parts.summary(sections),
        "versions": parts.versions(sections),
        "loosened": parts.loosened(sections),
        "left-out": parts.left_out(sections),
        "diff": parts.difference(answered.difference.splitlines()),
    }
    for number, file in enumerate(files):
        for place in range(len(file.content.checks or ())):
            found = strips.get((file.source, place), [])
            written[_part_of(number, place)] = parts.strips(found)
    return written


def write_workbench_script() -> str:
    """Return the script of the page."""
    return template_environment().get_template("workbench.js").render()


def write_workbench_style() -> str:
    """Return the style sheet of the page: that of all pages, and what only the workbench has."""
    return template_environment().get_template("workbench.css").render()


def write_difference(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """Return what differs between two states of files, as `diff -u` says it and `git apply` takes it."""
    return "".join(
        line
        for source in before
        if before[source] != after[source]
        for line in _diff_one(source, before[source], after[source])
    )


def _diff_one(source: str, before: bytes, after: bytes) -> Iterator[str]:
    old, new = (content.decode("utf-8").splitlines(keepends=True) for content in (before, after))
    for line in difflib.unified_diff(old, new, f"a/{source}", f"b/{source}", n=_CONTEXT):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _by_origin(answered: Answered) -> Mapping[tuple[str, int], list[Strip]]:
    """Return the strips of each check by where it is written, one a group that it judges."""
    strips: defaultdict[tuple[str, int], list[Strip]] = defaultdict(list)
    for strip in draw_strips(answered.old, answered.new, answered.judged):
        strips[strip.origin.source, strip.origin.index].append(strip)
    return strips


def _join(spans: Iterable[Point | None]) -> Point | None:
    known = [span for span in spans if span is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def _part_of(number: int, place: int) -> str:
    return f"strips-{number}-{place}"


def _list_heirs(files: Sequence[BenchFile]) -> Mapping[tuple[str, int], list[str]]:
    """Return which other files have a check, by where it is written."""
    heirs: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for file in files:
        for place in set(range(len(file.whole.checks))) - set(file.whole.own_places):
            origin = file.whole.origin_of(place)
            heirs[origin.source, origin.index].append(file.source)
    return heirs


def _make_file_card(
    number: int,
    file: BenchFile,
    spans: Mapping[tuple[str, int], Point | None],
    heirs: Mapping[tuple[str, int], Sequence[str]],
) -> _FileCard:
    checks = file.content.checks or ()
    return _FileCard(
        file=file,
        checks=[
            _Card(
                name=check.name,
                about=check.metric if check.facet is None else f"{check.metric} of {check.facet}",
                why=check.why,
                fields=list(_list_check_fields(place, check, spans.get((file.source, place)))),
                part=_part_of(number, place),
                counts_in=heirs.get((file.source, place), ()),
            )
            for place, check in enumerate(checks)
        ],
        waivers=[_make_waiver_card(place, waiver) for place, waiver in enumerate(file.content.waivers or ())],
        waivable=[check.name for check in file.whole.checks],
    )


def _list_check_fields(place: int, check: Check, span: Point | None) -> Iterator[_Field]:
    for path, label, number in _list_numbers(check):
        slider = _make_slider(number, span)
        yield _Field(_spell("checks", place, *path), label, number_text(number), "number", slider=slider)
    for key, demand in (("confidence", check.confidence), ("min_samples", check.min_samples)):
        value = "" if demand is None else number_text(demand)
        yield _Field(_spell("checks", place, key), key, value, "number")
    for key in SEVERITY_KEYS:
        yield _Field(
            _spell("checks", place, key), key, getattr(check, key), "choice", [*map(str, Consequence)]
        )


def _list_numbers(check: Check) -> Iterator[tuple[tuple[str | int, ...], str, float]]:
    """Yield each number of the limit: its path below the check, what it is called, and the number."""
    for key, said in check.limit.as_written.items():
        if isinstance(said, list):
            for end, (name, number) in enumerate(zip(("from", "to"), said, strict=True)):
                yield (key, end), f"{key}, {name}", number
        elif isinstance(said, dict):
            for name, number in said.items():
                yield (key, name), f"{key}, {name}", number
        elif isinstance(said, int | float) and not isinstance(said, bool):
            yield (key,), key, said


def _make_slider(number: float, span: Point | None) -> _Slider | None:
    """Return from where to where a number is moved: over all values and beyond, in steps that a person would take."""
    low, high = (number, number) if span is None else (min(span[0], number), max(span[1], number))
    around = _AROUND * (high - low) or abs(number) / 2 or 0.5
    width = high - low + 2 * around
    if not (math.isfinite(width) and width > 0):
        return None
    step = 10.0 ** math.floor(math.log10(width / SLIDER_STEPS * 5))
    if step == 0:
        return None
    return _Slider(math.floor((low - around) / step) * step, math.ceil((high + around) / step) * step, step)


def _make_waiver_card(place: int, waiver: Waiver) -> _Card:
    texts = (("facet", waiver.facet or "", "text"), ("reason", waiver.reason, "text"))
    fields = [_Field(_spell("waivers", place, key), key, value, kind) for key, value, kind in texts]
    fields.append(_Field(_spell("waivers", place, "expires"), "expires", waiver.expires.isoformat(), "date"))
    fields.append(_Field(_spell("waivers", place), "take it away", "", "gone"))
    return _Card(waiver.check, f"approved by {waiver.approved_by}", "", fields)


def _spell(*path: str | int) -> str:
    return json.dumps(path)
