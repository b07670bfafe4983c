"""URIs of S3 objects and prefixes: `s3://bucket/key`, and `s3://bucket/key?versionId=…` for one version."""

import re
from typing import Self
from urllib.parse import unquote

from msgspec import Struct

from checks.errors import GovernanceError

# A key is any text that UTF-8 can hold: no half of a surrogate pair.
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>[^\ud800-\udfff]*))?")
URI_CHARACTERS = 200  # of a text that is no URI, told in an error
# The addresses of an object by HTTP: the bucket in the path or in the host, as S3's documentation of "virtual hosting"
# has them. https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
_BY_HTTP = (
    re.compile(r"https?://s3[a-z0-9.-]*\.amazonaws\.com(?:\.cn)?/(?P<bucket>[^/?#]+)/(?P<key>[^?#]+)"),
    re.compile(
        r"https?://(?P<bucket>[a-z0-9][a-z0-9.-]+?)\.s3[a-z0-9.-]*\.amazonaws\.com(?:\.cn)?/(?P<key>[^?#]+)"
    ),
)
_VERSION = re.compile(r"(?P<key>.*)\?versionId=(?P<version>[^?&/]+)", re.DOTALL)


class S3UriError(GovernanceError):
    """Text that is not the URI of an S3 object or prefix."""


class S3Uri(Struct, frozen=True):
    """A bucket and a key in it; `version_id` is `None` where the URI names no version."""

    bucket: str
    key: str
    version_id: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `s3://bucket`, `s3://bucket/key` or `s3://bucket/key?versionId=…`.

        Keys are taken as they are: nothing in them is percent-decoded.

        Raises:
            S3UriError: when it is anything else.
        """
        match = _URI.fullmatch(text)
        if match is None:
            raise S3UriError(
                f"{text[:URI_CHARACTERS]!r} is not an S3 URI: it looks like {_write_as_uri(text)}"
            )
        key, version = match["key"] or "", None
        if versioned := _VERSION.fullmatch(key):
            key, version = versioned["key"], versioned["version"]
        return cls(match["bucket"], key, version)

    def with_version(self, version_id: str | None) -> "S3Uri":
        """The same object at one version."""
        return S3Uri(self.bucket, self.key, version_id)

    def as_prefix(self) -> "S3Uri":
        """The same key as a folder, ending with one slash, so that `a/b` does not take in `a/bc`.

        Raises:
            S3UriError: when it is a whole bucket, which is nobody's folder, or one version of an object.
        """
        if not self.key.strip("/") or self.version_id is not None:
            raise S3UriError(f"{self} is not a prefix: it looks like s3://bucket/folder/")
        return S3Uri(self.bucket, f"{self.key.rstrip('/')}/")

    def as_object(self) -> "S3Uri":
        """The same URI where it names an object.

        Raises:
            S3UriError: when it is a whole bucket, or a folder in one.
        """
        if not self.key:
            raise S3UriError(
                f"s3://{self.bucket} is a whole bucket; name an object in it: s3://{self.bucket}/key"
            )
        if self.key.endswith("/"):
            raise S3UriError(f"{self} is a folder; name an object in it, without a slash at the end")
        return self

    def child(self, name: str) -> "S3Uri":
        """The object `name` (a relative path) under this prefix."""
        return S3Uri(self.bucket, self.key + name)

    def __str__(self) -> str:
        version = "" if self.version_id is None else f"?versionId={self.version_id}"
        return f"s3://{self.bucket}/{self.key}{version}"


def _write_as_uri(text: str) -> str:
    """Return how the object at an address of HTTP is spelt as an S3 URI, or how any is."""
    matches = (pattern.match(text) for pattern in _BY_HTTP)
    found = next((match for match in matches if match is not None), None)
    return "s3://bucket/key" if found is None else f"s3://{found['bucket']}/{unquote(found['key'])}"
