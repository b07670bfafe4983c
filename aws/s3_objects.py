"""Objects of S3: each read whole as exactly one version, and listed under a prefix."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from aws.aws_errors import AwsAccessDeniedError, AwsError, AwsNotFoundError, explain_errors
from aws.s3_uris import S3Uri
from checks.errors import GovernanceError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

_REGION_HEADER = "x-amz-bucket-region"
_DELETED_HEADER = "x-amz-delete-marker"
# A delete marker answers MethodNotAllowed when it is read by its version id.
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})


class ObjectMissingError(GovernanceError):
    """No such object, or no such version of it."""


class ObjectTooLargeError(GovernanceError):
    """More bytes than the reader takes; none of them was read."""


class ObjectVersion(Struct, frozen=True):
    """The bytes and the metadata of one object version; `uri` names the version where the bucket keeps versions.

    `written_at` is when S3 took it, to the second, and `etag` the tag by which a conditional request names it.
    """

    uri: S3Uri
    content: bytes
    metadata: Mapping[str, str]
    written_at: datetime
    etag: str


def read_object(client: "S3Client", uri: S3Uri, *, max_bytes: int) -> ObjectVersion:
    """Read the version that `uri` names, or the newest one.

    One request answers with the size, the version and the bytes, so all three belong to the same version; the body
    is left unread when the size is above `max_bytes`.

    Raises:
        ObjectMissingError: there is no such object or version.
        ObjectTooLargeError: it is larger than `max_bytes`.
        AwsError: it could not be read.
    """
    request: GetObjectRequestTypeDef = {"Bucket": uri.bucket, "Key": uri.key}
    if uri.version_id is not None:
        request["VersionId"] = uri.version_id
    try:
        with explain_errors("GetObject", str(uri)):
            answer = client.get_object(**request)
            with closing(answer["Body"]) as body:
                size = answer["ContentLength"]
                if size > max_bytes:
                    raise ObjectTooLargeError(
                        f"{uri}: {size:,} bytes, and at most {max_bytes:,} are read; split it"
                    )
                content = body.read()
            taken_at = answer["LastModified"]
    except AwsError as error:
        if error.code in _ABSENT:
            raise ObjectMissingError(f"{uri}: there is no such object; upload it, or fix the URI") from error
        raise
    return ObjectVersion(
        uri.with_version(answer.get("VersionId")),
        content,
        answer.get("Metadata", {}),
        taken_at,
        answer.get("ETag", ""),
    )


def object_sha256(client: "S3Client", uri: S3Uri) -> str:
    """Return the SHA-256 of an object's newest version in hexadecimal, read piece by piece.

    Raises:
        AwsError: it could not be read.
    """
    digest = hashlib.sha256()
    with (
        explain_errors("GetObject", str(uri)),
        closing(client.get_object(Bucket=uri.bucket, Key=uri.key)["Body"]) as body,
    ):
        for piece in body.iter_chunks():
            digest.update(piece)
    return digest.hexdigest()


def written_at(client: "S3Client", uri: S3Uri) -> datetime | None:
    """Return when S3 took an object, or `None` where there is none that the caller may see.

    Raises:
        AwsError: S3 could not be asked.
    """
    try:
        with explain_errors("HeadObject", str(uri)):
            return client.head_object(Bucket=uri.bucket, Key=uri.key)["LastModified"]
    except (AwsNotFoundError, AwsAccessDeniedError):  # 403 without the right to list: it may be absent
        return None


def is_deleted(client: "S3Client", uri: S3Uri) -> bool:
    """Whether an object was there and its newest version is a mark that it was deleted.

    The mark is told to whoever may read the object and list the bucket:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html

    Raises:
        AwsError: S3 could not be asked.
    """
    try:
        with explain_errors("HeadObject", str(uri)):
            client.head_object(Bucket=uri.bucket, Key=uri.key)
    except AwsNotFoundError as error:
        return _headers_of(error).get(_DELETED_HEADER) == "true"
    return False


def bucket_region(client: "S3Client", bucket: str) -> str | None:
    """Return the region of a bucket, or `None` where S3 does not tell this caller; 403 tells it, too.

    Raises:
        AwsNotFoundError: there is no such bucket.
        AwsError: S3 could not be asked.
    """
    try:
        with explain_errors("HeadBucket", bucket):
            return client.head_bucket(Bucket=bucket).get("BucketRegion")
    except AwsError as error:
        region = _headers_of(error).get(_REGION_HEADER)
        if region is None and not isinstance(error, AwsAccessDeniedError):
            raise
        return region


def _headers_of(error: AwsError) -> Mapping[str, str]:
    """Return the headers of the answer that an error was made of, by their names in lower case."""
    answer = getattr(error.__cause__, "response", {})
    headers: Mapping[str, str] = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers


@contextmanager
def opened_object(client: "S3Client", uri: S3Uri) -> Iterator[Callable[[int], bytes]]:
    """Give a function that reads the next bytes of an object, at most so many and none at its end.

    Raises:
        ObjectMissingError: there is no such object or version.
        AwsError: it could not be opened, or not be read to where it was read.
    """
    try:
        with explain_errors("GetObject", str(uri)):
            answer = client.get_object(Bucket=uri.bucket, Key=uri.key)
            with closing(answer["Body"]) as body:
                yield body.read
    except AwsError as error:
        if error.code in _ABSENT:
            raise ObjectMissingError(f"{uri}: there is no such object; upload it, or fix the URI") from error
        raise


def list_objects(client: "S3Client", prefix: S3Uri) -> Iterator[S3Uri]:
    """Yield the newest version of each object under `prefix` in the order of keys, without the version ids.

    Raises:
        AwsError: the bucket could not be listed.
    """
    return (uri for uri, _ in list_with_times(client, prefix))


def list_with_times(client: "S3Client", prefix: S3Uri) -> Iterator[tuple[S3Uri, datetime]]:
    """Yield what `list_objects` does, each with the time at which S3 took it, to the second.

    Raises:
        AwsError: the bucket could not be listed.
    """
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
    with explain_errors("ListObjectsV2", str(prefix)):
        for page in pages:
            for entry in page.get("Contents", []):
                yield S3Uri(prefix.bucket, entry["Key"]), entry["LastModified"]


def list_folders(client: "S3Client", prefix: S3Uri) -> Iterator[str]:
    """Yield the names of the folders right under `prefix`, which ends with a slash, in their order.

    Raises:
        AwsError: the bucket could not be listed.
    """
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=prefix.bucket, Prefix=prefix.key, Delimiter="/"
    )
    with explain_errors("ListObjectsV2", str(prefix)):
        for page in pages:
            for entry in page.get("CommonPrefixes", []):
                yield entry["Prefix"].removeprefix(prefix.key).rstrip("/")
