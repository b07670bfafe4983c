"""Summaries of scoring on a terminal: in colour, and as wide as it is."""

from typing import TextIO

from rich.table import Table

from cli.display.run_summary import ToldSummary
from cli.display.terminal import console_for, draw_text


def draw_summary(told: ToldSummary, stream: TextIO) -> None:
    """Print a summary from top to bottom."""
    with console_for(stream) as console:
        if told.table:
            headings, *rows = told.table
            table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
            for place, heading in enumerate(headings):  # a name may wrap, and no figure
                table.add_column(heading.text, overflow="fold", no_wrap=place > 0)
            for row in rows:
                table.add_row(*map(draw_text, row))
            console.print(table)
        for line in told.lines:
            console.print(draw_text(line))
