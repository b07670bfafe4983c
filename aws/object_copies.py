"""Copies of object versions from bucket to bucket, made by S3 itself, each once and held against its SHA-256.

S3 copies an object of at most 5 GB whole or not at all; a larger one is copied in parts, which become an object only
when all are there: https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html. Two that copy at once meet
at a conditional write.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct

from aws.account_copies import Provenance
from aws.aws_errors import AwsAccessDeniedError, AwsError, AwsNotFoundError, AwsThrottledError, explain_errors
from aws.evidence_errors import DigestMismatchError
from aws.s3_uris import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

GIB = 1024**3
MOST_WHOLE_BYTES = 5 * GIB  # of one CopyObject
PART_BYTES = GIB
MOST_PARTS = 10_000
_TRIES = 3  # of a copy that meets another one of the same object
# What S3 answers where the condition of a write does not hold (any more).
_MET_ANOTHER = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_CHUNK = 1024 * 1024


class CopyOutcome(StrEnum):
    """The outcome of one object version: copied now, copied before, older than the copy that is there, or gone.

    In a bucket that keeps no versions one that was replaced is gone as well.
    """

    COPIED = "copied"
    THERE = "there"
    SUPERSEDED = "superseded"
    GONE = "gone"


class CopyBounds(Struct, frozen=True):
    """From which size on a copy is made in parts, and how large those are, in bytes."""

    most_whole: int = MOST_WHOLE_BYTES
    part: int = PART_BYTES


class _Source(Struct, frozen=True):
    """One object version that is to be copied; `sha256` is S3's own word for it, in hexadecimal, where it has one."""

    uri: S3Uri
    etag: str
    size: int
    written_at: datetime
    content_type: str
    sha256: str | None
    tags: str

    @property
    def request(self) -> dict[str, Any]:
        """How a copying request names it; one that was replaced meanwhile is refused."""
        place = {"Bucket": self.uri.bucket, "Key": self.uri.key}
        version: dict[str, str] = {} if self.uri.version_id is None else {"VersionId": self.uri.version_id}
        return {"CopySource": place | version, "CopySourceIfMatch": self.etag}


class _Found(Struct, frozen=True):
    """The object that is where the copy belongs."""

    etag: str
    provenance: Provenance | None


def copy_object_version(
    client: "S3Client",
    source: S3Uri,
    target: S3Uri,
    provenance: Provenance,
    *,
    now: datetime,
    bounds: CopyBounds | None = None,
) -> CopyOutcome:
    """Copy one version of `source` to `target`, with its tags, and `provenance` as metadata.

    Nothing is written where the copy that is there is of this version or of a newer one, or the version is gone.

    Raises:
        DigestMismatchError: what S3 copied has another SHA-256 than what was read.
        AwsError: S3 refused something, or another one copied the same object again and again.
    """
    for _ in range(_TRIES):
        there = _find(client, target)
        if there is not None and there.provenance is not None:
            if there.provenance.version == provenance.version:
                return CopyOutcome.THERE
            if provenance.is_older_than(there.provenance):
                return CopyOutcome.SUPERSEDED
        version = _describe(client, source)
        is_replaced = version is not None and source.version_id is None and version.etag != provenance.version
        if version is None or is_replaced:
            return CopyOutcome.GONE
        copy = _Copy(client, version, target, provenance, there, now, bounds or CopyBounds())
        try:
            copy.make()
        except AwsError as error:
            if error.code not in _MET_ANOTHER:
                raise
        else:
            return CopyOutcome.COPIED
    raise AwsThrottledError(
        f"{target}: others wrote the copy at the same time, {_TRIES} times; the event is tried again later"
    )


