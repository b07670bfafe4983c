"""One suite for both evidence stores: S3 over HTTP, and folders."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aws import evidence_store, local_evidence
from aws.evidence_errors import (
    DigestMismatchError,
    EvidenceChangedError,
    EvidenceError,
    EvidenceExistsError,
    EvidenceMissingError,
    EvidenceTooLargeError,
    ForeignBucketError,
)
from aws.evidence_store import FolderEvidenceStore, S3EvidenceStore
from aws.local_evidence import evidence_files, sha256_of
from aws.report_references import ReportReference, ReportSlot
from aws.s3_uris import S3UriError
from checks.errors import GovernanceError
from checks.reports import MAX_REPORT_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REPORT = b'{"text_to_sql_metrics": {}}'
SHA256 = hashlib.sha256(REPORT).hexdigest()


class S3Place:
    """Puts evidence where `S3EvidenceStore` finds it."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self.store = S3EvidenceStore(s3, [bucket])
        self.root = f"s3://{bucket}"
        self.foreign = f"s3://{bucket}-foreign/a/x.json"
        self._s3, self._bucket = s3, bucket

    def put(self, key: str, content: bytes = REPORT) -> str:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=content)
        return f"{self.root}/{key}"

    def get(self, uri: str) -> bytes:
        key = uri.removeprefix(f"{self.root}/")
        content: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return content


