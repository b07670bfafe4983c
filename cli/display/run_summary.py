"""The summary that every `governance score` command ends with, read back from the evidence that it wrote.

Because the file is read as the gate reads it, the summary cannot say another thing than the gate will see.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from checks.catalogue import find_metric
from checks.errors import GovernanceError
from checks.evidence import Document
from checks.intervals import NoSpread, find_interval, is_proportion
from checks.measurements import Interval, Measured, Unmeasured
from checks.reports import MAX_REPORT_BYTES, read_report
from cli.display.plain_text import number_text
from cli.display.terminal import clean_text, console_for
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

_AddRow = Callable[[Text, Measured | None], None]


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
    with console_for(stream) as console:
        if measured:
            console.print(_figures(measured, report.name))
        for title, count in (counts or {}).items():
            _print_counts(console, title, count)
        _print_undefined(console, undefined, report.name)
        for hint in hints[:SHOWN_HINTS]:
            console.print(_sentence(f"note: {hint}"))
        _print_rest(console, len(hints) - SHOWN_HINTS, "notes")


def _figures(measured: Sequence[Measured], file: str) -> Table:
    """One line a metric, and below it one a group; columns that hold nothing are left out."""
    by_metric: dict[str, list[Measured]] = defaultdict(list)
    for one in measured:
        by_metric[one.metric].append(one)
    has_interval = any(_interval(one) for one in measured)
    has_samples = any(one.samples is not None for one in measured)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Metric", overflow="fold")
    table.add_column("Value", no_wrap=True)
    if has_interval:
        table.add_column("95 % interval", no_wrap=True)
    if has_samples:
        table.add_column("Samples", no_wrap=True, justify="right")

    def add(name: Text, one: Measured | None) -> None:
        cells = [""] * 3 if one is None else [number_text(one.value), _interval(one), _samples(one)]
        wanted = [True, has_interval, has_samples]
        table.add_row(name, *(cell for cell, shown in zip(cells, wanted, strict=True) if shown))

    for metric, figures in list(by_metric.items())[:SHOWN_METRICS]:
        _add_metric(add, metric, figures, file)
    if len(by_metric) > SHOWN_METRICS:
        add(Text(f"and {len(by_metric) - SHOWN_METRICS:,} more metrics in {file}", "dim"), None)
    return table


def _add_metric(add: _AddRow, metric: str, figures: Sequence[Measured], file: str) -> None:
    whole: list[Measured | None] = [one for one in figures if one.facet is None]
    groups = [one for one in figures if one.facet is not None]
    if not whole and len(groups) == 1:
        add(_name(f"{metric}  {groups[0].facet}"), groups[0])
        return
    for one in whole or [None]:
        add(_name(metric), one)
    if len(groups) <= FEW_GROUPS:
        for one in groups:
            add(_name(f"  {one.facet}"), one)
        return
    groups.sort(key=lambda one: one.facet or "")
    lowest, highest = (choose(groups, key=lambda one: one.value) for choose in (min, max))
    for word, one in (("lowest", lowest), ("highest", highest)):
        add(_name(f"  {word}: {one.facet}"), one)
    add(Text(f"  and {len(groups) - 2:,} more groups in {file}", "dim"), None)


def _print_counts(console: Console, title: str, counts: Mapping[str, int]) -> None:
    """Print how many items came to what, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    console.print()
    console.print(clean_text(title, "bold"))
    for reason, number in ordered[:SHOWN_COUNTS]:
        console.print(_name(f"{number:>9,}  {reason}"))
    _print_rest(console, len(ordered) - SHOWN_COUNTS, "kinds")


def _print_undefined(console: Console, undefined: Sequence[Unmeasured], file: str) -> None:
    """Print each reason once, with the number and the addresses of the figures that it leaves without a value."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in undefined:
        by_reason[one.reason].append(one.metric if one.facet is None else f"{one.metric} {one.facet}")
    if not by_reason:
        return
    ordered = sorted(by_reason.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    console.print()
    console.print(Text("not measured", "bold"))
    for reason, addresses in ordered[:SHOWN_REASONS]:
        console.print(_sentence(f"{len(addresses):>9,}  {reason}", "yellow"))
        for address in addresses[:SHOWN_ADDRESSES]:
            console.print(_name(f"{INDENT}{address}"))
        _print_rest(console, len(addresses) - SHOWN_ADDRESSES, "figures")
    _print_rest(console, len(ordered) - SHOWN_REASONS, f"reasons in {file}")


def _print_rest(console: Console, number: int, what: str) -> None:
    """Say how many more there are than were shown, if any."""
    if number > 0:
        console.print(Text(f"{INDENT}and {number:,} more {what}", "dim"))


def _name(text: str) -> Text:
    """Return text out of evidence as one harmless line that does not fill the screen."""
    return clean_text(_cut(text, LONGEST_NAME))


def _sentence(text: str, style: str = "") -> Text:
    return clean_text(_cut(text, LONGEST_SENTENCE), style)


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
