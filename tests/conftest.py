"""What all tests share."""

import fcntl
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import cache_from_source
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.plugin import pytest_xdist_auto_num_workers as count_processors

from sandbox import botocore_files
from tests.brief_workers import pytest_runtest_protocol  # noqa: F401 - a hook

# A loaded machine is no defect: examples have no deadline.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
botocore_files.read_once()

TESTS = Path(__file__).parent
# Libraries that take long to import, most of them a second: the tests that use them import them, as every worker
# collects all.
COSTLY = {"aws_cdk", "ragas", "scipy.stats", "sklearn", "sqlalchemy", "streamlit"}
LOADED = pytest.StashKey[set[str]]()  # those of them that collecting loaded
# What tests import stays, too, and to look through all of it takes a second: so many collections of younger objects are
# between two times, where Python has ten.
SELDOM = 1_000
FOLDER_NUMBERS = count()  # of the folders of tests
LONGEST_ID = 60  # characters of a text that names a case
DEPLOYING = {"e2e", "sandbox", "infra"}
# The folders whose files take longest, the longest first: a worker that began with one last would end alone.
LONG = ("e2e", "infra", "docs", "wheel", "examples", "house", "sandbox", "scorers/text_to_sql", "scorers/rag")
ONE_GROUP = {"e2e", "infra", "wheel"}  # folders whose fixtures take long to make
# What of tests/e2e is on another worker, with a stack of its own: all of it on one would take longer than all else.
ON_THE_SECOND_STACK = {
    "test_many_registrations.py",
    "test_model_accounts.py",
    "test_organisation.py",
    "test_ways_to_register.py",
    "test_who_may_do_what.py",
}
# What needs the one stack otherwise than all else has its turn after it: then it is deployed again once.
LAST_OF_ITS_FOLDER = {"test_processing.py"}
# Files that hold figures against SciPy or scikit-learn, on one worker: each that imports them takes a second for it.
BESIDE_SCIPY = {
    "test_flip_test.py",
    "test_gatsby_rag.py",
    "test_impact_figures.py",
    "test_intervals.py",
    "test_latencies.py",
    "test_offline_classifier.py",
    "test_paired_bounds.py",
    "test_recompute.py",
    "test_student_t.py",
    "test_verification.py",
}
COMPILED = Path(cache_from_source(str(TESTS / "wheel" / "conftest.py"))).parent  # where collecting ends
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Return a function from the name of a folder of real inputs to its path; it skips where they are absent."""

    def folder(name: str) -> Path:
        path = SHARED / name
        if not path.is_dir():
            pytest.skip(f"the real inputs are not beside this checkout: {name}")
        return path

    return folder


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """The endpoint of moto's real HTTP server: one, as several of a process would share what they hold."""
    from tests.moto_server import serving_moto  # noqa: PLC0415 - with moto, for the tests that use it

    with serving_moto() as url:
        yield url


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the test's own, as pytest's fixture of this name; that one lists all others to find a number."""
    return tmp_path_factory.mktemp(str(next(FOLDER_NUMBERS)), numbered=False)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name a case whose value makes a bad name by its argument; pytest numbers those of one test.

    Bytes may hold a clock and long texts fill the report; workers that name a test differently run none at all.
    """
    if isinstance(val, str):
        return None if len(val) <= LONGEST_ID and val.isascii() and val.isprintable() else argname
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Collect thousands of tests, all of which stay, without Python looking again and again for some that do not.

    It looked so often that collecting took half as long again; and frozen, they are not looked through later either.
    """
    gc.disable()
    try:
        with compiled_once():
            return (yield)
    finally:
        session.config.stash[LOADED] = COSTLY & set(sys.modules)
        gc.enable()
        gc.freeze()
        gc.set_threshold(*gc.get_threshold()[:2], SELDOM)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """End without a last look for garbage: pytest takes two and Python one, a second each with all that is imported."""
    gc.freeze()


@contextmanager
def compiled_once() -> Iterator[None]:
    """In a fresh checkout let one worker collect before the others: what it compiles on the way, they load.

    Compiling the tests and the libraries takes twice as long as the rest, and side by side each compiled all of it.
    """
    if COMPILED.is_dir() or sys.dont_write_bytecode:
        yield
        return
    folder = os.open(TESTS, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(folder, fcntl.LOCK_SH)
        yield
    finally:
        os.close(folder)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more workers than there are processors: the two groups of tests/e2e mostly wait for their sandboxes.

    With one more, two processors were idle for a sixth of the time.
    """
    processors: int = count_processors(config)
    return processors + 2


# Before xdist's hook of this name, which reads the groups and which pytest would otherwise call first.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each file's tests on one worker, and all that share a stack or a wheel: its fixtures are made once.

    The files that take longest begin first; with `--no-loadscope-reorder`, xdist keeps this order. The first test
    that deploys a stack waits for it: those have more time before they count as hanging.
    """
    for item in items:
        for mark in _marks(item.path):
            item.add_marker(mark)
    items.sort(key=lambda item: _turn(item.path))


@cache
def _marks(path: Path) -> tuple[pytest.MarkDecorator, ...]:
    folder = path.parent.name
    if path.name in BESIDE_SCIPY:
        name = "beside SciPy"
    elif folder == "e2e" and path.name in ON_THE_SECOND_STACK:
        name = "e2e-2"
    else:
        name = folder if folder in ONE_GROUP else path.relative_to(TESTS.parent).as_posix()
    group = pytest.mark.xdist_group(name)
    return (group, pytest.mark.timeout(600)) if folder in DEPLOYING else (group,)


@cache
def _turn(path: Path) -> tuple[int, bool]:
    below = path.relative_to(TESTS)
    place = next((place for place, folder in enumerate(LONG) if below.is_relative_to(folder)), len(LONG))
    return place, path.name in LAST_OF_ITS_FOLDER
