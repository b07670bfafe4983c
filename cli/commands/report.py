"""`governance report`: the page about one decision, for a committee or an auditor."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options.decisions_bucket import DecisionsBucket

MOST_EARLIER = 20


def command(
    decision: Annotated[
        str,
        typer.Argument(help="A decision record (a file, an s3:// URI, - for stdin), or a version's ARN."),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there, and nothing on stdout."),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            "--history",
            metavar="PLACE",
            help="Decisions about earlier versions, in a folder or below s3://bucket/prefix/; of an ARN, by default "
            "those beside its own.",
        ),
    ] = None,
    earlier: Annotated[
        int, typer.Option("--versions", min=0, max=200, help="How many earlier versions the trends show.")
    ] = MOST_EARLIER,
    decisions_bucket: DecisionsBucket = None,
) -> None:
    """Write a decision as a page: its reasons, a chart of each check, the evidence, and how to repeat it.

    The page is one HTML file without scripts. It needs no network, and prints on A4.

    Exits with 0 when it was written, whatever was decided; 3 when no decision about the version exists.
    """
    from cli.work.report import write_report

    write_report(
        decision=decision, output=output, history=history, earlier=earlier, decisions_bucket=decisions_bucket
    )
