"""Threshold files as the people who write them should have them checked: parsed, and held against the catalogue.

The deployed gate only parses (`checks.threshold_set`): a file that was published before a doubt about it was known
goes on to be judged by.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date

from msgspec import Struct

from checks.doubts import doubts_about
from checks.doubts.doubt import Doubt
from checks.effective_file import make_sound_part
from checks.selection import find_ambiguities
from checks.threshold_file import SourceFile, ThresholdFileError, write_problems
from checks.threshold_set import ThresholdSet, read_threshold_set
from checks.thresholds import ThresholdFile, explain_overdue
from checks.yaml_source import Problem

WARNING = "warning: "


class Examined(Struct, frozen=True):
    """Threshold files that can be used, and a line for each thing in them that probably says other than was meant."""

    files: tuple[ThresholdFile, ...]
    warnings: tuple[str, ...]


def examine_thresholds(
    contents: Mapping[str, bytes],
    *,
    today: date,
    wanted: Collection[str] | None = None,
    strict: bool = False,
    together: bool = False,
) -> Examined:
    """Read a set of threshold files and doubt what they say; the keys of `contents` are what messages call them.

    `wanted` are those that are asked for, by default all; the others are there for what these extend. `today` is the
    day in UTC. `together`: the files are to agree which of them applies to a group.

    Raises:
        ThresholdFileError: with all problems of all files, what cannot be read and what cannot be meant, in the order
            of their names and places, and the warnings after them. With `strict`, warnings are such problems.
    """
    found = read_threshold_set(contents, wanted)
    asked = [source for source in found.sources if wanted is None or source in wanted]
    problems: defaultdict[str, list[Problem]] = defaultdict(list)
    warnings: defaultdict[str, list[Problem]] = defaultdict(list)
    for source, wrong in found.problems.items():
        problems[source] += wrong
    for source, problem in found.without_groups.items():
        problems[source].append(problem)
    for source in asked:
        for doubt, problem in _find_doubts(found, source, today):
            (problems if doubt.refused or strict else warnings)[source].append(problem)
    if together:
        for source, problem in _find_clashes(found, asked):
            problems[source].append(problem)
    told = _write_all(warnings, WARNING)
    if problems:
        raise ThresholdFileError([*_write_all(problems), *told])
    return Examined(tuple(found.files[source] for source in asked), tuple(told))


def _write_all(problems: Mapping[str, list[Problem]], kind: str = "") -> list[str]:
    return [line for source in sorted(problems) for line in write_problems(source, problems[source], kind)]


def _find_doubts(found: ThresholdSet, source: str, today: date) -> Iterator[tuple[Doubt, Problem]]:
    """Yield the doubts about a file; about one that is not whole only those about what can be read of it by itself."""
    whole, written = found.files.get(source), found.sources[source]
    if whole is None:
        doubts = [doubt for doubt in doubts_about(make_sound_part(written)) if doubt.refused]
    else:
        doubts = [
            *doubts_about(whole),
            *_doubt_review(written, whole, today),
            *_doubt_waivers(written, today),
        ]
    for doubt in doubts:
        # Names out of the file are in messages, and may not steer a terminal.
        harmless = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in doubt.message)
        yield doubt, written.problem_at(doubt.path, harmless)


def _doubt_review(written: SourceFile, whole: ThresholdFile, today: date) -> Iterator[Doubt]:
    """Yield a doubt where the file's own day of review is past; an inherited one is told where it is written."""
    own = None if written.content is None else written.content.review_by
    if own is not None and own == whole.review_by and own < today:
        yield Doubt(("review_by",), explain_overdue(own, today), refused=False)


def _doubt_waivers(written: SourceFile, today: date) -> Iterator[Doubt]:
    waivers = None if written.content is None else written.content.waivers
    for index, waiver in enumerate(waivers or ()):
        if not waiver.is_in_force(today):
            message = f"the waiver counts no more since {waiver.expires} is over; remove it, or have it approved anew"
            yield Doubt(("waivers", index, "expires"), message, refused=False)


def _find_clashes(found: ThresholdSet, asked: Collection[str]) -> Iterator[tuple[str, Problem]]:
    files = [found.files.get(source) or make_sound_part(found.sources[source]) for source in asked]
    for clash in find_ambiguities(files):
        yield clash.source, found.sources[clash.source].problem_at(clash.path, clash.message)
