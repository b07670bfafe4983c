"""The browser in which pages are opened."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browsers import launched_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this machine, one for the tests of a file: beside it no test could run a loop of asyncio."""
    with launched_browser() as launched:
        yield launched
