"""`governance thresholds publish` of files that extend others: what is extended is published with them."""

from pathlib import Path

import boto3
import pytest

from cli.main import run
from tests.cli.conftest import REGION

BUCKET = "my-thresholds"
BASE = "name: organisation\nchecks: [{name: a, why: w, metric: churn.a, at_least: 0.5}]\n"
TEAM = "name: churn\nextends: organisation\napplies_to: {model_package_groups: [churn]}\n"


@pytest.fixture
def bucket(moto_aws: boto3.Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket for thresholds, and the files in the working directory."""
    moto_aws.client("s3").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    monkeypatch.setenv("GOVERNANCE_THRESHOLDS_BUCKET", BUCKET)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "team.yaml").write_text(TEAM)
    (tmp_path / "z-organisation.yaml").write_text(BASE)
    return BUCKET


def test_what_is_extended_is_published_with_it_and_what_is_not_given_must_be_there(
    bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["thresholds", "publish", "team.yaml", "--yes"]) == 2
    assert "team.yaml:2:10: extends: no file is called" in capsys.readouterr().err
    assert run(["thresholds", "publish", ".", "--yes"]) == 0
    assert f"s3://{bucket}/thresholds/bundle.json" in capsys.readouterr().out
    assert run(["thresholds", "show", "churn"]) == 0
    assert "z-organisation.yaml:2" in capsys.readouterr().out
