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


@pytest.mark.parametrize(
    ("compute", "said"),
    [
        pytest.param(None, "note: team.yaml: verify needs a deployment with", id="not-known"),
        pytest.param(
            "lambda", "warning: team.yaml: it says verify, and this deployment evaluates in", id="lambda"
        ),
        pytest.param("processing", None, id="processing"),
    ],
)
def test_a_file_that_asks_to_verify_needs_a_deployment_that_can(
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    compute: str | None,
    said: str | None,
) -> None:
    Path("team.yaml").write_text(f"{TEAM}verify: recompute\n")
    if compute is not None:
        monkeypatch.setenv("GOVERNANCE_EVALUATION_COMPUTE", compute)
    assert run(["thresholds", "publish", ".", "--yes"]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "verify" in line]
    assert [line[: len(str(said))] for line in told] == ([] if said is None else [said])
