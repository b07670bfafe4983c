"""The pages in a real browser: narrow and wide, light and dark, on paper, by keyboard, and with an accessibility check.

They need Chromium or Chrome on the search path, and are skipped where there is none.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pages.decision_page import write_decision_page
from pages.impact_page import write_impact_page
from tests.browsers import find_browser
from tests.opened_pages import Scheme, opened_page
from tests.page_records import earlier_records, full_record
from tests.pages.test_impact_page import VERSIONS, files_with, judged_by

# Each width and each scheme once: the check takes longer than all else.
CHECKED_FOR_ACCESSIBILITY = {(360, "dark"), (1_400, "light")}
A4_WIDTH = 680  # CSS pixels between the margins
EDIT = ("at_least: 0.8", "between: [0.7, 0.9]")


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The page of a decision with everything on it, and that of an edit, as files."""
    before, after = EDIT
    impact, judged = judged_by(before, after, VERSIONS)
    pages = {
        "decision": write_decision_page(full_record(), earlier_records()),
        "impact": write_impact_page(
            impact, judged, files_with(before), files_with(after), reason="The metric changed."
        ),
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in pages}


@pytest.fixture(scope="module")
def address(addresses: Mapping[str, str]) -> str:
    """The page of a decision with everything on it."""
    return addresses["decision"]


@pytest.mark.parametrize("name", ["decision", "impact"])
@pytest.mark.parametrize("width", [360, 1_400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_says_nothing_and_fetches_nothing(
    browser: Browser, addresses: Mapping[str, str], name: str, width: int, scheme: Scheme
) -> None:
    with opened_page(browser, addresses[name], width=width, scheme=scheme) as opened:
        assert opened.overflow == 0
        assert opened.find_faults() == []
        assert opened.is_light is (scheme == "light")
        assert opened.page.locator("svg.chart").count() > 0
        assert opened.said == []
        assert {url for url in opened.fetched if not url.startswith("data:")} == {addresses[name]}
        if (width, scheme) in CHECKED_FOR_ACCESSIBILITY:
            assert opened.find_violations() == []


def test_without_a_browser_a_test_is_skipped_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception, match="no Chromium or Chrome is installed"):
        find_browser()


FAULTY = """\
<!doctype html><html lang="en"><title>t</title><body style="background: #fff; color: #000; margin: 0">
<p id="faint" style="color: #999">faint</p>
<p style="color: #767676">plain</p>
<h1 style="color: #949494">large</h1>
<p style="background: rgb(0, 0, 0); color: rgba(255, 255, 255, .4)">seen through</p>
<p style="width: 4rem; overflow: hidden; white-space: nowrap">much longer than its box</p>
<p style="width: 4rem; overflow: auto; white-space: nowrap">longer, and can be moved</p>
<svg class="chart" viewBox="0 0 100 100" width="100" height="100"><g class="series"><path d="M0 0L9 9"/></g>
<text x="90" y="50" font-size="14">beyond the edge</text></svg>
<svg class="chart" viewBox="0 0 100 100" width="100" height="100"></svg>
<svg class="chart" viewBox="0 0 100 100" width="10" height="10"><g class="series"><path d="M0 0L99 99"/></g></svg>
"""


def test_each_fault_is_found_and_a_picture_kept_where_a_test_fails(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "faulty.html"
    page.write_text(FAULTY, encoding="utf-8")
    kept = tmp_path / "kept"
    found: list[str] = []
    with (
        pytest.raises(RuntimeError, match="as a test that fails") as failed,
        opened_page(browser, page.as_uri(), width=360, scheme="light", screenshots=kept) as opened,
    ):
        found = opened.find_faults()
        raise RuntimeError("as a test that fails")
    assert found == [
        'contrast 2.85: <p class=""> "faint"',
        'contrast 3.66: <p class=""> "seen through"',
        'cut off: <p class=""> "much longer than its box"',
        'cut off: <text class=""> "beyond the edge"',
        'nothing drawn: <svg class="chart"> ""',
        'no size: <svg class="chart"> ""',
    ]
    (picture,) = kept.iterdir()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert failed.value.__notes__ == [f"the page as it was: {picture}"]


def test_every_link_and_every_table_is_reached_by_keyboard_and_shows_it(
    browser: Browser, address: str
) -> None:
    with opened_page(browser, address, width=360, scheme="light") as opened:
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


def test_on_paper_nothing_is_cut_off_and_the_ink_is_dark(browser: Browser, address: str) -> None:
    with opened_page(browser, address, width=A4_WIDTH, scheme="dark") as opened:
        opened.page.emulate_media(media="print", color_scheme="dark")
        assert opened.overflow == 0
        cut = "[...document.querySelectorAll('.wide')].filter(part => part.scrollWidth > part.clientWidth).length"
        assert opened.page.evaluate(cut) == 0
        assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert opened.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
