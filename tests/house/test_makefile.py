"""What `make` says to those who begin."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.test_what_is_loaded import THRESHOLDS

PROJECT = Path(__file__).resolve().parents[2]
# The environment that the tests run in is taken as it is: nothing is installed.
AS_IT_IS = ("-o", ".venv/.ready", "-o", "node_modules/.bin/cdk")


def _make(*words: str, as_it_is: tuple[str, ...] = AS_IT_IS) -> list[str]:
    result = subprocess.run(
        ["make", "--no-print-directory", *as_it_is, *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.splitlines()


def test_setup_that_has_nothing_to_do_says_in_one_line_how_to_go_on() -> None:
    (line,) = _make("setup")
    assert "source .venv/bin/activate" in line
    assert ".venv/bin/governance --help" in line


def test_setup_compiles_what_most_commands_load() -> None:
    recipe = _make("--dry-run", "--always-make", ".venv/.ready", as_it_is=())
    (compiling,) = [line for line in recipe if " compileall " in line]
    compiled = {Path(word).stem for word in compiling.split()}
    rooms = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
    assert rooms | THRESHOLDS | {"rich", "boto3", "botocore"} <= compiled
    ended = subprocess.run(
        ["bash", "-c", compiling], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")  # all of them are there


def test_the_other_targets_do_not_say_so() -> None:
    assert not any("activate" in line for line in _make("--dry-run", "demo", "lint"))


def test_every_target_is_explained() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    phony = makefile.partition(".PHONY: ")[2].partition("\n")[0].split()
    assert sorted(line.split()[1] for line in _make("help")) == sorted(phony)


@pytest.mark.parametrize(("target", "side_by_side"), [("setup", True), ("demo", True), ("lint", False)])
def test_npm_installs_beside_python(target: str, side_by_side: bool) -> None:
    values = [
        line for line in _make("--dry-run", "--print-data-base", target) if line.startswith("MAKEFLAGS =")
    ]
    assert len(values) == 1
    assert ("-j2" in values[0]) is side_by_side
