"""Values spelt in several ways denote the same, and figures do not depend on how or in which order rows are."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorers.bias import BiasError, Facet, Values, bias_report, parse_facet
from scorers.bias.columns import Scalar
from scorers.bias.spelling import denoted, rows_denoting
from scorers.bias.tables import Table


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(True, "1", id="true"),
        pytest.param(0, "0", id="integer"),
        pytest.param(1.0, "1", id="whole float"),
        pytest.param(0.5, "0.5", id="fraction"),
        pytest.param(" 1.00 ", "1", id="text of a whole number"),
        pytest.param("+1", "1", id="plus"),
        pytest.param("-1", "-1", id="minus"),
        pytest.param("007", "007", id="a code"),
        pytest.param("1e3", "1e3", id="no plain number"),
        pytest.param(" YES", "yes", id="case and spaces"),
        pytest.param("nan", "nan", id="not a number"),
    ],
)
def test_what_a_value_denotes(value: Scalar, expected: str) -> None:
    assert denoted(value) == expected


@pytest.mark.parametrize(
    ("cells", "value", "rows"),
    [
        pytest.param([1, 0, 1], "1.0", [True, False, True], id="number"),
        pytest.param([1, 0, 1], "True", [True, False, True], id="truth among 0 and 1"),
        pytest.param([True, False], "1", [True, False], id="1 among truth values"),
        pytest.param(["true", "FALSE"], "1", [True, False], id="1 among texts of truth"),
        pytest.param(["Yes", "no"], "yes", [True, False], id="case"),
        pytest.param(["01", "1"], "1", [False, True], id="a code is not the number"),
        pytest.param(["a", "b"], "c", [False, False], id="nowhere"),
        pytest.param([True, None, False], "true", [True, False, False], id="beside an empty cell"),
    ],
)
def test_rows_that_denote_a_value(cells: list[Any], value: str, rows: list[bool]) -> None:
    assert rows_denoting(pd.Series(cells), [value], "label x").tolist() == rows


@pytest.mark.parametrize(
    ("cells", "values", "said"),
    [
        (["yes", "Yes"], ["yes"], r'spells "yes" in several ways \(yes, Yes\); name them all'),
        ([1, 2], ["true"], '"true" is not a number'),
        ([1, 0], ["yes"], '"yes" is not a number'),
        ([True, False], ["yes"], '"yes" is neither true nor false'),
    ],
    ids=["several", "truth among numbers", "text among 0 and 1", "text among truth values"],
)
def test_what_a_value_cannot_denote(cells: list[Any], values: list[Scalar], said: str) -> None:
    with pytest.raises(BiasError, match=said):
        rows_denoting(pd.Series(cells), values, "label x")
    both = rows_denoting(pd.Series(["yes", "Yes"]), ["yes", "Yes"], "label x")
    assert both.tolist() == [True, True]


def test_a_value_written_with_an_equals_sign_is_taken_as_written() -> None:
    table = pd.DataFrame({"group": list("adad"), "label": ["yes", "Yes", "no", "yes"]})
    report: Any = bias_report(
        table, label="label", positive=Values(("yes",)), facets=[Facet("group", Values(("d",)))]
    )
    (group,) = report["pre_training_bias_metrics"]["facets"]["group"]
    assert {metric["name"]: metric["value"] for metric in group["metrics"]}["DPL"] == 0


SPELLINGS = {
    "0": ("0", "0.0", " 0", "0 "),
    "1": ("1", "1.0", " 1", "1 "),
    "no": ("no", "NO", " no ", "No"),
    "yes": ("yes", "YES", "yes ", "Yes"),
}
ROWS = [
    ("F", 1, 1),
    ("M", 1, 1),
    ("F", 0, 1),
    ("M", 0, 0),
    ("F", 1, 0),
    ("M", 1, 0),
    ("M", 0, 1),
    ("F", 1, 1),
]


def figures(path: Path, lines: list[str], facet: str, positive: str) -> Any:
    path.write_text("\n".join(["sex , label,pred", *lines]) + "\n")
    table = Table(path)
    return bias_report(
        table.load(table.columns, categories=table.columns),
        label="label",
        positive=[positive],
        facets=[parse_facet(facet, table.columns)],
        predicted="pred",
        group_variable="sex",
        with_flip_test=False,
    )


@given(order=st.permutations(range(len(ROWS))), data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_figures_do_not_depend_on_order_spelling_or_names(
    order: list[int], data: st.DataObject, tmp_path: Path
) -> None:
    """Whatever the values are called and however each column spells them, the figures are those of the plain table."""
    plain = figures(tmp_path / "plain.csv", [f"{who},{a},{b}" for who, a, b in ROWS], "sex=F", "1")
    negative, positive = data.draw(st.sampled_from([("0", "1"), ("no", "yes")]))
    columns = [
        {
            value: data.draw(st.sampled_from(SPELLINGS[word]))
            for value, word in enumerate((negative, positive))
        }
        for _ in ("label", "pred")
    ]
    pad = data.draw(st.sampled_from(["{}", " {}", "{} "]))
    women = data.draw(st.sampled_from(["F", "w", "female"]))
    lines = [
        f"{pad.format(women if who == 'F' else who)},{columns[0][a]},{columns[1][b]}"
        for who, a, b in (ROWS[index] for index in order)
    ]
    asked = data.draw(st.sampled_from(SPELLINGS[positive])).strip()
    other = figures(tmp_path / "other.csv", lines, f"sex={women}", asked)
    for key in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        mine, theirs = other[key]["facets"]["sex"], plain[key]["facets"]["sex"]
        assert [metric["value"] for metric in mine[0]["metrics"]] == pytest.approx(
            [metric["value"] for metric in theirs[0]["metrics"]]
        )
