"""The browser of this machine, for tests that look at pages as people do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str:
    """Return the path of Chromium or Chrome; where neither is on the search path, the test is skipped and says so."""
    found = [path for path in map(shutil.which, NAMES) if path is not None]
    if not found:
        pytest.skip("no Chromium or Chrome is installed, and so no page is opened in a browser")
    return found[0]


@contextmanager
def launched_browser() -> Iterator[Browser]:
    """Launch the browser that `find_browser` finds."""
    path = find_browser()
    with sync_playwright() as playwright:
        # Where there is no graphics card, a process of its own that draws without one takes longer than the pages.
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu"])
        yield browser
        browser.close()
