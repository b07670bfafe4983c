"""The page of performance says what the committed results say."""

import re

from benchmarks.performance_page import PAGE, write_page


def test_the_page_is_that_of_the_results() -> None:
    assert PAGE.read_text(encoding="utf-8") == write_page()


# A figure of what something takes, as one that is measured is written: 0.48 s of processor time, half a second.
MEASURED = re.compile(
    r"\b\d[\d,]*(\.\d+)? (s|ms|µs) (of (a )?processor|with |without )|(half|third of|quarter of) a second"
)


def test_no_page_has_a_figure_of_time_that_the_benchmarks_do_not_write() -> None:
    pages = [page for page in sorted(PAGE.parent.rglob("*.md")) if page != PAGE]
    found = [
        f"{page.name}: {match[0]}" for page in pages for match in MEASURED.finditer(page.read_text("utf-8"))
    ]
    assert found == []
