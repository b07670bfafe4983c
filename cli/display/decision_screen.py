"""Decisions on a terminal: in colour, and as wide as it is."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from checks.decision_record import RecordedFinding
from cli.display.decision_text import HEADINGS, LONGEST_WORD, Fact, ToldDecision, cells_of
from cli.display.terminal import UNBOUNDED, clean_text, draw_text

NARROWEST_WHY = 40  # columns: prose in a narrower one is hard to read
WIDEST_NUMBER = 24  # columns: a limit of two numbers is never wider, and what is may wrap


def _cells(finding: RecordedFinding) -> list[Text]:
    return [draw_text(cell) for cell in cells_of(finding)]


def _table(findings: Sequence[RecordedFinding]) -> Table:
    """One line a finding: all that is known of it, side by side."""
    rows = [_cells(finding) for finding in findings]
    table = _columns(HEADINGS, rows)
    for row in rows:
        table.add_row(*row)
    return table


def _stacked_table(findings: Sequence[RecordedFinding]) -> Table:
    """Return the same for a narrow terminal: check, metric with facet, and why are below each other."""
    rows = []
    for finding in findings:
        outcome, check, metric, facet, value, limit, why = _cells(finding)
        address = Text.assemble(metric, "  ", facet) if finding.facet else metric
        rows.append((outcome, Text("\n").join((check, address, why, Text())), value, limit))
    table = _columns(("Verdict", "Check, metric, facet, why", "Value", "Limit"), rows)
    for row in rows:
        table.add_row(*row)
    return table


def _columns(names: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, name in enumerate(names):
        widest = max((row[index].cell_len for row in rows), default=0)
        is_number = name in ("Verdict", "Value", "Limit") and widest <= WIDEST_NUMBER
        table.add_column(name, overflow="fold", no_wrap=is_number)
    return table


def _fitting_table(console: Console, findings: Sequence[RecordedFinding]) -> Table:
    table = _table(findings)
    whole = console.measure(table, options=console.options.update(width=UNBOUNDED)).maximum
    longest_why = max((cell_len(finding.why) for finding in findings), default=0)
    at_least = whole - longest_why + min(longest_why, NARROWEST_WHY)
    return table if at_least <= console.width else _stacked_table(findings)


def print_facts(console: Console, facts: Iterable[Fact]) -> None:
    """Print each fact as a word and, beside it, what it is; a long one goes on below its beginning."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(min_width=LONGEST_WORD, no_wrap=True)
    grid.add_column(overflow="fold")
    for word, what in facts:
        grid.add_row(Text(word), clean_text(what))
    console.print(grid)


def draw_decision(console: Console, told: ToldDecision) -> None:
    """Print a decision from top to bottom."""
    console.print(draw_text(told.headline))
    for reason in told.reasons:
        console.print(draw_text(reason))
    if told.reasons:
        console.print()
    print_facts(console, told.facts)
    console.print()
    if told.counts is not None:
        console.print(draw_text(told.counts))
        console.print()
    if told.findings is not None:
        console.print(_fitting_table(console, told.findings))
    if told.left_out is not None:
        console.print(draw_text(told.left_out))
