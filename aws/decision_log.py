"""The decision log: each decision record written once, and read back."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from aws.one_time_writes import write_file_once, write_object_once
from aws.s3_objects import list_folders, list_with_times, read_object
from aws.s3_uris import S3Uri
from checks.errors import GovernanceError
from checks.record_bounds import MAX_RECORD_BYTES
from disk.reading import read_bounded

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What names of groups, ids of executions and ids of callers (`AROAEXAMPLE:alice@example.com`) are made of.
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=/:+,@-]*[A-Za-z0-9]")
_FOLDER = re.compile(r"[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._=-]*[A-Za-z0-9]")
_SEAL = "seal"
_SEALS = ".seals"


class DecisionLocation(Struct, frozen=True):
    """Where a record is, and the SHA-256 of its bytes in lower-case hexadecimal."""

    uri: str
    sha256: str


class KeptRecord(Struct, frozen=True):
    """The record that a log keeps under a key: the one that was written now, or else the one that was there before.

    `seal` is what was written with it, if anything.
    """

    uri: str
    content: bytes
    seal: str | None
    is_new: bool

    @property
    def location(self) -> DecisionLocation:
        """Where it is, and the SHA-256 of its bytes."""
        return DecisionLocation(self.uri, hashlib.sha256(self.content).hexdigest())


class DecisionLog(Protocol):
    """Decision records in S3 (`S3DecisionLog`) or in a local folder (`FolderDecisionLog`)."""

    def keep(self, key: str, content: bytes, *, seal: str | None = None) -> KeptRecord:
        """Write `content` under `key` (a relative path such as `askdata/7/<execution id>.json`), or read what is there.

        `seal` is kept with it, in the same write: what proves who wrote it (see `aws.record_seals`). A record that is
        there already is never changed: it is returned, whatever it says.

        Raises:
            GovernanceError: it is larger than any record is read; nothing was written.
            AwsError: it could not be written, or what is there could not be read.
        """
        ...

    def read(self, uri: str) -> bytes:
        """Return the record at `uri`, which is in this log.

        Raises:
            GovernanceError: `uri` is outside of this log, or nothing is there.
        """
        ...

    def read_sealed(self, uri: str) -> tuple[bytes, str | None]:
        """Return the record at `uri` and the seal that was written with it, if any; raises as `read` does."""
        ...

    def written_after(self, folder: str, moment: datetime) -> tuple[str, ...]:
        """Return the URIs of the records right in `folder` (such as `askdata/7`) that were written after `moment`.

        The times are those of the log itself, to the second, whatever the records say; a record of the same second
        is not returned. A folder that was never written to has none.

        Raises:
            GovernanceError: `folder` cannot be a path of the log, or cannot be listed.
            AwsError: it could not be listed.
        """
        ...

    def written_below(self, folder: str, moment: datetime) -> Mapping[str, datetime]:
        """Return what `written_after` does, of the folders in `folder` too, each with the log's time of it."""
        ...

    def folders(self, parent: str | None = None) -> tuple[str, ...]:
        """Return the names of the folders right in `parent` (such as `askdata`), or in the log itself, in their order.

        A folder that was never written to has none. Names that no key of the log can have are left out.

        Raises:
            GovernanceError: `parent` cannot be a path of the log, or cannot be listed.
            AwsError: it could not be listed.
        """
        ...


class S3DecisionLog:
    """Decision records under a prefix of S3, written by conditional requests."""

    def __init__(self, client: "S3Client", prefix: str) -> None:
        self._client = client
        self._prefix = S3Uri.parse(prefix).as_prefix()

    def keep(self, key: str, content: bytes, *, seal: str | None = None) -> KeptRecord:
        """See `DecisionLog.keep`."""
        uri = self._prefix.child(_check(key, content))
        metadata = {} if seal is None else {_SEAL: seal}
        is_new = write_object_once(
            self._client, uri, content, content_type="application/json", metadata=metadata
        )
        if is_new:
            return KeptRecord(str(uri), content, seal, is_new=True)
        return KeptRecord(str(uri), *self.read_sealed(str(uri)), is_new=False)

    def read(self, uri: str) -> bytes:
        """See `DecisionLog.read`."""
        return self.read_sealed(uri)[0]

    def read_sealed(self, uri: str) -> tuple[bytes, str | None]:
        """See `DecisionLog.read_sealed`."""
        where = S3Uri.parse(uri)
        inside = where.bucket == self._prefix.bucket and where.key.startswith(self._prefix.key)
        if not inside or where.version_id is not None:
            raise _refuse_place(uri, str(self._prefix))
        found = read_object(self._client, where, max_bytes=MAX_RECORD_BYTES)
        return found.content, found.metadata.get(_SEAL)

    def written_after(self, folder: str, moment: datetime) -> tuple[str, ...]:
        """See `DecisionLog.written_after`."""
        start = len(str(self._prefix.child(_check_name(folder)).as_prefix()))
        return tuple(uri for uri in self.written_below(folder, moment) if "/" not in uri[start:])

    def written_below(self, folder: str, moment: datetime) -> Mapping[str, datetime]:
        """See `DecisionLog.written_below`."""
        prefix = self._prefix.child(_check_name(folder)).as_prefix()
        found = list_with_times(self._client, prefix)
        return {str(uri): written for uri, written in found if written > moment}

    def folders(self, parent: str | None = None) -> tuple[str, ...]:
        """See `DecisionLog.folders`."""
        prefix = self._prefix if parent is None else self._prefix.child(_check_name(parent)).as_prefix()
        return _keep_usable(list_folders(self._client, prefix))


