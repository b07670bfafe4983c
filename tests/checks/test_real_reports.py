"""Reports that SageMaker Clarify and Model Monitor wrote: every number in them is accounted for."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checks.evidence import Document
from checks.measurements import Measured, Unmeasured
from checks.reports import read_report
from checks.reports.numbers import NON_FINITE

# Reference values for the bias scorer, in a shape of their own: not a report of any tool.
NOT_A_REPORT = "smclarify_values.json"


@pytest.fixture(scope="module")
def clarify(shared_data: Callable[[str], Path]) -> Path:
    return shared_data("clarify")


def numbers(value: object, pointer: str = "") -> Iterator[tuple[str, object]]:
    """Yield every number of a JSON value, and what is written instead of one (null, "Infinity"), with its pointer."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from numbers(item, f"{pointer}/{index}")
    elif (
        value is None
        or (isinstance(value, int | float) and not isinstance(value, bool))
        or (isinstance(value, str) and value.lower() in NON_FINITE)
    ):
        yield pointer, value


def places(measured: Measured) -> set[tuple[str, object]]:
    """Return the pointers of the value and of its spread, with what is there."""
    pointer = measured.source.pointer
    spread = f"{pointer.rpartition('/')[0]}/standard_deviation"
    return {(pointer, measured.value), (spread, measured.support.standard_deviation)}


def test_every_number_is_a_measurement_or_unmeasured_with_its_reason(clarify: Path) -> None:
    reports = [path for path in sorted(clarify.glob("*.json")) if path.name != NOT_A_REPORT]
    assert reports
    for path in reports:
        content = path.read_bytes()
        report = read_report(Document(path.name, content))
        assert report.problem is None, f"{path.name}: {report.problem}"
        measured = {place for m in report.measurements if isinstance(m, Measured) for place in places(m)}
        unmeasured = [m for m in report.measurements if isinstance(m, Unmeasured)]
        assert all(m.reason for m in unmeasured)
        for pointer, value in numbers(json.loads(content)):
            told = any(
                pointer == m.source.pointer or pointer.startswith(f"{m.source.pointer}/") for m in unmeasured
            )
            assert told or (pointer, value) in measured, f"{path.name}#{pointer} ({value}) is lost"


def test_what_is_no_report_is_called_so(clarify: Path) -> None:
    report = read_report(Document(NOT_A_REPORT, (clarify / NOT_A_REPORT).read_bytes()))
    assert (report.format, report.measurements) == ("unreadable", ())
    assert report.problem is not None and report.problem.startswith("not a report of a known format")


@pytest.mark.parametrize(
    ("name", "format_", "metric", "facet", "expected"),
    [
        (
            "nb_sm-clarify_model_bias_monitor_batch_transform_json_cell58_1.json",
            "clarify_bias",
            "bias.post_training.TE",
            "Sex=0",
            2.916666666666667,
        ),
        (
            "smex_fraud_bias_1_analysis.json",
            "clarify_bias",
            "bias.pre_training.CDDL",
            "customer_gender_female=1",
            "Group variable is empty or not provided",
        ),
        (
            "sdk_pipeline_clarify_check_step_data_bias_good_cases_analysis.json",
            "clarify_bias",
            "bias.pre_training.CI",
            "F1=(0.5, 0.9936148802477393]",
            -0.08,
        ),
        (
            "smex_fraud_explainability_analysis.json",
            "clarify_explainability",
            "explainability.kernel_shap.label0.customer_gender_male",
            None,
            0.01089049476601324,
        ),
        (
            "clarify_explanability.json",
            "clarify_explainability",
            "explainability.pdp.Age.model_predictions.0.1",
            None,
            0.6787781745567918,
        ),
        (
            "nb_sm-pipelines_preprocess_train_evaluate_batch_transform_cell70_1.json",
            "sagemaker_evaluation",
            "regression.mse",
            None,
            4.913856830660247,
        ),
        (
            "sdk_pipeline_quality_check_step_model_quality_statistics.json",
            "model_monitor_statistics",
            "model_monitor.regression.r2",
            None,
            -3.208758170289026,
        ),
        (
            "sdk_pipeline_quality_check_step_model_quality_statistics.json",
            "model_monitor_statistics",
            "model_monitor.regression.r2.standard_deviation",
            None,
            '"NaN" is not a finite number',
        ),
        (
            "sdk_pipeline_quality_check_step_data_quality_statistics.json",
            "model_monitor_statistics",
            "model_monitor.statistics.numerical_statistics.mean",
            "_c0",
            2.31,
        ),
        (
            "sdk_monitor_constraints.json",
            "model_monitor_constraints",
            "model_monitor.constraints.completeness",
            "message",
            1,
        ),
        (
            "sdk_monitor_constraint_violations.json",
            "model_monitor_violations",
            "model_monitor.violations",
            None,
            7,
        ),
        (
            "sdk_monitor_constraint_violations.json",
            "model_monitor_violations",
            "model_monitor.violations.data_type_check",
            None,
            5,
        ),
    ],
)
def test_real_reports_are_addressed(
    clarify: Path, *, name: str, format_: str, metric: str, facet: str | None, expected: float | str
) -> None:
    report = read_report(Document(name, (clarify / name).read_bytes()))
    assert report.format == format_
    (found,) = [m for m in report.measurements if (m.metric, m.facet) == (metric, facet)]
    assert (found.value if isinstance(found, Measured) else found.reason) == expected
