"""Every block of the page on registering is run, in its order, and the gate reads what it registered."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from aws import clients
from aws.evidence_store import S3EvidenceStore
from aws.model_registry import SageMakerModelRegistry
from checks.measurements import Measured
from pipelines.read_evidence import read_evidence

PAGE = Path(__file__).resolve().parents[2] / "docs" / "registering.md"
BLOCKS = dict(re.findall(r"<!-- run: (\w+) -->\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
BUCKET = "governance-evidence"
MADE = (clients.s3_client, clients.sagemaker_client, clients.sts_client)


@pytest.fixture(scope="module")
def said(moto_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the blocks define; the folder has the evidence and the thresholds that the page speaks of."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in {
            "AWS_ENDPOINT_URL": moto_url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            # A new database would be brought up to date by all migrations that MLflow ever had.
            "MLFLOW_TRACKING_URI": f"file://{folder}/mlflow",
            "MLFLOW_ALLOW_FILE_STORE": "true",
        }.items():
            patch.setenv(name, value)
        for made in MADE:
            made.cache_clear()
        # What runs in one process shares the server: nothing of another file's tests may be there.
        requests.post(f"{moto_url}/moto-api/reset", timeout=10)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        boto3.client("sagemaker").create_model_package_group(ModelPackageGroupName="churn")
        (folder / "evidence").mkdir()
        report = {"binary_classification_metrics": {"accuracy": {"value": 0.9}}}
        (folder / "evidence" / "evaluation.json").write_text(json.dumps(report))
        (folder / "thresholds.yaml").write_text(
            "name: churn\napplies_to: {model_package_groups: [churn]}\n"
            "checks: [{name: a, why: b, metric: binary_classification.accuracy, at_least: 0.8}]\n"
        )
        yield {}
        for made in MADE:
            made.cache_clear()


def run(name: str, said: dict[str, Any]) -> None:
    exec(compile(BLOCKS[name], f"{PAGE.name}: {name}", "exec"), said)


def newest() -> str | None:
    found = SageMakerModelRegistry(clients.sagemaker_client()).list("churn")
    return found[0].arn if found else None


def read_by_the_gate(arn: str) -> list[tuple[str, object, bool | None]]:
    """Return of each report of a pending version its name, its first figure, and whether a digest protects it."""
    package = SageMakerModelRegistry(clients.sagemaker_client()).describe(arn)
    assert package.is_pending
    evidence = read_evidence(S3EvidenceStore(clients.s3_client(), [BUCKET]), package)
    read: list[tuple[str, object, bool | None]] = []
    for report in evidence.reports:
        first = report.measurements[0]
        assert isinstance(first, Measured), first
        read.append((report.uri.rpartition("/")[2], str(first.value), report.digest_verified))
    return read


READ = [("evaluation.json", "0.9", True)]


def test_the_function_returns_the_version_and_the_likely_decision(
    said: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run("python", said)
    assert capsys.readouterr().out == f"{said['registered'].arn} Approved\n"
    assert read_by_the_gate(said["registered"].arn) == READ


def test_boto3_registers_what_the_gate_reads(
    said: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run("evidence", said)
    run("boto3", said)
    assert read_by_the_gate(capsys.readouterr().out.strip()) == READ


def test_the_sdk_registers_what_the_gate_reads(said: dict[str, Any]) -> None:
    before = newest()
    run("evidence", said)
    run("sdk", said)
    registered = newest()
    assert registered is not None
    assert registered != before
    assert read_by_the_gate(registered) == READ


def test_the_step_of_a_pipeline_registers_what_the_gate_reads(said: dict[str, Any]) -> None:
    run("evidence", said)
    run("sdk", said)  # defines the metrics
    run("pipeline", said)
    (step,) = json.loads(said["pipeline"].definition())["Steps"]
    assert step["Type"] == "RegisterModel"
    answer = boto3.client("sagemaker").create_model_package(**step["Arguments"])
    assert read_by_the_gate(answer["ModelPackageArn"]) == READ


def test_a_run_of_mlflow_is_registered_from_its_artifacts(said: dict[str, Any]) -> None:
    run("python", said)
    run("evidence", said)
    run("mlflow", said)
    assert said["registered"].likely.decision == "Approved"
    assert read_by_the_gate(said["registered"].arn) == READ


def test_a_version_without_evidence_is_given_it_afterwards(said: dict[str, Any]) -> None:
    run("evidence", said)
    said["sagemaker"] = boto3.client("sagemaker")
    said["package"] = said["sagemaker"].create_model_package(
        ModelPackageGroupName="churn",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={"Containers": [{"Image": said["IMAGE"]}]},
        CustomerMetadataProperties={"governance:status": "PendingManualApproval", "mlflow": "1"},
    )
    run("synchronised", said)
    arn = said["package"]["ModelPackageArn"]
    metadata = SageMakerModelRegistry(clients.sagemaker_client()).describe(arn).metadata
    assert metadata.items() >= said["metadata"].items()
    assert "governance:status" not in metadata  # with it, the gate would take the version for judged
    assert read_by_the_gate(arn) == READ


def test_every_block_of_the_page_is_run() -> None:
    source = Path(__file__).read_text("utf-8")
    shown = PAGE.read_text("utf-8").count("```python")
    assert shown == len(BLOCKS)
    assert all(f'run("{name}", said)' in source for name in BLOCKS)
