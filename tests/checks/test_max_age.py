"""`max_age_days`: how old evidence may be, by the time at which its store took it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checks.decision import Decision, Finding, Verdict
from checks.decision_record import DecisionRecord, DecisionRecordError, parse_record
from checks.evidence import Document, Evidence, Report
from checks.judge import judge
from checks.measurements import Measured, Source
from checks.reports import read_report
from checks.threshold_set import compile_thresholds
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import parse_thresholds


def days_ago(days: float) -> datetime:
    return DECIDED_AT - timedelta(days=days)


def report(value: float, written_at: datetime | None, uri: str = "s3://e/r.json", **keys: Any) -> Report:
    return Report(
        uri, "v1", "0" * 64, "f", (Measured("g.m", value, Source(uri, "/m"), **keys),), written_at=written_at
    )


def thresholds(most: int | None = 30, **keys: Any) -> ThresholdFile:
    check = Check(name="c", why="w", metric="g.m", at_least=0.5, max_age_days=most, **keys)
    return ThresholdFile("t", "t.yaml", "0" * 64, ("g",), Mode.ENFORCE, (check,))


def decide(file: ThresholdFile, *reports: Report) -> tuple[Verdict, Finding]:
    decision = judge(file, Evidence(reports), decided_at=DECIDED_AT)
    return decision.verdict, decision.findings[0]


YOUNG = "the report is 30.0 days old, of at most 30"


@pytest.mark.parametrize(
    ("written_at", "verdict", "reason"),
    [
        pytest.param(
            days_ago(0),
            "Approved",
            "0.9 is at least 0.5; the report is 0.0 days old, of at most 30",
            id="now",
        ),
        pytest.param(days_ago(30), "Approved", f"0.9 is at least 0.5; {YOUNG}", id="the last moment"),
        pytest.param(
            days_ago(30) - timedelta(seconds=1),
            "Rejected",
            "s3://e/r.json: 30.0 days old, and the check takes at most 30 days; measure again",
            id="a second later",
        ),
        pytest.param(
            days_ago(45.25),
            "Rejected",
            "s3://e/r.json: 45.2 days old, and the check takes at most 30 days; measure again",
            id="too old",
        ),
        pytest.param(
            None,
            "Rejected",
            "s3://e/r.json: nobody knows how old it is, and the check takes at most 30 days; attach it from S3, which "
            "keeps that time",
            id="of unknown age",
        ),
        pytest.param(
            days_ago(-1),
            "Approved",
            "0.9 is at least 0.5; the report is 0.0 days old, of at most 30",
            id="a clock that is ahead",
        ),
    ],
)
def test_evidence_that_is_too_old_cannot_be_used(
    written_at: datetime | None, verdict: str, reason: str
) -> None:
    decided, finding = decide(thresholds(), report(0.9, written_at))
    assert (decided, finding.reason) == (verdict, reason)
    assert finding.outcome == ("passed" if verdict == "Approved" else "invalid")


def test_without_a_limit_age_is_nothing() -> None:
    verdict, finding = decide(thresholds(None), report(0.9, None))
    assert (verdict, finding.reason) == (Verdict.APPROVED, "0.9 is at least 0.5")


@pytest.mark.parametrize("value", [0.1, 0.9], ids=["failing", "passing"])
@pytest.mark.parametrize(
    ("on_missing", "on_failure", "verdict"),
    [
        pytest.param("review", "warn", "NeedsReview", id="what a gap asks for"),
        pytest.param("warn", "review", "NeedsReview", id="what a failure asks for"),
        pytest.param("reject", "review", "Rejected", id="the stricter of both"),
    ],
)
def test_what_old_evidence_asks_for(value: float, on_missing: str, on_failure: str, verdict: str) -> None:
    file = thresholds(on_missing=on_missing, on_failure=on_failure)
    assert decide(file, report(value, days_ago(31)))[0] == verdict


def test_what_is_missing_is_missing_whatever_its_age() -> None:
    verdict, finding = decide(thresholds())
    assert (verdict, finding.outcome) == (Verdict.REJECTED, "missing")


def test_beside_an_old_report_of_the_same_figure_a_young_one_does_not_count() -> None:
    young, old = report(0.9, days_ago(1)), report(0.9, days_ago(99), "s3://e/s.json")
    for order in ((young, old), (old, young)):
        verdict, finding = decide(thresholds(), *order)
        assert (verdict, finding.outcome) == (Verdict.REJECTED, "invalid")
        assert finding.reason.startswith("s3://e/s.json: 99.0 days old")
    same = report(0.9, days_ago(1)), report(0.9, days_ago(99))
    assert decide(thresholds(), *same)[0] is decide(thresholds(), *reversed(same))[0] is Verdict.REJECTED


FILE = """\
name: n
applies_to: {{model_package_groups: [g]}}
{top}checks:
  - {{name: c, why: w, metric: g.m, at_least: 0.5}}
  - {{name: d, why: w, metric: g.d, at_least: 0.5, max_age_days: 7}}
"""


def test_a_check_says_it_itself_or_has_it_from_its_file_or_from_the_one_that_this_extends() -> None:
    file = parse_thresholds(FILE.format(top="max_age_days: 90\n").encode(), "t.yaml")
    assert [file.max_age_of(check) for check in file.checks] == [90, 7]
    plain = parse_thresholds(FILE.format(top="").encode(), "t.yaml")
    assert [plain.max_age_of(check) for check in plain.checks] == [None, 7]
    contents = {
        "t.yaml": FILE.format(top="max_age_days: 90\n").encode(),
        "u.yaml": b"name: u\nextends: n\napplies_to: {model_package_groups: [u]}\n",
        "v.yaml": b"name: v\nextends: n\nmax_age_days: 5\napplies_to: {model_package_groups: [v]}\n",
    }
    found = {
        file.name: [file.max_age_of(check) for check in file.checks] for file in compile_thresholds(contents)
    }
    assert found == {"n": [90, 7], "u": [90, 7], "v": [5, 7]}


def test_the_record_says_when_reports_were_written_where_it_matters() -> None:
    def record(file: ThresholdFile, *reports: Report) -> DecisionRecord:
        evidence = Evidence(reports)
        decision: Decision = judge(file, evidence, decided_at=DECIDED_AT)
        return DecisionRecord.of(decision, thresholds=file, evidence=evidence, decided_at=DECIDED_AT)

    asked = record(
        thresholds(), report(0.9, datetime(2026, 11, 1, 12, tzinfo=UTC)), report(0.9, None, "b.json")
    )
    assert [one.written_at for one in asked.evidence] == ["2026-11-01T12:00:00Z", None]
    assert b'"schema": "governance.decision/2"' in asked.to_bytes()
    assert parse_record(asked.to_bytes()) == asked
    with pytest.raises(DecisionRecordError, match="waivers, origins, ages"):
        parse_record(asked.to_bytes().replace(b"decision/2", b"decision/1"))
    plain = record(thresholds(None), report(0.9, days_ago(1)))
    assert plain.evidence[0].written_at is None
    assert b"written_at" not in plain.to_bytes()


def test_a_report_has_the_time_of_its_document() -> None:
    document = Document("r.json", b'{"g_metrics": {"m": {"value": 1}}}', written_at=days_ago(3))
    assert read_report(document).written_at == days_ago(3)
