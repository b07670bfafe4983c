"""Threshold files to start from: whole files, what today's evidence comes to by them, and what has no such file."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue import find_metric
from checks.decision import Outcome
from checks.errors import GovernanceError
from checks.evidence import Document, Evidence, Report
from checks.judge import judge
from checks.measurements import Interval, Measured, Measurement, Source, Support, Unmeasured
from checks.reports import read_report
from checks.starter_file import starter_file
from checks.starting_points import STARTING_POINTS
from checks.tasks import Task
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import examine_thresholds

FILES = Path(__file__).with_name("starter_files")
PROJECT = Path(__file__).parents[2]
SHIPPED = {
    Task.RAG: "rag.yaml",
    Task.TEXT_TO_SQL: "text-to-sql.yaml",
    Task.LANGUAGE_MODEL: "language-model-safety.yaml",
}
METRICS = {one.check.metric for starting in STARTING_POINTS.values() for one in starting}


def evidence(**groups: Any) -> Evidence:
    content = json.dumps({f"{name}_metrics": metrics for name, metrics in groups.items()}).encode()
    return Evidence((read_report(Document("evidence/evaluation.json", content)),))


def analysis(**groups: float) -> Evidence:
    """A bias report with recall differences by group."""
    values = [
        {"value_or_threshold": group, "metrics": [{"name": "RD", "description": "d", "value": value}]}
        for group, value in groups.items()
    ]
    document = {"version": "1.0", "post_training_bias_metrics": {"label": "y", "facets": {"sex": values}}}
    return Evidence((read_report(Document("evidence/analysis.json", json.dumps(document).encode())),))


def share(value: float, samples: int) -> dict[str, Any]:
    return {"value": value, "samples": samples}


TOGETHER = {
    "text-to-sql-many": evidence(
        text_to_sql={
            "execution_accuracy": share(0.83, 412),
            "valid_sql_rate": share(1.0, 412),
            "unsafe_sql_rate": share(0.0, 412),
            "timeout_rate": share(0.01, 412),
        },
        latency={"p95_seconds": {"value": 2.71, "samples": 412, "standard_error": 0.1}},
    ),
    "text-to-sql-few": evidence(
        text_to_sql={
            "execution_accuracy": share(0.75, 4),
            "valid_sql_rate": share(1.0, 4),
            "unsafe_sql_rate": share(0.25, 4),
        },
    ),
    "rag-judged": evidence(
        rag={
            "faithfulness": {"value": 0.643, "samples": 80, "standard_error": 0.031},
            "answer_relevancy": {"value": 0.6006},
            "context_precision": {"value": None, "error": "no reference\nin any row"},
        },
    ),
    "classifier-biased": Evidence(
        (
            *evidence(binary_classification={"accuracy": share(0.774, 60), "auc": 0.83}).reports,
            *analysis(F=-0.33, M=0.33).reports,
        )
    ),
    "language-model-toxic": evidence(
        toxicity={
            "toxic_rate": {**share(0.08, 50), "facets": {"region=EU": share(0.12, 25)}},
            "coverage": share(1.0, 50),
        },
        bbq={"accuracy_disambiguated": share(0.9, 30)},
    ),
}


@pytest.mark.parametrize("task", Task)
def test_a_file_without_evidence_is_the_one_that_is_shown(task: Task) -> None:
    text = starter_file(task, "my-model")
    assert text == (FILES / f"{task}.yaml").read_text(encoding="utf-8")
    examine_thresholds(text.encode(), "t.yaml", strict=True)


@pytest.mark.parametrize("name", TOGETHER)
def test_a_file_with_evidence_is_the_one_that_is_shown(name: str) -> None:
    task = next(task for task in Task if name.startswith(task))
    text = starter_file(task, "my-model", TOGETHER[name])
    assert text == (FILES / f"{name}.yaml").read_text(encoding="utf-8")
    examine_thresholds(text.encode(), "t.yaml", strict=True)


@pytest.mark.parametrize("task", SHIPPED)
def test_the_checks_to_start_from_are_those_that_ship(task: Task) -> None:
    content = (PROJECT / "thresholds" / SHIPPED[task]).read_bytes()
    shipped = examine_thresholds(content, "t.yaml").files[0].checks
    assert tuple(one.check for one in STARTING_POINTS[task]) == shipped


@pytest.mark.parametrize("task", Task)
def test_every_metric_to_start_from_is_in_the_catalogue(task: Task) -> None:
    assert [find_metric(one.check.metric) is not None for one in STARTING_POINTS[task]] == [True] * len(
        STARTING_POINTS[task]
    )


@pytest.mark.parametrize("group", ["true", "null", "123", "1e3", "0x1F", "on", "NaN", "2026-01-31", "a-b"])
def test_a_group_of_any_name_stays_a_name(group: str) -> None:
    file = examine_thresholds(starter_file(Task.RAG, group).encode(), "t.yaml", strict=True).files[0]
    assert (file.name, file.applies_to) == (group, (group,))


def test_reports_that_disagree_make_no_active_check() -> None:
    both = [evidence(rag={"faithfulness": value, "answer_relevancy": 0.8}).reports[0] for value in (0.7, 0.9)]
    text = starter_file(Task.RAG, "bot", Evidence(tuple(both)))
    assert (
        "  # The reports disagree: 0.7 and 0.9. Take the # away once they agree.\n  # - name: faith" in text
    )


@pytest.mark.parametrize(
    ("found", "has"),
    [
        (evidence(churn={"recall": 0.8}), "it has churn.recall;"),
        (evidence(churn={"recall": {"value": None, "error": "no positive"}}), "it has no figures;"),
    ],
    ids=["other metrics", "nothing measured"],
)
def test_evidence_of_another_kind_is_refused(found: Evidence, has: str) -> None:
    with pytest.raises(GovernanceError, match="has measured none of the metrics that a rag file") as error:
        starter_file(Task.RAG, "bot", found)
    assert has in str(error.value)


# Made once each, as hypothesis looks through a strategy before it first draws from it.
SAMPLE_SIZES = st.none() | st.integers(1, 10_000)
SPREADS, SHARES = st.none() | st.floats(0, 10), st.none() | st.floats(0, 1)
FACETS = st.sampled_from([None, "sex=F", "sex=M"])
NAMES = st.sampled_from(sorted(METRICS))


@cache
def _values(metric: str) -> st.SearchStrategy[float]:
    known = find_metric(metric)
    assert known is not None
    low, high = known.range.low, known.range.high
    edges = [edge for edge in (low, high) if edge is not None]
    return st.floats(-1e6 if low is None else low, 1e6 if high is None else high) | st.sampled_from(
        edges or [0.0]
    )


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    metric = draw(NAMES)
    facet = draw(FACETS)
    source = Source("r.json", "/p")
    if draw(st.integers(0, 5)) == 0:
        return Unmeasured(metric, "no data", source, facet)
    value = draw(_values(metric))
    spread = draw(SPREADS)
    width = draw(SHARES)
    return Measured(
        metric,
        value,
        source,
        facet,
        samples=draw(SAMPLE_SIZES),
        support=Support(
            standard_deviation=spread,
            standard_error=draw(SHARES),
            interval=None if width is None else Interval(value - width, value + width, 0.9),
        ),
    )


@given(st.sampled_from(Task), st.lists(measurements(), max_size=12))
def test_the_file_is_valid_and_todays_evidence_passes_each_limit_that_is_near_it(
    task: Task, found: list[Measurement]
) -> None:
    whole = Evidence((Report("r.json", None, "0" * 64, "sagemaker_evaluation", tuple(found)),))
    try:
        text = starter_file(task, "group", whole)
    except GovernanceError:
        return
    file = examine_thresholds(text.encode(), "t.yaml", strict=True).files[0]
    near = {
        block.partition("\n")[0]
        for remark, block in zip(text.split("- name: "), text.split("- name: ")[1:], strict=False)
        if "The limit is near it" in remark.rpartition("\n  # Measured")[2]
    }
    decision = judge(file, whole, decided_at=DECIDED_AT)
    outcomes = {finding.check: finding.outcome for finding in decision.findings if finding.check in near}
    assert outcomes == dict.fromkeys(near, Outcome.PASSED)
