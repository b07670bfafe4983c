"""Threshold files that the user names: read with what they extend, and examined together."""

import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from aws.extended_files import look_on_disk, looking_in_s3
from checks.threshold_examination import Examined, examine_thresholds
from checks.threshold_file import ThresholdFileError
from checks.threshold_set import add_extended, read_threshold_set, write_all_problems
from checks.thresholds import ThresholdFile
from cli.lookup.inputs import is_in_s3, threshold_documents


def read_threshold_files(places: Iterable[str | Path]) -> dict[str, bytes]:
    """Return the bytes of each threshold file at `places`, by what messages call it (see `threshold_documents`).

    Raises:
        GovernanceError: a file, a folder or something in S3 cannot be read.
    """
    return {document.uri: document.content for document in threshold_documents(places)}


def compile_named(contents: Mapping[str, bytes]) -> tuple[ThresholdFile, ...]:
    """Return the effective files of `contents`, as the gate reads them: nothing is doubted.

    Raises as `examine_named` does.
    """
    found = read_threshold_set(add_extended(contents, _look_for), contents.keys())
    if found.problems:
        raise ThresholdFileError(write_all_problems(found.problems))
    return tuple(found.files[source] for source in found.files if source in contents)


def examine_named(contents: Mapping[str, bytes], *, strict: bool = False, together: bool = False) -> Examined:
    """Examine threshold files with what they extend, which is looked for where they say, or beside them.

    Raises:
        ThresholdFileError: see `examine_thresholds`.
        AwsError: a file in S3 extends another, and S3 cannot be asked for it.
    """
    return examine_thresholds(
        add_extended(contents, _look_for),
        today=datetime.now(UTC).date(),
        wanted=contents.keys(),
        strict=strict,
        together=together,
    )


def examine_together(contents: Mapping[str, bytes], *, strict: bool) -> Examined:
    """Examine files that are to agree which of them applies to a group, and print their warnings on stderr.

    Raises as `examine_named` does.
    """
    examined = examine_named(contents, strict=strict, together=True)
    for warning in examined.warnings:
        print(warning, file=sys.stderr)
    return examined


def _look_for(source: str, extends: str) -> Mapping[str, bytes]:
    if not is_in_s3(source):
        return look_on_disk(source, extends)
    from aws.clients import s3_client  # noqa: PLC0415 - boto3 takes half a second

    return looking_in_s3(s3_client())(source, extends)
