"""The law of the readers: junk in the place of a figure never makes a check over its address pass."""

import copy
import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from checks.decision import Verdict
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.reports import read_report
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT

Path = tuple[str | int, ...]


def groups(*entries: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"value_or_threshold": str(place), "metrics": [entry]} for place, entry in enumerate(entries)]


TE = {"name": "TE", "value": 0.9}
MEANS = [
    {"name": name, "inferred_type": "Fractional", "numerical_statistics": {"mean": 0.9}} for name in "ab"
]
OUTPUT = {"eval_name": "e", "dataset_name": "d"}
F1 = {"name": "f1", "value": 0.9}
HARNESS = {"results": {"t": {"acc,none": 0.9}}, "versions": {}}
SCORE = {"name": "m", "metrics": {"accuracy": {"value": 0.9}, "f1": {"value": 0.9}}}
COUNTED = {"total_samples": 9, "completed_samples": 9, "scores": [SCORE]}
CARD = [{"name": "q", "metric_data": [{"name": "auc", "type": "number", "value": 0.9}]}]
LINE = {"automatedEvaluationResult": {"scores": [{"metricName": "c", "result": 0.9}]}}

# Of each format a document; the place of one figure's entry, or of something around it; a metric that is there.
CASES: dict[str, tuple[Any, Path, str, str | None]] = {
    "evaluation: value": ({"x_metrics": {"m": {"value": 0.9}}}, ("x_metrics", "m", "value"), "x.m", None),
    "evaluation: entry": ({"x_metrics": {"m": {"value": 0.9}}}, ("x_metrics", "m"), "x.m", None),
    "evaluation: group": ({"x_metrics": {"m": 0.9}, "y_metrics": {"n": 1}}, ("x_metrics",), "x.m", None),
    "evaluation: facet": (
        {"x_metrics": {"m": {"value": 0.9, "facets": {"s=0": {"value": 0.9}, "s=1": {"value": 0.9}}}}},
        ("x_metrics", "m", "facets", "s=1"), "x.m", "*",
    ),
    "figures": ({"accuracy": 0.9, "f1": 0.9}, ("accuracy",), "accuracy", None),
    "clarify: value": (
        {"post_training_bias_metrics": {"facets": {"s": groups(TE, TE)}}},
        ("post_training_bias_metrics", "facets", "s", 1, "metrics", 0, "value"), "bias.post_training.TE", "*",
    ),
    "clarify: entry": (
        {"post_training_bias_metrics": {"facets": {"s": groups(TE, TE)}}},
        ("post_training_bias_metrics", "facets", "s", 1, "metrics", 0), "bias.post_training.TE", "*",
    ),
    "clarify: metrics": (
        {"post_training_bias_metrics": {"facets": {"s": groups(TE, TE)}}},
        ("post_training_bias_metrics", "facets", "s", 1, "metrics"), "bias.post_training.TE", "*",
    ),
    "clarify: group": (
        {"post_training_bias_metrics": {"facets": {"s": groups(TE, TE)}}},
        ("post_training_bias_metrics", "facets", "s", 1), "bias.post_training.TE", "*",
    ),
    "clarify: facet": (
        {"post_training_bias_metrics": {"facets": {"s": groups(TE), "t": groups(TE)}}},
        ("post_training_bias_metrics", "facets", "t"), "bias.post_training.TE", "*",
    ),
    "clarify: dependence": (
        {"explanations": {"pdp": [{"feature_name": "a", "x": [0.9]}]}},
        ("explanations", "pdp", 0, "x", 0), "explainability.pdp.a.x.0", None,
    ),
    "clarify: explanation": (
        {"explanations": {"kernel_shap": {"y": {"global_shap_values": {"a": 0.9, "b": 0.1}}}}},
        ("explanations", "kernel_shap", "y", "global_shap_values", "a"), "explainability.kernel_shap.y.a", None,
    ),
    "monitor: mean": (
        {"dataset": {"item_count": 9}, "features": MEANS},
        ("features", 1, "numerical_statistics", "mean"), "model_monitor.statistics.numerical_statistics.mean", "*",
    ),
    "monitor: statistics": (
        {"dataset": {"item_count": 9}, "features": MEANS},
        ("features", 1, "numerical_statistics"), "model_monitor.statistics.numerical_statistics.mean", "*",
    ),
    "monitor: feature": (
        {"dataset": {"item_count": 9}, "features": MEANS},
        ("features", 1), "model_monitor.statistics.numerical_statistics.mean", "*",
    ),
    "monitor: completeness": (
        {"features": [{"name": "a", "completeness": 1.0}, {"name": "b", "completeness": 1.0}]},
        ("features", 1, "completeness"), "model_monitor.constraints.completeness", "*",
    ),
    "fmeval: score": ({**OUTPUT, "dataset_scores": [F1]}, ("dataset_scores", 0), "fmeval.e.d.f1", None),
    "fmeval: category": (
        {**OUTPUT, "category_scores": [{"name": c, "scores": [F1]} for c in "ab"]},
        ("category_scores", 1), "fmeval.e.d.f1", "*",
    ),
    "lm_eval: value": (HARNESS, ("results", "t", "acc,none"), "lm_eval.t.acc", None),
    "lm_eval: task": (HARNESS, ("results", "t"), "lm_eval.t.acc", None),
    "inspect: metric": (
        {"status": "success", "eval": {"task": "t"}, "results": COUNTED},
        ("results", "scores", 0, "metrics", "accuracy"), "inspect.t.m.accuracy", None,
    ),
    "inspect: count": (
        {"status": "success", "eval": {"task": "t"}, "results": COUNTED},
        ("results", "completed_samples"), "inspect.t.m.accuracy", None,
    ),
    "inspect: status": (
        {"status": "success", "eval": {"task": "t"}, "results": COUNTED}, ("status",), "inspect.t.m.accuracy", None,
    ),
    "ragas: row": ([{"faithfulness": 0.9}, {"faithfulness": 0.9}], (1, "faithfulness"), "rag.faithfulness", None),
    "ragas: mean": ({"faithfulness": 0.9, "context_recall": 0.9}, ("faithfulness",), "rag.faithfulness", None),
    "model card": ({"metric_groups": CARD}, ("metric_groups", 0, "metric_data", 0, "value"), "model_card.q.auc", None),
    "bedrock": ([LINE, LINE], (1,), "bedrock_evaluation.c", None),
    "sdk: metric": ({"results": {"all": {"acc": 0.9}}}, ("results", "all", "acc"), "sagemaker_benchmark.all.acc", None),
    "trainer": (
        {"global_step": 1, "best_metric": 0.9, "log_history": []},
        ("best_metric",), "trainer_state.best_metric", None,
    ),
}  # fmt: skip

