"""The installed wheel in an environment and in a project that have packages named as the rooms are."""

import json
import os
import sqlite3
import sys
import sysconfig
from pathlib import Path

import boto3
import pytest

from tests.wheel.conftest import LEFT_OUT, PACKAGE, PINNED, ROOMS, Environment, Project, uv

IMPORT_ALL = """
import importlib, json, pkgutil, sys
import model_governance

absent = {}
for module in pkgutil.walk_packages(model_governance.__path__, "model_governance."):
    if module.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        absent[module.name] = error.name
for name in dir(model_governance):
    getattr(model_governance, name)
print(json.dumps({"absent": absent, "imported": sorted(sys.modules)}))
"""
HELP_OF_ALL = """
import contextlib, io, json
from model_governance.cli.command_table import COMMANDS
from model_governance.cli.main import run

shown = {}
for one in COMMANDS:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = int(run([*one.path.split(), "--help"]))
    shown[one.path] = [code, one.needs_checkout, out.getvalue().lstrip(), err.getvalue()]
print(json.dumps(shown))
"""
# Where the tests run, the optional dependencies are installed: paths, so that its own .pth files are not read.
EVERY_EXTRA = {"PYTHONPATH": os.pathsep.join([".", sysconfig.get_path("purelib")])}


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_of_others_is_overwritten(environment: Environment, room: str) -> None:
    (package,) = (environment.folder / "lib").glob(f"python*/site-packages/{room}")
    assert [path.name for path in package.iterdir() if path.suffix] == ["__init__.py"]
    assert (package / "__init__.py").read_text() == "WHOSE = 'another distribution'\n"


@pytest.mark.parametrize(
    ("command", "code", "printed"),
    [
        pytest.param("--help", 0, "Usage: governance", id="help"),
        pytest.param("check thresholds.yaml --evidence evidence", 0, "Approved\n", id="check"),
        pytest.param("thresholds validate thresholds.yaml", 0, "thresholds.yaml", id="thresholds validate"),
    ],
)
def test_the_command_works_in_the_project(
    command: str, code: int, printed: str, environment: Environment, project: Project
) -> None:
    done = project.run(environment.governance, *command.split())
    assert (done.returncode, done.stdout[: len(printed)]) == (code, printed), done.stderr


def test_the_package_is_the_command_too(environment: Environment, project: Project) -> None:
    done = project.run(environment.python, "-m", PACKAGE, "--version")
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_has_its_help_or_says_that_it_needs_a_checkout(
    environment: Environment, project: Project
) -> None:
    done = project.run(environment.python, "-c", HELP_OF_ALL)
    assert done.returncode == 0, done.stderr
    for path, (code, needs_checkout, printed, said) in json.loads(done.stdout).items():
        if needs_checkout:
            assert (code, printed) == (2, "")
            assert said in {_needs_a_checkout(path, room) for room in LEFT_OUT}
        else:
            assert (code, printed.partition(" [")[0]) == (0, f"Usage: governance {path}"), said


def _needs_a_checkout(path: str, room: str) -> str:
    return (
        f"error: governance {path}: it builds the stack from its source, which an installation does not have "
        f"({PACKAGE}.{room}); clone the project and run `make setup` there\n"
    )


def test_every_module_imports_ours_and_never_the_projects(environment: Environment, project: Project) -> None:
    done = project.run(environment.python, "-c", IMPORT_ALL, further=EVERY_EXTRA)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["absent"]  # the commands of the sandbox
    assert set(found["absent"].values()) <= {f"{PACKAGE}.{room}" for room in LEFT_OUT}
    assert {name.partition(".")[0] for name in found["imported"]} & set(ROOMS) == set()


def test_the_projects_own_tests_use_both(environment: Environment, project: Project) -> None:
    done = project.run(environment.python, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_projects_tests_and_the_checks_of_its_thresholds_are_one_run(
    environment: Environment, project: Project
) -> None:
    words = "-m pytest -q -p no:cacheprovider --model-thresholds thresholds.yaml --model-evidence evidence"
    done = project.run(environment.python, *words.split())
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_a_version_is_registered_and_waited_for(
    environment: Environment, project: Project, account: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:7"
    words = f"register --group churn --evidence evidence --image {image} --thresholds thresholds.yaml"
    registered = project.run(environment.governance, *words.split(), further=account)
    assert registered.returncode == 0, registered.stderr
    assert "Approved" in registered.stderr
    arn = registered.stdout.strip()
    for name, value in account.items():
        monkeypatch.setenv(name, value)
    sagemaker = boto3.client("sagemaker", region_name="us-east-1")
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    waited = project.run(environment.governance, "wait", arn, "--timeout", "1m", further=account)
    assert waited.returncode == 1, waited.stderr
    assert f"{arn}" in waited.stdout + waited.stderr


def test_queries_are_run_in_processes_of_the_installed_package(
    environment: Environment, project: Project
) -> None:
    pair = {
        "id": "q1",
        "question": "Who?",
        "database": "shop",
        "gold_sql": "SELECT name FROM customer",
        "predicted_sql": "SELECT name FROM customer",
    }
    (project.folder / "predictions.jsonl").write_text(json.dumps(pair))
    with sqlite3.connect(project.folder / "shop.sqlite") as database:
        database.execute("CREATE TABLE customer AS SELECT 'Ada' AS name")
    words = "score text-to-sql predictions.jsonl --databases shop.sqlite -o scored --workers 1"
    done = project.run(environment.governance, *words.split(), further=EVERY_EXTRA)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("1 of 1 pairs correct; evidence in scored\n")


def _isolated(wheel: Path) -> str:
    """What is installed in isolation: the wheel with the extra of the documented small installation."""
    return f"sagemaker-model-governance[cli] @ {wheel.as_uri()}"


def test_uv_tool_installs_the_command(wheel: Path, project: Project, tmp_path: Path) -> None:
    places = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    uv("tool", "install", "--quiet", "--constraints", PINNED / "cli.txt", _isolated(wheel), **places)
    _works(tmp_path / "bin" / "governance", project)


def test_pipx_installs_the_command(wheel: Path, project: Project, tmp_path: Path) -> None:
    program = Path(sys.executable).parent
    done = project.run(
        program / "pipx",
        *("install", "--backend", "uv", "--python", sys.executable),
        *("--pip-args", f"--constraint {PINNED / 'cli.txt'}", _isolated(wheel)),
        further={
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            **{name: str(tmp_path / name) for name in ("PIPX_HOME", "PIPX_BIN_DIR", "PIPX_MAN_DIR")},
            "UV_NO_CONFIG": "1",
            "UV_SYSTEM_CERTS": "1",
            "PATH": f"{program}{os.pathsep}{os.environ['PATH']}",
        },
    )
    assert done.returncode == 0, done.stderr
    _works(tmp_path / "PIPX_BIN_DIR" / "governance", project)


def _works(governance: Path, project: Project) -> None:
    """An isolated command works in the project, whose `PYTHONPATH` reaches into it."""
    done = project.run(governance, "check", "thresholds.yaml", "--evidence", "evidence")
    assert (done.returncode, done.stdout[:9]) == (0, "Approved\n"), done.stderr
