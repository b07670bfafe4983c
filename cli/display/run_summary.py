"""The summary that every `governance score` command ends with, read back from the evidence that it wrote.

Because the file is read as the gate reads it, the summary cannot say another thing than the gate will see. A pipe gets
plain lines; on a terminal, `cli.display.run_summary_screen` draws them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from checks.catalogue import find_metric
from checks.errors import GovernanceError
from checks.evidence import Document
from checks.intervals import NoSpread, find_interval, is_proportion
from checks.measurements import Interval, Measured, Unmeasured
from checks.reports import MAX_REPORT_BYTES, read_report
from cli.display.plain_text import Styled, align, clean_line, number_text
from disk.reading import read_bounded

ONE_SIDED = 0.975  # each end of a two-sided 95 % interval
FEW_GROUPS = 4  # a metric with more is shown by its lowest and its highest group
SHOWN_METRICS = 50
SHOWN_REASONS = 10
SHOWN_ADDRESSES = 4
SHOWN_COUNTS = 20
SHOWN_HINTS = 20
LONGEST_NAME = 100  # characters of an address
LONGEST_SENTENCE = 600  # characters of a reason or a hint
FOUR_DIGITS_BELOW = 1_000
INDENT = " " * 11

Row = Sequence[Styled]
Entry = tuple[Styled, Measured | None]
"""The beginning of a row, and the figure that it shows, if any."""


class ToldSummary(Struct, frozen=True):
    """A summary as it is told: a table, headings first (without figures it has no row), and the lines below it."""

    table: Sequence[Row]
    lines: Sequence[Styled]


def show_summary(
    report: Path,
    *,
    stream: TextIO,
    counts: Mapping[str, Mapping[str, int]] | None = None,
    hints: Sequence[str] = (),
) -> None:
    """Print the figures of `report` with their 95 % intervals, what is not measured and why, counts, and hints.

    Args:
        report: the evidence that the command wrote.
        stream: standard output or error; whatever it is, the output is bounded.
        counts: what the scored items came to: a title, such as "verdicts", to the number of items by verdict.
        hints: sentences that say what the user may want to know or do; each becomes a line `note: …`.

    Raises:
        GovernanceError: when the gate could not read the report.
    """
    read = read_report(Document(report.as_posix(), read_bounded(report, max_bytes=MAX_REPORT_BYTES)))
    if read.problem is not None:
        raise GovernanceError(
            f"{report}: the gate cannot read the evidence that came of this: {read.problem}; "
            "score fewer items or fewer facets at a time"
        )
    measured = [one for one in read.measurements if isinstance(one, Measured)]
    undefined = [one for one in read.measurements if isinstance(one, Unmeasured)]
    lines = [
        *_count_lines(counts or {}),
        *_undefined_lines(undefined, report.name),
        *(_sentence(f"note: {hint}") for hint in hints[:SHOWN_HINTS]),
        *_rest(len(hints) - SHOWN_HINTS, "notes"),
    ]
    told = ToldSummary(_table(measured, report.name) if measured else [], lines)
    if not stream.isatty():
        stream.writelines(f"{line.rstrip()}\n" for line in write_plainly(told))
        return
    from cli.display.run_summary_screen import draw_summary  # noqa: PLC0415 - rich is for terminals alone

    draw_summary(told, stream)


def write_plainly(told: ToldSummary) -> Iterator[str]:
    """Yield the lines of a summary as a pipe or a file gets them."""
    yield from align([[cell.text for cell in row] for row in told.table])
    yield from (line.text for line in told.lines)


def _table(measured: Sequence[Measured], file: str) -> list[Row]:
    """One line a metric, and below it one a group; columns that hold nothing are left out."""
    by_metric: dict[str, list[Measured]] = defaultdict(list)
    for one in measured:
        by_metric[one.metric].append(one)
    entries: list[Entry] = []
    for metric, figures in list(by_metric.items())[:SHOWN_METRICS]:
        entries += _metric_entries(metric, figures, file)
    if len(by_metric) > SHOWN_METRICS:
        entries.append(
            (Styled(f"and {len(by_metric) - SHOWN_METRICS:,} more metrics in {file}", "dim"), None)
        )
    names, shown = zip(*entries, strict=True)
    columns = [[Styled("Metric"), *names], _column("Value", shown, lambda one: number_text(one.value))]
    if any(map(_interval, measured)):
        columns.append(_column("95 % interval", shown, _interval))
    if any(one.samples is not None for one in measured):
        samples = _column("Samples", shown, _samples)
        widest = max(len(cell.text) for cell in samples)
        columns.append([Styled(cell.text.rjust(widest)) for cell in samples])
    return list(zip(*columns, strict=True))


def _column(heading: str, shown: Sequence[Measured | None], write: Callable[[Measured], str]) -> list[Styled]:
    return [Styled(heading), *(Styled("" if one is None else write(one)) for one in shown)]


def _metric_entries(metric: str, figures: Sequence[Measured], file: str) -> Iterator[Entry]:
    whole: list[Measured | None] = [one for one in figures if one.facet is None]
    groups = [one for one in figures if one.facet is not None]
    if not whole and len(groups) == 1:
        yield _name(f"{metric}  {groups[0].facet}"), groups[0]
        return
    for entire in whole or [None]:
        yield _name(metric), entire
    if len(groups) <= FEW_GROUPS:
        for one in groups:
            yield _name(f"  {one.facet}"), one
        return
    groups.sort(key=lambda one: one.facet or "")
    lowest, highest = (choose(groups, key=lambda one: one.value) for choose in (min, max))
    for word, one in (("lowest", lowest), ("highest", highest)):
        yield _name(f"  {word}: {one.facet}"), one
    yield Styled(f"  and {len(groups) - 2:,} more groups in {file}", "dim"), None


def _count_lines(counts: Mapping[str, Mapping[str, int]]) -> Iterator[Styled]:
    """Yield how many items came to what, the most frequent first."""
    for title, numbers in counts.items():
        ordered = sorted(numbers.items(), key=lambda entry: (-entry[1], entry[0]))
        yield Styled("")
        yield Styled(clean_line(title), "bold")
        for reason, number in ordered[:SHOWN_COUNTS]:
            yield _name(f"{number:>9,}  {reason}")
        yield from _rest(len(ordered) - SHOWN_COUNTS, "kinds")


def _undefined_lines(undefined: Sequence[Unmeasured], file: str) -> Iterator[Styled]:
    """Yield each reason once, with the number and the addresses of the figures that it leaves without a value."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in undefined:
        by_reason[one.reason].append(one.metric if one.facet is None else f"{one.metric} {one.facet}")
    if not by_reason:
        return
    ordered = sorted(by_reason.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    yield Styled("")
    yield Styled("not measured", "bold")
    for reason, addresses in ordered[:SHOWN_REASONS]:
        yield _sentence(f"{len(addresses):>9,}  {reason}", "yellow")
        yield from (_name(f"{INDENT}{address}") for address in addresses[:SHOWN_ADDRESSES])
        yield from _rest(len(addresses) - SHOWN_ADDRESSES, "figures")
    yield from _rest(len(ordered) - SHOWN_REASONS, f"reasons in {file}")


def _rest(number: int, what: str) -> Iterator[Styled]:
    """Yield how many more there are than are shown, if any."""
    if number > 0:
        yield Styled(f"{INDENT}and {number:,} more {what}", "dim")


def _name(text: str) -> Styled:
    """Return text out of evidence as one harmless line that does not fill the screen."""
    return Styled(clean_line(_cut(text, LONGEST_NAME)))


def _sentence(text: str, style: str = "") -> Styled:
    return Styled(clean_line(_cut(text, LONGEST_SENTENCE)), style)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _short(number: float) -> str:
    """Return the end of an interval, which nobody needs to the sixth digit."""
    return number_text(number) if abs(number) >= FOUR_DIGITS_BELOW else f"{number:.4g}"


def _interval(measured: Measured) -> str:
    if is_proportion(measured) and not 0 <= measured.value <= 1:
        return ""  # a mean whose spread is not known; no share has such an interval
    match find_interval(measured, ONE_SIDED):
        case Interval() as interval:
            return _ends(interval, measured)
        case NoSpread(worst_case=Interval() as interval):
            return f"{_ends(interval, measured)} at worst"
        case _:
            return ""


def _ends(interval: Interval, measured: Measured) -> str:
    """Return the ends of an interval, as far as the metric can reach where the catalogue knows its range."""
    low, high = interval.low, interval.high
    metric = find_metric(measured.metric)
    if metric is not None and measured.value in metric.range:  # else the range is not that of this figure
        low = low if metric.range.low is None else max(low, metric.range.low)
        high = high if metric.range.high is None else min(high, metric.range.high)
    return f"[{_short(low)}, {_short(high)}]"


def _samples(measured: Measured) -> str:
    return "" if measured.samples is None else f"{measured.samples:,}"
