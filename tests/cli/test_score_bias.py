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
from cli.commands.score_bias import spread_values
from cli.main import run

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
        "scorer": {"name": "sagemaker-model-governance", "version": VERSION, "kind": "bias"},
        "input": {
            "file": "people.csv",
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "records": 30,
        },
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


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> str:
    (folder / name).write_bytes(text.encode(encoding))
    return name


def figures(folder: Path, section: str = "post_training_bias_metrics") -> dict[str, Any]:
    (groups,) = analysis(folder / "evidence")[section]["facets"].values()
    return {metric["name"]: metric["value"] for metric in groups[0]["metrics"]}


def score_columns(folder: Path, table: str, *, positive: str = "1", facet: str = "sex=F") -> int:
    options = (
        "--label",
        "label",
        "--predicted",
        "pred",
        "--facet",
        facet,
        "--no-flip-test",
        "-o",
        "evidence",
    )
    return score(table, *options, "--positive", positive)


# Six people: of three M two have the label and two the prediction, of three F two the label and one the prediction.
SIX = (("M", 1, 1), ("M", 0, 0), ("F", 1, 0), ("F", 0, 0), ("F", 1, 1), ("M", 1, 1))
BY_HAND = {"DPPL": 2 / 3 - 1 / 3, "DI": 0.5, "AD": 1 - 2 / 3, "RD": 1 - 1 / 2}


def six(labels: tuple[str, str], predictions: tuple[str, str], sex: str = "{}") -> str:
    lines = [f"{sex.format(who)},{labels[label]},{predictions[pred]}" for who, label, pred in SIX]
    return "\n".join(["sex,label,pred", *lines, ""])


@pytest.mark.parametrize(
    ("labels", "predictions", "positive"),
    [
        pytest.param(("False", "True"), ("0", "1"), "True", id="truth values and 1"),
        pytest.param(("0", "1"), ("false", "true"), "1", id="1 and truth values"),
        pytest.param(("0", "1"), ("0.0", "1.0"), "1", id="1 and 1.0"),
        pytest.param(("0.0", "1.0"), ("0", "1"), "1", id="1.0 and 1"),
        pytest.param(("0", "1"), ("0", "1"), "true", id="true for 1"),
        pytest.param(("no", "yes"), ("No", "Yes"), "yes", id="yes and Yes"),
        pytest.param(("no", "yes"), ("NO", "YES"), "Yes", id="a third spelling is asked for"),
        pytest.param(("no", "yes"), (" no", "yes "), "yes", id="spaces around texts"),
        pytest.param((" 0", "1 "), ("0 ", " 1"), "1", id="spaces around numbers"),
        pytest.param((" False", "True "), ("0", "1"), "True", id="spaces around truth values"),
    ],
)
def test_labels_and_predictions_may_be_spelt_apart(
    folder: Path, labels: tuple[str, str], predictions: tuple[str, str], positive: str
) -> None:
    assert score_columns(folder, write(folder, "t.csv", six(labels, predictions)), positive=positive) == 0
    assert {name: figures(folder)[name] for name in BY_HAND} == pytest.approx(BY_HAND)


