"""Readers: what each format gives, and what happens to everything else."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checks.evidence import Document, Report, ReportKind
from checks.measurements import Measured, Source, Unmeasured
from checks.reports import MAX_MEASUREMENTS, MAX_REPORT_BYTES, READERS, read_report

URI = "s3://evidence/report.json"
OBJECT = "an object where a number belongs"


def read(document: object) -> Report:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_report(Document(URI, content))


def figures(document: object) -> dict[tuple[str, str | None], float | str]:
    """Return each measurement's value, or the reason why there is none, by metric and facet.

    Left out is that an object or a list with parts of its own is no figure itself.
    """
    report = read(document)
    assert report.problem is None, report.problem
    told = [m for m in report.measurements if isinstance(m, Measured) or not m.itself_only]
    found = {(m.metric, m.facet): m.value if isinstance(m, Measured) else m.reason for m in told}
    assert len(found) == len(told)
    return found


def whole(document: object) -> dict[str, float | str]:
    found = figures(document)
    assert {facet for _, facet in found} == {None}
    return {metric: value for (metric, _), value in found.items()}


def bias(
    *metrics: object, section: str = "post_training_bias_metrics", value: object = "1"
) -> dict[str, Any]:
    group = {"value_or_threshold": value, "metrics": list(metrics)}
    return {"version": "1.0", section: {"label": "y", "facets": {"sex": [group]}}}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"value": 0.25}, 0.25),
        ({"value": -3}, -3.0),
        ({"value": "Infinity"}, '"Infinity" is not a finite number'),
        ({"value": "-Infinity"}, '"-Infinity" is not a finite number'),
        ({"value": "NaN"}, '"NaN" is not a finite number'),
        ({"value": "-Infinity", "error": "no negatives"}, '"-Infinity" is not a finite number: no negatives'),
        ({"value": None, "error": "Group variable is empty"}, "Group variable is empty"),
        ({"value": 0.5, "error": "only in part"}, "the value comes with an error: only in part"),
        ({"value": 0.5, "error": None}, 0.5),
        ({"value": 0.5, "error": ""}, 0.5),
        ({"value": 0.5, "error": {"code": 1}}, 'the value comes with an error: {"code": 1}'),
        ({"value": None}, "null, without a reason"),
        ({"value": None, "error": ""}, "null, without a reason"),
        ({"value": None, "error": 3}, "null, without a reason: a number"),
        ({"value": 0.5, "error": "NaN"}, 0.5),
        ({"value": True}, "a boolean where a number belongs"),
        ({"value": "0.5"}, 'the text "0.5" where a number belongs'),
        ({"value": [0.5]}, "a list where a number belongs"),
        ({"value": {"x": 0.5}}, "an object where a number belongs"),
        ({"value": 10**400}, "the number is too large for a double"),
    ],
)
def test_a_value_is_a_finite_number_or_unmeasured_with_the_reason(
    entry: dict[str, object], expected: object
) -> None:
    assert figures(bias({"name": "TE", **entry})) == {("bias.post_training.TE", "sex=1"): expected}
    assert whole({"regression_metrics": {"mse": entry}}) == {"regression.mse": expected}


@pytest.mark.parametrize(
    ("literal", "reason"),
    [
        ("NaN", '"NaN" is not a finite number'),
        ("Infinity", '"Infinity" is not a finite number'),
        ("-Infinity", '"-Infinity" is not a finite number'),
        ("1e999", "the number is too large for a double"),
        ("-1e999", "the number is too large for a double"),
    ],
)
def test_a_literal_that_is_no_finite_number_is_undefined_at_its_own_place(literal: str, reason: str) -> None:
    content = f'{{"settings": {{"gamma": {literal}}}, "x_metrics": {{"a": {{"value": {literal}}}, "b": 1}}}}'
    report = read(content.encode())
    assert report.measurements == (
        Unmeasured("settings", OBJECT, Source(URI, "/settings"), itself_only=True),
        Unmeasured("settings.gamma", reason, Source(URI, "/settings/gamma"), itself_only=True),
        Unmeasured("x.a", reason, Source(URI, "/x_metrics/a/value")),
        Measured("x.b", 1.0, Source(URI, "/x_metrics/b")),
    )


def test_a_measurement_knows_where_it_stands() -> None:
    (found,) = read({"a/b_metrics": {"m~n": {"value": 1}}}).measurements
    assert found == Measured("a/b.m~n", 1.0, Source(URI, "/a~1b_metrics/m~0n/value"))


@pytest.mark.parametrize(
    ("value", "facet"),
    [("0", "sex=0"), ("C,D", "sex=C,D"), ("(0.5, 0.99]", "sex=(0.5, 0.99]"), (0, "sex=0"), (0.5, "sex=0.5")],
)
def test_a_clarify_facet_is_column_and_value(value: object, facet: str) -> None:
    assert figures(bias({"name": "CI", "value": 1}, section="pre_training_bias_metrics", value=value)) == {
        ("bias.pre_training.CI", facet): 1.0
    }


def test_metrics_are_found_by_name_wherever_they_stand_in_the_list() -> None:
    """The published ancestor takes them by their position."""
    metrics = [{"name": name, "value": value} for value, name in enumerate(("AD", "DI", "TE"))]
    assert figures(bias(*metrics)) == figures(bias(*reversed(metrics)))
    assert figures(bias(*metrics))["bias.post_training.TE", "sex=1"] == 2.0


def test_a_clarify_facet_without_a_value_is_the_column() -> None:
    document = {"pre_training_bias_metrics": {"facets": {"age": [{"metrics": [{"name": "CI", "value": 1}]}]}}}
    assert figures(document) == {("bias.pre_training.CI", "age"): 1.0}


def test_explanations_give_values_shares_and_the_top_share() -> None:
    shap = {"global_shap_values": {"age": 0.3, "income": -0.1}, "expected_value": 0.5}
    assert whole({"explanations": {"kernel_shap": {"yes": shap}}}) == {
        "explainability.kernel_shap.yes.age": 0.3,
        "explainability.kernel_shap.yes.income": -0.1,
        "explainability.kernel_shap.yes.age.share": pytest.approx(0.75),
        "explainability.kernel_shap.yes.income.share": pytest.approx(0.25),
        "explainability.kernel_shap.yes.top_share": pytest.approx(0.75),
        "explainability.kernel_shap.yes.expected_value": 0.5,
    }


@pytest.mark.parametrize(
    "values", [{"age": 0.3, "income": "NaN"}, {"age": 0, "income": 0}, {"age": 1e308, "income": 1e308}]
)
def test_shares_of_an_unknown_total_are_unmeasured(values: dict[str, object]) -> None:
    found = whole({"explanations": {"kernel_shap": {"yes": {"global_shap_values": values}}}})
    for metric in ("age.share", "income.share", "top_share"):
        assert isinstance(found[f"explainability.kernel_shap.yes.{metric}"], str)


def test_one_document_of_clarify_may_hold_bias_and_explanations() -> None:
    report = read(
        {**bias({"name": "TE", "value": 1}), "explanations": {"pdp": [{"feature_name": "a", "x": [1]}]}}
    )
    assert report.format == "clarify_bias+clarify_explainability"
    found = [m.metric for m in report.measurements if isinstance(m, Measured)]
    assert found == ["bias.post_training.TE", "explainability.pdp.a.x.0"]


def test_an_analysis_configuration_is_recognised_and_measures_nothing() -> None:
    report = read({"methods": {"post_training_bias": {"methods": "all"}}, "probability_threshold": 0.8})
    reason = "settings of an analysis, not a report; its figures are in analysis.json"
    assert report.measurements == (Unmeasured("clarify_analysis_config", reason, Source(URI)),)


def test_nested_metrics_of_an_evaluation_are_addressed_numbers() -> None:
    document = {
        "binary_classification_metrics": {
            "confusion_matrix": {"0": {"0": 7, "1": 1}, "1": {"0": 0, "1": 2}},
            "auc": {"value": 0.9, "standard_deviation": "NaN", "note": "by hand", "folds": [0.8, 1]},
            "receiver_operating_characteristic_curve": {"false_positive_rates": [0, 1]},
            "empty": {},
        }
    }
    assert whole(document) == {
        "binary_classification.confusion_matrix.0.0": 7.0,
        "binary_classification.confusion_matrix.0.1": 1.0,
        "binary_classification.confusion_matrix.1.0": 0.0,
        "binary_classification.confusion_matrix.1.1": 2.0,
        "binary_classification.auc": 0.9,
        "binary_classification.auc.standard_deviation": '"NaN" is not a finite number',
        "binary_classification.auc.note": 'the text "by hand" where a number belongs',
        "binary_classification.auc.folds.0": 0.8,
        "binary_classification.auc.folds.1": 1.0,
        "binary_classification.receiver_operating_characteristic_curve.false_positive_rates.0": 0.0,
        "binary_classification.receiver_operating_characteristic_curve.false_positive_rates.1": 1.0,
        "binary_classification.empty": "an object where a number belongs",
    }


NO_SIZE = "its sample size cannot be one: "
NO_INTERVAL = "interval is not low <= value <= high with a confidence between 0 and 1"
UNUSABLE: dict[str, tuple[dict[str, object], str | None, str | None]] = {
    "size: boolean": ({"samples": True}, f"{NO_SIZE}a boolean where a number belongs", None),
    "size: text": ({"samples": "300"}, f'{NO_SIZE}the text "300" where a number belongs', None),
    "size: 0": ({"samples": 0}, f"{NO_SIZE}0 is no number of items", None),
    "size: negative": ({"samples": -5}, f"{NO_SIZE}-5 is no number of items", None),
    "size: half": ({"samples": 2.5}, f"{NO_SIZE}2.5 is no number of items", None),
    "size: 300 digits": ({"samples": 10**300}, f"{NO_SIZE}1e+300 is no number of items", None),
    "size: 400 digits": ({"samples": 10**400}, f"{NO_SIZE}the number is too large for a double", None),
    "size: list": ({"samples": [3]}, f"{NO_SIZE}a list where a number belongs", None),
    "size: NaN": ({"samples": "NaN"}, f'{NO_SIZE}"NaN" is not a finite number', None),
    "size: unknown": ({"samples": None}, None, None),
    "spread: NaN": ({"standard_deviation": "NaN"}, None, "standard_deviation is NaN"),
    "spread: NA": ({"standard_deviation": "NA"}, None, 'standard_deviation is the text "NA"'),
    "spread: empty": ({"standard_deviation": ""}, None, 'standard_deviation is the text ""'),
    "spread: 0 in text": ({"standard_deviation": "0"}, None, 'standard_deviation is the text "0"'),
    "spread: null": ({"standard_deviation": None}, None, "standard_deviation is null"),
    "spread: boolean": ({"standard_deviation": False}, None, "standard_deviation is a boolean"),
    "spread: negative": ({"standard_deviation": -1}, None, "standard_deviation is -1, below 0"),
    "error: list": ({"standard_error": [1]}, None, "standard_error is a list"),
    "error: too large": (
        {"standard_error": 10**400}, None, "standard_error cannot be used: the number is too large for a double",
    ),
    "interval: list": ({"interval": [0.4, 0.6]}, None, NO_INTERVAL),
    "interval: null": ({"interval": None}, None, NO_INTERVAL),
    "interval: beside the value": ({"interval": {"low": 0.6, "high": 0.7, "confidence": 0.9}}, None, NO_INTERVAL),
    "interval: in per cent": ({"interval": {"low": 0.4, "high": 0.7, "confidence": 90}}, None, NO_INTERVAL),
    "interval: text": ({"interval": {"low": 0.4, "high": "0.7", "confidence": 0.9}}, None, NO_INTERVAL),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_value_with_unusable_support_stays_and_says_what_is_wrong(name: str) -> None:
    beside, of_samples, of_spread = UNUSABLE[name]
    document = {"x_metrics": {"m": {"value": 0.5, "facets": {"a=b": {"value": 0.5, **beside}}, **beside}}}
    found = [m for m in read(document).measurements if isinstance(m, Measured)]
    assert [(m.metric, m.facet, m.value) for m in found] == [("x.m", None, 0.5), ("x.m", "a=b", 0.5)]
    for measured in found:
        assert (measured.support.samples_problem, measured.support.spread_problem) == (of_samples, of_spread)
        assert (measured.samples, measured.support.standard_deviation, measured.support.interval) == (
            None,
            None,
            None,
        )


def test_a_sample_size_survives_a_spread_that_cannot_be_used() -> None:
    document = {"x_metrics": {"m": {"value": 4.9, "samples": 500.0, "standard_deviation": "NaN"}}}
    measured, gap = read(document).measurements
    assert isinstance(measured, Measured)
    assert (measured.value, measured.samples, measured.support.spread_problem) == (
        4.9,
        500,
        "standard_deviation is NaN",
    )
    assert gap.metric == "x.m.standard_deviation"


EVALUATION_GAPS: dict[str, tuple[object, list[tuple[str, str | None]]]] = {
    "an error and no value": ({"m": {"error": "none"}}, [("x.m", None)]),
    "only a sample size": ({"m": {"samples": 5}}, [("x.m", None)]),
    "a misspelt value": ({"m": {"vlaue": 0.9}}, [("x.m", None)]),
    "null": ({"m": None}, [("x.m", None)]),
    "text": ({"m": "0.9"}, [("x.m", None)]),
    "a boolean": ({"m": True}, [("x.m", None)]),
    "a list": ({"m": [0.9]}, [("x.m", None)]),
    "nothing": ({"m": {}}, [("x.m", None)]),
    "an error beside parts": ({"m": {"a": 0.9, "error": "half"}}, [("x.m", None)]),
    "a group that is null": (None, [("x", None)]),
    "a group that is empty": ({}, [("x", None)]),
    "a group that is text": ("good", [("x", None)]),
    "a group that is a list": ([0.9], [("x", None)]),
    "a group of a misspelt list": ([{"name": "m", "vlaue": 1}], [("x", None)]),
    "facets: an error": ({"m": {"facets": {"s=1": {"error": "no label"}}}}, [("x.m", "s=1")]),
    "facets: only a sample size": ({"m": {"facets": {"s=1": {"samples": 5}}}}, [("x.m", "s=1")]),
    "facets: a misspelt value": ({"m": {"facets": {"s=1": {"vlaue": 0.9}}}}, [("x.m", "s=1")]),
    "facets: a list": ({"m": {"facets": {"s=1": [0.9]}}}, [("x.m", "s=1")]),
    "facets: text": ({"m": {"facets": {"s=1": "0.9"}}}, [("x.m", "s=1")]),
    "facets: null": ({"m": {"facets": {"s=1": None}}}, [("x.m", "s=1")]),
    "facets: a column": ({"m": {"facets": {"s": {"value": None}, "s=1": 0.9}}}, [("x.m", "s")]),
    "an error of all facets": ({"m": {"error": "half", "facets": {"s=1": 0.9}}}, [("x.m", None), ("x.m", "s=1")]),
    "a misspelt value beside facets": ({"m": {"vlaue": 1, "facets": {"s=1": 0.9}}}, [("x.m", None)]),
}  # fmt: skip


@pytest.mark.parametrize("name", EVALUATION_GAPS)
def test_an_entry_that_says_nothing_usable_is_a_gap_at_its_own_address(name: str) -> None:
    group, expected = EVALUATION_GAPS[name]
    report = read({"x_metrics": group})
    assert report.problem is None
    addresses = {(m.metric, m.facet) for m in report.measurements if isinstance(m, Unmeasured)}
    assert addresses >= set(expected)
    assert not any(
        (m.metric, m.facet) in expected
        for m in report.measurements
        if isinstance(m, Measured) and m.facet is None
    )


def test_groups_are_found_whatever_their_case_and_one_level_down() -> None:
    group = {"mse": {"value": 4.9}}
    assert whole({"Regression_Metrics": group}) == {"Regression.mse": 4.9}
    assert whole({"evaluation": {"regression_metrics": group}}) == {"regression.mse": 4.9}
    assert whole([{"regression_metrics": group}, {"rag_metrics": {"a": 1}}]) == {
        "regression.mse": 4.9,
        "rag.a": 1.0,
    }
    assert whole({"regression_metrics": [{"name": "mse", "value": 4.9}]}) == {"regression.mse": 4.9}


def test_what_stands_outside_of_every_group_is_a_gap_at_its_name() -> None:
    report = read(
        {"regression_metrics": {"mse": 4.9}, "r2": {"value": 0.8}, "loss": 1, "matrix": [[1]], "note": "x"}
    )
    found = {one.metric: one.reason for one in report.measurements if isinstance(one, Unmeasured)}
    outside = 'a figure outside of every group; put it into one, as in {"model_metrics": {"name": 0.9}}'
    listed = "a list where a number belongs"
    assert found == {
        "r2": outside,
        "loss": outside,
        "matrix": listed,
        "matrix.0": listed,
        "matrix.0.0": outside,
        "note": 'the text "x" where a number belongs',
    }


def feature(**changes: object) -> dict[str, object]:
    return {"name": "b", "inferred_type": "Fractional", **changes}


STATISTICS = "model_monitor.statistics"
MEAN = f"{STATISTICS}.numerical_statistics.mean"
MONITOR_GAPS: dict[str, tuple[dict[str, object], str]] = {
    "text": (feature(numerical_statistics={"mean": "n/a"}), MEAN),
    "a boolean": (feature(numerical_statistics={"mean": True}), MEAN),
    "a list": (feature(numerical_statistics={"mean": [0.5]}), MEAN),
    "an object": (feature(numerical_statistics={"mean": {"value": 0.5}}), MEAN),
    "nothing": (feature(numerical_statistics={"mean": {}}), MEAN),
    "a misspelt name": (feature(numerical_statistics={"maen": 0.5}), MEAN),
    "statistics that are null": (feature(numerical_statistics=None), f"{STATISTICS}.numerical_statistics"),
    "statistics that are a list": (feature(numerical_statistics=[0.5]), f"{STATISTICS}.numerical_statistics"),
    "statistics that are empty": (feature(numerical_statistics={}), MEAN),
    "no statistics": (feature(), f"{STATISTICS}.numerical_statistics"),
    "no statistics and no type": ({"name": "b"}, STATISTICS),
}  # fmt: skip


@pytest.mark.parametrize("name", MONITOR_GAPS)
def test_what_model_monitor_could_not_tell_of_a_feature_is_a_gap(name: str) -> None:
    given_, metric = MONITOR_GAPS[name]
    good = {"name": "a", "inferred_type": "Fractional", "numerical_statistics": {"mean": 0.5}}
    report = read({"dataset": {"item_count": 9}, "features": [good, given_]})
    assert (metric, "b") in {(m.metric, m.facet) for m in report.measurements if isinstance(m, Unmeasured)}
    assert not any(
        m.facet == "b" and m.metric == MEAN for m in report.measurements if isinstance(m, Measured)
    )


def test_a_feature_of_another_kind_lacks_nothing() -> None:
    features = [
        {"name": "a", "inferred_type": "Fractional", "numerical_statistics": {"mean": 0.5}},
        {"name": "c", "inferred_type": "String", "string_statistics": {"distinct_count": 3}},
    ]
    found = figures({"dataset": {"item_count": 9}, "features": features})
    assert (MEAN, "c") not in found and (f"{STATISTICS}.string_statistics.distinct_count", "a") not in found


def test_a_feature_without_a_name_or_a_list_is_a_gap_of_all_features() -> None:
    assert figures({"dataset": {"item_count": 9}, "features": [{"completeness": 1}]})[
        STATISTICS, "/features/0"
    ]
    assert whole({"dataset": {"item_count": 9}, "features": "all"})[STATISTICS]


def test_constraints_have_a_completeness_of_every_feature() -> None:
    found = figures({"features": [{"name": "a", "completeness": 1.0}, {"name": "b", "completness": 1.0}]})
    completeness = "model_monitor.constraints.completeness"
    assert found[completeness, "a"] == 1.0
    assert found[completeness, "b"] == "this feature has no completeness, and others have"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            {"dataset": {"name": "test"}, "x_metrics": {"m": 1}}, id="a data set that is not counted"
        ),
        pytest.param({"features": ["age", "sex"], "x_metrics": {"m": 1}}, id="names of features"),
        pytest.param({"violations": 3, "x_metrics": {"m": 1}}, id="a number of violations"),
        pytest.param({"explanations": "in words", "x_metrics": {"m": 1}}, id="a word named explanations"),
    ],
)
def test_one_key_does_not_make_a_format(document: object) -> None:
    report = read(document)
    assert report.format == "sagemaker_evaluation"
    assert [m.metric for m in report.measurements if isinstance(m, Measured)] == ["x.m"]


def clarify(**facets: object) -> dict[str, object]:
    return {"post_training_bias_metrics": {"facets": facets}}


def group(*names: str, value: object = "1") -> dict[str, object]:
    return {"value_or_threshold": value, "metrics": [{"name": name, "value": 0.1} for name in names]}


POST = "bias.post_training"
CLARIFY_GAPS: dict[str, tuple[object, str, str | None]] = {
    "a group that lacks a metric": (clarify(sex=[group("TE", "DI"), group("TE", value="0")]), f"{POST}.DI", "sex=0"),
    "a facet that lacks a metric": (clarify(sex=[group("TE", "DI")], age=[group("TE")]), f"{POST}.DI", "age=1"),
    "an empty group": (clarify(sex=[group("TE"), group(value="0")]), POST, "sex=0"),
    "a group that is null": (clarify(sex=[group("TE"), None]), POST, "sex"),
    "a group without metrics": (clarify(sex=[group("TE"), {"value_or_threshold": 0}]), POST, "sex=0"),
    "metrics that are an object": (clarify(sex=[{"value_or_threshold": 0, "metrics": {"TE": 1}}]), POST, "sex=0"),
    "a group with an error": (clarify(sex=[{**group("TE"), "error": "half"}]), POST, "sex=1"),
    "a facet that is an object": (clarify(sex={"TE": 1}), POST, "sex"),
    "a facet without groups": (clarify(sex=[]), POST, "sex"),
    "a misspelt value": (bias({"name": "TE", "vlaue": 1}), f"{POST}.TE", "sex=1"),
    "an error and no value": (bias({"name": "TE", "error": "none"}), f"{POST}.TE", "sex=1"),
    "a metric without a name": (bias({"value": 1}), POST, "sex=1"),
    "no facets": ({"post_training_bias_metrics": {"label": "y"}}, POST, None),
    "empty facets": (clarify(), POST, None),
    "facets that are a list": ({"post_training_bias_metrics": {"facets": []}}, POST, None),
    "a section that is null": ({"post_training_bias_metrics": None}, POST, None),
    "explanations in words": ({**clarify(sex=[group("TE")]), "explanations": "none"}, "explainability", None),
    "labels that are a list": ({"explanations": {"kernel_shap": [1]}}, "explainability.kernel_shap", None),
    "a label without values": ({"explanations": {"kernel_shap": {"y": {}}}}, "explainability.kernel_shap.y", None),
    "a label with an empty object": (
        {"explanations": {"kernel_shap": {"y": {"global_shap_values": {}}}}}, "explainability.kernel_shap.y", None,
    ),
    "dependence that is an object": ({"explanations": {"pdp": {"a": 1}}}, "explainability.pdp", None),
    "dependence without a name": ({"explanations": {"pdp": [{"x": [1]}]}}, "explainability.pdp", None),
    "dependence in words": (
        {"explanations": {"pdp": [{"feature_name": "a", "x": "n/a"}]}}, "explainability.pdp.a.x", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLARIFY_GAPS)
def test_what_clarify_could_not_tell_is_a_gap(name: str) -> None:
    document, metric, facet = CLARIFY_GAPS[name]
    found = [m for m in read(document).measurements if (m.metric, m.facet) == (metric, facet)]
    assert [type(m) for m in found] == [Unmeasured]


def test_model_quality_of_model_monitor_is_not_that_of_the_evaluation() -> None:
    groups = {"regression_metrics": {"mse": {"value": 1.5, "standard_deviation": 0.25}}}
    assert whole({"version": 0.0, "dataset": {"item_count": 10}, **groups}) == {
        "model_monitor.statistics.version": 0.0,
        "model_monitor.statistics.dataset.item_count": 10.0,
        "model_monitor.regression.mse": 1.5,
    }
    assert whole({"dataset": "by name only", **groups}) == {"regression.mse": 1.5}


VIOLATIONS = "model_monitor.violations"
OF_DATA = ["baseline_drift_check", "categorical_values_check", "completeness_check", "data_type_check",
           "extra_column_check", "missing_column_check"]  # fmt: skip
OF_DRIFT = ["bias_drift_check", "feature_attribution_drift_check"]


@pytest.mark.parametrize(
    ("document", "kinds"),
    [
        pytest.param({"violations": []}, OF_DATA, id="data"),
        pytest.param({"version": "1.0", "violations": []}, OF_DRIFT, id="drift"),
    ],
)
def test_no_violation_of_a_kind_that_the_monitor_looks_for_is_a_figure_too(
    document: dict[str, object], kinds: list[str]
) -> None:
    found = {metric: value for metric, value in whole(document).items() if metric.startswith(VIOLATIONS)}
    assert found == {VIOLATIONS: 0.0, **{f"{VIOLATIONS}.{kind}": 0.0 for kind in kinds}}


def test_violations_are_counted_by_kind() -> None:
    kinds = ["data_type_check", "data_type_check", "a_kind_of_ours"]
    found = whole({"violations": [{"constraint_check_type": kind} for kind in kinds]})
    assert found[VIOLATIONS] == 3.0
    assert (found[f"{VIOLATIONS}.data_type_check"], found[f"{VIOLATIONS}.a_kind_of_ours"]) == (2.0, 1.0)


@pytest.mark.parametrize("violation", [{}, None, "x", {"constraint_check_type": None}], ids=str)
def test_a_violation_of_no_kind_leaves_every_kind_open(violation: object) -> None:
    gaps = {m.metric for m in read({"violations": [violation]}).measurements if isinstance(m, Unmeasured)}
    assert gaps == {f"{VIOLATIONS}.{kind}" for kind in OF_DATA}


def test_a_kind_of_violation_is_one_in_whatever_case() -> None:
    found = whole({"violations": [{"constraint_check_type": " Completeness_Check"}]})
    assert found["model_monitor.violations.completeness_check"] == 1.0


def test_facets_within_a_facet_are_gaps_of_their_own() -> None:
    nested = {"y=1": {"value": 0.1}}
    report = read({"g_metrics": {"a": {"value": 0.9, "facets": {"x=1": {"value": 0.9, "facets": nested}}}}})
    assert [(one.metric, one.facet, isinstance(one, Measured)) for one in report.measurements] == [
        ("g.a", None, True),
        ("g.a", "x=1", True),
        ("g.a", "x=1,y=1", False),
    ]


def test_violations_that_are_no_list_are_a_gap() -> None:
    assert whole({"violations": None}) == {VIOLATIONS: "null where a list of violations belongs"}


def test_a_model_card_gives_its_metrics() -> None:
    group = {
        "name": "quality",
        "metric_data": [
            {"name": "rmse", "type": "number", "value": 2.5},
            {"name": "wrong", "type": "number", "value": "high"},
            {"name": "matrix", "type": "matrix", "value": [[1, 2]], "x_axis_name": ["a", "b"]},
        ],
    }
    assert whole({"metric_groups": [group]}) == {
        "model_card.quality.rmse": 2.5,
        "model_card.quality.wrong": 'the text "high" where a number belongs',
        "model_card.quality.matrix.0.0": 1.0,
        "model_card.quality.matrix.0.1": 2.0,
    }


CARD_GAPS: dict[str, tuple[object, str]] = {
    "no value": ([{"name": "q", "metric_data": [{"name": "rmse", "type": "number"}]}], "model_card.q.rmse"),
    "a list": ([{"name": "q", "metric_data": [{"name": "rmse", "type": "number", "value": [1]}]}], "model_card.q.rmse"),
    "null": ([{"name": "q", "metric_data": [{"name": "rmse", "value": None}]}], "model_card.q.rmse"),
    "a metric without a name": ([{"name": "q", "metric_data": [{"value": 1}]}], "model_card.q"),
    "a group without metrics": ([{"name": "q"}], "model_card.q"),
    "a group that is null": ([None], "model_card"),
    "groups that are an object": ({"q": 1}, "model_card"),
}  # fmt: skip


@pytest.mark.parametrize("name", CARD_GAPS)
def test_what_a_model_card_could_not_tell_is_a_gap(name: str) -> None:
    groups, metric = CARD_GAPS[name]
    for document in (
        {"metric_groups": groups},
        {"evaluation_details": [{"name": "test", "metric_groups": groups}]},
    ):
        address = (
            metric if "metric_groups" in document else metric.replace("model_card", "model_card.test", 1)
        )
        (found,) = [m for m in read(document).measurements if m.metric == address]
        assert isinstance(found, Unmeasured)


def test_a_whole_model_card_gives_the_metrics_of_each_evaluation() -> None:
    groups = [{"name": "quality", "metric_data": [{"name": "rmse", "type": "number", "value": 2.5}]}]
    card = {
        "model_overview": {"model_name": "m"},
        "evaluation_details": [{"name": "test", "metric_groups": groups}, {"metric_groups": groups}],
    }
    assert whole(card) == {"model_card.test.quality.rmse": 2.5, "model_card.1.quality.rmse": 2.5}


UNKNOWN = "not a report of a known format: "


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not JSON: Expecting value at line 1, column 1"),
        (b"{}", UNKNOWN),
        (b"[]", UNKNOWN),
        (b"[1, 2]", UNKNOWN),
        (b"null", UNKNOWN),
        (b'"text"', UNKNOWN),
        (
            b'{"regression_metrics": {"mse": {"value": 4.9',
            "not JSON: Expecting ',' delimiter at line 1, column 45",
        ),
        (b'{"regression_metrics": {"mse": 1, "mse": 2}}', 'the key "mse" is there twice in one object'),
        (b'{"regression_metrics": {"\\ud800": 1}}', "half of a surrogate pair"),
        (
            b'{"regression_metrics": {"m": {"value": 1, "facets": [1]}}}',
            "/regression_metrics/m/facets: a list where",
        ),
        ('{"x_metrics": {"é": 1}}'.encode("latin-1"), "not UTF-8"),
        (b'{"x_metrics": ' + b"[" * 100_000, "nested too deeply to be a report"),
        (b'{"x_metrics": {"m": ' + b'{"a":' * 900 + b"1" + b"}" * 902, None),
        (
            json.dumps({"x_metrics": {"n" * 5000: [0] * 90_000}}).encode(),
            "the names of its metrics are too long",
        ),
        (json.dumps({"x_metrics": {"n" * 9000: 1}}).encode(), "a name in it has more than 8,192 characters"),
        (
            json.dumps({"explanations": {"pdp": [{"feature_name": "n" * 9000, "v": [1]}]}}).encode(),
            "a name in it has more than 8,192 characters",
        ),
        (
            json.dumps({"explanations": {"x": [{"name": "n" * 9000, "v": 1}]}}).encode(),
            "a name in it has more than 8,192 characters",
        ),
        (
            json.dumps([{f"k{row}x{column}": 1 for column in range(2)} for row in range(2000)]).encode(),
            "a table of 4,000 columns and 2,000 rows has more than 2,000,000 cells",
        ),
        (
            json.dumps({f"k{i}": {f"{2 * i}": 1, f"{2 * i + 1}": 1} for i in range(2000)}).encode(),
            "a table of 2,000 columns and 4,000 rows has more than 2,000,000 cells",
        ),
        (
            json.dumps({"x_metrics": {"m": [0] * (MAX_MEASUREMENTS + 1)}}).encode(),
            "holds more than 100,000 numbers",
        ),
    ],
)
def test_what_cannot_be_read_is_a_report_with_the_reason(content: bytes, problem: str | None) -> None:
    report = read(content)
    if problem is not None:
        _require_unreadable(report, problem)


def test_what_is_too_large_to_be_read_is_a_report_with_the_reason() -> None:
    # Not in the table, which every worker holds.
    _require_unreadable(read(b"[" + b"[]," * 2_000_000 + b"0]"), "holds more than 2,000,000 values")
    _require_unreadable(read(b" " * (100 * 1024 * 1024)), "larger than 32 MiB")


def _require_unreadable(report: Report, problem: str) -> None:
    assert report.problem is not None and report.problem.startswith(problem)
    assert (report.format, report.measurements) == ("unreadable", ())


def test_the_largest_report_is_read_before_the_bound_and_not_after() -> None:
    report = b'{"x_metrics": {"m": 1}}'
    assert read(report.ljust(MAX_REPORT_BYTES)).problem is None
    assert read(report.ljust(MAX_REPORT_BYTES + 1)).problem is not None


def test_a_report_keeps_the_identity_of_its_document() -> None:
    document = Document(URI, b'{"x_metrics": {"m": 1}}', version_id="v7")
    assert read_report(document) == Report(
        URI,
        "v7",
        document.sha256,
        "sagemaker_evaluation",
        (Measured("x.m", 1.0, Source(URI, "/x_metrics/m")),),
        kinds=(ReportKind.MODEL_QUALITY,),
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["NaN", "Infinity", "-Infinity"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=5)
            | st.sampled_from(
                [
                    "value",
                    "error",
                    "samples",
                    "standard_deviation",
                    "interval",
                    "facets",
                    "metrics",
                    "name",
                    "low",
                    "high",
                    "confidence",
                    "features",
                    "dataset",
                    "violations",
                    "explanations",
                    "kernel_shap",
                    "pdp",
                    "global_shap_values",
                    "metric_groups",
                    "metric_data",
                    "constraint_check_type",
                    "value_or_threshold",
                    "x_metrics",
                    "x_constraints",
                    "pre_training_bias_metrics",
                    "post_training_bias_metrics",
                    "methods",
                    "faithfulness",
                    "answer_relevancy",
                    "user_input",
                    "feature_name",
                    "type",
                    "sketch",
                    "0",
                    "1",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(
    st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(str.encode), JSON.map(json.dumps).map(str.encode)
    )
)
@example(b'{"":null," _metrics":null}')
def test_reading_is_total(content: bytes) -> None:
    """Whatever the bytes are, the result is a report: with finite measurements, or with a problem and none."""
    report = read(content)
    assert (report.format == "unreadable") is (report.problem is not None) is (not report.measurements)
    for found in report.measurements:
        assert found.metric.strip()
        if isinstance(found, Measured):
            assert abs(found.value) < float("inf")
            assert found.samples is None or found.samples >= 1
        else:
            assert found.reason


@pytest.mark.parametrize(
    ("document", "metrics"),
    [
        ({"": None, " _metrics": None}, []),
        ({"": 0.5, "x_metrics": {"a": 1}}, ["x.a"]),
        ({" \t": 0.5, "a": 1}, ["a"]),
        ({"": {"b": 0.5}, "a": 1}, [".b", "a"]),
        ([{"name": " ", "value": 1}, {"name": "a", "value": 1}], ["a"]),
    ],
    ids=["a group", "outside of groups", "a figure", "below one", "in a list"],
)
def test_an_empty_or_blank_name_is_no_metric_as_no_check_can_ask_for_it(
    document: object, metrics: list[str]
) -> None:
    report = read(document)
    assert [found.metric for found in report.measurements] == metrics
    assert report.problem == (None if metrics else "holds no metric")


KNOWN = st.sampled_from(
    ["x_metrics", "pre_training_bias_metrics", "explanations", "violations", "features", "faithfulness"]
)


@given(st.dictionaries(KNOWN, JSON, min_size=1))
def test_reading_anything_that_looks_like_a_report_is_total(document: dict[str, object]) -> None:
    report = read(document)
    assert (report.problem is None) is bool(report.measurements)


def test_readers_have_names_of_their_own() -> None:
    assert len({reader.format for reader in READERS}) == len(READERS)
