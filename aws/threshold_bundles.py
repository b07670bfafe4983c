"""The bundle of the threshold files in force: one object of S3, of which each publication is a new version.

A version is written whole by one conditional request, held to the version that the publisher looked at: a set is never
published in part, and of two who publish at once one is told to look again. Who published is in the object's metadata,
and when is the time of S3, so that equal files are equal bytes.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from aws.aws_errors import AwsError, explain_errors
from aws.s3_objects import ObjectMissingError, ObjectVersion, is_deleted, read_object
from aws.s3_uris import S3Uri
from checks.errors import GovernanceError
from checks.publication import BundleVersion, Publication
from checks.threshold_bundle import BUNDLE_FILE, MAX_BUNDLE_BYTES, ThresholdBundleError, read_bundle

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PUBLISHER, _WRITER = "published-by", "writer"
# What S3 answers where the condition of a write does not hold, or another write is under way.
_MET_ANOTHER = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})


class PublishedMeanwhileError(GovernanceError):
    """Somebody else published after the publisher looked; nothing was written."""


class BundleDeletedError(ThresholdBundleError):
    """The bundle in force was deleted; its versions are kept."""


class BundleTime(Struct, frozen=True):
    """One version of the bundle as S3 lists it: when S3 took it, and its id."""

    version_id: str
    published_at: datetime


class PublishedBundle(Struct, frozen=True):
    """One version of the bundle: its bytes, who published it and when, and the tag by which S3 knows its bytes."""

    uri: S3Uri
    content: bytes
    published_at: datetime
    published_by: str | None
    etag: str

    @classmethod
    def of(cls, found: ObjectVersion) -> "PublishedBundle":
        """Return the bundle that an object version is."""
        publisher = found.metadata.get(_PUBLISHER)
        return cls(found.uri, found.content, found.written_at, publisher, found.etag)

    @property
    def sha256(self) -> str:
        """The SHA-256 of its bytes, in lower-case hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def publication(self) -> Publication:
        """What a decision says of where its thresholds are from."""
        return Publication(self.published_at, BundleVersion(str(self.uri), self.sha256, self.published_by))

    def read_sources(self) -> Mapping[str, bytes]:
        """Return the bytes of each source by its name.

        Raises:
            ThresholdBundleError: it is no bundle, or one that was changed.
        """
        return read_bundle(self.content, str(self.uri))


class S3ThresholdBundles:
    """The versions of the bundle below one prefix of S3."""

    def __init__(self, client: "S3Client", folder: S3Uri) -> None:
        self._client = client
        self.uri = folder.as_prefix().child(BUNDLE_FILE)

    def read(self, version_id: str | None = None) -> PublishedBundle | None:
        """Return the newest version or the one named; `None` where none was published, or none is named so.

        Raises:
            BundleDeletedError: one was published and deleted. That puts nothing else in force: single files of an
                earlier release are laxer or stricter by chance.
            AwsError: S3 could not be asked.
        """
        found = self._find(version_id)
        if found is not None:
            return PublishedBundle.of(found)
        if version_id is None and is_deleted(self._client, self.uri):
            raise BundleDeletedError(
                f"{self.uri}: the thresholds in force were deleted, so that nothing is decided; governance thresholds "
                "list --versions has what was published, and rollback VERSION puts it in force again"
            )
        return None

    def list_times(self) -> Iterator[BundleTime]:
        """Yield the versions that are kept, the newest first; marks of deletion are none.

        Raises:
            AwsError: S3 could not be asked.
        """
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self.uri.bucket, Prefix=self.uri.key
        )
        with explain_errors("ListObjectVersions", str(self.uri)):
            for page in pages:
                for entry in page.get("Versions", []):
                    if entry["Key"] == self.uri.key:
                        yield BundleTime(entry["VersionId"], entry["LastModified"])

    def read_as_of(self, moment: datetime) -> PublishedBundle | None:
        """Return the version that was in force at `moment`, which is exact to the second; `None` where none was.

        Raises:
            AwsError: S3 could not be asked.
        """
        for listed in self.list_times():
            if listed.published_at.replace(microsecond=0) <= moment:
                return self.read(listed.version_id)
        return None

    def publish(self, content: bytes, *, publisher: str, replaces: PublishedBundle | None) -> PublishedBundle:
        """Write a new version in place of `replaces`, which must be in force still; `None`: there is none yet.

        boto3 repeats a request whose answer was lost, and the repetition meets the version that the first one wrote:
        it is told from another's by a random name of the writer in the metadata.

        Raises:
            PublishedMeanwhileError: another version is in force by now.
            AwsError: it could not be written.
        """
        writer = secrets.token_hex()
        condition: Any = {"IfNoneMatch": "*"} if replaces is None else {"IfMatch": replaces.etag}
        version: str | None = None
        try:
            with explain_errors("PutObject", str(self.uri)):
                answer = self._client.put_object(
                    Bucket=self.uri.bucket,
                    Key=self.uri.key,
                    Body=content,
                    ContentType="application/json",
                    Metadata={_PUBLISHER: publisher, _WRITER: writer},
                    **condition,
                )
                version = answer.get("VersionId")
        except AwsError as error:
            if error.code not in _MET_ANOTHER:
                raise
            in_force = self._find()
            if in_force is None or in_force.metadata.get(_WRITER) != writer:
                raise self._explain_other(in_force) from error
        published = self.read(version)
        if published is None:
            raise self._explain_other(None)
        return published

    def _find(self, version_id: str | None = None) -> ObjectVersion | None:
        uri = self.uri.with_version(version_id)
        try:
            return read_object(self._client, uri, max_bytes=MAX_BUNDLE_BYTES)
        except ObjectMissingError:
            return None

    def _explain_other(self, in_force: ObjectVersion | None) -> PublishedMeanwhileError:
        by = "somebody" if in_force is None else in_force.metadata.get(_PUBLISHER, "somebody")
        return PublishedMeanwhileError(
            f"{self.uri}: {by} published meanwhile, so that the difference shown is not the one to what is in force "
            "now; nothing was published. Run the command again, and look at it"
        )