@pytest.mark.parametrize(
    ("table", "positive", "facet", "said"),
    [
        pytest.param(
            six(("no", "yes"), ("0", "1")), "yes", "sex=F",
            "predicted label pred: it holds 1, 0, and label label holds yes, no, spelt apart; write both columns with",
            id="another language"),
        pytest.param(
            six(("0", "1"), ("0.2", "0.9")), "1", "sex=F",
            "predicted label pred: 0.9, 0.2 are no values of label label (1, 0) but look like probabilities or scores; "
            "give a threshold, such as --positive '>0.5'",
            id="probabilities"),
        pytest.param(
            six(("False", "True"), ("0.2", "1.0")), "true", "sex=F",
            "predicted label pred: 0.2 are no values of label label", id="probabilities beside truth values"),
        pytest.param(
            six(("no", "yes"), ("0.2", "0.9")), "yes", "sex=F",
            "make a column of labels of them, such as pred > 0.5, and name that with --predicted",
            id="probabilities beside texts"),
        pytest.param(
            six(("no", "yes"), ("no", "yes")).replace("F,yes,no", "F,Yes,no"), "yes", "sex=F",
            'label label: the column spells "yes" in several ways (yes, Yes); name them all, write them alike, or name '
            "exactly one as '=yes'",
            id="two spellings in one column"),
        pytest.param(
            six(("0", "1"), ("0", "1")), "1", "sex=F,race=B",
            'facet sex: no row holds "race=B"; the column holds M, F; a facet is about one column',
            id="a conjunction"),
        pytest.param(
            six(("0", "1"), ("0", "1")), "1", "sex=f",
            'facet sex: no row holds "f"; the column holds M, F; did you mean "F"?', id="another case"),
        pytest.param(
            six(("0", "1"), ("0", "1"), sex="{}emale"), "1", "sex=Femal",
            'facet sex: no row holds "Femal"; the column holds Memale, Female; did you mean "Female"?', id="misspelt"),
        pytest.param(
            six(("0", "1"), ("0", "1")).replace(",", ";"), "1", "sex=F",
            "t.csv:1: one column only, sex;label;pred; is the separator \";\"? Give --separator ';'", id="semicolons"),
    ],
)  # fmt: skip
def test_what_would_give_figures_of_something_else_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], *, table: str, positive: str, facet: str, said: str
) -> None:
    assert score_columns(folder, write(folder, "t.csv", table), positive=positive, facet=facet) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert said in error
    assert not (folder / "evidence" / "analysis.json").exists()


def test_probabilities_are_held_against_a_threshold_as_they_are(folder: Path) -> None:
    scores = "sex,label,pred\nM,1,1.0\nM,0,0.2\nM,1,0.9\nF,1,0.8\nF,0,0.1\nF,1,0.9\n"
    assert score_columns(folder, write(folder, "t.csv", scores), positive=">0.5") == 0
    assert {name: figures(folder)[name] for name in BY_HAND} == {"DPPL": 0, "DI": 1, "AD": 0, "RD": 0}


def as_jsonl(text: str) -> str:
    header, *rows = (line.split(",") for line in text.splitlines())
    return "".join(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("text", "encoding", "options"),
    [
        pytest.param(six(("0", "1"), ("0", "1")), "utf-8-sig", (), id="byte order mark"),
        pytest.param(six(("0", "1"), ("0", "1")).replace(",", " , "), "utf-8", (), id="spaces everywhere"),
        pytest.param(six(("0", "1"), ("0", "1")).replace("\n", "\r\n"), "utf-8", (), id="windows"),
        pytest.param(six(("0", "1"), ("0", "1")).replace(",", ";"), "utf-8", ("--separator", ";"), id="semicolons"),
        pytest.param(six(("0", "1"), ("0", "1")).replace(",", "\t"), "utf-8", ("--separator", "\t"), id="tabs"),
        pytest.param(as_jsonl(six(("0", "1"), ("0", "1"))), "utf-8", (), id="json lines"),
        pytest.param(
            "[" + ",".join(as_jsonl(six(("0", "1"), ("0", "1"))).splitlines()) + "]", "utf-8", (), id="json array"),
    ],
)  # fmt: skip
def test_tables_as_people_have_them(folder: Path, text: str, encoding: str, options: tuple[str, ...]) -> None:
    write(folder, "t.data", text, encoding)
    columns = ("--label", "label", "--predicted", "pred", "--facet", "sex=F", "--no-flip-test")
    assert score("t.data", *columns, "--positive", "1", "-o", "evidence", *options) == 0
    assert {name: figures(folder)[name] for name in BY_HAND} == pytest.approx(BY_HAND)


