"""One suite for both threshold stores: S3 over HTTP, and a folder."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aws import threshold_store
from aws.s3_uris import S3Uri
from aws.threshold_store import FolderThresholdStore, S3ThresholdStore
from checks.errors import GovernanceError
from checks.selection import AmbiguousThresholdsError
from checks.threshold_file import ThresholdFileError
from checks.thresholds import ThresholdFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def thresholds(name: str, *groups: str) -> bytes:
    return f"""
name: {name}
applies_to:
  model_package_groups: [{", ".join(f'"{group}"' for group in groups)}]
checks:
  - name: accuracy
    why: It has to be right.
    metric: text_to_sql.execution_accuracy
    at_least: 0.8
""".encode()


class S3Place:
    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3, self._bucket = s3, bucket
        self.root = f"s3://{bucket}/thresholds"

    def put(self, name: str, content: bytes) -> str:
        answer = self._s3.put_object(Bucket=self._bucket, Key=f"thresholds/{name}", Body=content)
        return f"{self.root}/{name}?versionId={answer['VersionId']}"

    def put_beside(self, name: str, content: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=name, Body=content)

    def store(self, path: str = "") -> S3ThresholdStore:
        return S3ThresholdStore(self._s3, f"{self.root}{path}")


class FolderPlace:
    def __init__(self, folder: Path) -> None:
        self.root = str(folder / "thresholds")

    def put(self, name: str, content: bytes) -> str:
        path = Path(self.root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def put_beside(self, name: str, content: bytes) -> None:
        self.put(f"../{name}", content)

    def store(self, path: str = "") -> FolderThresholdStore:
        return FolderThresholdStore(Path(f"{self.root}{path}"))


Place = S3Place | FolderPlace


@pytest.fixture(params=["s3", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return FolderPlace(tmp_path)
    return S3Place(request.getfixturevalue("s3"), request.getfixturevalue("bucket"))


def found_in(store: S3ThresholdStore | FolderThresholdStore, group: str) -> ThresholdFile:
    """The file that applies to the group, where one does."""
    found = store.for_group(group)
    assert found is not None
    return found


def test_the_most_specific_file_is_found_with_its_source_and_digest(place: Place) -> None:
    place.put("organisation.yaml", thresholds("organisation", "*"))
    content = thresholds("askdata", "askdata-*")
    source = place.put("teams/askdata.yml", content)
    found = found_in(place.store(), "askdata-sales")
    assert (found.name, found.source, found.sha256) == (
        "askdata",
        source,
        hashlib.sha256(content).hexdigest(),
    )
    assert found_in(place.store(), "churn").name == "organisation"


def test_a_group_that_no_file_applies_to_has_none(place: Place) -> None:
    place.put("askdata.yaml", thresholds("askdata", "askdata-*"))
    assert place.store().for_group("churn") is None


def test_one_file_may_be_named(place: Place) -> None:
    place.put("askdata.yaml", thresholds("askdata", "askdata-*"))
    place.put("broken.yaml", b"checks: [")
    assert found_in(place.store("/askdata.yaml"), "askdata-sales").name == "askdata"
    assert place.store("/askdata.yaml").for_group("churn") is None


def test_other_files_and_neighbours_are_left_alone(place: Place) -> None:
    place.put("askdata.yaml", thresholds("askdata", "askdata-*"))
    place.put("README.md", b"# not yaml: [")
    place.put_beside("thresholds-old/askdata.yaml", b"checks: [")
    assert found_in(place.store(), "askdata-sales").name == "askdata"


def test_every_broken_file_is_named_and_nothing_is_found_beside_it(place: Place) -> None:
    place.put("askdata.yaml", thresholds("askdata", "askdata-*"))
    first = place.put("a.yaml", thresholds("a", "a").replace(b"at_least", b"at_leest"))
    second = place.put("b.yml", b"\xff")
    with pytest.raises(ThresholdFileError) as raised:
        place.store().for_group("askdata-sales")
    assert f"{first}:9:5" in str(raised.value)
    assert f"{second}:1:1: not UTF-8" in str(raised.value)


def test_two_files_that_apply_equally_are_an_error(place: Place) -> None:
    sources = [place.put(name, thresholds(name, "askdata-*")) for name in ("a.yaml", "b.yaml")]
    with pytest.raises(AmbiguousThresholdsError) as raised:
        place.store().for_group("askdata-sales")
    assert all(source in str(raised.value) for source in sources)


def test_a_named_file_that_is_absent_is_an_error(place: Place) -> None:
    with pytest.raises(GovernanceError, match=r"absent.yaml: there is no such"):
        place.store("/absent.yaml").for_group("askdata")


def test_a_file_of_ten_megabytes_is_an_error(place: Place) -> None:
    place.put("huge.yaml", b"#" * 10 * 1024 * 1024)
    with pytest.raises(GovernanceError, match=r"huge.yaml.*10,485,760 bytes"):
        place.store().for_group("askdata")


def test_s3_reads_the_version_that_the_uri_names(s3: "S3Client", bucket: str) -> None:
    place = S3Place(s3, bucket)
    older = place.put("askdata.yaml", thresholds("older", "askdata"))
    newer = place.put("askdata.yaml", thresholds("newer", "askdata"))
    version = older.partition("?")[2]
    assert found_in(place.store(f"/askdata.yaml?{version}"), "askdata").source == older
    assert found_in(place.store("/askdata.yaml"), "askdata").source == newer


def test_a_file_that_goes_between_listing_and_reading_is_an_error(
    s3: "S3Client", bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It might have been the one that applies: nothing is decided without it."""
    gone = S3Uri(bucket, "thresholds/gone.yaml")
    monkeypatch.setattr(threshold_store, "list_objects", lambda client, prefix: [gone])
    with pytest.raises(GovernanceError, match=r"gone\.yaml: there is no such object"):
        S3Place(s3, bucket).store().for_group("askdata")


