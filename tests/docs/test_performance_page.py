"""The page of performance says what the committed results say."""

from benchmarks.performance_page import PAGE, write_page


def test_the_page_is_that_of_the_results() -> None:
    assert PAGE.read_text(encoding="utf-8") == write_page()
