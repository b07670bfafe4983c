"""Every process that collects the tests finds the same ones under the same names.

pytest-xdist's workers each collect for themselves. Where two of them differ, nothing is run at all.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests import conftest
from tests.conftest import LOADED

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
def test_collecting_twice_gives_the_same_tests(request: pytest.FixtureRequest) -> None:
    """This run collected once; another process, later and with another hash seed, must find the same."""
    if _workers_were_compared(request.config):
        pytest.skip(
            "xdist held its workers, each with a hash seed of its own, against each other before this"
        )
    here = [_named(item) for item in request.session.items]
    files = list(dict.fromkeys(nodeid.partition("::")[0] for nodeid in here))
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    chosen = set(here)  # with -k this run has some of the tests of its files
    there = [line for line in collected.stdout.splitlines() if line in chosen]
    assert sorted(chosen - set(there)) == [], "named otherwise when collected again"
    assert there == here, "collected again in another order"


def test_collecting_loads_no_library_that_takes_seconds(request: pytest.FixtureRequest) -> None:
    assert request.config.stash[LOADED] == set()


@contextmanager
def _another_worker(folder: Path, lock: int) -> Iterator[None]:
    """Take the lock as a worker does, or raise `BlockingIOError` where that would wait."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, lock | fcntl.LOCK_NB)
        yield
    finally:
        os.close(opened)


@pytest.mark.parametrize("is_compiled", [False, True], ids=["fresh", "compiled"])
def test_the_first_worker_to_collect_compiles_what_the_others_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_compiled: bool
) -> None:
    monkeypatch.setattr(conftest, "TESTS", tmp_path)
    monkeypatch.setattr(conftest, "COMPILED", tmp_path if is_compiled else tmp_path / "no")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    with conftest.compiled_once():
        if is_compiled:
            with _another_worker(tmp_path, fcntl.LOCK_EX):
                return
        with pytest.raises(BlockingIOError), _another_worker(tmp_path, fcntl.LOCK_SH):
            pass
    # The others collect at the same time.
    another = partial(_another_worker, tmp_path, fcntl.LOCK_SH)
    with another(), conftest.compiled_once(), another():
        pass


def test_xdist_knows_the_group_of_a_test(request: pytest.FixtureRequest) -> None:
    """Without it each worker would make the fixtures of a file, and deploy the stack that a folder shares."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("there is one process, which has all tests")
    assert request.node.nodeid.endswith("@tests/house/test_collection.py")


def _workers_were_compared(config: pytest.Config) -> bool:
    """Whether several workers of xdist run, of which no test would run had they collected otherwise than each other."""
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    return workers > 1 and "PYTHONHASHSEED" not in os.environ


def _named(item: pytest.Item) -> str:
    """The name of a test without the groups that xdist appends to it, in the order of their names."""
    groups = {str(marker.args[0]) for marker in item.iter_markers("xdist_group")}
    return item.nodeid.removesuffix(f"@{'_'.join(sorted(groups))}")
