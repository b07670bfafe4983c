"""The evidence store: the reports themselves, each read as exactly one object version."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from msgspec.structs import replace

from aws.account_copies import ModelBucket, Provenance
from aws.aws_errors import AwsAccessDeniedError
from aws.evidence_errors import (
    DigestMismatchError,
    EvidenceError,
    EvidenceExistsError,
    EvidenceMissingError,
    EvidenceNotArrivedError,
    EvidenceTooLargeError,
    ForeignBucketError,
)
from aws.local_evidence import expected_files, require_unchanged, sha256_of
from aws.one_time_writes import write_file_once, write_object_once
from aws.report_references import ReportReference, content_type
from aws.s3_objects import (
    ObjectMissingError,
    ObjectTooLargeError,
    list_objects,
    object_sha256,
    opened_object,
    read_object,
    written_at,
)
from aws.s3_uris import S3Uri, S3UriError
from checks.evidence import Document
from checks.report_files import MANIFEST, is_report_file
from checks.reports import MAX_REPORT_BYTES
from disk.disk_errors import FileMissingError, FileTooLargeError
from disk.reading import changed_at, read_bounded
from disk.walking import files_below

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# More than any model has reports; a prefix with more is not one version's evidence.
MAX_REPORTS = 500
_CHUNK = 1024 * 1024  # bytes that are copied at a time


class EvidenceStore(Protocol):
    """Reports in S3 (`S3EvidenceStore`) or in local folders (`FolderEvidenceStore`)."""

    def read(self, reference: ReportReference) -> Document:
        """Read exactly one version of one report, and verify its digest where it has one.

        A `content_digest` is `sha256:` and 64 hexadecimal digits, both in any case, as SageMaker takes it.

        Raises:
            EvidenceGapError: it is missing (`EvidenceMissingError`) or too large (`EvidenceTooLargeError`): a finding.
            DigestMismatchError: its bytes are not the registered ones, or the digest is spelt otherwise.
            DiskError: the local file is there and cannot be read: nothing can be decided.
            ForeignBucketError: it is outside the places that the store was given.
            AwsError: it could not be read (403, throttling after retries, no answer): nothing can be decided.
        """
        ...

    def list(self, prefix: str) -> tuple[ReportReference, ...]:
        """Return a reference to each report under `prefix`, sorted by URI, without slot and digest.

        Everything else is skipped: `results.jsonl`, notes, pictures. `…/a/b` does not take in `…/a/bc`.

        Raises:
            EvidenceError: more than 500 reports are there.
            DiskError: something below a local folder cannot be looked at; nothing is left out in silence.
            ForeignBucketError: the prefix is outside the places that the store was given.
            AwsError: the prefix could not be listed.
        """
        ...

    def upload(
        self, directory: Path, prefix: str, *, expected: Mapping[str, str] | None = None
    ) -> tuple[ReportReference, ...]:
        """Copy the files of `directory` to `prefix`; return references with digests to its reports.

        Hidden files are left out, and so is the manifest of an earlier registration. The URIs name no version, so
        that other tools can follow them too: the digest is what pins the bytes. A file that is there already with
        the same bytes is kept: an upload that was interrupted goes on. `expected` are the SHA-256 of all files by
        their paths below `directory`: nothing else is copied.

        Raises:
            EvidenceError: there is no report in `directory`, or one that is larger than any is read.
            DiskError: `directory` or something below it cannot be looked at or read.
            EvidenceExistsError: something else is there already; evidence is never overwritten.
            EvidenceChangedError: a file is not as `expected`, or came or went.
            ForeignBucketError: the prefix is outside the places that the store was given.
            AwsError: it could not be written.
        """
        ...

    def add_manifest(self, prefix: str, content: bytes) -> None:
        """Write the manifest of the reports under `prefix`, once, or find the same; raises as `upload` does."""
        ...

    def manifest_written_at(self, prefix: str) -> datetime | None:
        """Return when the manifest under `prefix` was written, or `None` where the caller sees none.

        Raises:
            ForeignBucketError: the prefix is outside the places that the store was given.
            AwsError: S3 could not be asked.
        """
        ...


class S3EvidenceStore:
    """Reports in the buckets that it is given, and in no other; what is in `model_buckets` is read from its copies.

    A copy is called by the URI of what it is of, and has the version id that this has.
    """

    def __init__(
        self, client: "S3Client", buckets: Collection[str], model_buckets: Sequence[ModelBucket] = ()
    ) -> None:
        self._client = client
        self._buckets = frozenset(buckets)
        self._model_buckets = {bucket.name: bucket for bucket in model_buckets}

    def is_copied(self, uri: str) -> bool:
        """Whether `uri` is in a model account, so that a copy of it is read."""
        try:
            return S3Uri.parse(uri).bucket in self._model_buckets
        except S3UriError:
            return False

    def has_arrived(self, uri: str) -> bool:
        """Whether the copy of a report of a model account is there; one that is no such report is not waited for.

        Raises:
            AwsError: S3 could not be asked.
        """
        if not self.is_copied(uri):
            return True
        where = S3Uri.parse(uri)
        copy = self._model_buckets[where.bucket].locate_copy(where)
        return written_at(self._client, copy) is not None

    def read(self, reference: ReportReference) -> Document:
        """See `EvidenceStore.read`."""
        if self.is_copied(reference.uri):
            return _verify(self._read_copy(S3Uri.parse(reference.uri)), reference)
        where = self._require_own(reference.uri)
        if not where.key:
            raise EvidenceMissingError(f"{where}: a whole bucket, and no report; name the report in it")
        try:
            found = read_object(self._client, where, max_bytes=MAX_REPORT_BYTES)
        except ObjectMissingError as error:
            raise EvidenceMissingError(self._explain_folder(where) or str(error)) from error
        except ObjectTooLargeError as error:
            raise EvidenceTooLargeError(str(error)) from error
        uri = str(found.uri.with_version(None))
        is_pinned = S3Uri.parse(reference.uri).version_id is not None
        document = Document(uri, found.content, found.uri.version_id, is_pinned, found.written_at)
        return _verify(document, reference)

    def list(self, prefix: str) -> tuple[ReportReference, ...]:
        """See `EvidenceStore.list`."""
        if self.is_copied(prefix):
            folder = S3Uri.parse(prefix).as_prefix()
            bucket = self._model_buckets[folder.bucket]
            copies = list_objects(self._client, bucket.locate_copy(folder))
            originals = (bucket.locate_original(copy) for copy in copies)
            return _make_references(prefix, (str(uri) for uri in originals if is_report_file(uri.key)))
        found = list_objects(self._client, self._require_own(prefix).as_prefix())
        return _make_references(prefix, (str(uri) for uri in found if is_report_file(uri.key)))

    def upload(
        self, directory: Path, prefix: str, *, expected: Mapping[str, str] | None = None
    ) -> tuple[ReportReference, ...]:
        """See `EvidenceStore.upload`."""
        folder = self._require_own(prefix).as_prefix()
        files = expected_files(directory, expected)
        return tuple(
            reference
            for name, path in files.items()
            for reference in self._put(path, folder.child(name), (expected or {}).get(name))
        )

    def add_manifest(self, prefix: str, content: bytes) -> None:
        """See `EvidenceStore.add_manifest`."""
        uri = self._require_own(prefix).as_prefix().child(MANIFEST)
        self._write(uri, content, hashlib.sha256(content).hexdigest())

    def manifest_written_at(self, prefix: str) -> datetime | None:
        """See `EvidenceStore.manifest_written_at`."""
        return written_at(self._client, self._require_own(prefix).as_prefix().child(MANIFEST))

    def _put(self, path: Path, uri: S3Uri, expected: str | None) -> Iterator[ReportReference]:
        try:
            if not is_report_file(path.name):  # results.jsonl may be larger than memory
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    require_unchanged(path, digest, expected)
                    file.seek(0)
                    self._write(uri, file, digest)
                return
            document = Document(str(uri), read_bounded(path, max_bytes=MAX_REPORT_BYTES))
        except OSError as error:
            raise EvidenceError(f"{path}: cannot be read ({error.strerror}); fix its permissions") from error
        require_unchanged(path, document.sha256, expected)
        self._write(uri, document.content, document.sha256)
        yield ReportReference(None, document.uri, f"sha256:{document.sha256}")

    def _write(self, uri: S3Uri, body: bytes | IO[bytes], digest: str) -> None:
        is_new = write_object_once(self._client, uri, body, content_type=content_type(uri.key), sha256=digest)
        if not is_new and object_sha256(self._client, uri) != digest:
            raise _refuse_overwriting(str(uri))

    def _read_copy(self, original: S3Uri) -> Document:
        """Read the copy of an object of a model account, and hold its bytes against what its metadata say of them."""
        bucket = self._model_buckets[original.bucket]
        try:
            found = read_object(self._client, bucket.locate_copy(original), max_bytes=MAX_REPORT_BYTES)
        except ObjectMissingError as error:
            raise EvidenceNotArrivedError(
                f"{original}: no copy of it has arrived from account {bucket.account}; look whether it is there, and "
                "at the alarms and the dead-letter queue of the stack in that account"
            ) from error
        except ObjectTooLargeError as error:
            raise EvidenceTooLargeError(str(error)) from error
        origin = Provenance.of(found.metadata)
        document = Document(
            str(original.with_version(None)),
            found.content,
            None if origin is None or origin.is_unversioned else origin.version,
            is_pinned=original.version_id is not None,
            # How old the evidence is, is told by the original: a copy may be made again.
            written_at=None if origin is None else origin.written_at,
        )
        if origin is None or origin.sha256 != document.sha256:
            raise DigestMismatchError(
                f"{found.uri}: it is the copy of {original}, and its SHA-256 is {document.sha256}, not the one that "
                f"was read when it was copied ({origin and origin.sha256}); nothing was decided. Find out who wrote "
                "it, and let it be copied again: write the object in the model account anew"
            )
        if original.version_id not in (None, origin.version):
            raise EvidenceMissingError(
                f"{original}: the copy is of the version {origin.version} by now; register the version with the report "
                "as it is, or without the version id"
            )
        return document

    def _explain_folder(self, where: S3Uri) -> str | None:
        """Say that there is a folder where no object is; `None` where there is none, or S3 does not list it."""
        folder = replace(where, key=f"{where.key.rstrip('/')}/", version_id=None)
        with suppress(AwsAccessDeniedError):
            inside = next((uri for uri in list_objects(self._client, folder) if uri != folder), None)
            if inside is not None:
                return f"{where}: a folder, and no report; name the report itself, such as {inside}"
        return None

    def _require_own(self, uri: str) -> S3Uri:
        where = S3Uri.parse(uri)
        if where.bucket not in self._buckets:
            places = ", ".join(sorted(self._buckets))
            raise ForeignBucketError(
                f"{uri}: the gate reads evidence only from {places or 'nowhere'}; put the report there, or let the "
                "platform team name its bucket in the setting evidence_buckets"
            )
        return where


class FolderEvidenceStore:
    """Reports in the folders that it is given, and nowhere else; the URIs are paths, and there are no versions."""

    def __init__(self, *folders: Path) -> None:
        self._folders = tuple(folder.resolve() for folder in folders)

    def read(self, reference: ReportReference) -> Document:
        """See `EvidenceStore.read`."""
        try:
            path = self._require_own(reference.uri)
            content = read_bounded(path, max_bytes=MAX_REPORT_BYTES)
        except FileMissingError as error:
            raise EvidenceMissingError(str(error)) from error
        except FileTooLargeError as error:
            raise EvidenceTooLargeError(str(error)) from error
        return _verify(Document(reference.uri, content, written_at=changed_at(path)), reference)

    def list(self, prefix: str) -> tuple[ReportReference, ...]:
        """See `EvidenceStore.list`."""
        folder = self._require_own(prefix)
        if not folder.is_dir():
            return ()  # as under a prefix of S3 that nothing was written to
        return _make_references(
            prefix, (str(path) for path in files_below(folder, hidden=True) if is_report_file(path.name))
        )

    def upload(
        self, directory: Path, prefix: str, *, expected: Mapping[str, str] | None = None
    ) -> tuple[ReportReference, ...]:
        """See `EvidenceStore.upload`."""
        folder = self._require_own(prefix)
        return tuple(
            reference
            for name, path in expected_files(directory, expected).items()
            for reference in self._copy(path, folder / name, (expected or {}).get(name))
        )

    def add_manifest(self, prefix: str, content: bytes) -> None:
        """See `EvidenceStore.add_manifest`."""
        path = self._require_own(prefix) / MANIFEST
        try:
            is_new = write_file_once(path, content)
            if not is_new and path.read_bytes() != content:
                raise _refuse_overwriting(str(path))
        except OSError as error:
            raise EvidenceError(
                f"{path}: cannot be written ({error.strerror}); fix its permissions"
            ) from error

    def manifest_written_at(self, prefix: str) -> datetime | None:
        """See `EvidenceStore.manifest_written_at`."""
        path = self._require_own(prefix) / MANIFEST
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None

    def _copy(self, source: Path, target: Path, expected: str | None) -> Iterator[ReportReference]:
        try:
            digest = sha256_of(source)
            require_unchanged(source, digest, expected)
            with source.open("rb") as original:
                is_new = write_file_once(target, original)
            if not is_new and sha256_of(target) != digest:
                raise _refuse_overwriting(str(target))
        except OSError as error:
            raise EvidenceError(
                f"{source}: cannot be copied to {target} ({error.strerror}); fix its permissions, or name another one"
            ) from error
        if is_report_file(target.name):
            yield ReportReference(None, str(target), f"sha256:{digest}")

    def _require_own(self, uri: str) -> Path:
        path = Path(uri).resolve()
        if not any(path.is_relative_to(folder) for folder in self._folders):
            places = ", ".join(map(str, self._folders))
            raise ForeignBucketError(
                f"{uri}: evidence is read only from {places or 'nowhere'}; put the report there"
            )
        return path


def _verify(document: Document, reference: ReportReference) -> Document:
    digest = reference.content_digest
    if digest is not None and digest.lower() != f"sha256:{document.sha256}":
        raise DigestMismatchError(
            f"{reference.uri}: its SHA-256 is {document.sha256}, but the version was registered with "
            f"ContentDigest {digest!r}: the report was changed since, or the digest is wrong; nothing was decided. "
            "Find out who changed it, then register a new version with the report and its digest"
        )
    return document


def _make_references(prefix: str, uris: Iterator[str]) -> tuple[ReportReference, ...]:
    found = sorted(uris)
    if len(found) > MAX_REPORTS:
        raise EvidenceError(
            f"{prefix}: {len(found):,} reports are there, and one version has at most {MAX_REPORTS}; "
            "give each version a prefix of its own"
        )
    return tuple(ReportReference(None, uri) for uri in found)


def download_evidence(client: "S3Client", prefix: S3Uri, folder: Path) -> None:
    """Copy every object below `prefix` into `folder`, by its path below the prefix.

    Raises:
        EvidenceError: nothing is there, or a key leads out of the folder.
        AwsError: an object could not be read.
    """
    base = prefix.as_prefix()
    found = False
    for uri in list_objects(client, base):
        name = uri.key.removeprefix(base.key)
        if not name or name.endswith("/"):  # what consoles make for a folder
            continue
        if ".." in name.split("/") or name.startswith("/"):
            raise EvidenceError(f"{uri}: its key leads out of the folder; copy it to another key")
        found = True
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened_object(client, uri) as read, path.open("xb") as file:
            while chunk := read(_CHUNK):  # results may be larger than memory
                file.write(chunk)
    if not found:
        raise EvidenceError(f"{base}: nothing is there; name the prefix that the reports are under")


def _refuse_overwriting(uri: str) -> EvidenceExistsError:
    return EvidenceExistsError(
        f"{uri}: something is there already, and evidence is never overwritten; name another prefix"
    )
