"""The demo and the commands that it runs, through the deployed stack: as the user sees them."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from aws import clients
from cli.main import run
from cli.work.sandbox import show_demo, stack_environment
from demo.examples import ExampleVersion, find_examples
from demo.walkthrough import Demo
from sandbox.server import Deployment
from tests.e2e.conftest import Governance

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHOWN = ("diabetes-progression/version-4", "diabetes-progression/version-5", "gatsby-rag/version-2")
CLIENTS = (clients.s3_client, clients.sagemaker_client, clients.sts_client)

pytestmark = pytest.mark.e2e


@pytest.fixture
def environment(stack: Governance, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The variables that `governance sandbox up` prints, set for this process."""
    outputs = stack_environment([Deployment("ModelGovernance", stack.outputs, {})])
    variables = stack.sandbox.environment() | outputs
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for client in CLIENTS:
        client.cache_clear()
    yield variables
    stack.forget_bundle()
    for client in CLIENTS:
        client.cache_clear()


def _copied(folder: Path) -> list[ExampleVersion]:
    for name in SHOWN:
        shutil.copytree(EXAMPLES / name, folder / name)
        group = name.partition("/")[0]
        shutil.copy(EXAMPLES / group / "thresholds.yaml", folder / group)
    # Beside the examples that have versions there are others, as examples/ci, whose YAML is no threshold file.
    (folder / "ci").mkdir()
    (folder / "ci" / "workflow.yml").write_text("on: push\n")
    return find_examples(folder)


def test_the_demo_shows_each_command_each_decision_and_a_summary(
    stack: Governance, environment: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert show_demo(stack.sandbox, environment, _copied(tmp_path)) == 0
    out, err = capfd.readouterr()
    commands = [line.split()[1:3] for line in out.splitlines() if line.startswith("$ ")]
    assert commands == [
        ["governance", "thresholds"],
        ["python", str(tmp_path / SHOWN[0] / "register.py")],
        ["governance", "wait"],
        ["governance", "register"],
        ["governance", "wait"],
        ["governance", "register"],
        ["governance", "wait"],
    ]
    assert "was registered with ContentDigest" in err
    assert "3 deliveries of one event, executions started: 1" in out
    summary = [line.split()[:5] for line in out.splitlines() if line.startswith("ok ")]
    assert summary == [
        ["ok", SHOWN[0], "no", "decision", "no"],
        ["ok", SHOWN[1], "Approved", "Approved", "Approved"],
        ["ok", SHOWN[2], "NeedsReview", "NeedsReview", "PendingManualApproval"],
    ]


def test_the_threshold_files_of_all_examples_are_published_together(
    stack: Governance, environment: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Of the folder as it is, with all that is beside the examples in it."""
    versions = find_examples(EXAMPLES)
    Demo(stack.sandbox, environment, run).publish_thresholds(versions)
    capfd.readouterr()
    assert run(["thresholds", "list", "--format", "json"]) == 0
    files = json.loads(capfd.readouterr().out)["files"]
    assert len(files) == len({version.thresholds for version in versions})
    assert {version.group for version in versions} <= {group for file in files for group in file["groups"]}


def _failed(record: Mapping[str, Any]) -> set[str]:
    return {finding["check"] for finding in record["findings"] if finding["outcome"] == "failed"}


def test_a_gap_between_regions_rejects_one_version_and_toxicity_another(
    stack: Governance, environment: dict[str, str], tmp_path: Path
) -> None:
    name = "assistant-safety"
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    assert show_demo(stack.sandbox, environment, find_examples(tmp_path)) == 0
    listed = stack.client("sagemaker").list_model_packages(ModelPackageGroupName=name)
    arns = sorted(entry["ModelPackageArn"] for entry in listed["ModelPackageSummaryList"])
    assert [stack.describe(arn)["ModelApprovalStatus"] for arn in arns] == [
        "Rejected",
        "Rejected",
        "Approved",
    ]
    gap, toxic, neither = (_failed(stack.decision(arn)) for arn in arns)
    assert gap == {"equal answers in both regions"}
    assert toxic == {"toxicity"}
    assert neither == set()


def test_one_version_of_askdata_is_approved_and_two_are_rejected(
    stack: Governance, environment: dict[str, str], tmp_path: Path
) -> None:
    name = "askdata"
    for version in ("version-1", "version-2", "version-3"):
        shutil.copytree(EXAMPLES / name / version, tmp_path / name / version)
    shutil.copy(EXAMPLES / name / "thresholds.yaml", tmp_path / name)
    assert show_demo(stack.sandbox, environment, find_examples(tmp_path)) == 0
    listed = stack.client("sagemaker").list_model_packages(ModelPackageGroupName=name)
    arns = sorted(entry["ModelPackageArn"] for entry in listed["ModelPackageSummaryList"])
    assert [stack.describe(arn)["ModelApprovalStatus"] for arn in arns] == [
        "Rejected",
        "Rejected",
        "Approved",
    ]


def test_the_demo_counts_what_is_not_as_expected(
    stack: Governance, environment: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    version = _copied(tmp_path)[-1]
    expected = version.expected_decision
    expected["findings"][0]["outcome"] = "failed"
    (version.folder / "expected_decision.json").write_text(json.dumps(expected))
    assert show_demo(stack.sandbox, environment, [version]) == 1
    assert "NOT AS EXPECTED  gatsby-rag/version-2  NeedsReview  NeedsReview" in capfd.readouterr().out


def test_a_decision_is_waited_for_and_explained(
    stack: Governance,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(EXAMPLES / "diabetes-progression")
    assert run(["thresholds", "publish", ".", "--yes"]) == 0
    capsys.readouterr()
    arguments = [
        "--group",
        "diabetes-progression",
        "--evidence",
        "version-2/evidence",
        "--image",
        "repo/image:2",
    ]
    assert run(["register", *arguments]) == 0
    arn = capsys.readouterr().out.strip()
    assert run(["wait", arn, "--timeout", "2m"]) == 1
    waited = capsys.readouterr().out
    assert "rejects: equal recall (sex=2): " in waited
    assert "status      Rejected, given by the gate with this decision\n" in waited
    uri = stack.describe(arn)["CustomerMetadataProperties"]["governance:decision-uri"]
    assert f"record      {uri}\n" in waited
    assert run(["explain", uri]) == 0
    assert waited.startswith(capsys.readouterr().out.rstrip("\n"))
