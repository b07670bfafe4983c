"""Workers of pytest-xdist that tell how a test ended, and of its set-up and its tear-down only what went wrong.

Each told six times of a test, that it began and that all went well among them: a tenth of what quick tests take.
"""

import pytest
import xdist
from _pytest.runner import runtestprotocol


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test as pytest does, and tell less of it; `--durations` lists set-ups too, which all are told for it."""
    if not xdist.is_xdist_worker(item.session) or item.config.getoption("durations") is not None:
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True
