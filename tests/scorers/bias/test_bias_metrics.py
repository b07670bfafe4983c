"""The formulas, against figures worked out by hand; the laws they obey; and what is undefined."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorers.bias import Facet, Values, bias_report
from scorers.bias.metrics import POST_TRAINING, PRE_TRAINING, Counts, Undefined

PRE, POST = "pre_training_bias_metrics", "post_training_bias_metrics"
Rows = list[tuple[str, int, int, int]]
METRICS = {metric.name: metric for metric in (*PRE_TRAINING, *POST_TRAINING)}

# a: 10 rows, 6 positive, 5 predicted positive; d: 4 rows, 1 positive, 2 predicted positive
A = Counts(true_positives=4, false_positives=1, false_negatives=2, true_negatives=3)
D = Counts(true_positives=1, false_positives=1, false_negatives=0, true_negatives=2)
NOBODY = Counts(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CI", (10 - 4) / 14),
        ("DPL", 6 / 10 - 1 / 4),
        ("KL", 0.4 * math.log(0.4 / 0.75) + 0.6 * math.log(0.6 / 0.25)),
        ("JS", 0.5 * (0.4 * math.log(0.4 / 0.575) + 0.6 * math.log(0.6 / 0.425)
                      + 0.75 * math.log(0.75 / 0.575) + 0.25 * math.log(0.25 / 0.425))),
        ("LP", math.sqrt(0.35**2 + 0.35**2)),
        ("TVD", 0.35),
        ("KS", 0.35),
        ("AD", 7 / 10 - 3 / 4),
        ("DAR", 4 / 5 - 1 / 2),
        ("DCA", 6 / 5 - 1 / 2),
        ("DCR", 3 / 2 - 4 / 5),
        ("DI", (2 / 4) / (5 / 10)),
        ("DPPL", 5 / 10 - 2 / 4),
        ("DRR", 2 / 2 - 3 / 5),
        ("RD", 4 / 6 - 1 / 1),
        ("SD", 2 / 3 - 3 / 4),
        ("TE", 0 / 1 - 2 / 1),
        # benefits: 10 right answers of 1, 2 false alarms of 2, 2 misses of 0; their mean is 1
        ("GE", ((10 * 1 + 2 * 4) / 14 - 1) / 2),
    ],
)  # fmt: skip
def test_a_formula(name: str, value: float) -> None:
    measured = METRICS[name].value(A, D)
    assert measured == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "a", "d", "value"),
    [
        pytest.param("DI", Counts(0, 0, 5, 5), D, math.inf, id="only the group is accepted"),
        pytest.param("DI", Counts(0, 0, 5, 5), Counts(0, 0, 1, 1), 0.0, id="nobody is accepted: 0/0 is 0"),
        pytest.param("TE", Counts(1, 0, 2, 1), D, -math.inf, id="no false alarm among the others"),
        pytest.param(
            "TE", Counts(1, 0, 2, 1), Counts(1, 0, 3, 1), 0.0, id="infinite for both: no difference"
        ),
        pytest.param("DCA", Counts(0, 0, 2, 1), Counts(0, 0, 3, 1), 0.0, id="DCA infinite for both"),
        pytest.param("DCR", A, Counts(1, 1, 0, 0), math.inf, id="nobody of the group is rejected"),
        pytest.param("DAR", Counts(0, 0, 2, 1), D, -0.5, id="a precision of nothing is 0"),
        pytest.param(
            "KL", Counts(2, 0, 0, 2), Counts(4, 0, 0, 0), 0.5 * math.log(0.5), id="one common label"
        ),
    ],
)
def test_division_by_nothing_is_as_in_the_library(name: str, a: Counts, d: Counts, value: float) -> None:
    assert METRICS[name].value(a, d) == pytest.approx(value)


@pytest.mark.parametrize("name", sorted(METRICS.keys() - {"GE"}))
@pytest.mark.parametrize(("a", "d"), [(A, NOBODY), (NOBODY, D)])
def test_a_group_or_its_rest_without_rows_has_no_metric(name: str, a: Counts, d: Counts) -> None:
    measured = METRICS[name].value(a, d)
    assert isinstance(measured, Undefined)
    assert "empty" in measured.reason or "common facet" in measured.reason


def test_entropy_is_undefined_where_every_prediction_is_a_miss() -> None:
    assert isinstance(METRICS["GE"].value(Counts(0, 0, 3, 0), Counts(0, 0, 1, 0)), Undefined)


def test_groups_that_share_no_label_have_no_divergence() -> None:
    for name in ("KL", "JS", "LP", "TVD", "KS"):
        assert isinstance(METRICS[name].value(Counts(3, 0, 0, 0), Counts(0, 0, 0, 2)), Undefined)


def table_of(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group", "label", "predicted", "stratum"])


def metrics_of(table: pd.DataFrame, value: str = "d") -> dict[str, Any]:
    report: Any = bias_report(
        table,
        label="label",
        positive=Values((1,)),
        facets=[Facet("group", Values((value,)))],
        predicted="predicted",
        group_variable="stratum",
        with_flip_test=False,
    )
    return {
        metric["name"]: metric["value"]
        for key in (PRE, POST)
        for metric in report[key]["facets"]["group"][0]["metrics"]
    }


def test_conditional_disparity_weighs_the_strata_by_their_rows() -> None:
    # stratum 1 (4 rows): d has 1 of 1 rejected and 1 of 3 accepted; stratum 2 (2 rows): d has nobody
    rows = [("d", 0, 1, 1), ("d", 1, 1, 1), ("a", 1, 1, 1), ("a", 1, 1, 1), ("a", 0, 0, 2), ("a", 1, 0, 2)]
    measured = metrics_of(table_of(rows))
    assert measured["CDDL"] == pytest.approx((4 * (1 / 1 - 1 / 3) + 2 * 0) / 6)
    assert measured["CDDPL"] == pytest.approx((4 * (0 - 2 / 4) + 2 * 0) / 6)


def test_rows_without_a_stratum_do_not_count_in_conditional_disparity() -> None:
    rows = [("d", 0, 1, 1), ("d", 1, 1, 1), ("a", 1, 1, 1), ("a", 1, 0, 1), ("a", 0, 0, 2), ("d", 1, 0, 2)]
    table = table_of(rows)
    table.loc[4:, "stratum"] = np.nan
    assert metrics_of(table)["CDDL"] == pytest.approx(1 / 1 - 1 / 3)


ROWS = st.lists(
    st.tuples(st.sampled_from("ad"), st.integers(0, 1), st.integers(0, 1), st.integers(0, 2)),
    min_size=4,
    max_size=40,
)


def is_comparable(rows: Rows) -> bool:
    return {group for group, *_ in rows} == {"a", "d"} and any(row[1] and row[2] for row in rows)


BOTH_GROUPS = ROWS.filter(is_comparable)
ANTISYMMETRIC = ("CI", "DPL", "AD", "DAR", "DPPL", "RD")


def as_numbers(measured: dict[str, Any]) -> dict[str, float | None]:
    return {
        name: float(value.replace("Infinity", "inf")) if isinstance(value, str) else value
        for name, value in measured.items()
    }


@settings(max_examples=60, deadline=None)
@given(BOTH_GROUPS)
def test_swapping_the_groups_turns_the_metrics_round(rows: Rows) -> None:
    of_d, of_a = (as_numbers(metrics_of(table_of(rows), value)) for value in "da")
    for name in (*ANTISYMMETRIC, "DCA", "DCR", "DRR", "SD", "TE", "CDDPL"):
        one, other = of_d[name], of_a[name]
        if name != "CDDPL" and one is not None and other is not None:
            assert one == pytest.approx(-other, abs=1e-12), name
    for name in ("JS", "LP", "TVD", "KS", "GE"):
        assert of_d[name] == pytest.approx(of_a[name], abs=1e-12), name
    if of_d["DI"] and of_a["DI"]:
        product = of_d["DI"] * of_a["DI"]
        assert math.isnan(product) or product == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(BOTH_GROUPS, st.integers(2, 5))
def test_scaling_the_counts_changes_nothing(rows: Rows, times: int) -> None:
    once, often = metrics_of(table_of(rows)), metrics_of(table_of(rows * times))
    assert once == pytest.approx(often, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(BOTH_GROUPS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: Rows, random: Any) -> None:
    shuffled = random.sample(rows, len(rows))
    assert metrics_of(table_of(rows)) == pytest.approx(metrics_of(table_of(shuffled)), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(BOTH_GROUPS)
def test_metrics_stay_in_their_ranges(rows: Rows) -> None:
    measured = as_numbers(metrics_of(table_of(rows)))
    for name in (*ANTISYMMETRIC, "SD", "DRR", "CDDL", "CDDPL"):
        value = measured[name]
        assert value is None or -1 <= value <= 1, name
    for name in ("JS", "LP", "TVD", "KS", "DI", "GE"):
        value = measured[name]
        assert value is None or value >= -1e-12, name
