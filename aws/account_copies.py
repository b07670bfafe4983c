"""Where the copy of an object of a model account is in the evidence bucket, and what its metadata say of its origin."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from aws.copy_names import copies_prefix
from aws.s3_uris import S3Uri
from checks.errors import GovernanceError

# S3's limit: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
LONGEST_KEY_BYTES = 1024

_ACCOUNT = "source-account"
_BUCKET = "source-bucket"
_VERSION = "source-version"
_SEQUENCER = "source-sequencer"
_SHA256 = "source-sha256"
_WRITTEN_AT = "source-written-at"
_COPIED_AT = "copied-at"


class CopyKeyError(GovernanceError):
    """An object whose copy cannot have the key that it would need."""


class ModelBucket(Struct, frozen=True):
    """The artifact bucket of a model account, and the bucket that its objects are copied into."""

    account: str
    name: str
    evidence_bucket: str

    @property
    def prefix(self) -> str:
        """What the keys of its copies begin with."""
        return copies_prefix(self.account, self.name)

    def locate_copy(self, original: S3Uri) -> S3Uri:
        """Return where the copy of an object of the bucket is; versions of the object are versions of its copy.

        Raises:
            CopyKeyError: the copy's key would be longer than S3 takes.
        """
        key = self.prefix + original.key
        if len(key.encode()) > LONGEST_KEY_BYTES:
            raise CopyKeyError(
                f"{original}: its copy would have a key of {len(key.encode()):,} bytes, and S3 takes "
                f"{LONGEST_KEY_BYTES:,}; give it a shorter one"
            )
        return S3Uri(self.evidence_bucket, key)

    def locate_original(self, copy: S3Uri) -> S3Uri:
        """Return where the object is that `copy` is of."""
        return S3Uri(self.name, copy.key.removeprefix(self.prefix))


class Provenance(Struct, frozen=True):
    """What a copy says of its origin.

    `version` is the id of the version that was copied, or its ETag in quotes where the bucket keeps no versions;
    `sequencer` is S3's hexadecimal number that rises with each write of a key, or `None` where the event had none.
    `sha256` is that of the bytes, in hexadecimal. `written_at` is when S3 took the original, which says how old the
    evidence is, `copied_at` when it was copied; both are exact to the second.
    """

    account: str
    bucket: str
    version: str
    sequencer: str | None
    sha256: str | None = None
    written_at: datetime | None = None
    copied_at: datetime | None = None

    @property
    def is_unversioned(self) -> bool:
        """Whether `version` is an ETag."""
        return self.version.startswith('"')

    def of_bytes(self, sha256: str, *, written_at: datetime, copied_at: datetime) -> "Provenance":
        """The same with what is known once the bytes were read."""
        return replace(self, sha256=sha256, written_at=written_at, copied_at=copied_at)

    def is_older_than(self, other: "Provenance") -> bool:
        """Whether this version of the object was written before `other`.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html: the shorter number
        is padded with zeros on its right, then the two are compared as text.
        """
        if self.sequencer is None or other.sequencer is None:
            return False
        digits = max(len(self.sequencer), len(other.sequencer))
        own, others = (text.upper().ljust(digits, "0") for text in (self.sequencer, other.sequencer))
        return own < others

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata of the copy."""
        entries = {
            _ACCOUNT: self.account,
            _BUCKET: self.bucket,
            _VERSION: self.version,
            _SEQUENCER: self.sequencer,
            _SHA256: self.sha256,
            _WRITTEN_AT: _write_moment(self.written_at),
            _COPIED_AT: _write_moment(self.copied_at),
        }
        return {name: value for name, value in entries.items() if value is not None}

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Self | None:
        """Read the metadata of an object; `None` where it is no copy."""
        if not {_ACCOUNT, _BUCKET, _VERSION, _SHA256} <= metadata.keys():
            return None
        return cls(
            account=metadata[_ACCOUNT],
            bucket=metadata[_BUCKET],
            version=metadata[_VERSION],
            sequencer=metadata.get(_SEQUENCER),
            sha256=metadata[_SHA256],
            written_at=_read_moment(metadata.get(_WRITTEN_AT)),
            copied_at=_read_moment(metadata.get(_COPIED_AT)),
        )


def _write_moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def _read_moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