OBJECTS_OF_METRICS = {"evaluation: group", "lm_eval: task"}

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(["", "n/a", "0.9", "NaN", "Infinity", "unknown"]),
    st.sampled_from([10**400, float("nan"), float("inf")]),
    st.lists(st.floats(0.6, 1) | st.none() | st.text(max_size=3), max_size=3),
    st.dictionaries(
        st.sampled_from(["vlaue", "samples", "error", "note", "standard_deviation", "0"]),
        st.floats(0.6, 1) | st.none() | st.text(max_size=3),
        max_size=3,
    ),
)


def decide(metric: str, facet: str | None, *documents: Any) -> Verdict:
    check = Check(name="c", why="w", metric=metric, facet=facet, at_least=0.5)
    thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (check,))
    reports = (
        read_report(Document(f"{place}.json", json.dumps(document).encode()))
        for place, document in enumerate(documents)
    )
    return judge(thresholds, Evidence(tuple(reports)), decided_at=DECIDED_AT).verdict


@given(st.sampled_from(sorted(CASES)), JUNK, st.booleans())
def test_junk_in_the_place_of_a_figure_never_makes_a_check_over_it_pass(
    name: str, junk: object, beside_a_good_report: bool
) -> None:
    """Nor does the same report with the figure in it, beside the one with the junk."""
    # An object of other metrics is no junk in the place of one.
    assume(not (name in OBJECTS_OF_METRICS and isinstance(junk, dict) and junk))
    document, place, metric, facet = CASES[name]
    assert decide(metric, facet, document) is Verdict.APPROVED
    spoilt = copy.deepcopy(document)
    parent = spoilt
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = junk
    documents = (document, spoilt) if beside_a_good_report else (spoilt,)
    assert decide(metric, facet, *documents) is not Verdict.APPROVED
