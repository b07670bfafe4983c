"""The real wheel, built once, and an environment that it is installed into beside a project with rooms of its own."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from uv import find_uv_bin

CHECKOUT = Path(__file__).resolve().parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
PINNED = CHECKOUT / "requirements"
PACKAGE = "model_governance"
ROOMS = sorted({*PYPROJECT["tool"]["importlinter"]["root_packages"]} - {PACKAGE})
LEFT_OUT = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["left-out"]
EVIDENCE_BUCKET, THRESHOLDS_BUCKET = "governance-evidence", "governance-thresholds"
REPORT = '{"binary_classification_metrics": {"accuracy": {"value": 0.9}}}'
THRESHOLDS = """\
name: churn
applies_to: {model_package_groups: [churn]}
checks: [{name: accuracy, why: It pays., metric: binary_classification.accuracy, at_least: 0.8}]
"""
TEST_OF_THE_PROJECT = """\
import checks, cli, model, pipelines
from model_governance import assert_meets_thresholds, check


def test_the_model():
    assert check("thresholds.yaml", "evidence").decision == "Approved"
    assert_meets_thresholds("thresholds.yaml", "evidence")


def test_our_packages_are_ours():
    assert {checks.WHOSE, cli.WHOSE, pipelines.WHOSE, model.WHOSE} == {"the project's"}
"""


@dataclass(frozen=True)
class Project:
    """A folder in which somebody works on a model, with packages named as the rooms are."""

    folder: Path

    def run(
        self, program: Path, *arguments: str, further: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program there with `PYTHONPATH=.`, as many projects do, and return what came of it."""
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR"}}
        return subprocess.run(
            [program, *arguments],
            cwd=self.folder,
            env={**kept, "PYTHONPATH": ".", "COLUMNS": "80", **(further or {})},
            capture_output=True,
            text=True,
            check=False,
        )


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the wheel, what the documented small installation needs, and pytest."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.folder / "bin" / "python"

    @property
    def governance(self) -> Path:
        """The installed command."""
        return self.folder / "bin" / "governance"


def uv(*arguments: str | Path, **environment: str) -> None:
    """Run uv as the Makefile does: with its own cache, the pins of `requirements/`, and no settings of the user's."""
    settings = {"UV_NO_CONFIG": "1", "UV_SYSTEM_CERTS": "1", "UV_PYTHON": sys.executable, **environment}
    environ = {**os.environ, **settings}
    done = subprocess.run(
        [find_uv_bin(), *arguments], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def build(kind: str, source: Path, folder: Path) -> Path:
    """Build a distribution of `source` with the pinned hatchling, and return its file."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return build("wheel", CHECKOUT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment that packages named as the rooms are were installed into before the wheel was."""
    made = Environment(tmp_path_factory.mktemp("environment") / "venv")
    uv("venv", "--quiet", made.folder)
    into = ["--quiet", "--python", str(made.python)]
    uv("pip", "install", *into, "--require-hashes", "--requirement", PINNED / "cli.txt")
    uv("pip", "install", *into, "--constraint", PINNED / "dev.txt", "pytest")
    (site_packages,) = (made.folder / "lib").glob("python*/site-packages")
    for room in ROOMS:
        (site_packages / room).mkdir()
        (site_packages / room / "__init__.py").write_text("WHOSE = 'another distribution'\n")
    uv("pip", "install", *into, "--no-deps", wheel)
    return made


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with evidence, thresholds, a test of its model, and packages named as the rooms are."""
    folder = tmp_path_factory.mktemp("project")
    for room in ROOMS:
        (folder / room).mkdir()
        (folder / room / "__init__.py").write_text('WHOSE = "the project\'s"\n')
    (folder / "model.py").write_text('WHOSE = "the project\'s"\n')
    (folder / "evidence").mkdir()
    (folder / "evidence" / "evaluation.json").write_text(REPORT)
    (folder / "thresholds.yaml").write_text(THRESHOLDS)
    (folder / "test_model.py").write_text(TEST_OF_THE_PROJECT)
    return Project(folder)


@pytest.fixture(scope="session")
def account(moto_url: str) -> Iterator[dict[str, str]]:
    """An AWS over HTTP with the two buckets of the stack: the variables that lead a command to it."""
    # What runs in one process shares the server: nothing of another file's tests may be there.
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)
    s3 = boto3.client(
        "s3",
        endpoint_url=moto_url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    for bucket in (EVIDENCE_BUCKET, THRESHOLDS_BUCKET):
        s3.create_bucket(Bucket=bucket)
    yield {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "GOVERNANCE_EVIDENCE_BUCKET": EVIDENCE_BUCKET,
        "GOVERNANCE_THRESHOLDS_BUCKET": THRESHOLDS_BUCKET,
    }
