"""Writing once: an object of S3 or a file is written where there is none, and otherwise left as it is.

All that the gate and `register` keep is written here: records, claims, evidence, manifests. What is read back where
something is there already, and held against what was to be written, is said by `DecisionLog` and `EvidenceStore`.
"""

import random
import secrets
import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from aws.aws_errors import AwsError, explain_errors
from aws.s3_uris import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WRITER = "writer"
_CONFLICT = "ConditionalRequestConflict"
_PAUSES = (0.1, 0.2, 0.4, 0.8)  # seconds between the attempts


def write_object_once(
    client: "S3Client",
    uri: S3Uri,
    body: bytes | IO[bytes],
    *,
    content_type: str,
    metadata: Mapping[str, str] | None = None,
    sha256: str | None = None,
) -> bool:
    """Write an object where there is none, by a conditional request; `metadata` is the object's own.

    With `sha256` (hexadecimal) S3 refuses a body that has another one: what was read from a file that somebody
    writes to meanwhile.

    boto3 repeats a request whose answer was lost, and the repetition meets the object that the first one wrote. It
    is told from another's by a random name of the writer in the object's metadata.

    Returns:
        Whether this call wrote it; `False` where another object is there, which was not changed.

    Raises:
        AwsError: it could not be written.
    """
    writer = secrets.token_hex()
    checksum: Any = {} if sha256 is None else {"ChecksumSHA256": b64encode(bytes.fromhex(sha256)).decode()}

    def put() -> None:
        with explain_errors("PutObject", str(uri)):
            client.put_object(
                Bucket=uri.bucket,
                Key=uri.key,
                Body=body,
                ContentType=content_type,
                IfNoneMatch="*",
                Metadata={**(metadata or {}), _WRITER: writer},
                **checksum,
            )

    try:
        _repeat_in_conflict(put, body)
    except AwsError as error:
        if error.code != "PreconditionFailed":
            raise
        with explain_errors("HeadObject", str(uri)):
            found = client.head_object(Bucket=uri.bucket, Key=uri.key)["Metadata"]
        return found.get(_WRITER) == writer
    return True


def _repeat_in_conflict(put: Callable[[], None], body: bytes | IO[bytes]) -> None:
    """Call `put`, and again where S3 says that another operation on the same key was under way; boto3 does not.

    "On a 409 failure you should retry the upload": https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    start = 0 if isinstance(body, bytes) else body.tell()
    for pause in _PAUSES:
        try:
            put()
        except AwsError as error:
            if error.code != _CONFLICT:
                raise
        else:
            return
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - so that two that collide do not do so again
        if not isinstance(body, bytes):
            body.seek(start)
    put()


def write_file_once(path: Path, body: bytes | IO[bytes]) -> bool:
    """Write a file where there is none, with the folders above it.

    Returns:
        Whether this call wrote it; `False` where another file is there, which was not changed.

    Raises:
        OSError: it could not be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            shutil.copyfileobj(BytesIO(body) if isinstance(body, bytes) else body, file)
    except FileExistsError:
        return False
    return True
