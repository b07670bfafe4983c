"""An error that a report states reaches every figure of the object that it is in, in every format, at every level."""

import json

import pytest

from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.reports import read_report
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT


def verdict(check: Check, *reports: object) -> str:
    thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (check,))
    documents = [
        Document(f"{number}.json", report if isinstance(report, bytes) else json.dumps(report).encode())
        for number, report in enumerate(reports)
    ]
    evidence = Evidence(tuple(map(read_report, documents)))
    return judge(thresholds, evidence, decided_at=DECIDED_AT).verdict.value


def asks_for(metric: str, facet: str | None = None, **given: object) -> Check:
    features = {"sensitive_features": ("sex",)} if metric.endswith(".sensitive_share") else {}
    limit = given or {"at_least": 0.5}
    return Check.model_validate(
        {"name": "c", "why": "w", "metric": metric, "facet": facet, **features, **limit}
    )


def with_error(report: object, error: object, *path: str | int) -> object:
    """Return `report` with `error` in the object at `path`."""
    copy = json.loads(json.dumps(report))
    place = copy
    for key in path:
        place = place[key]
    place["error"] = error
    return copy


def lines(*entries: object) -> bytes:
    return b"\n".join(json.dumps(entry).encode() for entry in entries)


EVALUATION = {"g_metrics": {"a": {"value": 0.9, "facets": {"s=1": {"value": 0.9}}}}}
RUNS = {"fold_1": {"g_metrics": {"a": 0.9}}, "fold_2": {"g_metrics": {"a": 0.9}}}
LM_EVAL = {"results": {"t": {"acc,none": 0.9}}, "versions": {}}
BENCHMARK = {"results": {"all": {"acc": 0.9}}}
CLARIFY = {
    "post_training_bias_metrics": {
        "facets": {"sex": [{"value_or_threshold": "F", "metrics": [{"name": "DI", "value": 0.9}]}]}
    }
}
SHAP = {"explanations": {"kernel_shap": {"l": {"global_shap_values": {"sex": 9, "x": 1}}}}}
CARD = {"metric_groups": [{"name": "g", "metric_data": [{"name": "a", "type": "number", "value": 0.9}]}]}
MONITOR = {"dataset": {"item_count": 9}, "features": [{"name": "f", "numerical_statistics": {"mean": 0.9}}]}
TRAINER = {"global_step": 5, "log_history": [{"eval_acc": 0.9}]}
ROWS = [{"faithfulness": 0.9}, {"faithfulness": 0.8}]
BEDROCK = [{"automatedEvaluationResult": {"scores": [{"metricName": "C", "result": 0.9}]}}]
FMEVAL = {
    "eval_name": "q",
    "dataset_name": "d",
    "category_scores": [{"name": "k", "scores": [{"name": "f1", "value": 0.9}]}],
}
INSPECT = {
    "status": "success",
    "eval": {"task": "t"},
    "results": {
        "total_samples": 5,
        "completed_samples": 5,
        "scores": [{"name": "m", "metrics": {"accuracy": {"value": 0.9}}}],
    },
}

