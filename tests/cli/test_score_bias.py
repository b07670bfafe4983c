"""`governance score bias`: from a table, or from scored answers, to evidence that the gate reads."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from checks.evidence import Document
from checks.measurements import Measured, Unmeasured
from checks.reports import read_report
from checks.version import VERSION
from cli.main import run
from cli.score.bias import spread_values

TABLE = (
    "region,age,label,guess\n"
    + "EU,30,1,1\n" * 12
    + "EU,20,0,0\n" * 8
    + "CA,50,1,0\n" * 5
    + "CA,60,0,0\n" * 5
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(TABLE)
    lines = [
        {"correct": True, "facets": {"region": "EU"}},
        {"correct": None, "facets": {"region": "CA"}},
        {"correct": False, "facets": {"region": "CA"}},
    ]
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def score(*arguments: str) -> int:
    return run(["score", "bias", *arguments])


def analysis(folder: Path) -> Any:
    return json.loads((folder / "analysis.json").read_text("utf-8"))


ALL = ("people.csv", "--label", "label", "--positive", "1", "--predicted", "guess", "-o", "evidence")


def test_a_table_becomes_evidence_that_the_gate_reads(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(*ALL, "--facet", "region=CA", "--facet", "age>40", "--group-variable", "age") == 0
    assert capsys.readouterr().out == "evidence/analysis.json\n"
    assert [path.name for path in (folder / "evidence").iterdir()] == ["analysis.json"]
    report = read_report(Document("analysis.json", (folder / "evidence" / "analysis.json").read_bytes()))
    assert report.format == "clarify_bias"
    found = {(one.metric, one.facet): one for one in report.measurements}
    gap = found["bias.post_training.DPPL", "region=CA"]
    assert isinstance(gap, Measured)
    assert gap.value == pytest.approx(12 / 20)
    assert found.keys() >= {
        ("bias.pre_training.CDDL", "age=(40, inf)"),
        ("bias.post_training.FT", "region=CA"),
    }
    content = (folder / "people.csv").read_bytes()
    assert analysis(folder / "evidence")["provenance"] == {
        "scorer": {"name": "sagemaker-model-governance", "version": VERSION},
        "table": {"file": "people.csv", "sha256": hashlib.sha256(content).hexdigest(), "rows": 30},
        "predicted": "guess",
        "group_variable": "age",
        "flip_test_features": ["age"],
        "rows_by_group": {"region=CA": 10, "age=(40, inf)": 10},
        "empty_facet_cells": {"region": 0, "age": 0},
    }


def test_what_another_run_left_in_the_folder_stays(folder: Path) -> None:
    (folder / "evidence").mkdir()
    for name in ("evaluation.json", "results.jsonl"):
        (folder / "evidence" / name).write_text("from the scoring run")
    (folder / "evidence" / "analysis.json").write_text("of last week")
    assert score(*ALL, "--facet", "region") == 0
    assert (folder / "evidence" / "results.jsonl").read_text() == "from the scoring run"
    assert (folder / "evidence" / "evaluation.json").read_text() == "from the scoring run"
    assert analysis(folder / "evidence")["version"] == "1.0"


def test_scored_answers_become_the_same_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score("--results", "results.jsonl", "--facet", "region", "-o", "evidence") == 0
    assert (
        "note: 1 lines are not measured (correct is null) and left out: region=CA: 1"
        in capsys.readouterr().err
    )
    report = read_report(Document("analysis.json", (folder / "evidence" / "analysis.json").read_bytes()))
    found = {(one.metric, one.facet): one for one in report.measurements}
    gap = found["bias.post_training.DPPL", "region=CA"]
    assert isinstance(gap, Measured)
    assert gap.value == 1.0
    assert isinstance(found["bias.post_training.TE", "region=CA"], Unmeasured)
    assert analysis(folder / "evidence")["provenance"]["unmeasured"] == {
        "lines": 1,
        "groups": {"region=CA": 1},
    }


def test_the_flip_test_can_be_left_out_or_told_where_to_search(folder: Path) -> None:
    assert score(*ALL, "--facet", "region=CA", "--no-flip-test") == 0
    (left_out,) = (
        metric
        for metric in analysis(folder / "evidence")["post_training_bias_metrics"]["facets"]["region"][0][
            "metrics"
        ]
        if metric["name"] == "FT"
    )
    assert left_out["error"] == "FT was left out of this run"
    assert score(*ALL, "--facet", "region=CA", "--feature", "region") == 0
    assert analysis(folder / "evidence")["provenance"]["flip_test_features"] == ["region"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--facet", "regoin=CA"), 'error: facet regoin=CA: no column "regoin"; did you mean "region"?'),
        (
            ("--facet", "region", "--label", "lable"),
            'error: people.csv: no column "lable"; did you mean "label"?',
        ),
        (("--facet", "region", "CA"), 'error: unexpected "CA": name TABLE first, and repeat options'),
        (("--facet", "region", "--results", "results.jsonl"), "error: --results: leave out TABLE, --label"),
        (("--facet", "region", "--feature", "agee"), 'no column "agee"; did you mean "age"?'),
    ],
)
def test_what_cannot_be_computed_is_one_message_and_leaves_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert score(*ALL, *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "evidence" / "analysis.json").exists()


@pytest.mark.parametrize(
    ("arguments", "spread"),
    [
        ("t.csv --positive C D --facet x", "t.csv --positive C --positive D --facet x"),
        ("t.csv --positive=C D -o e", "t.csv --positive=C --positive D -o e"),
        ("t.csv --positive -1 -2 3 -o e", "t.csv --positive -1 --positive -2 --positive 3 -o e"),
        ("t.csv --positive C --positive D E", "t.csv --positive C --positive D --positive E"),
        ("t.csv --facet a b", "t.csv --facet a b"),
        ("--positive C t.csv", "--positive C t.csv"),
    ],
)
def test_several_values_after_one_option(arguments: str, spread: str) -> None:
    assert spread_values(arguments.split()) == spread.split()


@pytest.mark.parametrize("values", [("2", "-1"), ("2", "--positive", "-1"), ("-1", "2")])
def test_several_values_are_categories(folder: Path, values: tuple[str, ...]) -> None:
    (folder / "codes.csv").write_text("region,label\nEU,2\nEU,-1\nCA,2\nCA,0\n")
    options = ("--facet", "region=CA", "--label", "label", "-o", "evidence")
    assert score("codes.csv", "--positive", *values, *options) == 0
    written = analysis(folder / "evidence")["pre_training_bias_metrics"]
    assert sorted(written["label_value_or_threshold"].split(",")) == ["-1", "2"]
    values_by_name = {one["name"]: one["value"] for one in written["facets"]["region"][0]["metrics"]}
    assert values_by_name["DPL"] == 0.5


@pytest.mark.parametrize("arguments", [("people.csv",), ("--label", "label", "--positive", "1"), ()])
def test_neither_a_table_nor_results(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert score(*arguments, "--facet", "region", "-o", "evidence") == 2
    assert "name TABLE with --label and --positive, or --results" in capsys.readouterr().err


def test_a_group_that_is_everyone_is_noted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score(*ALL, "--facet", "region=EU,CA", "--no-flip-test") == 0
    assert (
        "note: region=EU,CA: every row is in this group; its metrics are undefined" in capsys.readouterr().err
    )


THRESHOLDS = """\
name: askdata
applies_to:
  model_package_groups: [askdata]
checks:
  - name: equal answers for all regions
    why: A colleague in one region needs right answers as much as one in another.
    metric: bias.post_training.DPPL
    facet: region
    between: [-0.1, 0.1]
"""


@pytest.mark.parametrize(("right_in_ca", "code"), [(18, 0), (12, 1)])
def test_a_gap_between_regions_rejects(folder: Path, right_in_ca: int, code: int) -> None:
    outcomes = {"EU": 18, "CA": right_in_ca}
    lines = [
        {"correct": index < right, "facets": {"region": region}}
        for region, right in outcomes.items()
        for index in range(20)
    ]
    (folder / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "askdata.yaml").write_text(THRESHOLDS)
    assert score("--results", "results.jsonl", "--facet", "region", "-o", "evidence") == 0
    assert run(["check", "askdata.yaml", "--evidence", "evidence"]) == code
