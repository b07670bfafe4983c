"""Markdown for a comment on a pull request: the result, what asks for something, what passed, and what it rests on.

Names and reasons are of strangers: nothing of them is markup, names nobody, and links nowhere.
"""

import re
from collections.abc import Iterator, Sequence

from checks.decision_record import DecisionRecord
from checks.exact import number_text
from checks.finding_text import ASKS, format_limit
from checks.outputs.told import HEAVIEST_FIRST, Told, ToldPoint, plain_line
from checks.text import shortened

MOST_CHARACTERS = 60_000  # GitHub takes comments of 65,536
MOST_REPORTS = 20
LONGEST_CELL = 300
_HEADINGS = ("Asks for", "Check", "Value", "Limit", "What was found", "Why")
_MARKUP = re.compile(r"[\\`*_{}\[\]<>|~&$#]")
# What GitHub links without any markup: @name, #12, GH-12, https://…, www.…; a joiner goes after it.
_REFERENCES = re.compile(r"@|#|:(?=//)|www(?=\.)|gh(?=-\d)", re.IGNORECASE)
_JOINER = "\u2060"


def write_markdown(told: Sequence[Told]) -> str:
    """Return a section for each version, all together at most as long as a comment may be.

    Of many findings the heaviest are listed, and the others counted.
    """
    room = MOST_CHARACTERS // max(len(told), 1)
    return shortened("\n".join(_write_section(one, room) for one in told), MOST_CHARACTERS)


def _write_section(told: Told, room: int) -> str:
    points = sorted(told.list_points(), key=lambda point: HEAVIEST_FIRST.index(point.consequence))
    asking = [point for point in points if point.consequence is not None]
    passed = [point for point in points if point.consequence is None]
    head = [f"### {escape(told.result)}: {_code(told.subject)}", ""]
    head += [f"- {escape(note)}" for note in told.notes]
    foot = list(_write_facts(told))
    room -= sum(len(line) + 1 for line in (*head, *foot))
    listed = list(_write_table(asking, room)) if asking else []
    room -= sum(len(line) + 1 for line in listed)
    folded = list(_write_table(passed, room)) if passed else []
    if folded:
        summary = f"<summary>{len(passed):,} passed</summary>"
        folded = ["<details>", summary, "", *folded, "", "</details>", ""]
    return "\n".join(
        (*head, *([""] if told.notes else []), *listed, *([""] if listed else []), *folded, *foot, "")
    )


def _write_table(points: Sequence[ToldPoint], room: int) -> Iterator[str]:
    """Yield a table of as many of the points as have room, and how many more there are."""
    yield _write_row(_HEADINGS)
    yield "|---|---|---|---|---|---|"
    for place, point in enumerate(points):
        row = _write_row(_list_cells(point))
        room -= len(row) + 1
        if room < 0:
            yield ""
            yield f"and {len(points) - place:,} more, in the decision record"
            return
        yield row


def _list_cells(point: ToldPoint) -> tuple[str, ...]:
    finding = point.finding
    value = "-" if finding is None or finding.value is None else number_text(finding.value)
    return (
        "nothing" if point.consequence is None else ASKS[point.consequence],
        escape(shortened(point.name, LONGEST_CELL)),
        value,
        "-" if finding is None else escape(format_limit(finding.limit)),
        escape(shortened(point.message, LONGEST_CELL)),
        escape(shortened(point.why, LONGEST_CELL)),
    )


def _write_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _write_facts(told: Told) -> Iterator[str]:
    record = told.record
    if record is None:
        return
    if record.thresholds is None:
        yield "- thresholds: none applies to this group"
    else:
        yield f"- thresholds: {escape(record.thresholds.name)} ({_code(record.thresholds.source)})"
    yield from _write_evidence(record)
    yield f"- decided: {record.decided_at} by {escape(record.engine.name)} {escape(record.engine.version)}"
    if told.record_uri is not None:
        yield f"- record: {_code(told.record_uri)}"


def _write_evidence(record: DecisionRecord) -> Iterator[str]:
    for report in record.evidence[:MOST_REPORTS]:
        yield f"- evidence: {_code(report.uri)} (SHA-256 `{report.sha256[:12]}…`)"
    if (more := len(record.evidence) - MOST_REPORTS) > 0:
        yield f"- evidence: and {more:,} more, in the decision record"


def escape(text: str) -> str:
    """Return text of strangers as Markdown that shows it as it is: no markup, no link, no mention of anybody."""
    told_apart = _REFERENCES.sub(lambda match: f"{match[0]}{_JOINER}", plain_line(text))
    return _MARKUP.sub(lambda match: f"\\{match[0]}", told_apart).replace(_JOINER, "&#8288;")


def _code(text: str) -> str:
    """Return text of strangers as a code span, in which nothing is linked; in a heading or a list, not in a table."""
    line = shortened(plain_line(text), LONGEST_CELL)
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if "`" in line or not line else ""
    return f"{fence}{blank}{line}{blank}{fence}"
