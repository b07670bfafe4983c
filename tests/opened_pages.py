"""A page that is open in a browser, with what it said and fetched, and what is wrong with it as it is rendered."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
FAULTS = Path(__file__).with_name("page_faults.js")
SCREENSHOTS = Path(__file__).parents[1] / "build" / "screenshots"  # of pages in which a test failed
DARKEST_LIGHT = 200  # of 255, the red of a page's background
Scheme = Literal["light", "dark"]


class OpenedPage:
    """A page that was opened, and what it said and fetched beside itself."""

    def __init__(self, browser: Browser, address: str, *, width: int, scheme: Scheme) -> None:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page: Page = context.new_page()
        self.said: list[str] = []
        self.fetched: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.fetched.append(request.url))
        self.page.goto(address)

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than what shows it."""
        root = "document.documentElement"
        return int(self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))

    @property
    def is_light(self) -> bool:
        """Whether the page is written on a light ground."""
        ground = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
        return bool(self.page.evaluate(ground)[0] > DARKEST_LIGHT)

    def find_faults(self) -> list[str]:
        """What is seen to be wrong: text without contrast, text that is cut off, charts that show nothing."""
        return [str(one) for one in self.page.evaluate(FAULTS.read_text("utf-8"))]

    def find_violations(self) -> list[tuple[str, str]]:
        """What axe-core finds: the rule and the first element."""
        self.page.evaluate(AXE.read_text("utf-8"))  # a script tag is what a page may forbid
        found = self.page.evaluate("async () => (await axe.run()).violations")
        return [(one["id"], one["nodes"][0]["html"]) for one in found]


@contextmanager
def opened_page(
    browser: Browser, address: str, *, width: int, scheme: Scheme, screenshots: Path = SCREENSHOTS
) -> Iterator[OpenedPage]:
    """Open a page and close it; where the test fails with it, a picture of it is kept among `screenshots`."""
    opened = OpenedPage(browser, address, width=width, scheme=scheme)
    try:
        yield opened
    except Exception as error:
        test = os.environ["PYTEST_CURRENT_TEST"].rpartition("/")[2]
        file = screenshots / f"{re.sub('[^A-Za-z0-9._-]+', '-', test)}.png"
        opened.page.screenshot(path=file, full_page=True)
        error.add_note(f"the page as it was: {file}")
        raise
    finally:
        opened.page.context.close()
