"""Copies of evidence, in S3 and in a folder: written once, found by their digest, held against it."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aws.evidence_copies import EvidenceCopies, FolderEvidenceCopies, S3EvidenceCopies
from aws.evidence_errors import DigestMismatchError, EvidenceMissingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT = b'{"accuracy": 0.9}'
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Place:
    """Copies somewhere, and what somebody else writes there."""

    def __init__(self, kind: str, s3: "S3Client", bucket: str, folder: Path) -> None:
        self._s3, self._bucket, self._folder = s3, bucket, folder
        self._in_s3 = kind == "s3"
        self.root = f"s3://{bucket}/judged" if self._in_s3 else str(folder)
        self.copies: EvidenceCopies = (
            S3EvidenceCopies(s3, self.root) if self._in_s3 else FolderEvidenceCopies(folder)
        )

    def write(self, name: str, content: bytes) -> None:
        if self._in_s3:
            self._s3.put_object(Bucket=self._bucket, Key=f"judged/{name}", Body=content)
        else:
            (self._folder / name).write_bytes(content)

    def count(self) -> int:
        if not self._in_s3:
            return len(list(self._folder.iterdir()))
        return len(self._s3.list_object_versions(Bucket=self._bucket, Prefix="judged/").get("Versions", []))


@pytest.fixture(params=["s3", "folder"])
def place(request: pytest.FixtureRequest, s3: "S3Client", bucket: str, tmp_path: Path) -> Place:
    return Place(request.param, s3, bucket, tmp_path.resolve())


def test_the_same_bytes_are_kept_once_and_read_by_their_digest(place: Place) -> None:
    kept = [place.copies.keep(CONTENT) for _ in range(3)]
    assert kept == [f"{place.root}/{SHA256}"] * 3
    assert place.count() == 1
    assert place.copies.read(SHA256) == CONTENT


def test_a_copy_that_is_gone_says_so(place: Place) -> None:
    with pytest.raises(EvidenceMissingError, match=f"{SHA256}: there is no copy"):
        place.copies.read(SHA256)


def test_what_somebody_else_put_in_the_place_of_a_copy_is_neither_kept_nor_read(place: Place) -> None:
    place.write(SHA256, b"forged")
    for call in (lambda: place.copies.keep(CONTENT), lambda: place.copies.read(SHA256)):
        with pytest.raises(DigestMismatchError, match="somebody else wrote it"):
            call()
    assert place.count() == 1
