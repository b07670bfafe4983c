"""The charts: what is drawn of which findings, in whole numbers of shapes, and what cannot be drawn."""

import json
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.decision_record import RecordedFinding
from pages.charts import MOST_ROWS, VersionFindings, draw_trend, draw_values
from tests.page_records import finding

SVG = "{http://www.w3.org/2000/svg}"


def _findings(*findings: dict[str, object]) -> Sequence[RecordedFinding]:
    return [RecordedFinding.read_json(json.dumps(one).encode()) for one in findings]


def _drawn(svg: str | None) -> Counter[str]:
    """Count the lines and dots of a drawing by the kind of their series."""
    assert svg is not None
    counted: Counter[str] = Counter()
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        kind = group.get("class", "")
        if kind.startswith("series "):
            shapes = [shape.tag.removeprefix(SVG) for shape in group.iter() if shape.tag != f"{SVG}g"]
            counted.update(f"{shape} of {kind.removeprefix('series ')}" for shape in shapes)
    return counted


INTERVAL = {"low": 0.7, "high": 0.95, "confidence": 0.9}


@pytest.mark.parametrize(
    ("findings", "drawn"),
    [
        pytest.param(
            [finding()], {"circle of value passed": 1, "path of limit": 1}, id="a value and a limit"
        ),
        pytest.param(
            [finding(interval=INTERVAL, limit={"between": [0.8, 1.0]})],
            {"circle of value passed": 1, "path of limit": 2, "path of interval": 1},
            id="an interval, and a limit with two ends",
        ),
        pytest.param(
            [finding(facet="sex=F"), finding(facet="sex=M", outcome="failed", value=0.6)],
            {"circle of value passed": 1, "circle of value failed": 1, "path of limit": 1},
            id="facets side by side",
        ),
        pytest.param(
            [finding(), finding(outcome="missing", value=None)],
            {"circle of value passed": 1, "path of limit": 1},
            id="one value is missing",
        ),
        pytest.param(
            [finding(limit={})], {"circle of value passed": 1}, id="a limit of a kind that is not known"
        ),
        pytest.param(
            [finding(facet=f"item={number}") for number in range(MOST_ROWS + 5)],
            {"circle of value passed": MOST_ROWS, "path of limit": 1},
            id="more than fit",
        ),
    ],
)
def test_a_check_is_drawn_as(findings: list[dict[str, object]], drawn: dict[str, int]) -> None:
    assert _drawn(draw_values("accuracy", _findings(*findings))) == drawn


def test_a_drawing_is_shapes_with_a_title_and_a_description_and_nothing_else() -> None:
    svg = draw_values("a", _findings(finding(interval=INTERVAL), finding(outcome="failed", facet="b=c")))
    assert svg is not None
    root = ElementTree.fromstring(svg)
    assert root.findtext(f"{SVG}title") == "a: value and limit"
    assert root.findtext(f"{SVG}desc") == "all 0.9, interval 0.7 to 0.95, passed; b=c 0.9, failed"
    kinds = {"svg", "title", "desc", "g", "path", "circle", "text"}
    assert {one.tag.removeprefix(SVG) for one in root.iter()} == kinds
    assert not {one.get("style") for one in root.iter()} - {None}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([None], id="no value"),
        pytest.param([1e300], id="too large"),
        pytest.param([0.8, 0.8 + 2e-16], id="too near"),
    ],
)
def test_what_no_axis_can_show_is_not_drawn(values: list[float | None]) -> None:
    findings = _findings(*(finding(value=value) for value in values))
    assert draw_values("a", findings) is None
    versions = [VersionFindings(number, [one]) for number, one in enumerate([*findings, *findings])]
    assert draw_trend("a", versions) is None


@settings(max_examples=25)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=3))
def test_whatever_the_values_a_drawing_is_well_formed_or_absent(values: list[float]) -> None:
    findings = _findings(*(finding(value=value, limit={"at_most": values[0]}) for value in values))
    svg = draw_values("a", findings)
    assert svg is None or _drawn(svg)["circle of value passed"] == len(values)


def _version(number: int, *findings: dict[str, object]) -> VersionFindings:
    return VersionFindings(number, _findings(*findings))


@pytest.mark.parametrize(
    ("versions", "drawn"),
    [
        pytest.param(
            [_version(1, finding(value=0.8)), _version(4, finding())],
            {"path of line-0": 1, "circle of line-0": 2, "path of limit": 1},
            id="two versions",
        ),
        pytest.param(
            [
                _version(1, finding()),
                _version(2, finding(outcome="missing", value=None)),
                _version(3, finding()),
            ],
            {"path of line-0": 1, "circle of line-0": 2, "path of limit": 1},
            id="a version without a value",
        ),
        pytest.param(
            [
                _version(number, finding(facet="sex=F"), finding(facet="sex=M", limit={"between": [0.5, 1]}))
                for number in (1, 2)
            ],
            {
                "path of line-0": 1,
                "circle of line-0": 2,
                "path of line-1": 1,
                "circle of line-1": 2,
                "path of limit": 2,
            },
            id="facets are lines of their own",
        ),
    ],
)
def test_a_trend_is_drawn_as(versions: list[VersionFindings], drawn: dict[str, int]) -> None:
    assert _drawn(draw_trend("accuracy", versions)) == drawn


def test_one_version_is_no_trend() -> None:
    assert draw_trend("accuracy", [_version(1, finding())]) is None
