"""Evidence and thresholds of any size: hints stay cheap, and a record holds what matters."""

import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from checks.decision import Asked, Decision, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord
from checks.evidence import Evidence, Report
from checks.findings import MAX_FINDING_BYTES, keep_within_bounds
from checks.judge import judge
from checks.measurements import Measured, Measurement, Source
from checks.summary import summarise
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT

MAX_RECORD_BYTES = 16 * 1024 * 1024  # what the decision log takes
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def check(name: str = "c", metric: str = "g.m", **keys: Any) -> Check:
    return Check(name=name, why="w", metric=metric, at_least=0.5, **keys)


def evidence(*found: Measurement, problem: str | None = None) -> Evidence:
    return Evidence((Report("r.json", None, "0" * 64, "sagemaker_evaluation", found, problem),))


def groups(count: int, value: float = 0.9, name: str = "group") -> tuple[Measured, ...]:
    return tuple(
        Measured("g.m", value, Source("r.json", f"/g/{i}"), facet=f"{name}={i:06}") for i in range(count)
    )


def thresholds(*checks: Check) -> ThresholdFile:
    return ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, checks)


def decide(found: Evidence, *checks: Check) -> Decision:
    return judge(thresholds(*checks), found, decided_at=DECIDED_AT)


def counted(findings: list[Finding]) -> Counter[Outcome]:
    """Return how many findings of each outcome there are, those that are summed up included."""
    numbers: Counter[Outcome] = Counter()
    for finding in findings:
        first = finding.reason.split(" more came to the same")[0]
        numbers[finding.outcome] += int(first.replace(",", "")) if first != finding.reason else 1
    return numbers


def test_a_hundred_thousand_findings_are_judged_recorded_and_told() -> None:
    found = evidence(*groups(60_000), *groups(40_000, 0.1, "other"))
    decision = decide(found, check(facet="*", on_failure="review"))
    record = DecisionRecord.of(decision, thresholds=thresholds(check()), evidence=found, decided_at=NOW)
    assert decision.verdict is Verdict.NEEDS_REVIEW
    assert counted(list(decision.findings)) == {Outcome.PASSED: 60_000, Outcome.FAILED: 40_000}
    assert len(record.to_bytes()) < MAX_RECORD_BYTES
    assert summarise(record).startswith('NeedsReview by thresholds "t"')


def test_the_heaviest_findings_are_listed_in_their_order_and_the_others_counted() -> None:
    found = evidence(*groups(12_000), Measured("g.m", 0.2, Source("r.json"), facet="late=1"))
    findings = decide(found, check(facet="*")).findings
    assert [f.facet for f in findings if f.outcome is Outcome.FAILED] == ["late=1"]
    assert [f.facet for f in findings[:-2]] == sorted(f.facet or "" for f in findings[:-2])
    assert (findings[-1].facet, findings[-1].outcome, findings[-1].consequence) == ("*", Outcome.PASSED, None)
    assert (findings[-1].value, findings[-1].samples, findings[-1].interval) == (None, None, None)
    assert counted(list(findings)) == {Outcome.PASSED: 12_000, Outcome.FAILED: 1}


def test_nothing_is_summed_up_where_all_findings_fit() -> None:
    found = evidence(*groups(2_000))
    assert len(decide(found, check(facet="*"), check("d", facet="*")).findings) == 4_000


def test_a_check_after_the_room_is_used_up_still_has_its_part() -> None:
    found = evidence(*groups(12_000, 0.1))
    findings = decide(found, check(facet="*"), check("d", facet="*")).findings
    last = [f for f in findings if f.check == "d"]
    assert len(last) > 1000
    assert counted(last) == {Outcome.FAILED: 12_000}


def test_many_passes_beside_many_warnings_still_count_as_proof() -> None:
    found = evidence(*groups(12_000, 0.1, "a"), *groups(12_000, 0.9, "b"))
    assert decide(found, check(facet="*", on_failure="warn")).verdict is Verdict.APPROVED


