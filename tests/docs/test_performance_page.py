"""The page of performance says what the committed results say."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.measuring import RESULTS
from benchmarks.performance_chart import CHART, draw_chart
from benchmarks.performance_page import DOCS, PAGE, write_documents


@pytest.mark.parametrize("name", [PAGE, CHART])
def test_the_page_and_its_chart_are_those_of_the_results(name: str, tmp_path: Path) -> None:
    write_documents(tmp_path)
    assert (DOCS / name).read_bytes() == (tmp_path / name).read_bytes()


def test_the_chart_has_a_bar_for_each_side_that_was_measured() -> None:
    sides = json.loads((RESULTS / "check.json").read_text())["figures"]["sides"]
    measured = {name: side["cpu_seconds"]["median"] for name, side in sides.items() if isinstance(side, dict)}
    chart = draw_chart()
    assert chart is not None
    # pygal writes each name and each value with its bar, too.
    assert {float(value) for value in re.findall(r'class="value">([0-9.]+)<', chart)} == {*measured.values()}
    assert set(re.findall(r'class="x_label">([^<]+)<', chart)) == {*measured}


# A figure of what something takes, as one that is measured is written: 0.48 s of processor time, half a second.
MEASURED = re.compile(
    r"\b\d[\d,]*(\.\d+)? (s|ms|µs) (of (a )?processor|with |without )|(half|third of|quarter of) a second"
)


def test_no_page_has_a_figure_of_time_that_the_benchmarks_do_not_write() -> None:
    pages = [page for page in sorted(DOCS.rglob("*.md")) if page.name != PAGE]
    found = [
        f"{page.name}: {match[0]}" for page in pages for match in MEASURED.finditer(page.read_text("utf-8"))
    ]
    assert found == []
