"""`governance history`: a group's versions with the values that were checked, and a chart of one of them."""

from typing import Annotated

import typer

from cli.options.decision_records import Decisions
from cli.options.decisions_bucket import DecisionsBucket
from cli.options.output_format import Chart, Format, OutputFormat

NEWEST = 20


def command(
    group: Annotated[str, typer.Argument(help="The name of a model package group.")],
    *,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="Only this metric, and chart it; may be repeated."),
    ] = None,
    newest: Annotated[
        int, typer.Option("--versions", min=1, max=1_000, help="How many of the newest versions.")
    ] = NEWEST,
    decisions: Decisions = None,
    decisions_bucket: DecisionsBucket = None,
    output_format: OutputFormat = Format.TEXT,
    chart: Chart = None,
) -> None:
    """Show a group's versions with decision, status and the checked values, and chart one against its limit.

    The values are those of the decision records, so evidence that is gone does not matter. Exits with 0 when it could
    be shown.
    """
    from cli.work.history import show_history

    show_history(
        group=group,
        metric=metric,
        newest=newest,
        decisions=decisions,
        decisions_bucket=decisions_bucket,
        output_format=output_format,
        chart=chart,
    )
