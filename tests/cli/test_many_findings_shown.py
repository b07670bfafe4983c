"""A decision with more findings than anybody reads, as text."""

from datetime import UTC, datetime
from io import StringIO

import pytest

from checks.decision import Asked, Consequence, Decision, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord
from checks.evidence import Evidence, Report
from cli.display.decision_text import show_record


def finding(number: int, consequence: Consequence | None) -> Finding:
    outcome = Outcome.PASSED if consequence is None else Outcome.FAILED
    facet, reason = f"g=\u202e{number}", f"reason {number}"
    return Finding(Asked("c", "m", None, "w"), facet, outcome, consequence, 1.0, None, None, reason)


def shown(findings: tuple[Finding, ...], reports: int = 1) -> list[str]:
    evidence = Evidence(tuple(Report(f"{i}.json", None, "0" * 64, "f", ()) for i in range(reports)))
    record = DecisionRecord.of(
        Decision(Verdict.REJECTED, findings),
        thresholds=None,
        evidence=evidence,
        decided_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    text = StringIO()
    show_record(record, text)
    return text.getvalue().splitlines()


def test_of_many_findings_the_heaviest_are_shown_and_all_are_counted() -> None:
    light = tuple(finding(i, None) for i in range(20_000))
    heavy = (finding(20_000, Consequence.REJECT), finding(20_001, Consequence.REVIEW))
    lines = shown((*light, *heavy))
    assert (
        "20,002 findings: 20,000 passed, 1 failed (rejects), 1 failed (asks for review). "
        "Shown are the 100 that ask for most; --format json shows all."
    ) in lines
    rows = [line for line in lines if line.startswith(("passed", "failed"))]
    assert (len(rows), sum(row.startswith("failed") for row in rows)) == (100, 2)
    assert lines[1:3] == [
        "rejects: c (g=20000): reason 20000",
        "asks for review: c (g=20001): reason 20001",
    ]


@pytest.mark.parametrize(("count", "rows"), [(300, 300), (301, 100)])
def test_few_findings_are_all_shown(count: int, rows: int) -> None:
    lines = shown(tuple(finding(i, None) for i in range(count)))
    assert len([line for line in lines if line.startswith("passed")]) == rows


def test_of_many_reports_some_are_named_and_the_others_counted() -> None:
    lines = [line for line in shown((finding(1, None),), reports=1500) if line.startswith("evidence")]
    assert len(lines) == 101
    assert lines[-1] == "evidence    and 1,400 more, in the decision record"


def test_marks_that_turn_text_around_do_not_reach_the_terminal() -> None:
    assert not any("202e" in line or "\u202e" in line for line in shown((finding(1, Consequence.REJECT),)))