PLACES: dict[str, tuple[Check, object, list[str | int]]] = {
    "a facet of an evaluation": (asks_for("g.a", "*"), EVALUATION, ["g_metrics", "a"]),
    "a group of an evaluation, by facet": (asks_for("g.a", "*"), EVALUATION, ["g_metrics"]),
    "one of several runs": (asks_for("g.a"), RUNS, ["fold_2"]),
    "a part of figures": (asks_for("m.n.a"), {"m": {"n": {"a": 0.9}}}, ["m"]),
    "a task of lm-eval": (asks_for("lm_eval.t.acc"), LM_EVAL, ["results", "t"]),
    "all tasks of lm-eval": (asks_for("lm_eval.t.acc"), LM_EVAL, ["results"]),
    "a task of a benchmark": (asks_for("sagemaker_benchmark.all.acc"), BENCHMARK, ["results", "all"]),
    "a section of Clarify": (
        asks_for("bias.post_training.DI", "*"),
        CLARIFY,
        ["post_training_bias_metrics"],
    ),
    "a label of an explanation": (
        asks_for("explainability.kernel_shap.l.top_share"),
        SHAP,
        ["explanations", "kernel_shap", "l"],
    ),
    "a label, for sensitive features": (
        asks_for("explainability.kernel_shap.l.sensitive_share"),
        SHAP,
        ["explanations", "kernel_shap", "l"],
    ),
    "an explanation as a whole, for sensitive features": (
        asks_for("explainability.kernel_shap.l.sensitive_share"),
        SHAP,
        [],
    ),
    "a group of a model card": (asks_for("model_card.g.a"), CARD, ["metric_groups", 0]),
    "a metric of a model card": (asks_for("model_card.g.a"), CARD, ["metric_groups", 0, "metric_data", 0]),
    "a feature of Model Monitor": (
        asks_for("model_monitor.statistics.numerical_statistics.mean", "*"),
        MONITOR,
        ["features", 0],
    ),
    "an entry of a trainer's log": (asks_for("trainer_state.eval_acc"), TRAINER, ["log_history", 0]),
    "a row of ragas": (asks_for("rag.faithfulness"), ROWS, [1]),
    "a category of fmeval": (asks_for("fmeval.q.d.f1", "*"), FMEVAL, ["category_scores", 0]),
    "a score of Inspect": (asks_for("inspect.t.m.accuracy"), INSPECT, ["results", "scores", 0]),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(
    "error", ["half of it failed", {"code": 500}, {"message": "time-out"}, ["time-out"], True], ids=str
)
def test_an_error_reaches_the_figures_beside_and_below_it(name: str, error: object) -> None:
    check, report, path = PLACES[name]
    assert [verdict(check, report), verdict(check, with_error(report, None, *path))] == ["Approved"] * 2
    assert verdict(check, with_error(report, error, *path)) in {"NeedsReview", "Rejected"}


@pytest.mark.parametrize(
    "path", [[0], [0, "automatedEvaluationResult"], [0, "automatedEvaluationResult", "scores", 0]], ids=str
)
def test_a_line_of_bedrock_with_an_error_is_not_scored(path: list[str | int]) -> None:
    failed = with_error(BEDROCK, "time-out", *path)
    assert isinstance(failed, list)
    mean, coverage = (asks_for(f"bedrock_evaluation.C{part}") for part in ("", ".coverage"))
    assert [verdict(check, lines(*BEDROCK, *failed)) for check in (mean, coverage)] == [
        "NeedsReview",
        "Approved",
    ]


@pytest.mark.parametrize(
    ("metric", "report"),
    [
        pytest.param(
            "validation_0.auc.1",
            {"validation_0": {"error": [0.2, 0.1], "auc": [0.6, 0.7]}},
            id="xgboost's history",
        ),
        pytest.param("g.a", {"g_metrics": {"a": 0.9, "error": {"value": 0.1}}}, id="a metric with a value"),
        pytest.param("g.a", {"g_metrics": {"a": 0.9, "error": {"mean": 0.1, "max": "NaN"}}}, id="figures"),
        pytest.param("a", {"a": 0.9, "error": 0.1}, id="a number"),
        pytest.param(
            "rag.faithfulness", {"faithfulness": [0.9, 0.8], "error": [None, None]}, id="no errors, by row"
        ),
        pytest.param(
            "g.a",
            {"g_metrics": {"a": {"value": 0.9}, "b": {"value": None, "error": "none"}}},
            id="the reason for another value",
        ),
    ],
)
def test_a_metric_named_error_is_no_error(metric: str, report: object) -> None:
    assert verdict(asks_for(metric), report) == "Approved"


def test_the_reason_for_a_value_is_not_one_for_its_facets() -> None:
    report = {"g_metrics": {"a": {"value": None, "error": "too few", "facets": {"s=1": {"value": 0.9}}}}}
    assert verdict(asks_for("g.a", "s=1"), report) == "Approved"


@pytest.mark.parametrize(
    "other",
    [{"error": "crashed"}, None, {}, "crashed", {"g_metrics": None}, {"g_metrics": {"a": 0.1}}],
    ids=str,
)
def test_a_run_that_failed_is_a_gap_beside_one_that_did_not(other: object) -> None:
    check = asks_for("g.a")
    good = {"g_metrics": {"a": 0.9}}
    described = {"run_1": good, "started": None, "settings": {"rate": 0.1}}
    assert (verdict(check, described), verdict(check, {"run_1": good, "run_2": other}) == "Approved") == (
        "Approved",
        False,
    )


@pytest.mark.parametrize(
    ("metric", "flat", "outside"),
    [
        pytest.param("a", {"a": 0.9}, {"a": None}, id="null"),
        pytest.param("a", {"a": 0.9}, {"a": "n/a"}, id="text"),
        pytest.param("a", {"a": 0.9}, {"a": 0.1}, id="a number"),
        pytest.param("m.a", {"m": {"a": 0.9}}, {"m": {"a": 0.1}}, id="below a key"),
        pytest.param(
            "m.a", {"m": {"a": 0.9}}, {"m": {"a": 0.1, "of": list(range(2000))}}, id="below a large one"
        ),
        pytest.param("h.a", {"h_metrics": {"a": 0.9}}, {"h": {"a": 0.1}}, id="of the name of a group"),
        pytest.param("r.a", {"r": {"a": 0.9}}, {"r": {"a": 0.1, "q_metrics": {"x": 1}}}, id="beside a group"),
    ],
)
def test_what_stands_outside_of_every_group_is_a_gap_beside_another_report(
    metric: str, flat: object, outside: dict[str, object]
) -> None:
    check, groups = asks_for(metric), {"g_metrics": {"b": 0.9}}
    assert (verdict(check, flat, groups), verdict(check, flat, {**groups, **outside})) == (
        "Approved",
        "NeedsReview",
    )


@pytest.mark.parametrize(
    "deeper",
    [[{"g_metrics": {"a": 0.1}}], {"x": {"g_metrics": {"a": 0.1}}}, {"x": {"y": {"G_metrics": {"a": 0.1}}}}],
)
def test_a_group_too_far_down_is_a_gap_beside_one_that_is_read(deeper: object) -> None:
    described = {"g_metrics": {"a": 0.9}, "G_metrics": {"a": 0.9}, "settings": {"of": {"g_metrics": ["a"]}}}
    report = {**described, "runs": deeper}
    names = ("g.a", "G.a")
    assert [verdict(asks_for(name), described) for name in names] == ["Approved"] * 2
    assert "NeedsReview" in [verdict(asks_for(name), report) for name in names]


def test_a_name_beside_a_group_is_no_gap_of_the_group() -> None:
    report = {"model": "xgboost", "version": 3, "model_metrics": {"a": 0.9}, "version_metrics": {"a": 0.9}}
    assert [verdict(asks_for(f"{group}.a"), report) for group in ("model", "version")] == ["Approved"] * 2
