"""The page in a real browser: narrow and wide, light and dark, on paper, by keyboard, and with an accessibility check.

They need Chromium or Chrome on the search path, and are skipped where there is none.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from pages.decision_page import write_decision_page
from tests.browsers import launched_browser
from tests.page_records import earlier_records, full_record

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
Scheme = Literal["light", "dark"]
# Each width and each scheme once: the check takes longer than all else.
CHECKED_FOR_ACCESSIBILITY = {(360, "dark"), (1_400, "light")}
A4_WIDTH = 680  # CSS pixels between the margins


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser of this machine, one for all tests."""
    with launched_browser() as launched:
        yield launched


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page with everything on it, as a file."""
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(write_decision_page(full_record(), earlier_records()), encoding="utf-8")
    return file.as_uri()


class _Opened:
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

    def find_violations(self) -> list[tuple[str, str]]:
        """What axe-core finds: the rule and the first element."""
        self.page.add_script_tag(path=str(AXE))
        found = self.page.evaluate("async () => (await axe.run()).violations")
        return [(one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.mark.parametrize("width", [360, 1_400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_says_nothing_and_fetches_nothing(
    browser: Browser, address: str, width: int, scheme: Scheme
) -> None:
    opened = _Opened(browser, address, width=width, scheme=scheme)
    assert opened.overflow == 0
    assert opened.said == []
    assert {url for url in opened.fetched if not url.startswith("data:")} == {address}
    red, *_ = opened.page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"
    )
    assert (red > 200) == (scheme == "light")
    assert opened.page.screenshot().startswith(b"\x89PNG")
    if (width, scheme) in CHECKED_FOR_ACCESSIBILITY:
        assert opened.find_violations() == []
    opened.page.context.close()


def test_every_link_and_every_table_is_reached_by_keyboard_and_shows_it(
    browser: Browser, address: str
) -> None:
    opened = _Opened(browser, address, width=360, scheme="light")
    page = opened.page
    wanted = page.locator("a, .wide").count()
    seen: list[str] = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", seen
        seen.append(page.evaluate("document.activeElement.textContent"))
    assert seen == page.locator("a, .wide").all_text_contents()
    # The first stop leads past the navigation, and a table that is too wide moves by the arrow keys.
    page.keyboard.press("Tab")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator(".wide").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.wide').scrollLeft > 0")
    page.context.close()


def test_on_paper_nothing_is_cut_off_and_the_ink_is_dark(browser: Browser, address: str) -> None:
    opened = _Opened(browser, address, width=A4_WIDTH, scheme="dark")
    opened.page.emulate_media(media="print", color_scheme="dark")
    assert opened.overflow == 0
    cut = "[...document.querySelectorAll('.wide')].filter(part => part.scrollWidth > part.clientWidth).length"
    assert opened.page.evaluate(cut) == 0
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    opened.page.context.close()
