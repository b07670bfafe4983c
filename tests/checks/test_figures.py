"""Reports as people have them: flat files, lists, scikit-learn, Hugging Face, the SageMaker SDK, smclarify."""

import json
from typing import Any

import pytest

from checks.evidence import Document, Report
from checks.measurements import Measured, Unmeasured
from checks.reports import read_report


def read(document: object) -> Report:
    return read_report(Document("r.json", json.dumps(document).encode()))


def values(report: Report) -> dict[str, float]:
    assert report.problem is None, report.problem
    return {m.metric: m.value for m in report.measurements if isinstance(m, Measured)}


FIGURES: dict[str, tuple[object, dict[str, float]]] = {
    "flat": ({"accuracy": 0.9, "model": "m"}, {"accuracy": 0.9}),
    "metrics": ({"metrics": {"accuracy": 0.9}}, {"metrics.accuracy": 0.9}),
    "metrics with values": ({"metrics": {"accuracy": {"value": 0.9}}}, {"metrics.accuracy": 0.9}),
    "metrics in a list": ({"metrics": [{"name": "accuracy", "value": 0.9}]}, {"metrics.accuracy": 0.9}),
    "a list": ([{"name": "accuracy", "value": 0.9}, {"name": "f1", "value": 1}], {"accuracy": 0.9, "f1": 1.0}),
    "upper case": ({"Metrics": {"Accuracy": 0.9}}, {"Metrics.Accuracy": 0.9}),
    "a matrix": ({"auc": 1, "matrix": [[5], [4]]}, {"auc": 1.0, "matrix.0.0": 5.0, "matrix.1.0": 4.0}),
    "a data set without count": ({"dataset": {"name": "test"}, "accuracy": 0.9}, {"accuracy": 0.9}),
    "a run by split": ({"train": {"loss": 1}, "eval": {"loss": 2}}, {"train.loss": 1.0, "eval.loss": 2.0}),
    "explanations in words": ({"accuracy": 0.9, "explanations": "on the test set"}, {"accuracy": 0.9}),
    "names of features": ({"features": ["age"], "accuracy": 0.9}, {"accuracy": 0.9}),
    "a number of violations": ({"violations": 2}, {"violations": 2.0}),
    "an exact match": ({"exact_match": 0.9, "accuracy": 0.8}, {"exact_match": 0.9, "accuracy": 0.8}),
    "scikit-learn": (
        {"0": {"recall": 0.9, "support": 50.0}, "accuracy": 0.8, "macro avg": {"f1-score": 0.7}},
        {"0.recall": 0.9, "0.support": 50.0, "accuracy": 0.8, "macro avg.f1-score": 0.7},
    ),
    "Hugging Face": ({"epoch": 3.0, "eval_accuracy": 0.9}, {"epoch": 3.0, "eval_accuracy": 0.9}),
    "items beside": ({"accuracy": 0.9, "items": [{"id": 1, "tokens": 120}]}, {"accuracy": 0.9}),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_the_address_of_a_figure_is_its_path(name: str) -> None:
    document, expected = FIGURES[name]
    report = read(document)
    assert (report.format, values(report)) == ("figures", expected)


GAPS: dict[str, tuple[dict[str, object], str, str | None]] = {
    "null": ({"accuracy": None, "f1": 1}, "accuracy", None),
    "text": ({"accuracy": "0.9", "f1": 1}, "accuracy", None),
    "a boolean": ({"accuracy": True, "f1": 1}, "accuracy", None),
    "an error": ({"accuracy": {"error": "none"}, "f1": 1}, "accuracy", None),
    "a misspelt value": ({"accuracy": {"vlaue": 0.9}, "f1": 1}, "accuracy", None),
    "a list": ({"accuracy": [0.9]}, "accuracy", None),
    "a facet": ({"accuracy": {"value": 0.9, "facets": {"s=1": {"samples": 5}}}}, "accuracy", "s=1"),
    "items": ({"items": [{"id": 1}], "f1": 1}, "items", None),
    "an error at the top": ({"accuracy": 0.9, "error": "half of the data failed"}, "accuracy", None),
    "an error beside metrics": ({"metrics": {"accuracy": 0.9, "error": "half"}}, "metrics", None),
}  # fmt: skip


@pytest.mark.parametrize("name", GAPS)
def test_a_figure_that_cannot_be_used_is_a_gap(name: str) -> None:
    document, metric, facet = GAPS[name]
    if name == "an error beside metrics":
        document = {**document, "f1": 1}  # a figure that the error is not beside
    assert (metric, facet) in {
        (m.metric, m.facet) for m in read(document).measurements if isinstance(m, Unmeasured)
    }


def test_an_error_at_the_top_reaches_every_figure_of_any_report() -> None:
    report = read(
        {"x_metrics": {"a": 1, "b": {"value": 1, "facets": {"s=1": 1}}}, "error": {"message": "boom"}}
    )
    measured = {(m.metric, m.facet) for m in report.measurements if isinstance(m, Measured)}
    gaps = {(m.metric, m.facet) for m in report.measurements if isinstance(m, Unmeasured)}
    assert len(measured) == 3
    assert measured <= gaps


def test_an_error_in_numbers_is_a_figure() -> None:
    assert values(read({"error": 0.1, "accuracy": 0.9})) == {"error": 0.1, "accuracy": 0.9}
    assert not [m for m in read({"error": 0.1}).measurements if isinstance(m, Unmeasured)]


WRITE = 'write figures as {"model_metrics": {"accuracy": {"value": 0.9, "samples": 500}}}, addressed as model.accuracy'
UNKNOWN: dict[str, tuple[object, str]] = {
    "items": (
        [{"id": 1, "exact_match": 1}],
        f'a list of objects with the keys "id", "exact_match" is at the top: items, not figures; {WRITE}',
    ),
    "words": ({"hello": "you"}, f'an object with the keys "hello" is at the top, and no figure; {WRITE}'),
    "figures in quotes": (
        {"model": "m", "auc": "0.93"},
        'an object with the keys "model", "auc" is at the top; its figures are text, and a figure has no quotes; '
        f"{WRITE}",
    ),
    "percent": (
        {"auc": "93 %"},
        f'an object with the keys "auc" is at the top; its figures are text, and a figure has no quotes; {WRITE}',
    ),
    "many keys": (
        dict.fromkeys("abcdefg", "x"),
        f'an object with the keys "a", "b", "c", "d", "e", … is at the top, and no figure; {WRITE}',
    ),
    "nothing": ({}, f"an object without keys is at the top, and no figure; {WRITE}"),
    "an empty list": ([], f"an empty list is at the top, and no figure; {WRITE}"),
    "numbers": ([1, 2], f"a list is at the top: items, not figures; {WRITE}"),
    "a text": ("good", f'the text "good" is at the top, and no figure; {WRITE}'),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_understood_is_described_with_the_way_out(name: str) -> None:
    document, description = UNKNOWN[name]
    assert read(document).problem == f"not a report of a known format: {description}"


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "fmeval without its data set": ({"eval_name": "qa", "dataset_scores": []}, "fmeval"),
    "Inspect without its status": ({"eval": {"task": "arc"}, "results": {}}, "Inspect"),
    "lm-eval without versions": ({"results": {"arc": {"acc,none": 0.9}}}, "lm-evaluation-harness"),
    "lm-eval's configuration": ({"n-shot": {"arc": 5}}, "lm-evaluation-harness"),
    "statistics without a count": ({"features": [{"name": "a", "numerical_statistics": {"mean": 1}}]}, "Model Monitor"),
    "a group of Clarify": ({"value_or_threshold": "F", "metrics": [{"name": "CI", "value": 1}]}, "Clarify"),
    "explanations that are null": ({"explanations": None}, "Clarify"),
    "groups of Clarify further down": ({"run": {"pre": [{"value_or_threshold": "F", "metrics": []}]}}, "Clarify"),
    "a column beside a text": ({"faithfulness": [0.9], "model": "m"}, "RAGAS"),
    "a log without a step": ({"log_history": [{"eval_loss": 1}]}, "Hugging Face's Trainer"),
    "metrics of a card": ({"metric_data": [{"name": "rmse", "value": 1}]}, "a SageMaker model card"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_part_of_a_known_format_is_not_taken_for_figures(name: str) -> None:
    document, tool = BROKEN[name]
    report = read({**document, "loss": 0.1})
    assert report.format == "unreadable"
    assert report.problem is not None
    assert f"which is a part of what {tool} writes, or a broken one" in report.problem


def test_the_state_of_a_trainer_gives_the_last_figures_of_each_kind() -> None:
    log = [
        {"epoch": 1, "step": 5, "loss": 0.7},
        {"epoch": 1, "step": 5, "eval_accuracy": 0.8, "eval_f1": 0.7},
        {"epoch": 2, "step": 9, "loss": 0.5},
        {"epoch": 2, "step": 9, "eval_accuracy": 0.9},
    ]
    report = read({"best_metric": 0.9, "global_step": 9, "log_history": log})
    assert report.format == "trainer_state"
    assert values(report) == {
        "trainer_state.best_metric": 0.9,
        "trainer_state.global_step": 9.0,
        "trainer_state.loss": 0.5,
        "trainer_state.eval_accuracy": 0.9,
    }
    gaps = {m.metric: m.reason for m in report.measurements if isinstance(m, Unmeasured)}
    assert gaps == {"trainer_state.eval_f1": "the last entry of its kind does not have it"}


@pytest.mark.parametrize("log", [None, "none", [None]], ids=str)
def test_a_log_that_cannot_be_read_is_a_gap_of_the_whole_run(log: object) -> None:
    assert "trainer_state" in {m.metric for m in read({"global_step": 9, "log_history": log}).measurements}


def test_results_of_the_sdks_benchmarks() -> None:
    results = {"all": {"acc": 0.9, "acc_stderr": 0.01, "f1": 0.8}, "custom|gen_qa|0": {"rouge1": 0.4}}
    report = read({"config_general": {"model": "m"}, "results": results, "versions": {"custom|gen_qa|0": 0}})
    assert report.format == "sagemaker_evaluators"
    assert values(report) == {
        "sagemaker_benchmark.all.acc": 0.9,
        "sagemaker_benchmark.all.f1": 0.8,
        "sagemaker_benchmark.custom|gen_qa|0.rouge1": 0.4,
    }
    errors = {m.metric: m.support.standard_error for m in report.measurements if isinstance(m, Measured)}
    assert errors["sagemaker_benchmark.all.acc"] == 0.01


def test_results_of_the_sdks_judge() -> None:
    scored = {"score": 0.8, "std_deviation": 0.2, "total_evaluations": 40}
    report = read({"results": {"Builtin.Correctness": scored, "own": {**scored, "std_deviation": None}}})
    assert report.format == "sagemaker_evaluators"
    first, second = (m for m in report.measurements if isinstance(m, Measured))
    assert (first.metric, first.value, first.samples) == ("sagemaker_llm_judge.Builtin.Correctness", 0.8, 40)
    assert (first.support.standard_deviation, first.support.spread_problem) == (0.2, None)
    assert (second.samples, second.support.spread_problem) == (40, "standard_deviation is null")


SCORED = {"score": 1, "total_evaluations": 3}
SDK_GAPS: dict[str, tuple[dict[str, Any], str]] = {
    "a task that is null": ({"all": {"acc": 0.9}, "custom|a|0": None}, "sagemaker_benchmark.custom|a|0"),
    "a task without metrics": ({"all": {}}, "sagemaker_benchmark.all"),
    "an error without its value": ({"all": {"acc_stderr": 0.1}}, "sagemaker_benchmark.all.acc"),
    "a metric without a score": ({"a": SCORED, "b": {"error": "x"}}, "sagemaker_llm_judge.b"),
    "a metric that is null": ({"a": SCORED, "b": None}, "sagemaker_llm_judge.b"),
}  # fmt: skip


@pytest.mark.parametrize("name", SDK_GAPS)
def test_what_an_evaluator_of_the_sdk_could_not_tell_is_a_gap(name: str) -> None:
    results, metric = SDK_GAPS[name]
    assert metric in {m.metric for m in read({"results": results}).measurements if isinstance(m, Unmeasured)}


def test_the_list_of_smclarify_is_read_by_the_names_of_its_metrics() -> None:
    groups = [
        {"value_or_threshold": "F", "metrics": [{"name": "CI", "value": 0.1}, {"name": "DI", "value": 0.9}]},
        {"value_or_threshold": "M", "metrics": [{"name": "CI", "value": 0.2}, {"name": "own", "value": 1}]},
    ]
    report = read(groups)
    assert report.format == "clarify_bias"
    found = {(m.metric, m.facet): isinstance(m, Measured) for m in report.measurements}
    assert found == {
        ("bias.pre_training.CI", "F"): True,
        ("bias.post_training.DI", "F"): True,
        ("bias.own", "F"): False,
        ("bias.pre_training.CI", "M"): True,
        ("bias.post_training.DI", "M"): False,
        ("bias.own", "M"): True,
    }