class _Copy(Struct, frozen=True):
    """One try to copy a version."""

    client: "S3Client"
    source: _Source
    target: S3Uri
    provenance: Provenance
    there: _Found | None
    now: datetime
    bounds: CopyBounds

    def make(self) -> None:
        if self.source.size <= self.bounds.most_whole:
            self._copy_whole()
        else:
            self._copy_in_parts()

    def _attributes(self, sha256: str) -> dict[str, Any]:
        """What the new object has beside its bytes."""
        return {
            "Bucket": self.target.bucket,
            "Key": self.target.key,
            "ContentType": self.source.content_type,
            "Metadata": self.provenance.of_bytes(
                sha256, written_at=self.source.written_at, copied_at=self.now
            ).to_metadata(),
            "Tagging": self.source.tags,
            "ChecksumAlgorithm": "SHA256",
        }

    @property
    def _condition(self) -> dict[str, Any]:
        """The write is of what was looked at before: nothing, or exactly that object."""
        return {"IfNoneMatch": "*"} if self.there is None else {"IfMatch": self.there.etag}

    def _copy_whole(self) -> None:
        sha256 = self.source.sha256 or _digest(self.client, self.source)
        with explain_errors("CopyObject", str(self.target)):
            answer = self.client.copy_object(
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",
                **self._attributes(sha256),
                **self.source.request,
                **self._condition,
            )
            copied = answer["CopyObjectResult"]["ChecksumSHA256"]
        _require_equal(self.target, copied, sha256)

    def _copy_in_parts(self) -> None:
        # First pass: the digests of all bytes and of each part, read from the source.
        size = max(self.bounds.part, -(-self.source.size // MOST_PARTS))
        whole = hashlib.sha256()
        parts: list[tuple[str, str]] = []
        for start in range(0, self.source.size, size):
            end = min(start + size, self.source.size) - 1
            part = hashlib.sha256()
            for piece in _read(self.client, self.source, start, end):
                whole.update(piece)
                part.update(piece)
            parts.append((f"bytes={start}-{end}", part.hexdigest()))
        # Second pass: S3 copies each part, and tells its digest. Whatever fails, the parts are thrown away.
        with explain_errors("CreateMultipartUpload", str(self.target)):
            upload = self.client.create_multipart_upload(**self._attributes(whole.hexdigest()))["UploadId"]
        try:
            self._complete(upload, [self._copy_part(upload, *part) for part in enumerate(parts, start=1)])
        except BaseException:
            with suppress(AwsError), explain_errors("AbortMultipartUpload", str(self.target)):
                self.client.abort_multipart_upload(
                    Bucket=self.target.bucket, Key=self.target.key, UploadId=upload
                )
            raise

    def _copy_part(self, upload: str, number: int, part: tuple[str, str]) -> "CompletedPartTypeDef":
        bytes_, sha256 = part
        with explain_errors("UploadPartCopy", str(self.target)):
            answer = self.client.upload_part_copy(
                Bucket=self.target.bucket,
                Key=self.target.key,
                UploadId=upload,
                PartNumber=number,
                CopySourceRange=bytes_,
                **self.source.request,
            )["CopyPartResult"]
            etag, copied = answer["ETag"], answer["ChecksumSHA256"]
        _require_equal(self.target, copied, sha256)
        return {"PartNumber": number, "ETag": etag, "ChecksumSHA256": copied}

    def _complete(self, upload: str, parts: list["CompletedPartTypeDef"]) -> None:
        with explain_errors("CompleteMultipartUpload", str(self.target)):
            self.client.complete_multipart_upload(
                Bucket=self.target.bucket,
                Key=self.target.key,
                UploadId=upload,
                MultipartUpload={"Parts": parts},
                **self._condition,
            )


def _find(client: "S3Client", target: S3Uri) -> _Found | None:
    try:
        with explain_errors("HeadObject", str(target)):
            answer = client.head_object(Bucket=target.bucket, Key=target.key)
            return _Found(answer["ETag"], Provenance.of(answer["Metadata"]))
    except (AwsNotFoundError, AwsAccessDeniedError):  # 403 without the right to list: it may be absent
        return None


def _describe(client: "S3Client", uri: S3Uri) -> _Source | None:
    """Look at the version that is to be copied; `None` where it was deleted meanwhile."""
    place: Any = {"Bucket": uri.bucket, "Key": uri.key}
    if uri.version_id is not None:
        place["VersionId"] = uri.version_id
    try:
        with explain_errors("HeadObject", str(uri)):
            answer = client.head_object(ChecksumMode="ENABLED", **place)
        with explain_errors("GetObjectTagging", str(uri)):
            tags = {tag["Key"]: tag["Value"] for tag in client.get_object_tagging(**place)["TagSet"]}
    except AwsNotFoundError:
        return None
    checksum = answer.get("ChecksumSHA256", "")
    is_whole = bool(checksum) and "-" not in checksum  # otherwise one over the digests of parts
    return _Source(
        uri=uri,
        etag=answer["ETag"],
        size=answer["ContentLength"],
        written_at=answer["LastModified"],
        content_type=answer.get("ContentType", "application/octet-stream"),
        sha256=_from_base64(checksum) if is_whole else None,
        tags=urlencode(tags),
    )


def _digest(client: "S3Client", source: _Source) -> str:
    digest = hashlib.sha256()
    for piece in _read(client, source):
        digest.update(piece)
    return digest.hexdigest()


def _read(client: "S3Client", source: _Source, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield the bytes of a version piece by piece, from `start` to `end`, both included, or to its end."""
    request: Any = {"Bucket": source.uri.bucket, "Key": source.uri.key, "IfMatch": source.etag}
    if source.uri.version_id is not None:
        request["VersionId"] = source.uri.version_id
    if end is not None:
        request["Range"] = f"bytes={start}-{end}"
    with (
        explain_errors("GetObject", str(source.uri)),
        closing(client.get_object(**request)["Body"]) as body,
    ):
        yield from body.iter_chunks(_CHUNK)


def _require_equal(target: S3Uri, copied: str, sha256: str) -> None:
    if copied != _to_base64(sha256):
        raise DigestMismatchError(
            f"{target}: S3 copied bytes with the SHA-256 {_from_base64(copied)}, and read were bytes with {sha256}; "
            "the copy is not used. Copy the version again, and ask AWS's support where that ends the same"
        )


def _to_base64(sha256: str) -> str:
    return b64encode(bytes.fromhex(sha256)).decode()


def _from_base64(checksum: str) -> str:
    return b64decode(checksum).hex()
