"""`governance thresholds show`: what a threshold file comes to, with all that it has from the files that it extends."""

from typing import Annotated

import typer

from cli.options.bucket_name import check_bucket_name
from cli.options.output_format import Format, OutputFormat


def command(
    name: Annotated[
        str,
        typer.Argument(metavar="GROUP|FILE", help="A model package group, or a threshold file (- is stdin)."),
    ],
    *,
    thresholds: Annotated[
        str | None,
        typer.Option(
            "--thresholds",
            metavar="PATH",
            help="File, folder or s3:// URI to look for the group in, not those in force.",
        ),
    ] = None,
    thresholds_bucket: Annotated[
        str | None,
        typer.Option(
            "--thresholds-bucket",
            metavar="NAME",
            envvar="GOVERNANCE_THRESHOLDS_BUCKET",
            callback=check_bucket_name,
            help="The stack's output ThresholdsBucket.",
        ),
    ] = None,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Show the checks by which a group is judged, inherited ones too, each with the file and line where it is written.

    Of a group it is the file in force, or the one for it under --thresholds.
    """
    from cli.work.thresholds_show import show_thresholds

    show_thresholds(
        name=name, thresholds=thresholds, thresholds_bucket=thresholds_bucket, output_format=output_format
    )
