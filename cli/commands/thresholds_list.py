"""`governance thresholds list`: what is in force, since when and by whom, and what was before."""

from typing import Annotated

import typer

from cli.options.output_format import Format, OutputFormat
from cli.options.thresholds_bucket import OfThresholdsBucket


def command(
    *,
    thresholds_bucket: OfThresholdsBucket,
    versions: Annotated[
        bool, typer.Option("--versions", help="List the published versions, the newest first, not the files.")
    ] = False,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """List the threshold files in force: for which groups, since when each is as it is, and who published it so."""
    from cli.work.thresholds_list import list_in_force

    list_in_force(thresholds_bucket=thresholds_bucket, versions=versions, output_format=output_format)
