"""The hook for threshold files, run by pre-commit in a repository of thresholds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
BIN = Path(sys.executable).parent
GOOD = """\
name: churn
applies_to: {model_package_groups: [churn]}
checks: [{name: accuracy, why: It pays., metric: binary_classification.accuracy, at_least: 0.8}]
"""
BAD = GOOD.replace("at_least", "at_leest").replace("churn", "fraud")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that has the hook; the program is that of this environment, which pre-commit need not make."""
    (hook,) = yaml.safe_load(MANIFEST.read_text("utf-8"))
    hook = {**hook, "language": "system"}
    del hook["additional_dependencies"]
    (tmp_path / ".pre-commit-config.yaml").write_text(
        yaml.safe_dump({"repos": [{"repo": "local", "hooks": [hook]}]})
    )
    (tmp_path / "thresholds" / "team").mkdir(parents=True)
    (tmp_path / "thresholds" / "team" / "churn.yaml").write_text(GOOD)
    (tmp_path / "values.yaml").write_text("no threshold file: [at, all]\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def run_hook(repository: Path) -> tuple[int, list[str]]:
    subprocess.run(["git", "add", "."], cwd=repository, check=True)
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(repository / ".git" / "cache"),
    }
    done = subprocess.run(
        [BIN / "pre-commit", "run", "--color", "never"],
        cwd=repository, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_what_is_wrong_is_a_line_with_its_place_and_stops_the_commit(repository: Path) -> None:
    code, said = run_hook(repository)
    assert (code, said[0].endswith("Passed")) == (0, True), said
    (repository / "thresholds.yml").write_text(BAD)
    code, said = run_hook(repository)
    assert code == 1
    problem = 'error: thresholds.yml:3:82: checks[0].at_leest: unknown key; did you mean "at_least"?'
    assert [line for line in said if "at_leest" in line] == [problem], said
    assert "values.yaml" not in "\n".join(said)


def test_the_manifest_is_what_pre_commit_takes() -> None:
    done = subprocess.run(
        [BIN / "pre-commit", "validate-manifest", MANIFEST], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
