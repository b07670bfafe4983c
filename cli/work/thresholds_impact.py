"""`governance thresholds impact`: what an edit of threshold files would have done to the versions of the past."""

import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table

from checks.errors import GovernanceError
from checks.impact import Impact, JudgedTwice, measure_impact
from checks.impact_text import (
    CHECK_HEADINGS,
    FLIP_HEADINGS,
    impact_json,
    list_cells,
    list_changed,
    list_loosened,
    say_deciding,
    summarise_impact,
    write_impact_markdown,
)
from cli.display.terminal import clean_text, console_for
from cli.exit_codes import ExitCode
from cli.lookup.inputs import refuse_twice
from cli.lookup.past_decisions import measure_impact_at, read_history
from cli.lookup.threshold_sets import compile_at
from cli.options.output_format import ImpactFormat, print_json


def show_impact(
    *,
    old: str,
    new: str,
    history: str,
    fail_on_flip: bool,
    fail_on_loosened: bool,
    thresholds_bucket: str | None,
    reason: str | None,
    output_format: ImpactFormat,
) -> None:
    """Carry out `governance thresholds impact`, whose arguments these are."""
    if reason is not None and not reason.strip():
        raise GovernanceError("--reason: it says nothing; write why it is right to ask for less")
    refuse_twice([old, new])
    old_files, new_files = (compile_at(place, thresholds_bucket) for place in (old, new))
    judged: list[JudgedTwice] = []
    if output_format is ImpactFormat.HTML:  # its charts need every version, the others the sums alone
        impact = measure_impact(old_files, new_files, read_history(history), judged.append)
    else:
        impact = measure_impact_at(history, old_files, new_files)
    match output_format:
        case ImpactFormat.JSON:
            print_json(impact_json(impact, reason=reason))
        case ImpactFormat.MARKDOWN:
            print(write_impact_markdown(impact, reason=reason))
        case ImpactFormat.HTML:
            from pages.impact_page import write_impact_page  # noqa: PLC0415 - its libraries are an extra

            page = write_impact_page(impact, judged, old_files, new_files, reason=reason)
            sys.stdout.buffer.write(page.encode())
        case ImpactFormat.TEXT:
            with console_for(sys.stdout) as console:
                _print(console, impact, reason)
    if fail_on_flip and impact.flips:
        raise typer.Exit(ExitCode.FLIPPED)
    if fail_on_loosened and impact.loosened and reason is None:
        raise typer.Exit(ExitCode.LOOSENED)


def _print(console: Console, impact: Impact, reason: str | None) -> None:
    console.print(clean_text(summarise_impact(impact), "bold"))
    flips = [
        (flip.group, str(flip.version), flip.old, flip.new, say_deciding(flip.by)) for flip in impact.flips
    ]
    _print_table(console, FLIP_HEADINGS, flips)
    if impact.loosened:
        console.print()
        console.print(clean_text("loosened" if reason is None else f"loosened, since: {reason}", "bold"))
        for line in list_loosened(impact):
            console.print(clean_text(line), soft_wrap=True)
    _print_table(console, CHECK_HEADINGS, [list_cells(one) for one in list_changed(impact)])
    if impact.left_out:
        console.print()
        console.print(clean_text("not judged again", "bold"))
        for left in impact.left_out:
            console.print(clean_text(f"{left.record}: {left.reason}"), soft_wrap=True)


def _print_table(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(clean_text, row))
    console.print()
    console.print(table)