def test_utf_16_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, "t.csv", six(("0", "1"), ("0", "1")), "utf-16")
    assert score_columns(folder, "t.csv") == 2
    assert capsys.readouterr().err == "error: t.csv: not UTF-8 but UTF-16 or binary; save it as UTF-8\n"


def test_the_summary_says_rows_gaps_and_what_to_know(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = six(("0", "1"), ("0", "1")).replace("M,1,1", "f,1,7", 1)
    assert score_columns(folder, write(folder, "t.csv", table)) == 0
    said = capsys.readouterr()
    assert said.out == "evidence/analysis.json\n"
    figures_shown, rest = said.err.split("\n\n", 1)
    assert "bias.post_training.DPPL  sex=F  0" in figures_shown
    assert rest == (
        "rows by group\n"
        "        3  sex=F\n"
        "\n"
        "not measured\n"
        "        2  Group variable is empty or not provided\n"
        "           bias.pre_training.CDDL sex=F\n"
        "           bias.post_training.CDDPL sex=F\n"
        "        1  FT was left out of this run\n"
        "           bias.post_training.FT sex=F\n"
        "note: predicted label pred: 7 is no value of label label (1, 0), and not positive unless named\n"
        "note: facet sex: f differs in case only, and counts as everyone else; name it too, or write both alike\n"
        "note: fewer than 30 rows in a group, or beside it, so that one row moves its figures: sex=F 3\n"
    )


def test_a_plain_value_that_becomes_a_threshold_is_noted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = "sex,label,pred\nM,5,4.5\nM,2,2.0\nM,9,9.9\nF,1,1.0\nF,7,5.9\nF,8,8.0\n"
    assert score_columns(folder, write(folder, "t.csv", table), positive="5") == 0
    said = capsys.readouterr().err
    assert (
        "note: label label: numbers of many values, so those above 5 are positive, as in Clarify; --pos"
        in said
    )
    assert (
        "note: predicted label pred: cut to integers before they are compared, as in Clarify; --positive"
        in said
    )
    assert figures(folder)["DPPL"] == 0  # of M 9.9, of F 8.0: 5.9 is cut to 5
    assert score_columns(folder, "t.csv", positive=">5") == 0
    assert figures(folder)["DPPL"] == pytest.approx(1 / 3 - 2 / 3)


@pytest.mark.parametrize(("highest", "code"), [(80, 0), (99, 0)])
def test_a_threshold_file_names_a_group_above_a_number_as_it_was_scored(
    folder: Path, highest: int, code: int
) -> None:
    rows = [(40, 1), (50, 0), (70, 1), (highest, 0)] * 10
    write(folder, "t.csv", "age,label\n" + "".join(f"{age},{label}\n" for age, label in rows))
    options = ("--label", "label", "--positive", "1", "--facet", "age>60", "-o", "evidence")
    assert score("t.csv", *options) == 0
    (group,) = analysis(folder / "evidence")["pre_training_bias_metrics"]["facets"]["age"]
    assert group["value_or_threshold"] == "(60, inf)"
    (folder / "t.yaml").write_text(
        THRESHOLDS.replace("facet: region", 'facet: "age>60"').replace(
            "post_training.DPPL", "pre_training.DPL"
        )
    )
    assert run(["check", "t.yaml", "--evidence", "evidence"]) == code


def test_a_repeated_run_writes_the_same_bytes(folder: Path) -> None:
    written = []
    for _ in range(2):
        assert score(*ALL, "--facet", "region", "--facet", "age>40", "--group-variable", "age") == 0
        written.append((folder / "evidence" / "analysis.json").read_bytes())
    assert written[0] == written[1]


def test_groups_that_differ_in_case_only_are_noted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = six(("0", "1"), ("0", "1")).replace("F,1,1", "f,1,1")
    assert score_columns(folder, write(folder, "t.csv", table), facet="sex") == 0
    assert (
        "note: facet sex: F, f differ in case only, and are groups of their own\n" in capsys.readouterr().err
    )
