"""Gold and databases of verification: in the bucket of thresholds, and in no other; in files, wherever they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aws.evidence_errors import EvidenceError
from aws.gold_store import FolderGoldStore, ForeignGoldError, GoldStore, S3GoldStore
from aws.s3_objects import ObjectMissingError
from checks.errors import GovernanceError
from checks.reports import MAX_REPORT_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

GOLD = b'{"id": 1, "label": 1}\n'


class Kept:
    """Gold and databases somewhere, and the store that has them."""

    def __init__(self, kind: str, s3: "S3Client", bucket: str, folder: Path) -> None:
        self._s3, self._bucket, self._folder = s3, bucket, folder
        self.is_in_s3 = kind == "s3"
        self.root = f"s3://{bucket}/verification" if self.is_in_s3 else str(folder)
        self.store: GoldStore = S3GoldStore(s3, bucket) if self.is_in_s3 else FolderGoldStore()

    def write(self, name: str, content: bytes) -> str:
        """Write `content` by `name`, and return its place."""
        if self.is_in_s3:
            self._s3.put_object(Bucket=self._bucket, Key=f"verification/{name}", Body=content)
        else:
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return f"{self.root}/{name}"


@pytest.fixture(params=["s3", "folder"])
def kept(request: pytest.FixtureRequest, s3: "S3Client", bucket: str, tmp_path: Path) -> Kept:
    return Kept(request.param, s3, bucket, tmp_path / "kept")


def test_the_newest_gold_is_read_and_says_which_version_it_is(
    kept: Kept, s3: "S3Client", bucket: str
) -> None:
    kept.write("gold.jsonl", b"older")
    place = kept.write("gold.jsonl", GOLD)
    read = kept.store.read(place)
    assert (read.uri, read.content) == (place, GOLD)
    newest = (
        s3.head_object(Bucket=bucket, Key="verification/gold.jsonl")["VersionId"] if kept.is_in_s3 else None
    )
    assert read.version_id == newest


def test_databases_are_fetched_with_their_folders(kept: Kept, tmp_path: Path) -> None:
    for name, content in {"shop.sqlite": b"a", "eu/shop.sqlite": b"b"}.items():
        kept.write(f"databases/{name}", content)
    folder = kept.store.fetch_databases(f"{kept.root}/databases", tmp_path / "fetched")
    assert list_files(folder) == {"eu/shop.sqlite": b"b", "shop.sqlite": b"a"}


def list_files(folder: Path) -> Mapping[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_what_is_not_there_or_too_large_is_told_with_its_place(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(GovernanceError, match=r"nowhere\.jsonl"):
        kept.store.read(f"{kept.root}/nowhere.jsonl")
    with pytest.raises(EvidenceError, match="nowhere"):
        kept.store.fetch_databases(f"{kept.root}/nowhere", tmp_path / "fetched")
    large = kept.write("large.jsonl", b" " * (MAX_REPORT_BYTES + 1))
    with pytest.raises(GovernanceError, match=r"large\.jsonl"):
        kept.store.read(large)


@pytest.mark.parametrize(
    "place",
    [
        "s3://{bucket}-of-others/verification/gold.jsonl",
        "s3://of-others/{bucket}/gold.jsonl",
        "verification/gold.jsonl",
        "/etc/passwd",
    ],
    ids=["another bucket", "another bucket with its name in the key", "a path", "a file of the machine"],
)
def test_the_gate_reads_what_it_trusts_from_its_own_bucket_alone(
    s3: "S3Client", bucket: str, tmp_path: Path, place: str
) -> None:
    store, there = S3GoldStore(s3, bucket), place.format(bucket=bucket)
    for call in (lambda: store.read(there), lambda: store.fetch_databases(there, tmp_path)):
        with pytest.raises(ForeignGoldError) as error:
            call()
        assert str(error.value) == (
            f"{there}: not in the stack's bucket of thresholds; put it below s3://{bucket}/verification/ and name it "
            "there under verify"
        )


def test_a_version_of_the_gold_can_be_named(s3: "S3Client", bucket: str) -> None:
    first = s3.put_object(Bucket=bucket, Key="verification/gold.jsonl", Body=GOLD)["VersionId"]
    s3.put_object(Bucket=bucket, Key="verification/gold.jsonl", Body=b"newer")
    store = S3GoldStore(s3, bucket)
    read = store.read(f"s3://{bucket}/verification/gold.jsonl?versionId={first}")
    assert (read.content, read.version_id) == (GOLD, first)
    with pytest.raises(ObjectMissingError, match="there is no such object"):
        store.read(f"s3://{bucket}/verification/gold.jsonl?versionId=none")
