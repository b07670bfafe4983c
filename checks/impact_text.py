"""What a change of thresholds does, as JSON for programs and as Markdown for a comment on a pull request."""

from collections.abc import Iterator, Mapping, Sequence

from checks.decision import Finding
from checks.impact import CheckImpact, Flip, Impact, Side
from checks.limits import short_number
from checks.outputs.markdown import LONGEST_CELL, MOST_CHARACTERS, escape
from checks.text import shortened

SCHEMA = "governance.impact/1"
MOST_LISTED = 100  # flips, records and loosenings, each, in a comment
MOST_DECIDING = 3  # findings that are named of one flip


def summarise_impact(impact: Impact) -> str:
    """Return the impact in a sentence."""
    of_versions = f"{impact.versions:,} version{'s'[: impact.versions != 1]}"
    left = len(impact.left_out)
    beside = f"; {left:,} record{'s'[: left != 1]} could not be judged again" if left else ""
    return f"{len(impact.flips):,} of {of_versions} would be decided otherwise{beside}"


def list_loosened(impact: Impact) -> list[str]:
    """Return a line for each loosening, with the groups that it is for."""
    return [
        f"{', '.join(one.groups)}: {loosening}" for one in impact.loosened for loosening in one.loosenings
    ]


def list_changed(impact: Impact) -> list[CheckImpact]:
    """Return the checks that are otherwise by the new files: their limit, or what it came to."""
    return [one for one in impact.checks if one.old != one.new or one.shrunk]


def say_deciding(by: Sequence[Finding]) -> str:
    """Return which checks make a verdict, and why."""
    told = [f"{name_finding(one)}: {one.reason}" for one in by[:MOST_DECIDING]]
    more = len(by) - MOST_DECIDING
    return "; ".join(told) + (f"; and {more:,} more" if more > 0 else "")


def name_finding(finding: Finding) -> str:
    """Return the check with the facet, if the finding is about one."""
    return f"{finding.check} ({finding.facet})" if finding.facet else finding.check


def list_cells(impact: CheckImpact) -> tuple[str, ...]:
    """Return group, check, limit, versions near it, smallest margin, and the margins that shrink, of one check."""
    old, new = impact.old, impact.new
    return (
        impact.group,
        impact.check,
        _change(*(("-" if side is None else side.limit) for side in (old, new))),
        _change(*(("-" if side is None else f"{side.near:,} of {side.versions:,}") for side in (old, new))),
        _change(*map(_say_least, (old, new))),
        f"{impact.shrunk:,}",
    )


CHECK_HEADINGS = ("Group", "Check", "Limit", "Within 10 %", "Smallest margin", "Margins that shrink")
FLIP_HEADINGS = ("Group", "Version", "Old", "New", "By")


def _say_least(side: Side | None) -> str:
    return "-" if side is None or side.least is None else short_number(side.least)


def _change(old: str, new: str) -> str:
    return old if old == new else f"{old} → {new}"


def impact_json(impact: Impact, *, reason: str | None) -> Mapping[str, object]:
    """Return the impact for programs; `reason` is why loosening was allowed, if it was."""
    return {
        "schema": SCHEMA,
        "versions": impact.versions,
        "flips": [_flip_json(flip) for flip in impact.flips],
        "checks": [_check_json(one) for one in impact.checks],
        "loosened": [
            {
                "groups": list(one.groups),
                "kind": loosening.kind,
                "check": loosening.check,
                "what": loosening.what,
            }
            for one in impact.loosened
            for loosening in one.loosenings
        ],
        "reason": reason,
        "left_out": [{"record": one.record, "reason": one.reason} for one in impact.left_out],
    }


def _flip_json(flip: Flip) -> Mapping[str, object]:
    by = [{"check": one.check, "facet": one.facet, "reason": one.reason} for one in flip.by]
    return {
        "group": flip.group,
        "version": flip.version,
        "record": flip.record,
        "old": flip.old,
        "new": flip.new,
        "by": by,
    }


def _check_json(impact: CheckImpact) -> Mapping[str, object]:
    return {
        "group": impact.group,
        "check": impact.check,
        "old": _side_json(impact.old),
        "new": _side_json(impact.new),
        "shrunk": impact.shrunk,
    }


def _side_json(side: Side | None) -> Mapping[str, object] | None:
    if side is None:
        return None
    return {
        "limit": side.limit,
        "versions": side.versions,
        "within_10_percent": side.near,
        "smallest_margin": side.least,
    }


def write_impact_markdown(impact: Impact, *, reason: str | None) -> str:
    """Return a comment for a pull request, at most as long as one may be; `reason` is why loosening is right."""
    lines = [f"### Thresholds: {escape(summarise_impact(impact))}", ""]
    flips = [_list_flip_cells(flip) for flip in impact.flips]
    lines += _write_section("Decided otherwise", FLIP_HEADINGS, flips)
    loosened = list_loosened(impact)
    if loosened:
        lines += ["#### Loosened", ""]
        lines += [f"Reason: {escape(reason)}", ""] if reason else []
        lines += [*_write_list(loosened), ""]
    lines += _write_section("Checks", CHECK_HEADINGS, [list_cells(one) for one in list_changed(impact)])
    if impact.left_out:
        lines += ["#### Not judged again", ""]
        lines += [*_write_list([f"{one.record}: {one.reason}" for one in impact.left_out]), ""]
    return shortened("\n".join(lines), MOST_CHARACTERS)


def _list_flip_cells(flip: Flip) -> tuple[str, ...]:
    return flip.group, str(flip.version), flip.old, flip.new, say_deciding(flip.by)


def _write_section(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield from (f"#### {title}", "", f"| {' | '.join(headings)} |", "|---" * len(headings) + "|")
    for row in rows[:MOST_LISTED]:
        yield f"| {' | '.join(escape(shortened(cell, LONGEST_CELL)) for cell in row)} |"
    yield ""
    if len(rows) > MOST_LISTED:
        yield from (f"and {len(rows) - MOST_LISTED:,} more", "")


def _write_list(texts: Sequence[str]) -> Iterator[str]:
    yield from (f"- {escape(shortened(text, LONGEST_CELL))}" for text in texts[:MOST_LISTED])
    if len(texts) > MOST_LISTED:
        yield f"- and {len(texts) - MOST_LISTED:,} more"
