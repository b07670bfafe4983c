"""What versions are verified against: gold and databases, in a place that registrants cannot write to."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aws.evidence_errors import EvidenceError
from aws.evidence_store import download_evidence
from aws.s3_objects import read_object
from aws.s3_uris import S3Uri
from checks.errors import GovernanceError
from checks.evidence import Document
from checks.reports import MAX_REPORT_BYTES
from disk.reading import read_bounded

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ForeignGoldError(GovernanceError):
    """Gold or databases that a threshold file names elsewhere than the stack keeps what it trusts."""


class GoldStore(Protocol):
    """Gold and databases in S3 (`S3GoldStore`) or in local files (`FolderGoldStore`)."""

    def read(self, place: str) -> Document:
        """Return the gold at `place`.

        Raises:
            GovernanceError: it is not there, too large, or not where gold may be.
        """
        ...

    def fetch_databases(self, place: str, folder: Path) -> Path:
        """Return where the databases at `place` are on this machine: in `folder`, where they had to be fetched.

        Raises:
            GovernanceError: they are not there, or not where they may be.
        """
        ...


class S3GoldStore:
    """Gold and databases in one bucket: that of the thresholds, in which the governance team alone writes."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def read(self, place: str) -> Document:
        """See `GoldStore.read`."""
        found = read_object(self._client, self._require_own(place), max_bytes=MAX_REPORT_BYTES)
        return Document(place, found.content, found.uri.version_id)

    def fetch_databases(self, place: str, folder: Path) -> Path:
        """See `GoldStore.fetch_databases`."""
        download_evidence(self._client, self._require_own(place), folder)
        return folder

    def _require_own(self, place: str) -> S3Uri:
        if not place.startswith("s3://") or S3Uri.parse(place).bucket != self._bucket:
            raise ForeignGoldError(
                f"{place}: not in the stack's bucket of thresholds; put it below s3://{self._bucket}/verification/ "
                "and name it there under verify"
            )
        return S3Uri.parse(place)


class FolderGoldStore:
    """Gold and databases in files of this machine, by their paths."""

    def read(self, place: str) -> Document:
        """See `GoldStore.read`."""
        return Document(place, read_bounded(Path(place), max_bytes=MAX_REPORT_BYTES))

    def fetch_databases(self, place: str, folder: Path) -> Path:  # noqa: ARG002 - nothing has to be fetched
        """See `GoldStore.fetch_databases`."""
        if not Path(place).exists():
            raise EvidenceError(f"{place}: no such folder or file; name the databases under verify")
        return Path(place)
