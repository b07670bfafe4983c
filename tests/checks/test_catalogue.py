"""The catalogue against reality: what readers name, what the shipped evidence holds, and the entries themselves."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checks.catalogue import CATALOGUE, FAMILIES, find_metric
from checks.catalogue.metric import Better, Facets, Metric
from checks.evidence import Document
from checks.measurements import Measured, Measurement
from checks.ranges import Range
from checks.reports import read_report
from checks.reports.clarify_analysis_config import FORMAT as SETTINGS
from checks.reports.lm_eval import SHARES
from checks.reports.ragas import METRICS as RAGAS_METRICS
from checks.sensitive_share import SUFFIX as SENSITIVE_SHARE
from tests.threshold_files import parse_thresholds

PROJECT = Path(__file__).resolve().parents[2]
EVIDENCE = sorted((PROJECT / "examples").glob("*/version-*/evidence/*.json"))
SHIPPED = sorted(
    [*(PROJECT / "thresholds").glob("*.yaml"), *(PROJECT / "examples").glob("*/thresholds.yaml")]
)


def problems(measurements: Iterator[Measurement]) -> list[str]:
    """Return what the catalogue does not know of `measurements`, and which values are out of its ranges or facets."""
    found = []
    for one in measurements:
        metric = find_metric(one.metric)
        if metric is None:
            found.append(f"{one.metric} is not in the catalogue")
        elif isinstance(one, Measured) and one.value not in metric.range:
            found.append(f"{one.metric} is {one.value}, out of {metric.range}")
        elif isinstance(one, Measured) and one.samples is not None and not metric.supported:
            found.append(f"{one.metric} has {one.samples} samples")
        elif isinstance(one, Measured) and not _fits(metric, one.facet):
            found.append(f"{one.metric} has the facet {one.facet}, and its facets are: {metric.facets}")
    return found


def _fits(metric: Metric, facet: str | None) -> bool:
    match metric.facets:
        case Facets.WHOLE:
            return facet is None
        case Facets.EITHER:
            return True
        case Facets.GROUPS:
            return facet is not None
        case Facets.COLUMN:
            return facet is not None and "=" not in facet


@pytest.mark.parametrize("path", EVIDENCE, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_every_figure_of_the_examples_is_in_the_catalogue_and_in_its_range(path: Path) -> None:
    report = read_report(Document(path.as_posix(), path.read_bytes()))
    assert problems(iter(report.measurements)) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_every_metric_of_the_shipped_threshold_files_is_in_the_catalogue(path: Path) -> None:
    file = parse_thresholds(path.read_bytes(), path.name)
    assert [check.metric for check in file.checks if find_metric(check.metric) is None] == []


def test_every_real_report_at_hand_is_in_the_catalogue(shared_data: Callable[[str], Path]) -> None:
    files = [*shared_data("clarify").glob("*.json"), *shared_data("other_evaluators").iterdir()]
    reports = [read_report(Document(path.name, path.read_bytes())) for path in files]
    known = [report for report in reports if report.problem is None and report.format != SETTINGS]
    assert len(known) > 20
    figures = (one for report in known for one in report.measurements)
    assert problems(one for one in figures if isinstance(one, Measured)) == []


def test_what_readers_know_by_name_is_in_the_catalogue() -> None:
    names = [f"rag.{name}" for name in RAGAS_METRICS]
    names += [f"rag.{name}(mode=f1)" for name in RAGAS_METRICS]
    names += [f"lm_eval.t.{name}" for name in SHARES]
    assert [name for name in names if find_metric(name) is None] == []
    shares = [find_metric(f"lm_eval.t.{name}") for name in SHARES]
    assert all(metric is not None and metric.range == Range(0, 1) for metric in shares)
    sensitive = find_metric(f"explainability.kernel_shap.label0{SENSITIVE_SHARE}")
    assert sensitive is not None
    assert sensitive.address.endswith(SENSITIVE_SHARE)


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        ("bias.post_training.TE", "bias.post_training.TE"),
        ("bias.post_training.TE.samples", "bias.post_training.<metric>.<key>"),
        ("explainability.kernel_shap.label0.age", "explainability.kernel_shap.<label>.<feature>"),
        ("explainability.kernel_shap.l.a.b.share", "explainability.kernel_shap.<label>.<feature>.share"),
        ("explainability.kernel_shap.label0.top_share", "explainability.kernel_shap.<label>.top_share"),
        ("rag.faithfulness", "rag.faithfulness"),
        ("rag.factual_correctness(mode=f1)", "rag.factual_correctness(<mode>)"),
        ("lm_eval.mmlu.acc", "lm_eval.<task>.acc"),
        ("lm_eval.gsm8k.exact_match.strict-match", "lm_eval.<task>.exact_match.<filter>"),
        ("lm_eval.gsm8k.anything", "lm_eval.<task>.<metric>"),
        ("inspect.evals/gsm8k.match.accuracy", "inspect.<task>.<score>.accuracy"),
        ("inspect.t.match.mean.accuracy", "inspect.<task>.<score>.accuracy"),
        ("fmeval.qa_accuracy.trivia_qa.f1_score", "fmeval.<evaluation>.<data set>.f1_score"),
        ("model_monitor.violations.data_type_check", "model_monitor.violations.data_type_check"),
        ("model_monitor.binary_classification.auc", "model_monitor.binary_classification.auc"),
        ("model_monitor.statistics.string_statistics.mode", "model_monitor.statistics.<path>"),
        ("model_card.group.any metric", "model_card.<group>.<metric>"),
        ("model_card.evaluation.group.any metric", "model_card.<evaluation>.<group>.<metric>"),
        ("bedrock_evaluation.Builtin.Correctness", "bedrock_evaluation.Builtin.Correctness"),
        ("bedrock_evaluation.Builtin.Correctness.coverage", "bedrock_evaluation.<metric>.coverage"),
        ("bedrock_evaluation.my metric", "bedrock_evaluation.<metric>"),
        ("sagemaker_benchmark.all.acc", "sagemaker_benchmark.<task>.<metric>"),
        ("sagemaker_llm_judge.Correctness", "sagemaker_llm_judge.<metric>"),
        ("trainer_state.eval_accuracy", "trainer_state.<name>"),
        ("metrics.accuracy", "metrics.<name>"),
        ("churn.recall", None),
        ("accuracy", None),
        ("", None),
        ("bias.post_training.XX", None),
        ("text_to_sql.execution_accuracy_largest_gap_largest_gap", None),
    ],
    ids=lambda value: str(value) or "empty",
)
def test_an_address_is_found(address: str, entry: str | None) -> None:
    metric = find_metric(address)
    assert (None if metric is None else metric.address) == entry


@pytest.mark.parametrize(
    ("address", "inside", "outside"),
    [
        ("text_to_sql.unsafe_sql_rate", [0, 1], [-0.001, 1.001]),
        ("bias.post_training.RD", [-1, 0, 1], [-1.001, 1.001]),
        ("bias.post_training.DI", [0, 1e9], [-0.001]),
        ("bias.post_training.TE", [-1e9, 1e9], []),
        ("bias.pre_training.JS", [0, 0.6931], [0.6932]),
        ("feedback.nps", [-100, 100], [-100.1, 100.1]),
        ("feedback.nps_largest_gap", [0, 200], [-0.1, 200.1]),
        ("rag.answer_correctness", [-0.25, 1], [-0.26, 1.01]),
        ("rag.answer_correctness_largest_gap", [0, 1.25], [1.26]),
        ("regression.r2", [-7, 1], [1.01]),
        ("explainability.kernel_shap.label0.top_share", [0.001, 1], [0, 1.1]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_ranges_end_where_the_definitions_do(address: str, inside: list[float], outside: list[float]) -> None:
    metric = find_metric(address)
    assert metric is not None
    assert [value for value in inside if value not in metric.range] == []
    assert [value for value in outside if value in metric.range] == []


def test_entries_are_whole_and_stand_once() -> None:
    assert [
        address for address, count in Counter(one.address for one in CATALOGUE).items() if count > 1
    ] == []
    for metric in CATALOGUE:
        assert metric.meaning.endswith("."), metric.address
        assert metric.source, metric.address
        assert (metric.target is not None) == (metric.better is Better.TARGET), metric.address
        assert metric.target is None or metric.target in metric.range, metric.address
        assert metric.companion_of is None or find_metric(metric.companion_of) is not None, metric.address


def test_no_pattern_is_hidden_by_one_before_it() -> None:
    """A pattern with its placeholders filled by words is found as itself."""
    for metric in (one for family in FAMILIES for one in family.metrics if one.is_pattern):
        found = find_metric(metric.address.replace("<", "").replace(">", ""))
        assert found is metric, metric.address
