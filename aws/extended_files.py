"""Files that a threshold file may extend and that nobody named: at the path that it says, or beside it."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aws.s3_objects import ObjectMissingError, ObjectTooLargeError, list_objects, read_object
from aws.s3_uris import S3Uri
from checks.threshold_file import MAX_BYTES, is_threshold_file
from checks.threshold_set import is_path, path_beside
from disk.disk_errors import DiskError
from disk.reading import read_bounded

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def look_on_disk(source: str, extends: str) -> Mapping[str, bytes]:
    """Return the file at the path `extends` from the file `source`, or all threshold files in its folder.

    What cannot be read is left out: whoever extends it is told that it is not there.
    """
    if is_path(extends):
        candidates: Iterable[Path] = [Path(path_beside(source, extends))]
    else:
        candidates = _list_threshold_files(Path(source).parent)
    found = {}
    for path in candidates:
        with suppress(DiskError):
            found[path.as_posix()] = read_bounded(path, max_bytes=MAX_BYTES)
    return found


def _list_threshold_files(folder: Path) -> list[Path]:
    try:
        return [path for path in sorted(folder.iterdir()) if is_threshold_file(path.name)]
    except OSError:
        return []


def looking_in_s3(client: "S3Client") -> Callable[[str, str], Mapping[str, bytes]]:
    """Return what looks in S3 as `look_on_disk` does on disk.

    What it returns raises AwsError where S3 refuses or gives no answer.
    """

    def look(source: str, extends: str) -> Mapping[str, bytes]:
        if is_path(extends):
            beside = S3Uri.parse(path_beside(source, extends))
            # A path that leads above the bucket names another one, which nobody meant to trust.
            candidates: Iterable[S3Uri] = [beside] if beside.bucket == S3Uri.parse(source).bucket else []
        else:
            folder = S3Uri.parse(path_beside(source, "./") + "/")
            below = list_objects(client, folder)
            candidates = [uri for uri in below if is_threshold_file(uri.key) and _is_right_in(folder, uri)]
        found = {}
        for uri in candidates:
            with suppress(ObjectMissingError, ObjectTooLargeError):
                one = read_object(client, uri, max_bytes=MAX_BYTES)
                found[str(one.uri)] = one.content
        return found

    return look


def _is_right_in(folder: S3Uri, uri: S3Uri) -> bool:
    return "/" not in uri.key.removeprefix(folder.key)
