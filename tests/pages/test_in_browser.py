"""The page in a real browser: narrow and wide, light and dark, on paper, by keyboard, and with an accessibility check.

They need Chromium or Chrome on the search path, and are skipped where there is none.
"""

import pytest
from playwright.sync_api import Browser

from pages.decision_page import write_decision_page
from tests.opened_pages import OpenedPage, Scheme
from tests.page_records import earlier_records, full_record

# Each width and each scheme once: the check takes longer than all else.
CHECKED_FOR_ACCESSIBILITY = {(360, "dark"), (1_400, "light")}
A4_WIDTH = 680  # CSS pixels between the margins


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page with everything on it, as a file."""
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(write_decision_page(full_record(), earlier_records()), encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("width", [360, 1_400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_says_nothing_and_fetches_nothing(
    browser: Browser, address: str, width: int, scheme: Scheme
) -> None:
    opened = OpenedPage(browser, address, width=width, scheme=scheme)
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
    opened = OpenedPage(browser, address, width=360, scheme="light")
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
    opened = OpenedPage(browser, address, width=A4_WIDTH, scheme="dark")
    opened.page.emulate_media(media="print", color_scheme="dark")
    assert opened.overflow == 0
    cut = "[...document.querySelectorAll('.wide')].filter(part => part.scrollWidth > part.clientWidth).length"
    assert opened.page.evaluate(cut) == 0
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    opened.page.context.close()
