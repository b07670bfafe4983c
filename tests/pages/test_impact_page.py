"""The page about an edit of thresholds, and its strips: what is drawn of which versions, and what is said of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from checks.evidence import Document, Evidence
from checks.impact import Impact, JudgedTwice, LeftOut, PastVersion, measure_impact
from checks.reports import read_report
from checks.threshold_set import compile_thresholds
from checks.thresholds import ThresholdFile
from pages.impact_page import MOST_ROWS, list_sections, write_impact_page
from pages.strips import draw_strips
from tests.page_records import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"
FILE = """
name: churn
owners: [ann@example.com]
applies_to: {{model_package_groups: [churn]}}
checks:
  - {{name: accuracy, why: Because., metric: a.b, {limit}}}
  - {{name: unseen, why: Because., metric: a.c, at_most: 1, on_missing: warn}}
"""


def files_with(limit: str) -> tuple[ThresholdFile, ...]:
    return compile_thresholds({"churn.yaml": FILE.format(limit=limit).encode()})


def version(number: int, value: float, group: str = "churn") -> PastVersion:
    content = f'{{"a_metrics": {{"b": {{"value": {value}}}}}}}'.encode()
    evidence = Evidence((read_report(Document("evaluation.json", content)),))
    return PastVersion(
        group, number, f"e{number}.json", evidence, datetime(2026, 3, number % 28 + 1, tzinfo=UTC)
    )


VERSIONS = (version(1, 0.6), version(2, 0.81), version(3, 0.95))


def judged_by(
    old: str, new: str, versions: Sequence[PastVersion | LeftOut] = VERSIONS
) -> tuple[Impact, list[JudgedTwice]]:
    judged: list[JudgedTwice] = []
    return measure_impact(files_with(old), files_with(new), versions, judged.append), judged


def drawn(old: str, new: str) -> Counter[str]:
    """Count the lines and dots of the first strip by their kind."""
    strip, unseen = draw_strips(files_with(old), files_with(new), judged_by(old, new)[1])
    assert (unseen.svg, unseen.caption) == (None, "No version has a value.")
    assert strip.svg is not None
    counted: Counter[str] = Counter()
    for group in ElementTree.fromstring(strip.svg).iter(f"{SVG}g"):
        kind = group.get("class", "")
        if kind.startswith("series "):
            shapes = [shape.tag.removeprefix(SVG) for shape in group.iter() if shape.tag != f"{SVG}g"]
            counted.update(f"{shape} of {kind.removeprefix('series ')}" for shape in shapes)
    return counted


@pytest.mark.parametrize(
    ("old", "new", "shapes"),
    [
        pytest.param(
            "at_least: 0.8",
            "at_least: 0.8",
            {"path of near": 1, "path of limit": 1, "circle of value passed": 2, "circle of value failed": 1},
            id="no edit",
        ),
        pytest.param(
            "at_least: 0.8",
            "at_least: 0.9",
            {
                "path of near": 1,
                "path of limit": 1,
                "path of limit-before": 1,
                "circle of flip": 1,
                "circle of value passed": 1,
                "circle of value failed": 2,
            },
            id="a version flips",
        ),
        pytest.param(
            "at_least: 0.8",
            "between: [0.7, 0.9]",
            {
                "path of near": 2,
                "path of limit": 2,
                "path of limit-before": 1,
                "circle of flip": 1,
                "circle of value passed": 1,
                "circle of value failed": 2,
            },
            id="a limit of two ends",
        ),
        pytest.param(
            "at_least: 0.8",
            "no_worse_than_baseline: true, better: higher, on_first_version: pass",
            {"path of limit-before": 1, "circle of flip": 1, "circle of value passed": 3},
            id="beside a baseline that no version has",
        ),
        pytest.param(
            "at_least: 0.8, confidence: 0.9",
            "at_least: 0.8",
            {
                "path of near": 1,
                "path of limit": 1,
                "circle of flip": 2,
                "circle of value passed": 2,
                "circle of value failed": 1,
            },
            id="no confidence is asked for any more",
        ),
    ],
)
def test_a_strip_has_the_values_the_limits_and_a_ring_around_what_decides(
    old: str, new: str, shapes: dict[str, int]
) -> None:
    assert drawn(old, new) == shapes


def test_a_strip_is_read_out_and_counts_what_is_near() -> None:
    strip, _ = draw_strips(
        files_with("at_least: 0.8"),
        files_with("at_least: 0.9"),
        judged_by("at_least: 0.8", "at_least: 0.9")[1],
    )
    assert strip.caption == "3 versions with a value, 2 within 10 % of the limit."
    assert strip.svg is not None
    title, described = (
        strip.svg.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0] for tag in ("title", "desc")
    )
    assert title == "accuracy: versions against &gt;= 0.9"
    assert (
        described == "version 1 0.6 failed; version 2 0.81 failed, decides otherwise; version 3 0.95 passed"
    )


def test_the_page_shows_flips_first_and_needs_nothing_from_elsewhere() -> None:
    old, new = "at_least: 0.8", "at_least: 0.5"
    impact, judged = judged_by(old, new, (*VERSIONS, LeftOut(HOSTILE, HOSTILE)))
    page = write_impact_page(impact, judged, files_with(old), files_with(new), reason=HOSTILE)
    assert "<h1>1 of 3 versions would be decided otherwise; 1 record could not be judged again</h1>" in page
    assert page.index("churn, 1<") < page.index("churn, 3<") < page.index("churn, 2<")
    assert "accuracy: 0.6 is below 0.8" in page
    assert "accuracy: must be at least 0.5, had to be at least 0.8" in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert page.count("&lt;script&gt;") == 3


def test_a_table_has_so_many_rows_and_says_how_many_more_there_are() -> None:
    many = [version(number, 0.9) for number in range(1, MOST_ROWS + 3)]
    sections = list_sections(*judged_by("at_least: 0.8", "at_least: 0.8", many))
    assert (len(sections.rows), sections.rows_left) == (MOST_ROWS, 2)
