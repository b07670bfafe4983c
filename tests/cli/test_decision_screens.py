"""Decisions as one sees them on terminals of 80 and of 160 columns: whole screens."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest

from checks.decision import Asked, Consequence, Decision, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord, RecordedModelPackage
from checks.evidence import Document, Evidence, Report
from checks.judge import judge
from checks.limits import Between
from checks.reports import read_report
from cli.display.decision_text import show_record
from tests.cli.screens import WIDTHS, assert_screen, terminal
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import parse_thresholds

NOW = datetime(2026, 1, 31, 12, 0, 5, tzinfo=UTC)
PACKAGE = RecordedModelPackage(
    arn="arn:aws:sagemaker:eu-central-1:123456789012:model-package/customer-churn-of-the-shop/17",
    group="customer-churn-of-the-shop",
    version=17,
)
THRESHOLDS = """\
name: churn
applies_to:
  model_package_groups: [churn]
mode: enforce
checks:
  - name: accuracy
    why: Campaigns are paid by the head, and one that reaches the wrong people costs more than it brings.
    metric: shop.accuracy
    at_least: 0.8
    confidence: 0.95
  - name: equal recall
    why: No region is to be left out.
    metric: shop.recall
    facet: region=EU
    at_least: 0.6
    on_failure: review
  - name: latency
    why: The shop waits for the answer.
    metric: latency.p95_seconds
    at_most: 0.25
    on_failure: warn
"""
EVIDENCE = "s3://model-evidence-123456789012/customer-churn/20260131T115902Z-5f1b2c3d/evaluation.json"


def _document(accuracy: float, recall: float, latency: float) -> bytes:
    groups = {"region=EU": {"value": recall, "samples": 900}}
    return json.dumps(
        {
            "shop_metrics": {
                "accuracy": {"value": accuracy, "samples": 2000},
                "recall": {"value": recall, "samples": 900, "facets": groups},
            },
            "latency_metrics": {"p95_seconds": {"value": latency}},
        }
    ).encode()


def _judged(*contents: bytes, thresholds: str = THRESHOLDS) -> DecisionRecord:
    file = parse_thresholds(thresholds.encode(), "thresholds/churn.yaml")
    uris = [EVIDENCE, EVIDENCE.replace("evaluation", "bias/analysis")]
    documents = [Document(uri, content) for uri, content in zip(uris, contents, strict=False)]
    evidence = Evidence(tuple(read_report(document) for document in documents))
    return DecisionRecord.of(
        judge(file, evidence, decided_at=DECIDED_AT),
        thresholds=file,
        evidence=evidence,
        decided_at=NOW,
        model_package=PACKAGE,
    )


def _found(number: int, outcome: Outcome, consequence: Consequence | None, name: str = "") -> Finding:
    value = number / 997
    asked = Asked(
        check=f"check {number}{name}",
        metric=f"text_to_sql.execution_accuracy{name}",
        limit=Between(-0.8, 0.812345),
        why=f"Because of reason {number}, which the governance team wrote down in a sentence of some length{name}.",
    )
    return Finding(
        asked,
        facet=f"region=R{number}{name}" if number % 2 else None,
        outcome=outcome,
        consequence=consequence,
        value=value,
        samples=100,
        interval=None,
        because=f"{value} is not between -0.8 and 0.812345",
    )


def _of(verdict: Verdict, *findings: Finding, reports: int = 1) -> DecisionRecord:
    evidence = tuple(Report(EVIDENCE, None, "0" * 64, "sagemaker_evaluation", ()) for _ in range(reports))
    return DecisionRecord.of(
        Decision(verdict, findings),
        thresholds=None,
        evidence=Evidence(evidence),
        decided_at=NOW,
        model_package=PACKAGE,
    )


def _mixed(count: int) -> tuple[Finding, ...]:
    kinds = (
        (Outcome.PASSED, None),
        (Outcome.MISSING, Consequence.REVIEW),
        (Outcome.FAILED, Consequence.REJECT),
        (Outcome.FAILED, Consequence.WARN),
    )
    return tuple(_found(number, *kinds[number % len(kinds)]) for number in range(count))


LONG_NAME = " of-a-name-without-any-blank-" + "x" * 170
CASES = {
    "approved": lambda: _judged(_document(0.9, 0.7, 0.2)),
    "rejected": lambda: _of(Verdict.REJECTED, *_mixed(24)),
    "needs-review": lambda: _judged(_document(0.9, 0.5, 0.3)),
    "dry-run": lambda: _judged(
        _document(0.7, 0.7, 0.2), thresholds=THRESHOLDS.replace("mode: enforce", "mode: dry_run")
    ),
    "unreadable-evidence": lambda: _judged(_document(0.9, 0.7, 0.2), b'{"facets": '),
    "long-names": lambda: _of(
        Verdict.REJECTED,
        _found(1, Outcome.FAILED, Consequence.REJECT, LONG_NAME),
        _found(2, Outcome.PASSED, None, " 顧客の離反" * 9),
    ),
    "500-findings": lambda: _of(Verdict.REJECTED, *_mixed(500)),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_a_decision_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, case: str, width: int) -> None:
    stream = terminal(monkeypatch, width)
    show_record(CASES[case](), stream)
    assert_screen(stream.screen, f"decision-{case}", width)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_passed_can_be_folded(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    stream = terminal(monkeypatch, width)
    show_record(CASES["rejected"](), stream, failures_only=True)
    assert_screen(stream.screen, "decision-rejected-failures", width)


def test_where_all_passed_that_is_all_that_is_said() -> None:
    stream = StringIO()
    show_record(CASES["approved"](), stream, failures_only=True)
    *_, blank, last = stream.getvalue().splitlines()
    assert (blank, last) == ("", "3 of 3 passed and are not shown")


def test_of_many_only_what_does_not_pass_is_counted_and_shown() -> None:
    stream = StringIO()
    show_record(CASES["500-findings"](), stream, failures_only=True)
    lines = stream.getvalue().splitlines()
    assert not any(line.startswith("passed") for line in lines)
    assert lines[-1] == "125 of 500 passed and are not shown"
    rejecting = [line.startswith("rejects: ") for line in lines[1:101]]
    assert rejecting == sorted(rejecting, reverse=True)


def test_in_a_pipe_no_line_is_broken() -> None:
    stream = StringIO()
    show_record(CASES["long-names"](), stream)
    assert f"rejects: check 1{LONG_NAME} (region=R1{LONG_NAME}): " in stream.getvalue()
    assert f"evidence    {EVIDENCE} (sagemaker_evaluation)\n" in stream.getvalue()
