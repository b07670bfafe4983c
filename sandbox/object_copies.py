"""What moto's S3 leaves out of copies: the condition of a whole copy, and the checksum of a part that is copied.

As https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html and API_UploadPartCopy.html have them.
"""

from base64 import b64encode
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree

from moto.s3.exceptions import PreconditionFailed
from moto.s3.responses import S3Response


def install() -> None:
    """Extend moto's S3 in this process; done twice it changes nothing more."""
    if getattr(S3Response, "_copies_as_s3_does", False):
        return
    S3Response._copies_as_s3_does = True
    _hold_copies_to_conditions()
    _hold_completions_to_conditions()
    _tell_checksums_of_parts()


def _require_condition(response: Any) -> None:
    """Refuse a write whose condition about the object that is there does not hold."""
    there = response.backend.get_object(response.bucket_name, response.parse_key_name())
    if response.headers.get("If-None-Match") == "*" and there is not None:
        raise PreconditionFailed("If-None-Match")
    wanted = response.headers.get("If-Match")
    if wanted and (there is None or there.etag.strip('"') != wanted.strip('"')):
        raise PreconditionFailed("If-Match")


def _hold_copies_to_conditions() -> None:
    copy = S3Response.copy_object

    def copy_object(self: Any) -> Any:
        _require_condition(self)
        return copy(self)

    S3Response.copy_object = copy_object


def _hold_completions_to_conditions() -> None:
    """moto knows one of the two conditions when an upload in parts is completed."""
    complete = S3Response._key_response_post

    def post(self: Any, request: Any, *place: Any, **named: Any) -> Any:
        if self.headers.get("If-Match") and "uploadId=" in request.url:
            _require_condition(self)
        return complete(self, request, *place, **named)

    S3Response._key_response_post = post


def _tell_checksums_of_parts() -> None:
    copy_part = S3Response.upload_part_copy

    def upload_part_copy(self: Any) -> Any:
        status, headers, body = copy_part(self)
        if status != 200:  # noqa: PLR2004
            return status, headers, body
        upload = self.backend.get_bucket(self.bucket_name).multiparts[self._get_param("uploadId")]
        part = upload.parts[self._get_int_param("partNumber")]
        answer = ElementTree.fromstring(body)  # noqa: S314 - moto wrote it
        ElementTree.SubElement(answer, "ChecksumSHA256").text = b64encode(
            sha256(part.value).digest()
        ).decode()
        body = ElementTree.tostring(answer, encoding="unicode")
        return status, headers | {"content-length": str(len(body))}, body

    S3Response.upload_part_copy = upload_part_copy
