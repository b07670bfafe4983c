"""Tables, facets and labels as they come: what is read how, and what is refused with which words."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from checks.errors import GovernanceError
from scorers.bias import Above, BiasError, Facet, Values, bias_report, parse_facet, parse_positive
from scorers.bias.row_groups import groups_of
from scorers.bias.tables import Table

NO_NUMBER = "is not a number; a threshold reads COLUMN>NUMBER, and the group is what is greater"
PRE, POST = "pre_training_bias_metrics", "post_training_bias_metrics"


def report_of(table: pd.DataFrame, **settings: Any) -> Any:
    defaults: dict[str, Any] = {
        "label": "label",
        "positive": ["1"],
        "facets": [Facet("group", Values(("d",)))],
    }
    return bias_report(table, **{**defaults, **settings})


def people(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"group": list("aaaadddd"), "label": [0, 1, 1, 1, 0, 0, 0, 1], **columns})


def value_of(report: Any, name: str, key: str = PRE) -> Any:
    (groups,) = report[key]["facets"].values()
    return next(metric for metric in groups[0]["metrics"] if metric["name"] == name)


@pytest.mark.parametrize(
    ("text", "facet"),
    [
        ("region", Facet("region")),
        ("region=CA", Facet("region", Values(("CA",)))),
        ("region=CA,FR", Facet("region", Values(("CA", "FR")))),
        ('region="Nice, FR",CA', Facet("region", Values(("Nice, FR", "CA")))),
        ("region=>50K", Facet("region", Values((">50K",)))),
        ("age>40", Facet("age", Above(40))),
        ("age>-0.5", Facet("age", Above(-0.5))),
        ("a=b", Facet("a=b")),
        ("a=b=c", Facet("a=b", Values(("c",)))),
    ],
)
def test_a_facet_as_typed(text: str, facet: Facet) -> None:
    assert parse_facet(text, ["region", "age", "a=b"]) == facet


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("regoin", 'facet regoin: no column "regoin"; did you mean "region"?'),
        ("zip=1", 'facet zip=1: no column "zip"; there is region, age'),
        ('region="EU', 'facet region="EU: a double quote without its end; write COLUMN="VALUE, VALUE"'),
        ("region=", "facet region=: an empty value; write COLUMN=VALUE or COLUMN=VALUE,VALUE"),
        (
            "age>=4",
            'facet age>=4: "=4" is not a number; a threshold reads COLUMN>NUMBER, and the group is what is greater',
        ),
        (
            "age>inf",
            'facet age>inf: "inf" is not a number; a threshold reads COLUMN>NUMBER, and the group is what is greater',
        ),
    ],
)
def test_a_facet_that_is_none(text: str, reason: str) -> None:
    with pytest.raises(BiasError) as caught:
        parse_facet(text, ["region", "age"])
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("texts", "positive"),
    [
        (["1"], ("1",)),
        (["C", "D"], ("C", "D")),
        (["=1"], Values(("1",))),
        ([">0.5"], Above(0.5)),
        ([">50K"], (">50K",)),
    ],
)
def test_a_positive_value_as_typed(texts: list[str], positive: object) -> None:
    assert parse_positive(texts) == positive


def test_a_threshold_beside_other_positive_values_is_refused() -> None:
    with pytest.raises(BiasError, match="a threshold is alone"):
        parse_positive([">1", "2"])


@pytest.mark.parametrize(
    ("labels", "positive", "expected", "written"),
    [
        pytest.param([0, 1, 1, 1, 0, 0, 0, 1], ["1"], 0.5, "1", id="binary, though so few rows look continuous"),
        pytest.param([0, 1, 1, 1, 0, 0, 0, 1], ["0"], -0.5, "0", id="the other of two values"),
        pytest.param([0, 9, 9, 9, 0, 0, 0, 9], ["5"], 0.5, "(5, inf)", id="a threshold between two values"),
        pytest.param([0.1, 0.7, 0.8, 0.9, 0.2, 0.3, 0.1, 0.6], ["0.5"], 0.5, "(0.5, inf)", id="continuous"),
        pytest.param([1, 7, 8, 9, 2, 3, 0, 6], ["5"], 0.5, "(5, inf)", id="continuous integers"),
        pytest.param([1, 7, 8, 9, 2, 3, 0, 6], ["7", "8"], 0.5, "7,8", id="several values are categories"),
        pytest.param([1, 7, 8, 9, 2, 3, 0, 7], Values(("7",)), 0.0, "7", id="a category among many integers"),
        pytest.param([0.1, 0.7, 0.8, 0.9, 0.2, 0.3, 0.1, 0.6], Above(0.5), 0.5, "(0.5, inf)", id="a threshold"),
        pytest.param(list("nyyynnny"), ["y"], 0.5, "y", id="texts"),
        pytest.param(list("nyyzxxxz"), ["y", "z"], 0.5, "y,z", id="several texts of many"),
        pytest.param([False, True, True, True, False, False, False, True], ["true"], 0.5, "true", id="truth values"),
    ],
)  # fmt: skip
def test_labels_of_every_kind(labels: list[Any], positive: Any, expected: float, written: str) -> None:
    report = report_of(people(label=labels), positive=positive)
    assert value_of(report, "DPL")["value"] == pytest.approx(expected)
    assert report[PRE]["label_value_or_threshold"] == written


@pytest.mark.parametrize(
    ("predicted", "reason"),
    [
        ([0] * 8, "No positive predicted labels in set: guess holds 0, and positive is 1"),
    ],
)
def test_without_a_positive_prediction_no_post_training_metric_is_measured(
    predicted: Any, reason: str
) -> None:
    report = report_of(people(guess=predicted), predicted="guess")
    metrics = report[POST]["facets"]["group"][0]["metrics"]
    assert [metric["name"] for metric in metrics] == [
        "AD", "CDDPL", "DAR", "DCA", "DCR", "DI", "DPPL", "DRR", "FT", "GE", "RD", "SD", "TE",
    ]  # fmt: skip
    assert {(metric["value"], metric["error"]) for metric in metrics} == {(None, reason)}
    assert value_of(report, "DPL")["value"] == 0.5


def test_labels_all_negative_beside_predictions_of_both_kinds() -> None:
    report = report_of(people(label=0, guess=[0, 1] * 4), predicted="guess", group_variable="group")
    assert value_of(report, "AD", POST)["value"] == 0
    assert value_of(report, "CDDL")["error"] == "No positive labels in set"


def test_predictions_are_cut_to_integers_where_labels_are_integers_as_in_the_library() -> None:
    table = people(label=[1, 7, 8, 9, 2, 3, 0, 6], guess=[0.5, 5.9, 6.1, 9.0, 5.5, 5.9, 6.0, 6.5])
    report = report_of(table, positive=["5"], predicted="guess")
    assert value_of(report, "DPPL", POST)["value"] == 2 / 4 - 2 / 4


def groups(table: pd.DataFrame, facet: Facet) -> dict[str, list[bool]]:
    return {group.name: group.rows.tolist() for group in groups_of(table, facet)}


def test_each_value_in_turn() -> None:
    table = pd.DataFrame({"code": [2, 1, 2], "yes": [True, False, True], "region": ["NA", None, "EU"]})
    assert groups(table, Facet("code")) == {"2": [True, False, True], "1": [False, True, False]}
    assert groups(table, Facet("yes")) == {"True": [True, False, True], "False": [False, True, False]}
    assert groups(table, Facet("region")) == {
        "NA": [True, False, False],
        "EU": [False, False, True],
        "nan": [False, False, False],
    }


def test_values_are_compared_in_the_kind_of_the_column() -> None:
    table = pd.DataFrame({"number": [1.0, 2.0, None], "text": ["1", "1.0", None], "yes": [True, False, None]})
    assert groups(table, Facet("number", Values(("1",)))) == {"1": [True, False, False]}
    assert groups(table, Facet("number", Values((1.0,)))) == {"1.0": [True, False, False]}
    assert groups(table, Facet("text", Values((1,)))) == {"1": [True, False, False]}
    assert groups(table, Facet("yes", Values(("true",)))) == {"true": [True, False, False]}


def test_above_a_threshold() -> None:
    table = pd.DataFrame({"age": [30, 40, 41], "score": [0.1, None, 0.9]})
    assert groups(table, Facet("age", Above(40))) == {"(40, inf)": [False, False, True]}
    assert groups(table, Facet("age", Above(40.5))) == {"(40.5, inf)": [False, False, True]}
    assert groups(table, Facet("score", Above(0.5))) == {"(0.5, inf)": [False, False, True]}
    with pytest.raises(BiasError, match="facet age>99: no row is above it; the largest is 41"):
        groups(table, Facet("age", Above(99)))


@pytest.mark.parametrize(
    ("columns", "settings", "reason"),
    [
        pytest.param({"label": [0, 1, None, 1, 0, 0, None, 1]}, {},
                     "label label: 2 empty cells, the first in data row 3; fill them", id="empty labels"),
        pytest.param({"guess": [0, 1, 1, 1, 0, 0, 0, None]}, {"predicted": "guess"},
                     "predicted label guess: 1 empty cells, the first in data row 8", id="empty predictions"),
        pytest.param({"label": [0, 1, "1", 1, 0, 0, "x", 1]}, {},
                     r"label label: cells of several types \(0, 1, x\); give the column one type", id="mixed labels"),
        pytest.param({"label": [*list("0111000"), "unknown"]}, {},
                     r"label label: numbers and texts in one column \(unknown\); leave those rows out, or write "
                     "the positive value as '=1'", id="numbers and texts"),
        pytest.param({"group": ["a", 1, "a", "a", "d", "d", "d", "d"]}, {},
                     "facet group: cells of several types", id="a mixed facet"),
        pytest.param({"label": [0] * 8}, {}, r"label label: no row is positive \(greater than 1\); the column holds 0",
                     id="all labels negative"),
        pytest.param(
            {}, {"positive": ["7"]}, r"no row is positive \(greater than 7\); the column holds 0, 1; several values",
                     id="a value that is not there"),
        pytest.param({}, {"positive": []}, "label label: no positive value; name at least one", id="no value"),
        pytest.param(
            {}, {"positive": ["yes"]}, r'label label: it holds numbers \(0, 1\), and "yes" is none', id="a text"),
        pytest.param({}, {"label": "lable"}, 'no column "lable"; did you mean "label"', id="no such label"),
        pytest.param({}, {"facets": [Facet("grup")]}, 'no column "grup"; did you mean "group"', id="no such facet"),
        pytest.param({}, {"group_variable": "zip"}, 'no column "zip"', id="no such group variable"),
        pytest.param({}, {"predicted": "guess"}, 'no column "guess"', id="no such prediction"),
        pytest.param({}, {"facets": [Facet("group", Above(1))]},
                     r"facet group: a threshold needs numbers, and the column holds others \(a, d\)", id="threshold"),
        pytest.param({"day": pd.date_range("2024-01-01", periods=8)}, {"facets": [Facet("day", Above(1))]},
                     "facet day: a threshold needs numbers", id="a threshold among dates"),
        pytest.param({"label": pd.date_range("2024-01-01", periods=8)}, {},
                     r"label label: no row is positive \(1\)", id="dates as labels"),
        pytest.param({"yes": [True] * 8}, {"facets": [Facet("yes", Values(("maybe",)))]},
                     '"maybe" is neither true nor false', id="no truth value"),
    ],
)  # fmt: skip
def test_what_is_refused(columns: dict[str, Any], settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(BiasError, match=reason):
        report_of(people(**columns), **settings)


def test_a_text_among_numbers_is_negative_when_that_is_said() -> None:
    report = report_of(people(label=[*list("0111000"), "unknown"]), positive=Values(("1",)))
    assert value_of(report, "DPL")["value"] == 0.75


def test_no_rows() -> None:
    with pytest.raises(BiasError, match="no rows"):
        report_of(people().iloc[:0])


@pytest.mark.parametrize(
    ("column", "reason"), [("person", "200,000 different values"), ("income", "different numbers")]
)
def test_a_column_that_is_no_grouping_is_refused(column: str, reason: str) -> None:
    rows = 200_000
    table = pd.DataFrame(
        {
            "person": [f"p{index}" for index in range(rows)],
            "income": range(rows),
            "label": [0, 1] * (rows // 2),
        }
    )
    with pytest.raises(BiasError, match=reason):
        report_of(table, facets=[Facet(column)])
    one = report_of(table, facets=[Facet("person", Values(("p1",)))], group_variable="person", positive=[1])
    assert value_of(one, "CDDL")["value"] == pytest.approx((0 - 1) / rows)


def test_a_facet_with_one_group_is_undefined_by_its_metrics() -> None:
    report = report_of(people(group="d"))
    measured = {metric["name"]: metric for metric in report[PRE]["facets"]["group"][0]["metrics"]}
    assert {name: metric["value"] for name, metric in measured.items()} == dict.fromkeys(measured)
    assert all(metric["error"] for metric in measured.values())


def test_labels_all_positive_leave_nothing_to_condition_on() -> None:
    report = report_of(people(label=1, stratum=1), group_variable="stratum")
    assert value_of(report, "CDDL") == {
        "name": "CDDL",
        "description": "Conditional Demographic Disparity in Labels (CDDL)",
        "value": None,
        "error": "No negative labels in set",
    }


def test_a_group_variable_of_texts_with_gaps_is_undefined_as_in_the_library() -> None:
    report = report_of(people(stratum=["x", None] * 4), group_variable="stratum")
    assert value_of(report, "CDDL")["value"] is None
    assert "Group variable mixes texts" in value_of(report, "CDDL")["error"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_is_known_by_its_content(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "table.data"
    written = people(income=[1.5] * 8)
    written.to_csv(path, index=False) if suffix == ".csv" else written.to_parquet(path)
    table = Table(path)
    assert table.columns == ["group", "label", "income"]
    read = table.load(["label", "group"], categories=["label", "group"])
    pd.testing.assert_frame_equal(read[["group", "label"]], people(), check_dtype=False)


def test_na_is_north_america_in_a_category_and_a_gap_among_numbers(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("region,income\nNA,NA\n,1\nEU,2\n")
    read = Table(path).load(["region", "income"], categories=["region"])
    assert read["region"].isna().tolist() == [False, True, False]
    assert read["income"].isna().tolist() == [True, False, False]


def test_a_code_that_becomes_a_text_late_in_the_file_is_a_text_throughout(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = 300_000
    path.write_text("code\n" + "07\n" * rows + "9X\n")
    read = Table(path).load(["code"], categories=["code"])
    assert read["code"].unique().tolist() == ["07", "9X"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,b\n1,2\n1,2,3\n", "table.csv:3: 3 cells, and the header has 2"),
        (b"a,b\n1,2\n1\n", "table.csv:3: 1 cells, and the header has 2"),
        (b"a,a\n1,2\n", 'the column "a" is there twice'),
        (b"", "empty; there is nothing to compare"),
        (b"a,b\n", "a header and no rows; there is nothing to compare"),
        (b"a,b\n1,\xff\n", "not UTF-8"),
        (b"PAR1 and no more", "cannot be read as a table"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(GovernanceError, match=reason) as caught:
        Table(path).load(["a", "b"], categories=[])
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GovernanceError, match="No such file"):
        Table(tmp_path / "nothing.csv")
