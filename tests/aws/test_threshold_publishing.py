"""Publishing a threshold file: in S3 and in a folder alike, the store then judges by it."""

from pathlib import Path

import pytest

from aws.threshold_store import FolderThresholdStore, S3ThresholdStore
from checks.errors import GovernanceError

FILE = b"""\
name: churn
applies_to: {model_package_groups: [churn]}
checks: [{name: a, why: b, metric: c.d, at_least: 0.5}]
"""


@pytest.fixture(params=["s3", "folder"])
def store(request: pytest.FixtureRequest, s3, bucket: str, tmp_path: Path):
    if request.param == "s3":
        return S3ThresholdStore(s3, f"s3://{bucket}/thresholds/")
    return FolderThresholdStore(tmp_path / "thresholds")


def test_what_was_published_last_under_a_name_applies(store) -> None:
    store.publish("churn.yaml", FILE)
    uri = store.publish("churn.yaml", FILE.replace(b"0.5", b"0.6"))
    assert uri.partition("?versionId=")[0].endswith("thresholds/churn.yaml")
    assert store.for_group("churn").checks[0].at_least == 0.6


@pytest.mark.parametrize("name", ["../churn.yaml", "churn.txt", "a/b.yaml", ".yaml", ""])
def test_a_name_that_is_no_file_name_is_refused(store, name: str) -> None:
    with pytest.raises(GovernanceError, match="cannot name a published threshold file"):
        store.publish(name, FILE)


def test_a_wrong_file_is_not_published(store) -> None:
    store.publish("churn.yaml", FILE)
    with pytest.raises(GovernanceError, match=r"churn\.yaml:1:1"):
        store.publish("churn.yaml", b"nam: x")
    assert store.for_group("churn") is not None


def test_a_file_that_contends_with_a_published_one_is_refused_naming_both(store) -> None:
    store.publish("churn.yaml", FILE)
    with pytest.raises(
        GovernanceError,
        match=r"other\.yaml and .*churn\.yaml.* equally specifically.*withdraw that one first: delete .*churn\.yaml$",
    ):
        store.publish("other.yaml", FILE)
    assert store.for_group("churn").source.partition("?")[0].endswith("churn.yaml")


def test_a_file_for_other_groups_is_published_beside(store) -> None:
    store.publish("churn.yaml", FILE)
    store.publish("other.yaml", FILE.replace(b"[churn]", b"[other]"))
    assert (store.for_group("churn").applies_to, store.for_group("other").applies_to) == (
        ("churn",),
        ("other",),
    )


def test_a_wrong_file_that_stands_there_can_be_mended(store, s3, bucket: str, tmp_path: Path) -> None:
    store.publish("churn.yaml", FILE)
    (tmp_path / "thresholds").mkdir(exist_ok=True)
    (tmp_path / "thresholds" / "wrong.yaml").write_bytes(b"nam: x")
    s3.put_object(Bucket=bucket, Key="thresholds/wrong.yaml", Body=b"nam: x")
    store.publish("churn.yaml", FILE.replace(b"0.5", b"0.6"))
    store.publish("wrong.yaml", FILE.replace(b"[churn]", b"[mended]"))
    assert store.for_group("churn").checks[0].at_least == 0.6


def test_a_file_that_is_called_otherwise_is_not_replaced(store) -> None:
    """Two names may come to the same file name; the groups of the first would lose their thresholds unnoticed."""
    store.publish("churn.yaml", FILE)
    with pytest.raises(GovernanceError, match='"churn" is published there, and "Churn!" would replace it'):
        store.publish("churn.yaml", FILE.replace(b"name: churn", b"name: Churn!").replace(b"[churn]", b"[x]"))
    assert store.for_group("churn").name == "churn"
