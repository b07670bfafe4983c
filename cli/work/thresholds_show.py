"""`governance thresholds show`: what a threshold file comes to, with all that it has from the files that it extends."""

import sys
from pathlib import Path

from checks.effective_file import describe_effective
from checks.errors import GovernanceError
from checks.selection import select_thresholds
from checks.threshold_file import is_threshold_file
from checks.thresholds import ThresholdFile
from cli.display.effective_thresholds import show_effective
from cli.lookup.inputs import STANDARD_INPUT, is_in_s3
from cli.lookup.threshold_sets import compile_named, read_threshold_files
from cli.options.output_format import Format, print_json
from pipelines.step_settings import THRESHOLDS_FOLDER


def show_thresholds(
    *,
    name: str,
    thresholds: str | None,
    thresholds_bucket: str | None,
    output_format: Format,
) -> None:
    """Carry out `governance thresholds show`, whose arguments these are."""
    file = _find_file(name, thresholds, thresholds_bucket)
    if output_format is Format.JSON:
        print_json(describe_effective(file))
    else:
        show_effective(file, sys.stdout)


def _find_file(name: str, thresholds: str | None, bucket: str | None) -> ThresholdFile:
    if name == STANDARD_INPUT or is_in_s3(name) or is_threshold_file(name) or Path(name).is_file():
        (file, *others) = compile_named(read_threshold_files([name]))
        if others:
            raise GovernanceError(
                f"{name}: more than one file; name one, or a group with --thresholds {name}"
            )
        return file
    place = thresholds or (None if bucket is None else f"s3://{bucket}/{THRESHOLDS_FOLDER}/")
    if place is None:
        raise GovernanceError(
            f"{name}: no thresholds are named to look for the group in; set GOVERNANCE_THRESHOLDS_BUCKET, or give "
            "--thresholds"
        )
    found = _find_in(place, name)
    if found is None:
        raise GovernanceError(
            f"{name}: no threshold file of {place} applies to this group; look at its spelling"
        )
    return found


def _find_in(place: str, group: str) -> ThresholdFile | None:
    if not is_in_s3(place):
        return select_thresholds(compile_named(read_threshold_files([place])), group)
    from aws.clients import s3_client  # noqa: PLC0415 - boto3 takes half a second
    from aws.threshold_store import S3ThresholdStore  # noqa: PLC0415 - likewise

    return S3ThresholdStore(s3_client(), place).for_group(group)
