"""The page about an edit of threshold files: which past versions it decides otherwise, and each check against them."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from checks.decision import Verdict
from checks.impact import CheckImpact, Impact, JudgedTwice
from checks.impact_text import (
    list_cells,
    list_changed,
    list_loosened,
    say_deciding,
    summarise_impact,
)
from checks.thresholds import ThresholdFile
from pages.strips import Strip, draw_strips
from pages.template_environment import template_environment

MOST_ROWS = 200  # versions in the table, those that flip first
MOST_STRIPS = 60
MOST_LEFT_OUT = 100


class VersionRow(Struct, frozen=True):
    """One version in the table: by both sets of files, and what decides where they differ or it does not pass."""

    group: str
    version: int
    day: str
    old: Verdict
    new: Verdict
    why: str
    flips: bool


class ImpactSections(Struct, frozen=True):
    """What a page shows of an impact: each part in its order, and how much of it is left out."""

    summary: str
    rows: Sequence[VersionRow]
    rows_left: int
    loosened: Sequence[str]
    left_out: Sequence[str]
    left_out_left: int


def write_impact_page(
    impact: Impact,
    judged: Sequence[JudgedTwice],
    old: Sequence[ThresholdFile],
    new: Sequence[ThresholdFile],
    *,
    reason: str | None,
) -> str:
    """Return the page as HTML: one file, without scripts and without anything from the network.

    `judged` are the versions that `impact` sums up, and `old` and `new` the files before and after the edit. `reason`
    is why it is right to ask for less, if it was given. Checks that the edit changes come first.
    """
    changed = {(one.group, one.check): one for one in list_changed(impact)}
    strips = draw_strips(old, new, judged)
    strips.sort(key=lambda strip: _key_of(strip) not in changed)
    return (
        template_environment()
        .get_template("impact.html")
        .render(
            sections=list_sections(impact, judged),
            strips=[(strip, _list_figures(changed.get(_key_of(strip)))) for strip in strips[:MOST_STRIPS]],
            strips_left=max(0, len(strips) - MOST_STRIPS),
            gone=[one for one in impact.checks if one.new is None],
            reason=reason,
        )
    )


def list_sections(impact: Impact, judged: Sequence[JudgedTwice]) -> ImpactSections:
    """Return what pages show of an impact beside the strips; versions that flip come first, then the newest."""
    ordered = sorted(judged, key=lambda one: (not one.flips, one.group, -one.version))
    left_out = [f"{one.record}: {one.reason}" for one in impact.left_out]
    return ImpactSections(
        summary=summarise_impact(impact),
        rows=[_make_row(one) for one in ordered[:MOST_ROWS]],
        rows_left=max(0, len(ordered) - MOST_ROWS),
        loosened=list_loosened(impact),
        left_out=left_out[:MOST_LEFT_OUT],
        left_out_left=max(0, len(left_out) - MOST_LEFT_OUT),
    )


def _make_row(one: JudgedTwice) -> VersionRow:
    return VersionRow(
        group=one.group,
        version=one.version,
        day=f"{one.decided_at:%Y-%m-%d}",
        old=one.old.verdict,
        new=one.new.verdict,
        why=say_deciding(one.by),
        flips=one.flips,
    )


def _key_of(strip: Strip) -> tuple[str, str]:
    return strip.group, strip.check.name


def _list_figures(impact: CheckImpact | None) -> Mapping[str, str]:
    """Return what the edit comes to in one check, by what it is called; nothing where it changes nothing."""
    if impact is None:
        return {}
    _, _, limit, near, least, shrunk = list_cells(impact)
    return {"Limit": limit, "Within 10 %": near, "Smallest margin": least, "Margins that shrink": shrunk}
