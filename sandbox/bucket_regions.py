"""Requests about a bucket of another region than they are signed for are answered with a redirect, as S3 does.

moto has all buckets in every region. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html, and
`PermanentRedirect` of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from moto.s3.models import s3_backends

_SCOPE = re.compile(r"Credential=[^/,\s]+/\d+/(?P<region>[^/]*)/s3/aws4_request")
_SAID = "The bucket you are attempting to access must be addressed using the specified endpoint."

_StartResponse = Callable[..., Any]
_Application = Callable[[dict[str, Any], _StartResponse], Iterable[bytes]]


class BucketRegions:
    """A WSGI application before `application` that answers requests which are signed for the wrong region."""

    def __init__(self, application: _Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request; one that nobody signed for S3 is for the application."""
        signed = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        bucket, key = _addressed(environ)
        region = None if signed is None else _region_of(bucket)
        is_creation = environ["REQUEST_METHOD"] == "PUT" and not key and not environ.get("QUERY_STRING")
        if signed is None or region in (None, signed["region"]) or is_creation:
            return self._application(environ, start_response)
        endpoint = f"{bucket}.s3.{region}.amazonaws.com"
        text = (
            f"<Error><Code>PermanentRedirect</Code><Message>{_SAID}</Message><Endpoint>{endpoint}</Endpoint>"
            f"<Bucket>{bucket}</Bucket></Error>"
        )
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else text.encode()
        headers = [
            ("Content-Type", "application/xml"),
            ("Content-Length", str(len(body))),
            ("x-amz-bucket-region", str(region)),
        ]
        moved = HTTPStatus.MOVED_PERMANENTLY
        start_response(f"{moved:d} {moved.phrase}", headers)
        return [body]


def _addressed(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Return the bucket and the key that a request names: by its host, else by the beginning of its path."""
    host = str(environ.get("HTTP_HOST", "")).partition(":")[0]
    path = str(environ.get("PATH_INFO", "")).removeprefix("/")
    if host.endswith(".localhost"):
        return host.removesuffix(".localhost"), path
    bucket, _, key = path.partition("/")
    return bucket, key


def _region_of(name: str) -> str | None:
    """Return the region of a bucket of any account, or `None` where there is none of this name."""
    owner = s3_backends.bucket_accounts.get(name)
    if owner is None:
        return None
    partition, account = owner
    bucket = s3_backends[account][partition].buckets.get(name)
    return None if bucket is None else str(bucket.region_name)
