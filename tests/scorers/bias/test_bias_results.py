"""Bias of generative models: scored answers by the group that asks."""

import json
from pathlib import Path
from typing import Any

import pytest

from checks.errors import GovernanceError
from scorers.bias import Above, BiasError, Facet, Values
from scorers.bias.results import read_results, results_report

PRE, POST = "pre_training_bias_metrics", "post_training_bias_metrics"


def write(path: Path, lines: list[Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def answers(region: str, right: int, wrong: int, unmeasured: int = 0, **facets: Any) -> list[dict[str, Any]]:
    outcomes = [True] * right + [False] * wrong + [None] * unmeasured
    return [{"correct": outcome, "facets": {"region": region, **facets}} for outcome in outcomes]


def measures(report: Any, key: str, column: str = "region", group: int = 0) -> dict[str, Any]:
    return {metric["name"]: metric["value"] for metric in report[key]["facets"][column][group]["metrics"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    lines = answers("EU", 8, 2, age=30, ok=True) + answers("CA", 3, 2, 4, age=50, ok=False)
    return write(tmp_path / "results.jsonl", lines)


def test_the_gap_between_regions(path: Path) -> None:
    report: Any = results_report(read_results(path), [Facet("region", Values(("CA",)))])
    before, after = measures(report, PRE), measures(report, POST)
    assert before["CI"] == pytest.approx((10 - 5) / 15)
    assert before["DPL"] == pytest.approx(0.8 - 0.6)
    for name in ("DPPL", "AD", "RD"):
        assert after[name] == pytest.approx(0.8 - 0.6), name
    assert after["DI"] == pytest.approx(0.6 / 0.8)
    assert after["DCA"] == pytest.approx(10 / 8 - 5 / 3)
    assert after["GE"] == pytest.approx(((11 / 15) / (11 / 15) ** 2 - 1) / 2)
    assert report[POST]["label"] == "correct"
    assert report[POST]["label_value_or_threshold"] == "true"


def test_metrics_that_need_questions_with_a_wrong_answer_are_undefined(path: Path) -> None:
    report: Any = results_report(read_results(path), [Facet("region")])
    for metric in report[POST]["facets"]["region"][0]["metrics"]:
        if metric["name"] in {"DAR", "DCR", "DRR", "SD", "TE"}:
            assert metric["value"] is None
            assert metric["error"] == (
                "every question calls for a correct answer, so there are no negative labels"
            )
        if metric["name"] == "FT":
            assert metric["value"] is None
            assert "no feature columns" in metric["error"]


def test_unmeasured_lines_count_neither_as_right_nor_as_wrong(path: Path) -> None:
    results = read_results(path)
    assert (len(results.correct), results.unmeasured) == (15, 4)
    assert results.unmeasured_by_group == {"region=CA": 4, "age=50": 4, "ok=false": 4}


def test_integers_truth_values_and_strata(path: Path) -> None:
    results = read_results(path)
    report: Any = results_report(results, [Facet("age", Above(40)), Facet("ok")], group_variable="region")
    assert [group["value_or_threshold"] for group in report[PRE]["facets"]["age"]] == ["(40, inf)"]
    assert [group["value_or_threshold"] for group in report[PRE]["facets"]["ok"]] == ["true", "false"]
    assert measures(report, PRE, "age")["CDDL"] == pytest.approx(0)
    assert measures(report, POST, "age")["CDDPL"] == pytest.approx(0)


def test_items_without_a_group_are_everyone_else(tmp_path: Path) -> None:
    lines = [*answers("CA", 1, 1), {"correct": True}, {"correct": True, "facets": {"region": None}}]
    results = read_results(write(tmp_path / "r.jsonl", lines))
    report: Any = results_report(results, [Facet("region", Values(("CA",)))])
    assert measures(report, PRE)["DPL"] == pytest.approx(1.0 - 0.5)


def test_where_nothing_is_correct_no_ratio_is_made_up(tmp_path: Path) -> None:
    results = read_results(write(tmp_path / "r.jsonl", answers("CA", 0, 2) + answers("EU", 0, 2)))
    report: Any = results_report(results, [Facet("region")])
    assert set(measures(report, POST).values()) == {None}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([{"facets": {"region": "CA"}}], ':1: "correct" is to be true, false or null'),
        ([{"correct": 1, "facets": {"region": "CA"}}], ':1: "correct" is to be true, false or null'),
        ([{"correct": True, "facets": ["CA"]}], ":1: facets: not a mapping"),
        ([{"correct": True, "facets": {"region": 0.5}}], ":1: facets.region: a group is"),
        ([{"correct": None, "facets": {"region": "CA"}}], "none of the 1 lines is measured"),
        ([{"correct": True}], "no line has facets"),
        ([[True]], ":1: not a JSON object"),
        ([], "no lines; there is nothing to score"),
    ],
)
def test_lines_that_cannot_be_used(tmp_path: Path, lines: list[Any], reason: str) -> None:
    with pytest.raises(GovernanceError, match=reason):
        read_results(write(tmp_path / "r.jsonl", lines))


def test_a_facet_that_no_line_has(path: Path) -> None:
    with pytest.raises(BiasError, match='no column "regio"; did you mean "region"'):
        results_report(read_results(path), [Facet("regio")])
