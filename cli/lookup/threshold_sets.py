"""Threshold files that the user names: read with what they extend, and examined together."""

import os
import posixpath
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from checks.errors import GovernanceError
from checks.threshold_examination import Examined, examine_thresholds
from checks.threshold_file import ThresholdFileError
from checks.threshold_set import add_extended, read_threshold_set, write_all_problems
from checks.thresholds import ThresholdFile
from cli.lookup.inputs import (
    S3_SCHEME,
    STANDARD_INPUT,
    STANDARD_INPUT_NAME,
    is_folder,
    is_in_s3,
    threshold_documents,
)

IN_FORCE = "LIVE"
_AT = f"{IN_FORCE}@"


def read_threshold_files(places: Iterable[str | Path]) -> dict[str, bytes]:
    """Return the bytes of each threshold file at `places`, by what messages call it (see `threshold_documents`).

    Raises:
        GovernanceError: a file, a folder or something in S3 cannot be read.
    """
    return {document.uri: document.content for document in threshold_documents(places)}


def name_by_folder(places: Sequence[str], contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files by their paths below the folder that has all of `places`: the same wherever that folder is.

    Raises:
        GovernanceError: two files come to one path, as one here and one in S3 may.
    """
    folders = [_folder_of(place) for place in places if place != STANDARD_INPUT]
    roots = {
        in_s3: posixpath.commonpath([folder for folder in folders if is_in_s3(folder) is in_s3])
        for in_s3 in {is_in_s3(folder) for folder in folders}
    }
    named: dict[str, bytes] = {}
    for source, content in contents.items():
        if source == STANDARD_INPUT_NAME:
            name = "stdin.yaml"
        else:
            name = posixpath.relpath(_absolute(source), roots[is_in_s3(source)])
        if name in named:
            raise GovernanceError(
                f"{source}: another file would be called {name}, too; give one folder that has both"
            )
        named[name] = content
    return named


def _folder_of(place: str) -> str:
    return _absolute(place) if is_folder(place) else posixpath.dirname(_absolute(place))


def _absolute(place: str) -> str:
    if is_in_s3(place):
        return posixpath.normpath(place).replace("s3:/", S3_SCHEME, 1)
    return Path(os.path.abspath(place)).as_posix()  # noqa: PTH100 - links are kept as they are typed, .. is not


def examine_alone(contents: Mapping[str, bytes], *, strict: bool) -> Examined:
    """Examine files that are to be in force together and with no others, and print their warnings on stderr.

    Raises:
        ThresholdFileError: see `examine_thresholds`; so does a file that extends one that is not among them.
    """
    today = datetime.now(UTC).date()
    examined = examine_thresholds(contents, today=today, strict=strict, together=True)
    for warning in examined.warnings:
        print(warning, file=sys.stderr)
    return examined


def compile_named(contents: Mapping[str, bytes]) -> tuple[ThresholdFile, ...]:
    """Return the effective files of `contents`, as the gate reads them: nothing is doubted.

    Raises as `examine_named` does.
    """
    found = read_threshold_set(add_extended(contents, _look_for), contents.keys())
    if found.problems:
        raise ThresholdFileError(write_all_problems(found.problems))
    return tuple(found.files[source] for source in found.files if source in contents)


def compile_at(place: str, bucket: str | None) -> tuple[ThresholdFile, ...]:
    """Return the effective files at `place`: `LIVE` is what is in force in `bucket`, `LIVE@VERSION` what was.

    Raises:
        GovernanceError: they cannot be read, or no bucket is named.
    """
    if place != IN_FORCE and not place.startswith(_AT):
        return compile_named(read_threshold_files([place]))
    if bucket is None:
        raise GovernanceError(f"{place}: set GOVERNANCE_THRESHOLDS_BUCKET, or give --thresholds-bucket")
    from aws.clients import s3_client  # noqa: PLC0415 - two folders are compared without boto3
    from pipelines.published_thresholds import PublishedThresholds  # noqa: PLC0415 - likewise

    published = PublishedThresholds(s3_client(), bucket)
    if place.startswith(_AT):
        version = place.removeprefix(_AT)
        if not version:
            raise GovernanceError(
                f"{place}: name a version behind it; governance thresholds list --versions has them"
            )
        return compile_named(published.read_version(version).read_sources())
    in_force = published.read()
    if in_force.problem is not None:
        raise GovernanceError(in_force.problem)
    return compile_named(in_force.contents)


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
    from aws.extended_files import look_on_disk, looking_in_s3  # noqa: PLC0415 - most files extend none

    if not is_in_s3(source):
        return look_on_disk(source, extends)
    from aws.clients import s3_client  # noqa: PLC0415 - boto3 takes half a second

    return looking_in_s3(s3_client())(source, extends)
