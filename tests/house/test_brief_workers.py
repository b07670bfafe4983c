"""What a worker of xdist tells of a test is its outcome, and whatever went wrong before and after it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = """\
import pytest

@pytest.fixture
def never_begins(): raise OSError("no disk")

@pytest.fixture
def never_ends():
    yield
    raise OSError("no disk")

def test_passes(): pass
def test_fails(): assert False
def test_is_skipped_before(request): pytest.skip("not here")
@pytest.mark.skip
def test_is_skipped(): pass
@pytest.mark.xfail
def test_is_known_to_fail(): assert False
def test_has_no_beginning(never_begins): pass
def test_has_no_end(never_ends): pass
def test_fails_and_has_no_end(never_ends): assert False
"""
TELLING = """\
def pytest_runtest_logreport(report):
    print("\\ntold:", report.location[2], report.when, report.outcome)
"""
OUTCOMES = [
    "test_passes call passed",
    "test_fails call failed",
    "test_is_skipped_before call skipped",
    "test_is_skipped setup skipped",
    "test_is_known_to_fail call skipped",
    "test_has_no_beginning setup failed",
    "test_has_no_end call passed",
    "test_has_no_end teardown failed",
    "test_fails_and_has_no_end call failed",
    "test_fails_and_has_no_end teardown failed",
]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param([], OUTCOMES, id="outcomes"),
        pytest.param(["--durations=1", "-k", "passes"],
            ["test_passes setup passed", "test_passes call passed", "test_passes teardown passed"], id="durations"),
    ],
)  # fmt: skip
def test_a_worker_tells_of(tmp_path: Path, words: list[str], told: list[str]) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(TELLING)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    plug_ins = ("-p", "xdist", "-p", "tests.brief_workers", "-p", "no:cacheprovider")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", *plug_ins, *words, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in run.stdout.splitlines() if line.startswith("told: ")]
    assert [line.removeprefix("told: ") for line in lines] == told, run.stdout + run.stderr
