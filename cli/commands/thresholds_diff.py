"""`governance thresholds diff`: what differs between two sets of threshold files, by what they come to."""

from typing import Annotated

import typer

from cli.options.output_format import Format, OutputFormat, print_json
from cli.options.thresholds_bucket import ThresholdsBucket


def command(
    before: Annotated[
        str,
        typer.Argument(
            metavar="BEFORE",
            help="LIVE is what is in force, LIVE@VERSION what was; or a file or folder, s3:// too.",
        ),
    ],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The same.")],
    *,
    thresholds_bucket: ThresholdsBucket = None,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Show what differs between two sets of threshold files: files, keys, checks and waivers, inherited ones too.

    Exits with 0 whether anything differs or not.
    """
    from checks.threshold_difference import compare_thresholds
    from cli.display.threshold_changes import describe_changes, list_changes
    from cli.lookup.inputs import refuse_twice
    from cli.lookup.threshold_sets import compile_at

    refuse_twice([before, after])
    changes = compare_thresholds(compile_at(before, thresholds_bucket), compile_at(after, thresholds_bucket))
    if output_format is Format.JSON:
        print_json({"changes": describe_changes(changes)})
        return
    for line in list_changes(changes):
        print(line)
    if not changes:
        print("no difference")