def test_an_empty_prefix_has_no_file(s3: "S3Client", bucket: str) -> None:
    assert S3Place(s3, bucket).store().for_group("askdata") is None


def test_a_whole_bucket_is_no_threshold_store(s3: "S3Client", bucket: str) -> None:
    with pytest.raises(GovernanceError, match="not a prefix"):
        S3ThresholdStore(s3, f"s3://{bucket}").for_group("askdata")


def test_a_folder_that_is_absent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GovernanceError, match="absent: there is no such file"):
        FolderThresholdStore(tmp_path / "absent").for_group("askdata")


BASE = b"name: base\nchecks: [{name: a, why: b, metric: c.d, at_least: 0.5}]\n"
TEAM = b"name: churn\nextends: base\napplies_to: {model_package_groups: [churn]}\n"


def test_one_file_of_a_store_has_what_it_extends_from_beside_it(
    s3: "S3Client", bucket: str, tmp_path: Path
) -> None:
    for name, content in (("base.yaml", BASE), ("churn.yaml", TEAM), ("wrong.yaml", b"nam: x")):
        s3.put_object(Bucket=bucket, Key=f"trial/{name}", Body=content)
        (tmp_path / name).write_bytes(content)
    in_s3 = S3ThresholdStore(s3, f"s3://{bucket}/trial/churn.yaml")
    on_disk = FolderThresholdStore(tmp_path / "churn.yaml")
    assert [len(found_in(store, "churn").checks) for store in (in_s3, on_disk)] == [1, 1]


def test_a_path_does_not_lead_out_of_the_bucket_and_what_is_published_is_all_that_there_is(
    s3: "S3Client", bucket: str, tmp_path: Path
) -> None:
    elsewhere = f"{bucket}-elsewhere"
    s3.create_bucket(Bucket=elsewhere, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=elsewhere, Key="base.yaml", Body=BASE)
    s3.put_object(Bucket=bucket, Key="base.yaml", Body=BASE)
    outside = TEAM.replace(b"extends: base", f"extends: ../../{elsewhere}/base.yaml".encode())
    above = TEAM.replace(b"extends: base", b"extends: ../base.yaml")
    s3.put_object(Bucket=bucket, Key="trial/outside.yaml", Body=outside)
    s3.put_object(Bucket=bucket, Key="trial/above.yaml", Body=above)
    refused = "there is no file at this path"
    with pytest.raises(GovernanceError, match=refused):
        S3ThresholdStore(s3, f"s3://{bucket}/trial/outside.yaml").for_group("churn")
    assert found_in(S3ThresholdStore(s3, f"s3://{bucket}/trial/above.yaml"), "churn").name == "churn"
    s3.delete_object(Bucket=bucket, Key="trial/outside.yaml")
    with pytest.raises(GovernanceError, match=refused):
        S3ThresholdStore(s3, f"s3://{bucket}/trial/").for_group("churn")
    (tmp_path / "base.yaml").write_bytes(BASE)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "above.yaml").write_bytes(above)
    with pytest.raises(GovernanceError, match=refused):
        FolderThresholdStore(tmp_path / "in").for_group("churn")
    assert found_in(FolderThresholdStore(tmp_path / "in" / "above.yaml"), "churn").name == "churn"
