"""The programs that measure: what they refuse, and that a side which cannot run is told and measures nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import environments
from benchmarks.check import ALTERNATIVES, measure, prepare
from benchmarks.environments import NotRun, prepare_node, prepare_python
from benchmarks.performance_page import write_page


def test_a_part_that_is_none_is_refused_with_those_there_are() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "chek"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "chek: not a part; there are check, start, core" in run.stderr


def test_check_is_measured_without_the_alternatives(tmp_path: Path) -> None:
    commands = prepare(tmp_path, list(ALTERNATIVES))
    broken = [sys.executable, "-c", "raise SystemExit(3)"]
    sides = measure({**commands, "broken": broken}, rounds=1)
    assert {name: side for name, side in sides.items() if isinstance(side, str)} == {
        **dict.fromkeys(ALTERNATIVES, "not run: left out by --without"),
        "broken": "not run: ends with 3",
    }
    ours = sides["governance check"]
    assert isinstance(ours, dict)
    assert ours["cpu_by_ours"] == {"median": 1.0, "least": 1.0, "most": 1.0}


@pytest.mark.parametrize(
    ("prepare_one", "tool", "reason"),
    [
        pytest.param(lambda: prepare_python("mlflow"), "uv", "there is no uv beside this Python", id="uv"),
        pytest.param(lambda: prepare_node("promptfoo"), "npm", "there is no npm", id="npm"),
    ],
)
def test_without_an_installer_an_alternative_is_not_run(
    prepare_one: object, tool: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(prepare_one)
    monkeypatch.setattr(environments, "FOLDER", tmp_path)
    monkeypatch.setattr("shutil.which", lambda *_words, **_options: None)
    assert prepare_one() == NotRun(reason)


def test_the_page_says_what_was_not_run(tmp_path: Path) -> None:
    page = write_page(tmp_path)
    assert page.count("Not run: `python -m benchmarks.") == page.count("\n## ")
