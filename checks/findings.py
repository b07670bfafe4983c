"""Findings kept within what a decision record holds: the heaviest one by one, the rest counted and summed up."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from checks.decision import AppliedWaiver, Consequence, Finding, Outcome

# All checks together keep at most this, and after that each its part of it again: twice this is below the 16 MiB of
# the decision log with room for the rest of a record. Some 8,000 findings are as large.
MAX_FINDING_BYTES = 6 * 1024 * 1024

LONGEST_NAME = 1000  # characters of a facet in a finding
LONGEST_REASON = 2000

_SEVERITY = (None, Consequence.WARN, Consequence.REVIEW, Consequence.REJECT)
_FRAME_BYTES = 600  # the keys, numbers, limit and blanks of one finding in a record
_QUOTES = 10  # around five texts
_MOST_BYTES = 6  # of one character: control characters are written as \\u001f
_MORE = " more came to the same, too many to be listed one by one"
_ONE_MORE = f"1{_MORE}"
# One for all: `json.dumps` makes a new encoder for every text, which takes longer than the text.
_as_json = json.JSONEncoder(ensure_ascii=False).encode


def severity(finding: Finding) -> int:
    """Return how much a finding asks for: 0 for nothing, 3 for a rejection."""
    return rank(finding.consequence)


def rank(consequence: Consequence | None) -> int:
    """Return how much a consequence is, likewise."""
    return _SEVERITY.index(consequence)


def keep_within_bounds(groups: Iterable[Sequence[Finding]], count: int) -> list[Finding]:
    """Return the findings of each group, one group a check, in their order, within `MAX_FINDING_BYTES` twice over.

    `count` is how many groups there are; each is asked for its findings when its turn comes.
    Of a group that is too large the heaviest findings stay. The others are counted, one finding for all that came to
    the same outcome and ask for the same, by the same waiver: nothing that asks for something is hidden, and the
    verdict is that of all.
    """
    kept: list[Finding] = []
    remaining = iter(groups)
    most = 0  # bytes that the findings of all groups so far may be
    # As long as that is not too many, which in nearly every decision is to the end, they need not be counted.
    for findings in remaining:
        for finding in findings:  # most groups have one
            most += _bound_bytes(finding)
        if most > MAX_FINDING_BYTES:
            return kept + _keep_heaviest_of_each(chain((findings,), remaining), kept, count)
        kept += findings
    return kept


def _keep_heaviest_of_each(
    groups: Iterable[Sequence[Finding]], before: Sequence[Finding], count: int
) -> list[Finding]:
    """Return the same of the groups that come after what was kept `before`."""
    left, own_part = MAX_FINDING_BYTES - sum(map(_count_bytes, before)), MAX_FINDING_BYTES // count
    kept: list[Finding] = []
    remaining = iter(groups)
    for findings in remaining:
        room = max(own_part, left)
        if room < _FRAME_BYTES:  # no finding has room from here on, and none needs to be counted
            for each in chain((findings,), remaining):
                if len(each) == 1:
                    kept.append(_sum_up(each[0], 1))
                else:
                    kept += _keep_heaviest(0, each)
            break
        if len(findings) * _FRAME_BYTES <= room:
            size = sum(map(_count_bytes, findings))
            if size <= room:
                left -= size
                kept += findings
                continue
        heaviest = [_sum_up(findings[0], 1)] if len(findings) == 1 else list(_keep_heaviest(room, findings))
        if left > own_part:  # afterwards it only becomes less, and counts no more
            left -= sum(map(_count_bytes, heaviest))
        kept += heaviest
    return kept


def _keep_heaviest(room: int, findings: Sequence[Finding]) -> Iterator[Finding]:
    heaviest_first = sorted(range(len(findings)), key=lambda index: -severity(findings[index]))
    kept: set[int] = set()
    for index in heaviest_first:
        room -= _count_bytes(findings[index])
        if room < 0:
            break
        kept.add(index)
    yield from (findings[index] for index in sorted(kept))
    rest: dict[tuple[Outcome, Consequence | None, AppliedWaiver | None], list[Finding]] = {}
    for index in heaviest_first:
        if index not in kept:
            finding = findings[index]
            rest.setdefault((finding.outcome, finding.consequence, finding.waiver), []).append(finding)
    yield from (_sum_up(alike[0], len(alike)) for alike in rest.values())


def _sum_up(first: Finding, count: int) -> Finding:
    """Return one finding for `count` of a check that came to the same as the first."""
    return Finding(
        first.asked,
        None if first.facet is None else "*",
        first.outcome,
        first.consequence,
        None,
        None,
        None,
        _ONE_MORE if count == 1 else f"{count:,}{_MORE}",
        first.waiver,
        first.origin,
    )


def _bound_bytes(finding: Finding) -> int:
    """Return at least as much as `_count_bytes`, in a third of the time, and without reading the reason."""
    if finding.waiver is not None or finding.origin is not None:
        return _count_bytes(finding)
    characters = finding.asked.characters
    if finding.facet is not None:
        characters += len(finding.facet)
    because, known = finding.because, _FRAME_BYTES + _QUOTES
    # A text is asked for first: `Reason` is abstract, and asking for it takes five times as long.
    if isinstance(because, str):
        characters += len(because)
    else:
        known += because.most_bytes
    return known + _MOST_BYTES * characters


def _count_bytes(finding: Finding) -> int:
    waiver = finding.waiver
    frame = _FRAME_BYTES if waiver is None else 2 * _FRAME_BYTES
    by_waiver = "" if waiver is None else f"{waiver.reason}{waiver.approved_by}{waiver.facet or ''}"
    rest = f"{finding.reason}{finding.origin or ''}{by_waiver}"
    text = f"{finding.check}{finding.metric}{finding.facet or ''}{finding.why}{rest}"
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return frame + _QUOTES + len(text)  # each character is one byte of JSON
    texts = (finding.check, finding.metric, finding.facet or "", finding.why, rest)
    return frame + sum(len(_as_json(text).encode("utf-8", "backslashreplace")) for text in texts)