class FolderPlace:
    """Puts evidence where `FolderEvidenceStore` finds it."""

    def __init__(self, folder: Path) -> None:
        self.root = str(folder / "evidence")
        self.store = FolderEvidenceStore(Path(self.root))
        self.foreign = str(folder / "elsewhere" / "x.json")
        Path(self.foreign).parent.mkdir()
        Path(self.foreign).write_bytes(REPORT)

    def put(self, key: str, content: bytes = REPORT) -> str:
        path = Path(self.root, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def get(self, uri: str) -> bytes:
        return Path(uri).read_bytes()


Place = S3Place | FolderPlace


@pytest.fixture(params=["s3", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return FolderPlace(tmp_path)
    return S3Place(request.getfixturevalue("s3"), request.getfixturevalue("bucket"))


def reference(uri: str, digest: str | None = None) -> ReportReference:
    return ReportReference(ReportSlot.MODEL_QUALITY_STATISTICS, uri, digest)


@pytest.mark.parametrize("digest", [None, f"sha256:{SHA256}", f"SHA256:{SHA256.upper()}", f"Sha256:{SHA256}"])
def test_a_report_is_read_with_its_digest(place: Place, digest: str | None) -> None:
    uri = place.put("a/evaluation.json")
    document = place.store.read(reference(uri, digest))
    assert (document.uri, document.content, document.sha256) == (uri, REPORT, SHA256)
    assert document.written_at is not None
    assert document.written_at.microsecond == 0
    assert timedelta() <= datetime.now(UTC) - document.written_at < timedelta(days=1)


@pytest.mark.parametrize(
    "digest", [f"sha256:{'0' * 64}", SHA256, f"md5:{SHA256}", f"sha256:{SHA256[:-1]}", ""]
)
def test_bytes_that_were_not_registered_are_refused(place: Place, digest: str) -> None:
    uri = place.put("a/evaluation.json")
    with pytest.raises(DigestMismatchError, match=f"its SHA-256 is {SHA256}.*nothing was decided") as raised:
        place.store.read(reference(uri, digest))
    assert uri in str(raised.value)


def test_an_absent_report_is_a_gap(place: Place) -> None:
    with pytest.raises(EvidenceMissingError, match=r"absent.json: there is no such"):
        place.store.read(reference(f"{place.root}/a/absent.json"))


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds, made small so that they are quickly reached."""
    for module in (evidence_store, local_evidence):
        monkeypatch.setattr(module, "MAX_REPORT_BYTES", 2048)
    monkeypatch.setattr(evidence_store, "MAX_REPORTS", 3)


def test_the_largest_report_is_the_largest_that_the_core_reads() -> None:
    assert (
        vars(evidence_store)["MAX_REPORT_BYTES"]
        == vars(local_evidence)["MAX_REPORT_BYTES"]
        == MAX_REPORT_BYTES
    )


def test_the_largest_report_is_read_and_a_larger_one_is_a_gap(place: Place, small_bounds: None) -> None:
    largest = place.put("a/largest.json", bytes(2048))
    assert len(place.store.read(reference(largest)).content) == 2048
    larger = place.put("a/larger.json", bytes(2049))
    with pytest.raises(EvidenceTooLargeError, match="2,049 bytes, and at most 2,048 are read"):
        place.store.read(reference(larger))


def test_other_places_are_refused(place: Place) -> None:
    for call in (lambda: place.store.read(reference(place.foreign)), lambda: place.store.list(place.foreign)):
        with pytest.raises(ForeignBucketError, match=r"evidence (is read )?only from") as raised:
            call()
        assert place.foreign in str(raised.value)


def test_only_reports_under_the_prefix_are_listed(place: Place) -> None:
    for key in ("a/b/z.json", "a/b/deep/er/a.json", "a/b/LOUD.JSON"):
        place.put(key)
    for key in ("a/b/results.jsonl", "a/b/README.md", "a/bc/x.json", "a/b.json", "a/x.json"):
        place.put(key)
    expected = tuple(
        ReportReference(None, f"{place.root}/a/b/{name}")
        for name in ("LOUD.JSON", "deep/er/a.json", "z.json")
    )
    assert place.store.list(f"{place.root}/a/b") == expected
    assert place.store.list(f"{place.root}/a/b/") == expected


def test_an_empty_prefix_lists_nothing(place: Place) -> None:
    assert place.store.list(f"{place.root}/nothing") == ()


def test_more_reports_than_a_version_has_are_refused(place: Place, small_bounds: None) -> None:
    for number in range(3):
        place.put(f"a/{number}.json")
    assert len(place.store.list(f"{place.root}/a")) == 3
    place.put("a/3.json")
    with pytest.raises(EvidenceError, match="4 reports are there, and one version has at most 3"):
        place.store.list(f"{place.root}/a")


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    directory = tmp_path / "scored"
    (directory / "bias").mkdir(parents=True)
    (directory / ".hidden").mkdir()
    (directory / "evaluation.json").write_bytes(REPORT)
    (directory / "bias" / "analysis.json").write_bytes(b"{}")
    (directory / "results.jsonl").write_bytes(b"{}\n{}\n")
    (directory / ".hidden" / "x.json").write_bytes(b"{}")
    (directory / ".DS_Store").write_bytes(b"x")
    return directory


def test_what_is_uploaded_is_read_again(place: Place, scored: Path) -> None:
    prefix = f"{place.root}/askdata/run-1"
    references = place.store.upload(scored, prefix)
    assert references == (
        ReportReference(None, f"{prefix}/bias/analysis.json", f"sha256:{hashlib.sha256(b'{}').hexdigest()}"),
        ReportReference(None, f"{prefix}/evaluation.json", f"sha256:{SHA256}"),
    )
    assert [place.store.read(ref).content for ref in references] == [b"{}", REPORT]
    assert [ref.uri for ref in place.store.list(prefix)] == [ref.uri for ref in references]
    assert place.get(f"{prefix}/results.jsonl") == b"{}\n{}\n"


def test_evidence_is_never_overwritten(place: Place, scored: Path) -> None:
    prefix = f"{place.root}/askdata/run-1"
    place.store.upload(scored, prefix)
    (scored / "bias" / "analysis.json").write_bytes(b"[]")
    with pytest.raises(EvidenceExistsError, match="never overwritten; name another prefix"):
        place.store.upload(scored, prefix)
    assert place.get(f"{prefix}/bias/analysis.json") == b"{}"


def test_an_upload_that_was_interrupted_goes_on(place: Place, scored: Path) -> None:
    prefix = f"{place.root}/askdata/run-1"
    whole = place.store.upload(scored, prefix)
    (scored / "late.json").write_bytes(b"[]")
    assert place.store.upload(scored, prefix)[:2] == whole[:2]
    assert place.get(f"{prefix}/late.json") == b"[]"


@pytest.mark.parametrize("name", ["evaluation.json", "results.jsonl"], ids=["report", "other file"])
def test_nothing_is_uploaded_but_what_was_looked_at(place: Place, scored: Path, name: str) -> None:
    expected = {name: sha256_of(path) for name, path in evidence_files(scored).items()}
    (scored / name).write_bytes(b"[1]")
    with pytest.raises(
        EvidenceChangedError, match=f"{name}: its SHA-256 was {expected[name]} when it was looked at"
    ):
        place.store.upload(scored, f"{place.root}/a", expected=expected)
    (scored / name).unlink()
    with pytest.raises(
        EvidenceChangedError, match=f"{name}: went meanwhile; let scoring end, then begin again"
    ):
        place.store.upload(scored, f"{place.root}/b", expected=expected)


def test_a_manifest_is_written_once_and_found_with_its_time(place: Place) -> None:
    prefix = f"{place.root}/a"
    place.put("a/x.json")
    assert place.store.manifest_written_at(prefix) is None
    place.store.add_manifest(prefix, b"{}")
    place.store.add_manifest(prefix, b"{}")
    with pytest.raises(EvidenceExistsError, match="never overwritten"):
        place.store.add_manifest(prefix, b"[]")
    written = place.store.manifest_written_at(prefix)
    assert written is not None
    assert abs(written - datetime.now(UTC)) < timedelta(minutes=10)


def test_a_folder_without_reports_is_not_uploaded(place: Place, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.md").write_text("nothing")
    with pytest.raises(EvidenceError, match=r"there is no report \(\*.json, .*\) in it"):
        place.store.upload(empty, f"{place.root}/a")
    with pytest.raises(GovernanceError, match="absent: cannot be read"):
        place.store.upload(tmp_path / "absent", f"{place.root}/a")
    assert place.store.list(f"{place.root}/a") == ()


def test_a_report_that_would_never_be_read_is_not_uploaded(
    place: Place, scored: Path, small_bounds: None
) -> None:
    (scored / "huge.json").write_bytes(bytes(2049))
    with pytest.raises(EvidenceTooLargeError, match=r"huge.json: 2,049 bytes"):
        place.store.upload(scored, f"{place.root}/a")
    assert place.store.list(f"{place.root}/a") == ()


@pytest.mark.parametrize(("where", "method"), [(os, "open"), (Path, "open")], ids=["report", "other file"])
def test_a_file_that_cannot_be_read_is_one_message(
    place: Place, scored: Path, monkeypatch: pytest.MonkeyPatch, where: Any, method: str
) -> None:
    opened = getattr(where, method)

    def refuse(path: str | Path, *args: Any, **kwargs: Any) -> Any:
        if str(path).startswith(str(scored.parent)):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(where, method, refuse)
    with pytest.raises(GovernanceError, match="Permission denied"):
        place.store.upload(scored, f"{place.root}/a")


@pytest.mark.parametrize("name", ["report.json", "folder"])
def test_what_leads_nowhere_is_not_left_out_of_what_is_uploaded(
    place: Place, scored: Path, name: str
) -> None:
    (scored / name).symlink_to("nowhere")
    with pytest.raises(GovernanceError, match=f"{name}: a link to nothing"):
        place.store.upload(scored, f"{place.root}/a")
    assert place.store.list(f"{place.root}/a") == ()


def test_a_folder_store_names_what_it_cannot_list(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    folder = Path(place.put("a/x.json")).parent
    (folder / "y.json").symlink_to("nowhere")
    with pytest.raises(GovernanceError, match=r"y.json: a link to nothing"):
        place.store.list(str(folder))


def test_evidence_is_not_uploaded_to_other_places(place: Place, scored: Path) -> None:
    with pytest.raises(ForeignBucketError):
        place.store.upload(scored, place.foreign.removesuffix("x.json"))


def test_s3_reads_the_newest_version_or_the_one_that_the_uri_names(s3: "S3Client", bucket: str) -> None:
    place = S3Place(s3, bucket)
    uri = place.put("a/x.json", b"first")
    first = place.store.read(reference(uri))
    place.put("a/x.json", b"second")
    second = place.store.read(reference(uri))
    again = place.store.read(reference(f"{uri}?versionId={first.version_id}"))
    assert (first.content, second.content, again.content) == (b"first", b"second", b"first")
    assert (first.uri, again.uri, again.version_id) == (uri, uri, first.version_id)
    assert first.version_id != second.version_id


def test_a_version_that_was_deleted_is_a_gap(s3: "S3Client", bucket: str) -> None:
    place = S3Place(s3, bucket)
    uri = place.put("a/x.json")
    marker = s3.delete_object(Bucket=bucket, Key="a/x.json")["VersionId"]
    for gone in (uri, f"{uri}?versionId={marker}"):
        with pytest.raises(EvidenceMissingError):
            place.store.read(reference(gone))


def test_a_bucket_without_versions_gives_none(s3: "S3Client", bucket: str) -> None:
    name = f"{bucket[:50]}-plain"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert S3Place(s3, name).store.read(reference(S3Place(s3, name).put("a/x.json"))).version_id is None


@pytest.mark.parametrize(
    ("key", "says"),
    [
        pytest.param("/a/v1", "/a/v1: a folder, and no report; name the report itself, such as {}", id="folder"),
        pytest.param("/a/v1/", "/a/v1/: a folder, and no report; name the report itself, such as {}", id="slash"),
        pytest.param("/a/v", "/a/v: there is no such object; upload it, or fix the URI", id="no folder"),
        pytest.param("", "/: a whole bucket, and no report; name the report in it", id="bucket"),
        pytest.param("/", "/: a whole bucket, and no report; name the report in it", id="bucket and slash"),
    ],
)  # fmt: skip
def test_a_uri_that_names_no_object_is_a_gap_that_says_what_it_names(
    s3: "S3Client", bucket: str, key: str, says: str
) -> None:
    place = S3Place(s3, bucket)
    inside = place.put("a/v1/x.json")
    with pytest.raises(EvidenceMissingError) as raised:
        place.store.read(reference(f"{place.root}{key}"))
    assert str(raised.value) == f"{place.root}{says.format(inside)}"


def test_a_whole_bucket_is_nobodys_evidence(s3: "S3Client", bucket: str) -> None:
    for prefix in (f"s3://{bucket}", f"s3://{bucket}/"):
        with pytest.raises(S3UriError, match="not a prefix"):
            S3Place(s3, bucket).store.list(prefix)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    link = Path(place.put("a/x.json")).with_name("link.json")
    link.symlink_to(place.foreign)
    with pytest.raises(ForeignBucketError):
        place.store.read(reference(str(link)))


def test_a_folder_where_a_report_should_be_is_a_gap(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    folder = Path(place.put("a/x.json")).parent
    with pytest.raises(EvidenceMissingError):
        place.store.read(reference(str(folder)))
