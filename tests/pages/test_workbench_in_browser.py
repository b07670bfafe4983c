"""The workbench in a real browser: from a moved limit to a saved file, by keyboard alone, narrow and wide."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route

from tests.opened_pages import Scheme, opened_page
from tests.running_workbench import FILE, running_workbench

ANSWERED = "#bench[data-state=answered]"  # waiting for a function would be an eval, which the page forbids
MOST_STOPS = 40
LABEL = "document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent"


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a workbench with one file, and three versions of the past."""
    monkeypatch.chdir(tmp_path)
    with running_workbench() as url:
        yield url


def press_until(page: Page, label: str, key: str = "Tab") -> None:
    """Go to what is called `label` as somebody without a mouse does, and see at each stop where one is."""
    stops: list[str] = []
    while not stops or stops[-1] != label:
        page.keyboard.press(key)
        stops.append(page.evaluate(LABEL).strip())
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", stops
        assert len(stops) < MOST_STOPS, stops


def type_over(page: Page, text: str) -> None:
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.wait_for_selector(ANSWERED)


def save_and_reload(page: Page) -> None:
    press_until(page, "Save", "Shift+Tab")
    page.keyboard.press("Enter")
    page.locator("#said", has_text="Saved: churn.yaml").wait_for()


def test_a_limit_is_moved_and_saved_by_keyboard_alone(browser: Browser, address: str) -> None:
    with opened_page(browser, address, width=1_400, scheme="light") as opened:
        page = opened.page
        press_until(page, "at_least")
        type_over(page, "0.9")
        assert page.locator("#summary").text_content() == "1 of 3 versions would be decided otherwise"
        assert page.locator("tr.flips th").all_text_contents() == ["churn, 2"]
        assert page.locator("#diff .added").last.text_content() == "+    at_least: 0.9  # agreed in spring\n"
        assert page.locator(".chart .flip circle").count() == 1
        assert opened.find_violations() == []
        save_and_reload(page)
        assert Path("churn.yaml").read_text(encoding="utf-8") == FILE.replace("0.80", "0.9")
        assert page.locator("#summary").text_content() == "0 of 3 versions would be decided otherwise"
        assert opened.said == []
        root = address.rpartition("/")[0]
        assert {url for url in opened.fetched if not url.startswith(("data:", root))} == set()


def test_a_confidence_and_a_waiver_are_moved_and_saved_by_keyboard_alone(
    browser: Browser, address: str
) -> None:
    with opened_page(browser, address, width=360, scheme="dark") as opened:
        page = opened.page
        summary, added = page.locator("#summary"), page.locator("#diff .added")
        # No version has a sample size, and so none can show that it is that sure.
        press_until(page, "confidence")
        type_over(page, "0.95")
        assert summary.text_content() == "2 of 3 versions would be decided otherwise"
        assert added.all_text_contents()[-1] == "+    confidence: 0.95\n"
        type_over(page, "0.5")
        page.locator("#problems", has_text="checks[0].confidence: must be greater than 0.5").wait_for()
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.wait_for_selector("#problems:empty", state="attached")
        # A waiver is granted.
        press_until(page, "reason")
        page.keyboard.type("The old test set.")
        press_until(page, "expires")
        page.keyboard.type("12312026")
        page.wait_for_selector(ANSWERED)
        assert page.locator("tr.flips th").all_text_contents() == ["churn, 1"]
        save_and_reload(page)
        granted = Path("churn.yaml").read_text(encoding="utf-8")
        assert granted.startswith(FILE)
        assert "reason: The old test set." in granted
        # Its last day is moved to one before any of the versions.
        press_until(page, "expires")
        page.keyboard.type("01012026")
        page.wait_for_selector(ANSWERED)
        assert page.locator("tr.flips th").all_text_contents() == ["churn, 1"]
        save_and_reload(page)
        assert Path("churn.yaml").read_text(encoding="utf-8") == granted.replace("2026-12-31", "2026-01-01")
        assert opened.said == []


def test_an_answer_to_what_has_changed_since_is_given_up(browser: Browser, address: str) -> None:
    with opened_page(browser, address, width=1_400, scheme="light") as opened:
        page = opened.page
        held: list[Request] = []

        def hold(route: Route) -> None:
            held.append(route.request)

        page.clock.install()  # the page asks when the test lets its time pass, and not before
        page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
        page.route("**/answer", hold)
        press_until(page, "at_least")
        page.keyboard.press("Control+A")
        page.keyboard.type("0.9")
        with page.expect_request("**/answer"):
            page.clock.run_for(1_000)
        with page.expect_event("requestfailed") as given_up:
            page.keyboard.type("6")
        asked: Any = given_up.value.post_data_json
        assert asked["moves"][0]["value"] == 0.9
        assert page.locator("#save").is_disabled()
        page.unroute("**/answer")
        page.clock.run_for(1_000)
        page.wait_for_selector(ANSWERED)
        assert page.locator("#diff .added").last.text_content() == "+    at_least: 0.96  # agreed in spring\n"
        assert held == [given_up.value]


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "dark"), (360, "light"), (1_400, "dark"), (1_400, "light")]
)
def test_the_workbench_fits_and_says_nothing(
    browser: Browser, address: str, width: int, scheme: Scheme
) -> None:
    with opened_page(browser, address, width=width, scheme=scheme) as opened:
        page = opened.page
        page.locator("input[type=range]").first.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(ANSWERED)
        assert page.locator(".moved").count() == 1
        assert opened.overflow == 0
        assert opened.find_faults() == []
        assert opened.is_light is (scheme == "light")
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
