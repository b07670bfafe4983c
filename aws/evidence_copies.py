"""Copies of what was judged: each report once, under the SHA-256 of its bytes.

The bucket of a team may be emptied, or be gone with its account, long before its decisions are audited. A copy is found
by the digest that the decision record has anyway, and is held against it whenever it is read.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aws.evidence_errors import DigestMismatchError, EvidenceMissingError
from aws.one_time_writes import write_file_once, write_object_once
from aws.s3_objects import ObjectMissingError, object_sha256, read_object
from aws.s3_uris import S3Uri
from checks.reports import MAX_REPORT_BYTES
from disk.disk_errors import FileMissingError
from disk.reading import read_bounded

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class EvidenceCopies(Protocol):
    """Copies in S3 (`S3EvidenceCopies`) or in a local folder (`FolderEvidenceCopies`)."""

    def keep(self, content: bytes) -> str:
        """Write `content` where no copy of it is yet; return the copy's URI.

        Raises:
            DigestMismatchError: something else is in the copy's place.
            AwsError: it could not be written.
        """
        ...

    def read(self, sha256: str) -> bytes:
        """Return the bytes with this SHA-256 (lower-case hexadecimal).

        Raises:
            EvidenceMissingError: there is no copy of them (any more).
            DigestMismatchError: something else is in the copy's place.
            AwsError: it could not be read.
        """
        ...


class S3EvidenceCopies:
    """Copies under a prefix of S3, written by conditional requests."""

    def __init__(self, client: "S3Client", prefix: str) -> None:
        self._client = client
        self._prefix = S3Uri.parse(prefix).as_prefix()

    def keep(self, content: bytes) -> str:
        """See `EvidenceCopies.keep`."""
        sha256 = hashlib.sha256(content).hexdigest()
        uri = self._prefix.child(sha256)
        is_new = write_object_once(
            self._client, uri, content, content_type="application/octet-stream", sha256=sha256
        )
        if not is_new:
            _require_digest(str(uri), object_sha256(self._client, uri), sha256)
        return str(uri)

    def read(self, sha256: str) -> bytes:
        """See `EvidenceCopies.read`."""
        uri = self._prefix.child(sha256)
        try:
            content = read_object(self._client, uri, max_bytes=MAX_REPORT_BYTES).content
        except ObjectMissingError as error:
            raise _miss(str(uri)) from error
        _require_digest(str(uri), hashlib.sha256(content).hexdigest(), sha256)
        return content


class FolderEvidenceCopies:
    """Copies in a local folder; the URIs are paths."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def keep(self, content: bytes) -> str:
        """See `EvidenceCopies.keep`."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._folder / sha256
        if not write_file_once(path, content):
            self.read(sha256)
        return str(path)

    def read(self, sha256: str) -> bytes:
        """See `EvidenceCopies.read`."""
        path = self._folder / sha256
        try:
            content = read_bounded(path, max_bytes=MAX_REPORT_BYTES)
        except FileMissingError as error:
            raise _miss(str(path)) from error
        _require_digest(str(path), hashlib.sha256(content).hexdigest(), sha256)
        return content


def _require_digest(uri: str, found: str, expected: str) -> None:
    if found != expected:
        raise DigestMismatchError(
            f"{uri}: its SHA-256 is {found}, and a copy of evidence has the one that it is called by; somebody else "
            "wrote it. Find out who may write there, keep its versions for the audit, and delete it"
        )


def _miss(uri: str) -> EvidenceMissingError:
    return EvidenceMissingError(
        f"{uri}: there is no copy; it was not kept, or its time is over: look for the bytes by their SHA-256 elsewhere"
    )
