"""The scripts of the action and of the examples for CI, run as their tools run them, against the deployed gate."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.ci_runner import CI, Runner, action_steps, action_values, read_yaml
from tests.e2e.conftest import THRESHOLDS, Governance, bias, evaluation
from tests.forked_governance import forked_governance

pytestmark = pytest.mark.e2e
INSTALLS = {"Install the command", "Install"}
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1"


@pytest.fixture(scope="module")
def governance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The command, which the scripts start some twenty times."""
    with forked_governance(tmp_path_factory.mktemp("forked")) as tools:
        yield tools / "governance"


@pytest.fixture
def runner(stack: Governance, governance: Path, tmp_path: Path) -> Runner:
    """A machine of CI with the stack's outputs and a role of the account."""
    environment = {
        "AWS_ENDPOINT_URL": stack.sandbox.endpoint,
        "AWS_DEFAULT_REGION": stack.sandbox.region,
        "AWS_ACCESS_KEY_ID": "user",
        "AWS_SECRET_ACCESS_KEY": "user",
        "COLUMNS": "80",
        **{
            f"GOVERNANCE_{name.upper()}_BUCKET": stack.outputs[f"{name}Bucket"]
            for name in ("Evidence", "Thresholds", "Decisions")
        },
    }
    return Runner(tmp_path / "machine", governance, environment).prepare()


def write_evidence(runner: Runner, *, accuracy: float, latency: float) -> None:
    """Reports whose figures no other test has: reports that were judged before ask for review."""
    folder = runner.work / "evidence"
    folder.mkdir()
    (folder / "evaluation.json").write_bytes(evaluation(accuracy, latency))
    (folder / "analysis.json").write_bytes(bias(0.2))


def shell(runner: Runner, *lines: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run lines one after the other, up to the first that fails."""
    machine = {**runner.machine(), **environment}
    return subprocess.run(
        ["sh", "-e", "-c", "\n".join(lines)],
        cwd=runner.work, env=machine, capture_output=True, text=True, check=False,
    )  # fmt: skip


def failures(report: Path) -> str | None:
    return ElementTree.fromstring(report.read_bytes()).get("failures")


def test_the_action_registers_waits_tells_and_goes_on_or_stops(stack: Governance, runner: Runner) -> None:
    write_evidence(runner, accuracy=0.9173, latency=1.173)
    values = action_values(group=stack.group(), evidence="evidence", image=IMAGE, only_if="approved")
    done = runner.run(action_steps(), values, skip=INSTALLS)
    assert (done.code, done.outputs["decide"]["exit-code"]) == (0, "0"), done.log
    assert stack.describe(done.outputs["register"]["arn"])["ModelApprovalStatus"] == "Approved"
    assert "::notice title=" in done.log
    assert failures(Path(done.outputs["decide"]["report"])) == "0"
    assert "### Approved: " in done.summary
    assert "### Approved: " in runner.comments[0]

    rejected = stack.register(quality=evaluation(0.5173))
    values = action_values(group="e2e", model_package_arn=rejected)
    done = runner.run(action_steps(), values, skip=INSTALLS)
    assert (done.code, done.failed) == (1, "Go on, or stop"), done.log
    assert "::error title=accuracy%3A Rejected::" in done.log
    assert failures(Path(done.outputs["decide"]["report"])) == "1"


def test_the_job_of_gitlab_stops_for_a_review_with_its_report(stack: Governance, runner: Runner) -> None:
    write_evidence(runner, accuracy=0.9174, latency=3.174)
    (script,) = read_yaml(CI / "gitlab" / ".gitlab-ci.yml")["model-gate"]["script"]
    done = shell(runner, script, MODEL_GROUP=stack.group(), MODEL_IMAGE=IMAGE)
    assert done.returncode == 3, done.stderr
    assert failures(runner.work / "report.xml") == "1"
    assert "### NeedsReview" in (runner.work / "comment.md").read_text().replace(
        "Needs review", "NeedsReview"
    )
    assert (runner.work / "gate.env").read_text().startswith("MODEL_PACKAGE_ARN=arn:aws:sagemaker:")


def test_the_build_of_codepipeline_deploys_nothing_that_no_record_approved(
    stack: Governance, runner: Runner
) -> None:
    phases = read_yaml(CI / "codepipeline" / "buildspec.yml")["phases"]
    (runner.work / "deploy.sh").write_text('#!/bin/sh\necho "$1" >deployed\n')
    (runner.work / "deploy.sh").chmod(0o755)
    lines = [*phases["pre_build"]["commands"], *phases["build"]["commands"]]
    # An event may say anything: this version does not exist.
    gone = f"arn:aws:sagemaker:{stack.sandbox.region}:123456789012:model-package/{stack.group()}/1"
    done = shell(runner, *lines, MODEL_PACKAGE_ARN=gone)
    assert done.returncode == 2, done.stderr
    assert not (runner.work / "deployed").exists()

    # Set to Approved by hand, which is what the event tells: no decision bears it.
    by_hand = stack.register(status="Approved")
    assert shell(runner, *lines, MODEL_PACKAGE_ARN=by_hand).returncode == 3
    assert not (runner.work / "deployed").exists()


def test_the_pull_request_of_a_threshold_edit_is_validated_measured_and_commented(
    stack: Governance, runner: Runner
) -> None:
    stack.register(quality=evaluation(0.8373, 1.837))
    stack.settle()
    folder = runner.work / "thresholds"
    folder.mkdir()
    edited = THRESHOLDS.decode().replace("at_least: 0.8", "at_least: 0.89")
    (folder / "e2e.yaml").write_text(edited)
    (job,) = read_yaml(CI / "github" / "threshold-pull-request.yml")["jobs"].values()
    values = {f"vars.GOVERNANCE_{name}_BUCKET": runner.environment[f"GOVERNANCE_{name}_BUCKET"]
              for name in ("THRESHOLDS", "DECISIONS")}  # fmt: skip
    values |= {"github.token": "token", "github.event.pull_request.number": "7"}
    done = runner.run(job["steps"], values, skip=INSTALLS)
    assert (done.code, done.failed) == (4, "Go on, or stop"), done.log
    (comment,) = runner.comments
    assert comment.startswith("<!-- threshold impact -->\n")
    assert comment.removeprefix("<!-- threshold impact -->\n") == done.summary

    (folder / "e2e.yaml").write_text(edited.replace("at_least", "at_leest"))
    done = runner.run(job["steps"], values, skip=INSTALLS)
    assert (done.code, done.failed) == (2, "Validate")
    assert "::error file=thresholds/e2e.yaml,line=9,col=5::checks[0].at_leest: unknown key" in done.log
