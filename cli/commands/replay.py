"""`governance replay`: make a recorded decision again out of its inputs, and hold it against its record."""

from typing import Annotated

import typer

from cli.options.decisions_bucket import DecisionsBucket
from cli.options.output_format import Format, OutputFormat


def command(
    decision: Annotated[
        str,
        typer.Argument(help="A decision record (a file, an s3:// URI, - for stdin), or a version's ARN."),
    ],
    *,
    decisions_bucket: DecisionsBucket = None,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Make a recorded decision again: the same bytes, judged as of then, must come to the same record.

    Exits with 0 when it is the same, 1 when this engine decides otherwise, 3 when an input differs or is gone, so that
    nothing could be judged, 2 could not try.
    """
    from cli.work.replay import replay

    replay(decision=decision, decisions_bucket=decisions_bucket, output_format=output_format)