class FolderDecisionLog:
    """Decision records in a local folder; the URIs are paths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def keep(self, key: str, content: bytes, *, seal: str | None = None) -> KeptRecord:
        """See `DecisionLog.keep`."""
        path = self._folder / _check(key, content)
        try:
            is_new = write_file_once(path, content)
            if is_new and seal is not None:
                write_file_once(self._seal_of(path), seal.encode("ascii"))
        except OSError as error:
            raise GovernanceError(
                f"{path}: cannot write the decision record there ({error.strerror})"
            ) from error
        if is_new:
            return KeptRecord(str(path), content, seal, is_new=True)
        return KeptRecord(str(path), *self.read_sealed(str(path)), is_new=False)

    def read(self, uri: str) -> bytes:
        """See `DecisionLog.read`."""
        path = Path(uri).resolve()
        if not path.is_relative_to(self._folder):
            raise _refuse_place(uri, str(self._folder))
        return read_bounded(path, max_bytes=MAX_RECORD_BYTES)

    def read_sealed(self, uri: str) -> tuple[bytes, str | None]:
        """See `DecisionLog.read_sealed`."""
        content, seal = self.read(uri), self._seal_of(Path(uri).resolve())
        return content, seal.read_text(encoding="ascii") if seal.is_file() else None

    def written_after(self, folder: str, moment: datetime) -> tuple[str, ...]:
        """See `DecisionLog.written_after`."""
        path = self._folder / _check_name(folder)
        return tuple(uri for uri in self.written_below(folder, moment) if Path(uri).parent == path)

    def written_below(self, folder: str, moment: datetime) -> Mapping[str, datetime]:
        """See `DecisionLog.written_below`."""
        path = self._folder / _check_name(folder)
        try:
            found = {entry: entry.stat() for entry in path.rglob("*") if entry.is_file()}
        except OSError as error:
            raise GovernanceError(f"{path}: cannot list the decision records ({error.strerror})") from error
        times = {str(entry): datetime.fromtimestamp(int(stat.st_mtime), UTC) for entry, stat in found.items()}
        return {uri: written for uri, written in sorted(times.items()) if written > moment}

    def folders(self, parent: str | None = None) -> tuple[str, ...]:
        """See `DecisionLog.folders`."""
        path = self._folder if parent is None else self._folder / _check_name(parent)
        try:
            return _keep_usable(sorted(entry.name for entry in path.iterdir() if entry.is_dir()))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise GovernanceError(f"{path}: cannot list the decision records ({error.strerror})") from error

    def _seal_of(self, path: Path) -> Path:
        """Where the seal of the record at `path` is kept: in a folder that no key can name."""
        return self._folder / _SEALS / path.relative_to(self._folder)


def _keep_usable(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if _FOLDER.fullmatch(name))


def _check_name(key: str) -> str:
    # No other character: the URI becomes a metadata value of the model package, which takes few.
    if _KEY.fullmatch(key) is None or ".." in key or "//" in key:
        raise GovernanceError(
            f"{key!r} cannot name a decision record: use letters, digits and . _ - = between single slashes"
        )
    return key


def _check(key: str, content: bytes) -> str:
    _check_name(key)
    if len(content) > MAX_RECORD_BYTES:
        raise GovernanceError(
            f"{key}: the decision record has {len(content):,} bytes, and at most {MAX_RECORD_BYTES:,} are read: its "
            "findings are too many; name fewer facets in the checks, or attach reports with fewer"
        )
    return key


def _refuse_place(uri: str, place: str) -> GovernanceError:
    return GovernanceError(
        f"{uri}: not a record of the decision log {place}; give the URI that the log returned"
    )
