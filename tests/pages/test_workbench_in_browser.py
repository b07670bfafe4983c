"""The workbench in a real browser: from a moved limit to a saved file, by keyboard alone, narrow and wide."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.opened_pages import OpenedPage, Scheme
from tests.running_workbench import FILE, running_workbench

ANSWERED = "#bench[data-state=answered]"  # waiting for a function would be an eval, which the page forbids


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a workbench with one file, and three versions of the past."""
    monkeypatch.chdir(tmp_path)
    with running_workbench() as url:
        yield url


def test_a_limit_is_moved_and_saved_by_keyboard_alone(browser: Browser, address: str) -> None:
    opened = OpenedPage(browser, address, width=1_400, scheme="light")
    page = opened.page
    stops: list[str] = []
    while not stops or stops[-1] != "at_least":
        page.keyboard.press("Tab")
        label = "document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent"
        stops.append(page.evaluate(label).strip())
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", stops
        assert len(stops) < 20
    page.keyboard.press("Control+A")
    page.keyboard.type("0.9")
    page.wait_for_selector(ANSWERED)
    assert page.locator("#summary").text_content() == "1 of 3 versions would be decided otherwise"
    assert page.locator("tr.flips th").all_text_contents() == ["churn, 2"]
    assert page.locator("#diff .added").last.text_content() == "+    at_least: 0.9  # agreed in spring\n"
    assert page.locator(".chart .flip circle").count() == 1
    assert opened.find_violations() == []
    # Back to the button by the same keys that anybody has.
    page.keyboard.press("Shift+Tab")
    while page.evaluate("document.activeElement.id") != "save":
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.locator("#said", has_text="Saved: churn.yaml").wait_for()
    assert Path("churn.yaml").read_text(encoding="utf-8") == FILE.replace("0.80", "0.9")
    assert page.locator("#summary").text_content() == "0 of 3 versions would be decided otherwise"
    assert opened.said == []
    root = address.rpartition("/")[0]
    assert {url for url in opened.fetched if not url.startswith(("data:", root))} == set()
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (360, "light"), (1_400, "dark")])
def test_the_workbench_fits_and_says_nothing(
    browser: Browser, address: str, width: int, scheme: Scheme
) -> None:
    opened = OpenedPage(browser, address, width=width, scheme=scheme)
    page = opened.page
    page.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(ANSWERED)
    assert page.locator(".moved").count() == 1
    assert opened.overflow == 0
    assert opened.said == []
    red, *_ = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
    assert (red > 200) == (scheme == "light")
    if scheme == "dark" and width == 360:
        assert opened.find_violations() == []
    # What cannot be typed as a number is refused in words, and nothing can be saved.
    page.locator("input[type=number]").first.fill("")
    page.locator("#problems", has_text="needs a limit").wait_for()
    assert page.locator("#save").is_disabled()
    page.locator("#undo").click()
    page.wait_for_selector("#problems:empty", state="attached")
    assert page.locator("#diff").text_content() == "Nothing is moved."
    assert opened.said == []
    page.context.close()
