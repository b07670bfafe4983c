"""Publishing a threshold file: in S3 and in a folder alike, the store then judges by it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aws.threshold_store import FolderThresholdStore, S3ThresholdStore
from checks.errors import GovernanceError
from checks.thresholds import ThresholdFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILE = b"""\
name: churn
applies_to: {model_package_groups: [churn]}
checks: [{name: a, why: b, metric: c.d, at_least: 0.5}]
"""


@pytest.fixture(params=["s3", "folder"])
def store(
    request: pytest.FixtureRequest, s3: "S3Client", bucket: str, tmp_path: Path
) -> S3ThresholdStore | FolderThresholdStore:
    if request.param == "s3":
        return S3ThresholdStore(s3, f"s3://{bucket}/thresholds/")
    return FolderThresholdStore(tmp_path / "thresholds")


def found_in(store: S3ThresholdStore | FolderThresholdStore, group: str) -> ThresholdFile:
    """The file that applies to the group, where one does."""
    found = store.for_group(group)
    assert found is not None
    return found


def test_what_was_published_last_under_a_name_applies(store: S3ThresholdStore | FolderThresholdStore) -> None:
    store.publish("churn.yaml", FILE)
    uri = store.publish("churn.yaml", FILE.replace(b"0.5", b"0.6"))
    assert uri.partition("?versionId=")[0].endswith("thresholds/churn.yaml")
    assert found_in(store, "churn").checks[0].at_least == 0.6


@pytest.mark.parametrize("name", ["../churn.yaml", "churn.txt", "a/b.yaml", ".yaml", ""])
def test_a_name_that_is_no_file_name_is_refused(
    store: S3ThresholdStore | FolderThresholdStore, name: str
) -> None:
    with pytest.raises(GovernanceError, match="cannot name a published threshold file"):
        store.publish(name, FILE)


def test_a_wrong_file_is_not_published(store: S3ThresholdStore | FolderThresholdStore) -> None:
    store.publish("churn.yaml", FILE)
    with pytest.raises(GovernanceError, match=r"churn\.yaml:1:1"):
        store.publish("churn.yaml", b"nam: x")
    assert store.for_group("churn") is not None


def test_a_file_that_contends_with_a_published_one_is_refused_naming_both(
    store: S3ThresholdStore | FolderThresholdStore,
) -> None:
    store.publish("churn.yaml", FILE)
    with pytest.raises(
        GovernanceError,
        match=r"other\.yaml: .* of .*churn\.yaml, equally specifically.*withdraw that one first: delete .*churn\.yaml$",
    ):
        store.publish("other.yaml", FILE)
    assert found_in(store, "churn").source.partition("?")[0].endswith("churn.yaml")


def test_a_file_for_other_groups_is_published_beside(store: S3ThresholdStore | FolderThresholdStore) -> None:
    store.publish("churn.yaml", FILE)
    store.publish("other.yaml", FILE.replace(b"[churn]", b"[other]"))
    assert (found_in(store, "churn").applies_to, found_in(store, "other").applies_to) == (
        ("churn",),
        ("other",),
    )


def test_a_wrong_file_that_is_there_can_be_fixed(
    store: S3ThresholdStore | FolderThresholdStore, s3: "S3Client", bucket: str, tmp_path: Path
) -> None:
    store.publish("churn.yaml", FILE)
    (tmp_path / "thresholds").mkdir(exist_ok=True)
    (tmp_path / "thresholds" / "wrong.yaml").write_bytes(b"nam: x")
    s3.put_object(Bucket=bucket, Key="thresholds/wrong.yaml", Body=b"nam: x")
    store.publish("churn.yaml", FILE.replace(b"0.5", b"0.6"))
    store.publish("wrong.yaml", FILE.replace(b"[churn]", b"[fixed]"))
    assert found_in(store, "churn").checks[0].at_least == 0.6


def test_a_file_that_is_called_otherwise_is_not_replaced(
    store: S3ThresholdStore | FolderThresholdStore,
) -> None:
    """Two names may come to the same file name; the groups of the first would lose their thresholds unnoticed."""
    store.publish("churn.yaml", FILE)
    with pytest.raises(GovernanceError, match='"churn" is published there, and "Churn!" would replace it'):
        store.publish("churn.yaml", FILE.replace(b"name: churn", b"name: Churn!").replace(b"[churn]", b"[x]"))
    assert found_in(store, "churn").name == "churn"


BASE = b"name: base\nchecks: [{name: a, why: b, metric: c.d, at_least: 0.5}]\n"
TEAM = b"name: churn\nextends: base\napplies_to: {model_package_groups: [churn]}\n"


def test_a_file_is_published_after_the_one_that_it_extends(
    store: S3ThresholdStore | FolderThresholdStore,
) -> None:
    with pytest.raises(GovernanceError, match=r'churn\.yaml:2:10: extends: no file is called "base"'):
        store.publish("churn.yaml", TEAM)
    store.publish("base.yaml", BASE)
    assert store.for_group("churn") is None
    store.publish("churn.yaml", TEAM)
    before = found_in(store, "churn")
    assert [check.at_least for check in before.checks] == [0.5]
    store.publish("base.yaml", BASE.replace(b"0.5", b"0.6"))
    after = found_in(store, "churn")
    assert [check.at_least for check in after.checks] == [0.6]
    assert after.sha256 != before.sha256


def test_a_file_that_those_which_extend_it_would_not_fit_to_any_more_is_refused(
    store: S3ThresholdStore | FolderThresholdStore,
) -> None:
    further = b", {name: e, why: b, metric: c.e, at_least: 0.5}]\n"
    store.publish("base.yaml", BASE.replace(b"]\n", further))
    store.publish("churn.yaml", TEAM + b"remove_checks: [e]\n")
    with pytest.raises(
        GovernanceError, match=r"churn\.yaml:4:17: remove_checks\[0\]: .*base\.yaml has no check"
    ):
        store.publish("base.yaml", BASE)


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