def test_the_names_and_reasons_of_findings_are_shortened() -> None:
    long = Measured("g.m", 0.9, Source("r.json", "/" + "p" * 8000), facet="f=" + "x" * 8000)
    other = Measured("g.m", 0.8, Source("r.json", "/" + "q" * 8000), facet="f=" + "x" * 8000)
    (finding,) = decide(evidence(long, other), check(facet="*")).findings
    assert finding.facet == "f=" + "x" * 997 + "…"
    assert len(finding.reason) == 2000


def test_reports_that_cannot_be_read_are_summed_up_too() -> None:
    bad = Report("bad.json", None, "0" * 64, "unreadable", (), "not JSON" * 200)
    findings = decide(Evidence((bad,) * 20_000), check()).findings
    assert counted(list(findings)) == {Outcome.INVALID: 20_000, Outcome.MISSING: 1}
    assert findings[-1].outcome is Outcome.MISSING


@cache
def names() -> tuple[Measured, ...]:
    """A hundred thousand figures of as many names."""
    return tuple(
        Measured(f"team_{i % 100}.figure_{i}", 0.9, Source("r.json", f"/{i}")) for i in range(100_000)
    )


NEAR = (
    Measured("rag.faithfulness", 0.9, Source("r.json")),
    Measured("latency.p95_seconds", 1, Source("r.json")),
)


@pytest.mark.parametrize(
    ("metric", "near"),
    [
        ("rag.faithfullness", "rag.faithfulness"),
        ("rga.faithfulness", "rag.faithfulness"),
        ("latency.p95", "latency.p95_seconds"),
    ],
    ids=["a letter too many", "letters swapped", "an end left out"],
)
def test_the_nearest_name_is_found_among_a_hundred_thousand(metric: str, near: str) -> None:
    (finding,) = decide(evidence(*names(), *NEAR), check(metric=metric)).findings
    assert finding.reason.startswith(f"the evidence does not have {metric}; nearest are {near}")


def test_hundreds_of_missing_metrics_among_a_hundred_thousand_names() -> None:
    """Within the time limit of a test; compared one by one they would take hours."""
    missing = [check(f"c{i}", f"team_{i}.figrue_{i}") for i in range(300)]
    assert {f.outcome for f in decide(evidence(*names()), *missing).findings} == {Outcome.MISSING}


def test_hundreds_of_checks_on_single_groups_of_a_hundred_thousand() -> None:
    found = evidence(*groups(100_000))
    wanted = [check(f"c{i}", facet=f"group={i:06}") for i in range(300)]
    assert {f.outcome for f in decide(found, *wanted).findings} == {Outcome.PASSED}


def test_a_name_too_long_to_be_compared_gets_no_hint() -> None:
    (finding,) = decide(evidence(*NEAR), check(metric="rag." + "x" * 500)).findings
    assert "nearest" not in finding.reason


def test_the_bound_leaves_room_for_the_rest_of_a_record() -> None:
    assert 2 * MAX_FINDING_BYTES <= MAX_RECORD_BYTES * 3 / 4


@pytest.mark.parametrize(
    "text", ["plain", 'quo"tes', "back\\slash", "line\nbreak", "ü", "\ud800", "\x7f", ""], ids=ascii
)
def test_a_finding_counts_by_the_bytes_that_it_has_in_a_record(text: str) -> None:
    one = Finding(Asked("c", "m", None, "w"), "f", Outcome.FAILED, None, None, None, None, text)
    in_json = len(json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace"))
    long = replace(one, because=text * (MAX_FINDING_BYTES // max(1, in_json - 2) + 1))
    assert [found.reason for found in keep_within_bounds([[one]], 1)] == [text]
    assert text == "" or [found.reason for found in keep_within_bounds([[long]], 1)] != [long.reason]
