"""What the versions of the demo got, as a table."""

from collections.abc import Iterable
from typing import TextIO

from rich.table import Table

from cli.display.terminal import console_for
from demo.walkthrough import DemoResult


def print_demo_summary(results: Iterable[DemoResult], stream: TextIO) -> None:
    """Print a line a version: what its folder expects beside what it got."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("", "Version", "Expected", "Decided", "Status", "Record"):
        table.add_column(name, overflow="fold")
    for result in results:
        mark = "[green]ok[/]" if result.is_expected else "[bold red]NOT AS EXPECTED[/]"
        table.add_row(
            mark, result.version.name, result.expected, result.decided, result.status, result.record
        )
    with console_for(stream) as console:
        console.print()
        console.print(table)
