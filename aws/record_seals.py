"""Seals: proof that a statement was made by whoever may use the stack's key, and by nobody else."""

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Protocol

from aws.aws_errors import AwsError, explain_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALGORITHM = "HMAC_SHA_256"
_INVALID = "KMSInvalidMacException"


class Seals(Protocol):
    """Keyed digests (HMAC with SHA-256) by KMS (`KmsSeals`) or by a secret of this process (`LocalSeals`)."""

    def make(self, statement: bytes) -> str:
        """Return the seal of a statement of at most 4,096 bytes, in base64; equal statements have equal seals.

        Raises:
            AwsError: KMS could not be asked, or the caller may not make seals.
        """
        ...

    def is_genuine(self, statement: bytes, seal: str) -> bool:
        """Return whether `seal` was made for exactly this statement with the key.

        Raises:
            AwsError: KMS could not be asked, or the caller may not verify seals.
        """
        ...


class KmsClient(Protocol):
    """What is used of boto3's client of KMS."""

    def generate_mac(self, *, Message: bytes, KeyId: str, MacAlgorithm: str) -> "Mapping[str, Any]":  # noqa: N803
        """See KMS's GenerateMac."""
        ...

    def verify_mac(
        self,
        *,
        Message: bytes,  # noqa: N803 - boto3's names
        KeyId: str,  # noqa: N803
        MacAlgorithm: str,  # noqa: N803
        Mac: bytes,  # noqa: N803
    ) -> "Mapping[str, Any]":
        """See KMS's VerifyMac."""
        ...


class KmsSeals:
    """Seals by an HMAC key of KMS: to make one and to verify one are two permissions."""

    def __init__(self, client: KmsClient, key_id: str) -> None:
        self._client = client
        self._key = key_id

    def make(self, statement: bytes) -> str:
        """See `Seals.make`."""
        with explain_errors("GenerateMac", self._key):
            answer = self._client.generate_mac(Message=statement, KeyId=self._key, MacAlgorithm=_ALGORITHM)
            return base64.b64encode(answer["Mac"]).decode()

    def is_genuine(self, statement: bytes, seal: str) -> bool:
        """See `Seals.is_genuine`."""
        mac = _decode(seal)
        if mac is None:
            return False
        try:
            with explain_errors("VerifyMac", self._key):
                self._client.verify_mac(Message=statement, KeyId=self._key, MacAlgorithm=_ALGORITHM, Mac=mac)
        except AwsError as error:
            if error.code == _INVALID:
                return False
            raise
        return True


class LocalSeals:
    """Seals by a secret that this process holds."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, statement: bytes) -> str:
        """See `Seals.make`."""
        return base64.b64encode(hmac.digest(self._secret, statement, hashlib.sha256)).decode()

    def is_genuine(self, statement: bytes, seal: str) -> bool:
        """See `Seals.is_genuine`."""
        mac = _decode(seal)
        return mac is not None and hmac.compare_digest(
            mac, hmac.digest(self._secret, statement, hashlib.sha256)
        )


def _decode(seal: str) -> bytes | None:
    """The bytes of a seal of the right length, or `None`: KMS refuses others as a bad request."""
    try:
        mac = base64.b64decode(seal, validate=True)
    except ValueError:
        return None
    return mac if len(mac) == hashlib.sha256().digest_size else None
