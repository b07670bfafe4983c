"""`governance thresholds diff`: what differs between two sets of threshold files, by what they come to."""

from collections.abc import Sequence
from typing import Annotated

import typer

from checks.errors import GovernanceError
from checks.threshold_difference import compare_thresholds
from checks.thresholds import ThresholdFile
from cli.display.threshold_changes import describe_changes, list_changes
from cli.lookup.inputs import refuse_twice
from cli.lookup.threshold_sets import compile_named, read_threshold_files
from cli.options.output_format import Format, OutputFormat, print_json
from cli.options.thresholds_bucket import ThresholdsBucket

IN_FORCE = "LIVE"
_AT = f"{IN_FORCE}@"


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
    refuse_twice([before, after])
    changes = compare_thresholds(_read(before, thresholds_bucket), _read(after, thresholds_bucket))
    if output_format is Format.JSON:
        print_json({"changes": describe_changes(changes)})
        return
    for line in list_changes(changes):
        print(line)
    if not changes:
        print("no difference")


def _read(place: str, bucket: str | None) -> Sequence[ThresholdFile]:
    if place != IN_FORCE and not place.startswith(_AT):
        return compile_named(read_threshold_files([place]))
    if bucket is None:
        raise GovernanceError(f"{place}: set GOVERNANCE_THRESHOLDS_BUCKET, or give --thresholds-bucket")
    from aws.clients import s3_client  # noqa: PLC0415 - two folders are compared without boto3
    from pipelines.published_thresholds import PublishedThresholds  # noqa: PLC0415 - likewise

    published = PublishedThresholds(s3_client(), bucket)
    if place.startswith(_AT):
        return compile_named(published.read_version(place.removeprefix(_AT)).read_sources())
    in_force = published.read()
    if in_force.problem is not None:
        raise GovernanceError(in_force.problem)
    return compile_named(in_force.contents)
