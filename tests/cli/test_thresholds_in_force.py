"""What is in force, by the commands: published whole, listed, compared, fetched, withdrawn and rolled back."""

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto.s3.models import s3_backends

from checks.threshold_bundle import read_bundle
from cli.main import run
from tests.cli.conftest import REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def file_for(group: str, limit: float = 0.5) -> str:
    return (
        f"# of {group}\nname: {group}\napplies_to: {{model_package_groups: [{group}]}}\n"
        f"checks: [{{name: a, why: b, metric: c.d, at_least: {limit}}}]\n"
    )


@pytest.fixture
def place(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of two groups, and an empty bucket for thresholds."""
    monkeypatch.setenv("GOVERNANCE_THRESHOLDS_BUCKET", bucket)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "all/teams").mkdir(parents=True)
    (tmp_path / "all/teams/churn.yaml").write_text(file_for("churn"))
    (tmp_path / "all/shop.yaml").write_text(file_for("shop"))
    return tmp_path


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A function from words of a command and its exit code to what it prints on stdout."""

    def say(line: str, code: int = 0) -> str:
        found = run(line.split())
        out, err = capsys.readouterr()
        assert found == code, err
        return out if code == 0 else err

    return say


def in_force(s3: "S3Client", bucket: str) -> dict[str, str]:
    content = s3.get_object(Bucket=bucket, Key="thresholds/bundle.json")["Body"].read()
    return {name: text.decode() for name, text in read_bundle(content, "b").items()}


def test_a_folder_is_published_whole_after_what_changes_was_shown(
    place: Path, s3: "S3Client", bucket: str, said: Callable[..., str]
) -> None:
    out = said("thresholds publish all --yes")
    assert out.splitlines()[:2] == ["new: churn, for churn: 1 check", "new: shop, for shop: 1 check"]
    assert re.fullmatch(
        rf"published by \S+: s3://{bucket}/thresholds/bundle.json\?versionId=\S+ \(SHA-256 [0-9a-f]{{64}}\)",
        out.splitlines()[2],
    )
    assert said("thresholds publish all --yes") == "unchanged: these thresholds are in force already\n"
    (place / "all/teams/churn.yaml").write_text(file_for("churn", 0.6))
    (place / "all/shop.yaml").unlink()
    changes = [
        "changed: churn, for churn: 1 check",
        "  check a: at_least: 0.5 -> 0.6",
        "withdrawn: shop, for shop: 1 check",
    ]
    assert said("thresholds diff LIVE all").splitlines() == changes
    assert said("thresholds publish all --yes").splitlines()[:3] == changes
    assert in_force(s3, bucket) == {"teams/churn.yaml": file_for("churn", 0.6)}
    assert said("thresholds diff LIVE all") == "no difference\n"


@pytest.mark.usefixtures("place")
def test_nothing_is_published_where_nobody_agrees(
    s3: "S3Client", bucket: str, said: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nothing was published: nobody can be asked here" in said("thresholds publish all", 2)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    for answer, code in (("n\n", 2), ("", 2), ("y\n", 0)):
        monkeypatch.setattr("sys.stdin", Terminal(answer))
        said("thresholds publish all", code)
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == (code == 0)


class Terminal:
    """A terminal at which somebody types one line."""

    def __init__(self, line: str) -> None:
        self._line = line

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self._line


def test_files_that_are_named_one_by_one_withdraw_none(place: Path, said: Callable[..., str]) -> None:
    said("thresholds publish all --yes")
    (place / "all/shop.yaml").write_text(file_for("shop", 0.7))
    refused = said("thresholds publish all/shop.yaml --yes", 2)
    assert refused.startswith("error: churn: in force, and not among the files named")
    assert "shop: at_least" not in refused
    said("thresholds publish all/shop.yaml all/teams/churn.yaml --yes")


def test_who_published_what_and_since_when_is_listed_and_an_earlier_version_comes_back(
    place: Path, s3: "S3Client", bucket: str, said: Callable[..., str]
) -> None:
    assert said("thresholds list") == "no threshold file is in force\n"
    said("thresholds publish all --yes")
    before = in_force(s3, bucket)
    (place / "all/shop.yaml").write_text(file_for("shop", 0.7))
    said("thresholds publish all --yes")
    listed = json.loads(said("thresholds list --format json"))
    assert [(one["name"], one["groups"], one["checks"]) for one in listed["files"]] == [
        ("shop", ["shop"], 1),
        ("churn", ["churn"], 1),
    ]
    versions = json.loads(said("thresholds list --versions --format json"))["versions"]
    assert len(versions) == 2
    assert {one["published_by"] for one in (*versions, *listed["files"])} == {
        listed["bundle"]["published_by"]
    }
    assert listed["bundle"]["sha256"] == versions[0]["sha256"]
    first = versions[1]["version"]
    assert "at_least: 0.5 -> 0.7" in said(f"thresholds diff LIVE@{first} LIVE")
    said(f"thresholds rollback {first} --yes")
    assert in_force(s3, bucket) == before
    again = json.loads(said("thresholds list --versions --format json"))["versions"]
    assert [one["sha256"] for one in again] == [versions[1]["sha256"], *(one["sha256"] for one in versions)]
    assert "shop" in said("thresholds list")


def test_a_file_is_withdrawn_by_its_name_unless_others_extend_it(
    place: Path, s3: "S3Client", bucket: str, said: Callable[..., str]
) -> None:
    (place / "all/teams/churn.yaml").write_text(
        "name: churn\nextends: shop\napplies_to: {model_package_groups: [churn]}\n"
    )
    said("thresholds publish all --yes")
    assert 'extends: no file is called "shop"' in said("thresholds withdraw shop --yes", 2)
    assert "nobody: no file in force has this name; in force: shop, churn" in said(
        "thresholds withdraw nobody --yes", 2
    )
    assert said("thresholds withdraw churn --yes").startswith("withdrawn: churn, for churn: 1 check\n")
    assert list(in_force(s3, bucket)) == ["shop.yaml"]


def test_what_is_in_force_is_fetched_byte_for_byte_and_nothing_else_is_replaced(
    place: Path, said: Callable[..., str]
) -> None:
    assert "no threshold file is in force" in said("thresholds get -o fetched", 2)
    said("thresholds publish all --yes")
    said("thresholds get -o fetched")
    assert (place / "fetched/teams/churn.yaml").read_text() == file_for("churn")
    assert said("thresholds publish fetched --yes") == "unchanged: these thresholds are in force already\n"
    (place / "fetched/shop.yaml").write_text("mine")
    assert "says something else already" in said("thresholds get -o fetched", 2)
    assert (place / "fetched/shop.yaml").read_text() == "mine"
    said("thresholds get -o fetched --force")
    assert (place / "fetched/shop.yaml").read_text() == file_for("shop")


def test_single_files_of_an_earlier_release_count_until_a_folder_is_published(
    place: Path, s3: "S3Client", bucket: str, said: Callable[..., str]
) -> None:
    for name in ("shop", "old"):
        s3.put_object(Bucket=bucket, Key=f"thresholds/{name}.yaml", Body=file_for(name).encode())
    assert [one["name"] for one in json.loads(said("thresholds list --format json"))["files"]] == [
        "old",
        "shop",
    ]
    assert said("thresholds publish all --yes").splitlines()[:2] == [
        "new: churn, for churn: 1 check",
        "withdrawn: old, for old: 1 check",
    ]
    assert sorted(in_force(s3, bucket)) == ["shop.yaml", "teams/churn.yaml"]
    assert run(["thresholds", "show", "old"]) == 2


def test_thresholds_that_were_deleted_are_put_back_and_nothing_else_takes_their_place(
    place: Path, s3: "S3Client", bucket: str, said: Callable[..., str]
) -> None:
    s3.put_object(Bucket=bucket, Key="thresholds/churn.yaml", Body=file_for("churn", 0.1).encode())
    said("thresholds publish all --yes")
    (version,) = json.loads(said("thresholds list --versions --format json"))["versions"]
    s3.delete_object(Bucket=bucket, Key="thresholds/bundle.json")
    (place / "good.json").write_text(json.dumps({"c_metrics": {"d": {"value": 0.9}}}))
    for line in (
        "thresholds list",
        "thresholds show churn",
        "thresholds get -o fetched",
        "thresholds diff LIVE all",
        "thresholds withdraw churn --yes",
        "thresholds publish all/shop.yaml --yes",  # which might withdraw all others
        f"thresholds validate s3://{bucket}/thresholds/",
        "check --in-force --group churn -e good.json",
    ):
        assert "the thresholds in force were deleted" in said(line, 2), line
    said(f"thresholds rollback {version['version']} --yes")
    assert said("thresholds diff LIVE all") == "no difference\n"


@pytest.mark.parametrize(
    "line",
    [
        "check {place} --group churn -e good.json",
        "check {place}bundle.json -e good.json",
        "thresholds validate {place}",
        "thresholds diff {place} all",
        "thresholds impact all {place} --history .",
        "thresholds publish {place} --yes",
    ],
    ids=["check", "check the bundle", "validate", "diff", "impact", "publish"],
)
def test_the_place_of_the_bundle_is_not_read_as_a_folder_of_single_files(
    place: Path, s3: "S3Client", bucket: str, said: Callable[..., str], line: str
) -> None:
    """A file that was left there by an earlier release is the laxest of all."""
    (place / "good.json").write_text(json.dumps({"c_metrics": {"d": {"value": 0.2}}}))
    s3.put_object(Bucket=bucket, Key="thresholds/churn.yaml", Body=file_for("churn", 0.1).encode())
    said("thresholds publish all --yes")
    refused = said(line.format(place=f"s3://{bucket}/thresholds/"), 2)
    assert refused.startswith(f"error: s3://{bucket}/thresholds/")
    assert "by --in-force --group GROUP, diff and impact by the name LIVE" in refused


def test_a_version_that_is_left_out_is_asked_for(place: Path, said: Callable[..., str]) -> None:
    said("thresholds publish all --yes")
    assert said("thresholds diff LIVE@ all", 2) == (
        "error: LIVE@: name a version behind it; governance thresholds list --versions has them\n"
    )


def test_a_bucket_that_keeps_no_versions_is_warned_of(
    place: Path, s3: "S3Client", bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    location: Any = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket="forgetful", CreateBucketConfiguration=location)
    for name, is_warned_of in (("forgetful", True), (bucket, False)):
        assert run(["thresholds", "publish", "all", "--yes", "--thresholds-bucket", name]) == 0
        told = capsys.readouterr().err
        assert (f"warning: s3://{name}: this bucket keeps no versions" in told) is is_warned_of


def test_the_dry_run_by_those_in_force_names_their_bundle(place: Path, said: Callable[..., str]) -> None:
    said("thresholds publish all --yes")
    for name, value in (("good", 0.9), ("bad", 0.1)):
        (place / f"{name}.json").write_text(json.dumps({"c_metrics": {"d": {"value": value}}}))
    record = json.loads(said("check --in-force --group churn -e good.json --format json"))
    assert record["thresholds"]["source"] == "teams/churn.yaml"
    shown = said("thresholds show churn")
    assert record["thresholds"]["publication"]["bundle"]["uri"] in shown
    said("check --in-force --group churn -e bad.json", 1)
    said("check --in-force --group nobody -e good.json", 3)


def test_the_dry_run_looks_back_before_it_says_that_the_bar_came_late(
    place: Path, bucket: str, said: Callable[..., str]
) -> None:
    """What was published last is about another group; before the evidence only its first version was there."""
    (place / "all/teams/churn.yaml").write_text(file_for("churn") + "bar_predates_evidence: required\n")
    said("thresholds publish all --yes")
    now = datetime.now(UTC)
    (first,) = s3_backends["123456789012"]["aws"].buckets[bucket].keys.getlist("thresholds/bundle.json")
    first.last_modified = (now - timedelta(hours=2)).replace(tzinfo=None)
    (place / "all/shop.yaml").write_text(file_for("shop", 0.7))
    said("thresholds publish all --yes")
    (place / "good.json").write_text(json.dumps({"c_metrics": {"d": {"value": 0.9}}}))
    for hours, code in ((1, 0), (3, 1)):
        written_at = (now - timedelta(hours=hours)).timestamp()
        os.utime(place / "good.json", (written_at, written_at))
        said("check --in-force --group churn -e good.json", code)
