"""Judging: what each check comes to, and what the findings come to."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from checks.decision import Asked, Decision, Finding, Outcome, Verdict
from checks.evidence import Evidence, Report
from checks.judge import judge
from checks.limits import Target
from checks.measurements import Interval, Measured, Measurement, Source, Unmeasured
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT
from tests.made_measurements import make_measured


def check(**keys: Any) -> Check:
    said: dict[str, Any] = {"name": "c", "why": "w", "metric": "g.m", **keys}
    return Check(**said)


def thresholds(*checks: Check) -> ThresholdFile:
    return ThresholdFile("t", "t.yaml", "0" * 64, ("g",), Mode.ENFORCE, checks)


def report(*measurements: Measurement, uri: str = "r.json") -> Report:
    return Report(uri, None, "0" * 64, "sagemaker_evaluation", measurements)


def unreadable(uri: str = "bad.json") -> Report:
    return Report(uri, None, "0" * 64, "unreadable", (), "not JSON")


def measured(value: float, uri: str = "r.json", metric: str = "g.m", **keys: Any) -> Measured:
    return make_measured(metric, value, Source(uri, "/p"), **keys)


def unmeasured(reason: str = "no data", uri: str = "r.json", **keys: Any) -> Unmeasured:
    said: dict[str, Any] = {"metric": "g.m", "reason": reason, "source": Source(uri, "/p"), **keys}
    return Unmeasured(**said)


def decide(checks: Check | list[Check], *reports: Report) -> Decision:
    given = checks if isinstance(checks, list) else [checks]
    return judge(thresholds(*given), Evidence(reports), decided_at=DECIDED_AT)


def finding(one: Check, *measurements: Measurement) -> Finding:
    (found,) = (f for f in decide(one, report(*measurements)).findings if f.check == one.name)
    return found


@pytest.mark.parametrize(
    ("limit", "value", "passes"),
    [
        ({"at_least": 0.8}, 0.8, True),
        ({"at_least": 0.8}, 0.7999999999999999, False),
        ({"at_most": 0.8}, 0.8, True),
        ({"at_most": 0.8}, 0.8000000000000002, False),
        ({"between": (-0.8, 0.8)}, -0.8, True),
        ({"between": (-0.8, 0.8)}, 0.8, True),
        ({"between": (-0.8, 0.8)}, -1.3, False),
        ({"between": (-0.8, 0.8)}, 1.3, False),
        ({"target": 0.8, "tolerance": 0.1}, 0.7, True),
        ({"target": 0.8, "tolerance": 0.1}, 0.9, True),
        ({"target": 0.3, "tolerance": 0.1}, 0.2, True),
        ({"target": 0.3, "tolerance": 0.1}, 0.4, True),
        ({"target": 0.3, "tolerance": 0.1}, 0.4000000000000001, False),
        ({"target": 1.0, "tolerance": 0.0}, 1.0, True),
        ({"target": 1.0, "tolerance": 0.0}, 0.9999999999999999, False),
        ({"at_least": 1e308}, 1e308, True),
        ({"at_least": 0.0}, -0.0, True),
        ({"at_most": 5e-324}, 0.0, True),
    ],
)
def test_limits_include_their_ends_and_are_exact(limit: dict[str, Any], value: float, passes: bool) -> None:
    found = finding(check(**limit), measured(value))
    assert found.outcome == ("passed" if passes else "failed")
    assert found.value == value


PROPORTION = {"samples": 300}
MEAN = {"samples": 100, "standard_deviation": 0.2}


@pytest.mark.parametrize(
    ("limit", "value", "support", "outcome"),
    [
        ({"at_least": 0.8}, 0.84, PROPORTION, "passed"),
        ({"at_least": 0.8}, 0.82, PROPORTION, "inconclusive"),
        ({"at_least": 0.8}, 0.78, PROPORTION, "inconclusive"),
        ({"at_least": 0.8}, 0.75, PROPORTION, "failed"),
        ({"at_most": 0.1}, 0.07, PROPORTION, "passed"),
        ({"at_most": 0.1}, 0.09, PROPORTION, "inconclusive"),
        ({"at_most": 0.1}, 0.14, PROPORTION, "failed"),
        ({"at_least": 0.5}, 0.54, MEAN, "passed"),
        (
            {"at_least": 0.5},
            0.54,
            {"samples": 5, "standard_deviation": 0.045},
            "inconclusive",
        ),  # 0.573 by the normal
        ({"at_least": 0.5}, 0.53, MEAN, "inconclusive"),
        ({"between": (0.4, 0.6)}, 0.5, MEAN, "passed"),
        ({"between": (0.4, 0.6)}, 0.59, MEAN, "inconclusive"),
        ({"between": (0.4, 0.6)}, 0.7, MEAN, "failed"),
        ({"between": (0.49, 0.51)}, 0.5, MEAN, "inconclusive"),
        ({"target": 0.5, "tolerance": 0.1}, 0.3, MEAN, "failed"),
        ({"at_least": 0.5}, 0.6, {"interval": Interval(0.5, 0.7, 0.9)}, "passed"),
        ({"at_least": 0.5}, 0.6, {"interval": Interval(0.49, 0.7, 0.9)}, "inconclusive"),
        ({"at_least": 0.5}, 0.4, {"interval": Interval(0.3, 0.49, 0.9)}, "failed"),
        ({"at_least": 0.5}, 0.9, {"interval": Interval(0.8, 0.95, 0.5)}, "invalid"),
        ({"at_least": 0.5}, 0.9, {"standard_error": 0.05}, "passed"),
        ({"at_least": 0.5}, 0.9, {"standard_error": 0.1}, "inconclusive"),
        ({"at_least": 0.5}, 0.9, {"standard_error": 0.1, "samples": 9}, "passed"),
        ({"at_least": 0.5}, 0.9, {"samples": 9, "spread_problem": "s is text"}, "invalid"),
        (
            {"at_least": 0.5},
            0.9,
            {"interval": Interval(0.8, 0.95, 0.9), "spread_problem": "s is text"},
            "invalid",
        ),
        ({"at_least": 0.5}, 0.9, {}, "invalid"),
        ({"at_least": 0.5}, 0.9, {"standard_deviation": 0.1}, "invalid"),
        ({"at_least": 0.5}, 0.9, {"standard_error": float("inf")}, "invalid"),
        ({"at_least": 0.5}, 0.9, {"standard_error": float("nan")}, "invalid"),
        ({"at_least": 0.5}, 0.9, {"standard_error": -0.1}, "invalid"),
        ({"at_least": 0.7}, 1.0, {"samples": 5, "standard_deviation": 0.0}, "inconclusive"),
        ({"at_least": 0.6}, 1.0, {"samples": 5, "standard_deviation": 0.0}, "passed"),
        ({"at_least": 0.6}, 0.9999999999, {"samples": 5, "standard_deviation": 0.0}, "passed"),
        ({"between": (0.6, 1.0)}, 1.0, {"samples": 5, "standard_deviation": 0.0}, "passed"),
        ({"at_most": 0.4}, 0.0, {"samples": 5, "standard_deviation": 0.0}, "passed"),
        ({"at_least": 0.5}, 0.0, {"samples": 5, "standard_deviation": 0.0}, "failed"),
        ({"at_most": 1.2}, 1.0, {"samples": 5, "standard_deviation": 0.0}, "inconclusive"),
        ({"at_most": 1.0}, 1.0, {"samples": 5, "standard_deviation": 0.0}, "inconclusive"),
        ({"at_least": 0.0}, 0.0, {"samples": 5, "standard_deviation": 0.0}, "inconclusive"),
        ({"between": (-0.6, 0.6)}, 0.0, {"samples": 5, "standard_deviation": 0.0}, "inconclusive"),
        ({"between": (0.0, 1.0)}, 1.0, {"samples": 5, "standard_deviation": 0.0}, "inconclusive"),
        ({"target": 1.0, "tolerance": 0.4}, 1.0, {"samples": 5, "standard_deviation": 0.0}, "inconclusive"),
        ({"at_least": 0.5}, 3.0, {"samples": 1}, "inconclusive"),
        ({"at_least": 0.5}, 1.0, {"samples": 1}, "inconclusive"),
    ],
)
def test_confidence_has_three_zones(
    limit: dict[str, Any], value: float, support: dict[str, Any], outcome: str
) -> None:
    assert finding(check(confidence=0.95, **limit), measured(value, **support)).outcome == outcome


@pytest.mark.parametrize(
    ("keys", "found", "outcome", "reason"),
    [
        ({}, measured(0.9), "passed", "0.9 is at least 0.5"),
        ({}, measured(0.4), "failed", "0.4 is below 0.5"),
        ({}, unmeasured("no data"), "missing", "it could not be measured: no data (r.json#/p)"),
        (
            {},
            measured(1.2, samples=10),
            "invalid",
            "1.2 is given with a sample size and no spread, so it is a proportion",
        ),
        ({}, measured(-0.1, samples=10), "invalid", "-0.1 is given with a sample size and no spread"),
        ({}, measured(1.2, samples=10, standard_deviation=0.3), "passed", "1.2 is at least 0.5"),
        ({}, measured(3.0, samples=1), "passed", "3 is at least 0.5"),
        ({}, measured(3.0, samples=10, spread_problem="s is text"), "passed", "3 is at least 0.5"),
        ({}, measured(0.9, samples_problem="samples is 2.5"), "invalid", "samples is 2.5"),
        ({"min_samples": 5}, measured(0.9, samples_problem="samples is 2.5"), "invalid", "samples is 2.5"),
        ({"confidence": 0.95}, measured(0.9, samples_problem="samples is 2.5"), "invalid", "samples is 2.5"),
        (
            {},
            measured(0.9, samples=10**400),
            "invalid",
            "it rests on more than 9,007,199,254,740,992 samples",
        ),
        (
            {"confidence": 0.95},
            measured(0.9, samples=10**400, standard_error=0.0),
            "invalid",
            "it rests on more than 9,007,199,254,740,992 samples",
        ),
        (
            {"confidence": 0.95},
            measured(0.9, samples=10, spread_problem="standard_deviation: the text where a number belongs"),
            "invalid",
            "confidence 0.95 cannot be shown: standard_deviation: the text where a number belongs",
        ),
        (
            {"confidence": 0.95},
            measured(3.0, samples=1),
            "inconclusive",
            "3 with confidence 0.95 is not certain: it rests on one sample, and one sample shows no spread",
        ),
        (
            {"confidence": 0.95},
            measured(0.81, samples=2, standard_deviation=0.0),
            "inconclusive",
            "0.81 with confidence 0.95 is not certain: the spread that the report gives is nothing against",
        ),
        (
            {"confidence": 0.95},
            measured(1.0, samples=9, standard_deviation=0.0),
            "passed",
            "[0.768866, 1] at one-sided 95 % around 1 (n = 9) is at least 0.5 (at worst, for scores from 0 to 1: the",
        ),
        ({}, measured(0.9, samples=0), "invalid", "it rests on 0 samples, which cannot be"),
        ({}, measured(float("nan")), "invalid", "the value is not a finite number"),
        ({}, measured(float("inf")), "invalid", "the value is not a finite number"),
        ({"min_samples": 200}, measured(0.9, samples=200), "passed", "0.9 is at least 0.5"),
        (
            {"min_samples": 200},
            measured(0.9, samples=199),
            "inconclusive",
            "199 samples are too few to tell; the check asks for 200",
        ),
        (
            {"min_samples": 200},
            measured(0.9),
            "invalid",
            "the report gives no sample size, and the check asks for at",
        ),
        (
            {"confidence": 0.95},
            measured(0.9),
            "invalid",
            "confidence 0.95 cannot be shown: the report gives neither a sample size nor a spread",
        ),
        (
            {"confidence": 0.95},
            measured(0.84, samples=300),
            "passed",
            "[0.802169, 0.871753] at one-sided 95 % around 0.84 (n = 300) is at least 0.5",
        ),
        (
            {"facet": "region=CA"},
            measured(0.9),
            "missing",
            "the evidence has g.m, but not for this facet",
        ),
        (
            {},
            measured(0.9, facet="region=CA"),
            "missing",
            'the evidence has g.m by facet only (region=CA); say which one with facet, or "*" for all',
        ),
        ({"metric": "g.mm"}, measured(0.9), "missing", "the evidence does not have g.mm; nearest are g.m"),
        ({"metric": "zzzz"}, measured(0.9), "missing", "the evidence does not have zzzz"),
    ],
)
def test_one_check_and_one_measurement(
    keys: dict[str, Any], found: Measurement, outcome: str, reason: str
) -> None:
    result = finding(check(at_least=0.5, **keys), found)
    assert result.outcome == outcome
    assert result.reason.startswith(reason)


def test_a_finding_says_everything_about_its_check_and_value() -> None:
    one = check(name="accuracy", why="It matters.", target=0.9, tolerance=0.05, facet="region=CA")
    interval = Interval(0.8, 0.9, 0.95)
    assert finding(one, measured(0.875, facet="region=CA", samples=40, interval=interval)) == Finding(
        asked=Asked(check="accuracy", metric="g.m", limit=Target(0.9, 0.05), why="It matters."),
        facet="region=CA",
        outcome=Outcome.PASSED,
        consequence=None,
        value=0.875,
        samples=40,
        interval=interval,
        because="0.875 is within 0.05 of 0.9",
    )


@pytest.mark.parametrize(
    ("facet", "found"),
    [
        ("*", ["age", "age=30", "region=CA", "region=NY"]),
        ("region", ["region=CA", "region=NY"]),
        ("age", ["age", "age=30"]),
        ("region=CA", ["region=CA"]),
        ("reg", ["reg"]),
        ("region=", ["region="]),
        (None, [None]),
    ],
)
def test_a_facet_names_one_group_a_column_or_all(facet: str | None, found: list[str | None]) -> None:
    facets = [None, "region=NY", "region=CA", "age=30", "age"]
    decision = decide(check(at_least=0, facet=facet), report(*(measured(1, facet=f) for f in facets)))
    assert [f.facet for f in decision.findings if f.check == "c"] == found
    missing = facet in {"reg", "region="}
    assert [f.outcome for f in decision.findings if f.check == "c"] == [
        "missing" if missing else "passed"
    ] * len(found)


def test_one_facet_that_fails_rejects() -> None:
    both = report(measured(1, facet="a=1"), measured(-1, facet="a=2"))
    assert decide(check(at_least=0, facet="*"), both).verdict == Verdict.REJECTED


@pytest.mark.parametrize(
    ("reports", "outcome", "reason"),
    [
        (
            [report(measured(0.9)), report(measured(0.9, "s.json"), uri="s.json")],
            "passed",
            "0.9 is at least 0.5",
        ),
        (
            [report(measured(0.9)), report(measured(0.8, "s.json"), uri="s.json")],
            "invalid",
            "the reports give different values: 0.9 in r.json#/p; 0.8 in s.json#/p",
        ),
        (
            [report(measured(0.9)), report(unmeasured("no data", "s.json"), uri="s.json")],
            "inconclusive",
            "0.9 is at least 0.5; but it could not be measured everywhere: no data (s.json#/p)",
        ),
        (
            [report(measured(0.3)), report(unmeasured("no data", "s.json"), uri="s.json")],
            "failed",
            "0.3 is below 0.5",
        ),
        (
            [report(measured(0.9)), report(measured(0.9, "s.json", samples=0), uri="s.json")],
            "invalid",
            "it rests on 0 samples",
        ),
    ],
)
def test_one_metric_in_two_reports(reports: list[Report], outcome: str, reason: str) -> None:
    for order in (reports, reports[::-1]):
        (found,) = decide(check(at_least=0.5), *order).findings
        assert found.outcome == outcome
        assert found.reason.startswith(reason)


def test_a_gap_beside_a_failure_that_only_warns_still_asks_for_review() -> None:
    one = check(at_least=0.5, on_failure="warn")
    other = check(name="other", metric="g.other", at_least=0)
    evidence = report(measured(0.3), unmeasured(), measured(1, metric="g.other"))
    assert decide([one, other], evidence).verdict == Verdict.NEEDS_REVIEW


@pytest.mark.parametrize(
    ("keys", "consequence"),
    [
        ({}, "review"),
        ({"on_missing": "warn"}, "review"),
        ({"on_inconclusive": "warn"}, "reject"),
        ({"on_inconclusive": "warn", "on_missing": "review"}, "review"),
        ({"on_inconclusive": "warn", "on_missing": "warn"}, "warn"),
    ],
)
def test_a_gap_beside_a_value_never_asks_for_less_than_on_missing_where_uncertainty_warns(
    keys: dict[str, Any], consequence: str
) -> None:
    found = decide(check(at_least=0.5, **keys), report(measured(0.9), unmeasured())).findings[0]
    assert (found.outcome, found.consequence) == ("inconclusive", consequence)


PASSES = check(name="passes", metric="g.ok", at_least=0)
OK = measured(1, metric="g.ok")


@pytest.mark.parametrize(
    ("keys", "found", "consequence", "verdict"),
    [
        ({}, measured(0.9), None, "Approved"),
        ({}, measured(0.1), "reject", "Rejected"),
        ({"on_failure": "review"}, measured(0.1), "review", "NeedsReview"),
        ({"on_failure": "warn"}, measured(0.1), "warn", "Approved"),
        ({}, unmeasured(), "reject", "Rejected"),
        ({"on_missing": "review"}, unmeasured(), "review", "NeedsReview"),
        ({"on_missing": "warn"}, unmeasured(), "warn", "Approved"),
        ({"min_samples": 9}, measured(0.9, samples=3), "review", "NeedsReview"),
        ({"min_samples": 9, "on_inconclusive": "reject"}, measured(0.9, samples=3), "reject", "Rejected"),
        ({"min_samples": 9, "on_inconclusive": "warn"}, measured(0.9, samples=3), "warn", "Approved"),
        ({"min_samples": 9}, measured(0.9), "reject", "Rejected"),
        ({"min_samples": 9, "on_missing": "warn"}, measured(0.9), "reject", "Rejected"),
        (
            {"min_samples": 9, "on_missing": "review", "on_failure": "warn"},
            measured(0.9),
            "review",
            "NeedsReview",
        ),
        ({"min_samples": 9, "on_missing": "warn", "on_failure": "warn"}, measured(0.9), "warn", "Approved"),
    ],
)
def test_what_a_finding_asks_for(
    keys: dict[str, Any], found: Measurement, consequence: str | None, verdict: str
) -> None:
    decision = decide([check(at_least=0.5, **keys), PASSES], report(found, OK))
    assert decision.findings[0].consequence == consequence
    assert decision.verdict == verdict


def test_without_a_threshold_file_a_person_decides() -> None:
    decision = judge(None, Evidence((report(OK),)), decided_at=DECIDED_AT)
    assert decision.verdict == Verdict.NEEDS_REVIEW
    assert [(f.check, f.outcome, f.consequence) for f in decision.findings] == [
        ("threshold file", "missing", "review")
    ]


def test_an_unreadable_report_is_a_finding_and_never_approved() -> None:
    decision = decide(PASSES, report(OK), unreadable())
    assert decision.verdict == Verdict.NEEDS_REVIEW
    assert decision.findings[0].reason == "bad.json: not JSON"
    assert (decision.findings[0].check, decision.findings[0].outcome) == ("readable evidence", "invalid")


def test_an_unreadable_report_does_not_soften_what_the_readable_ones_prove() -> None:
    assert decide(check(at_least=0.5), report(measured(0.1)), unreadable()).verdict == Verdict.REJECTED


@pytest.mark.parametrize("on_missing", ["reject", "review", "warn"])
@pytest.mark.parametrize("found", [(), (unmeasured(),)], ids=["absent", "undefined"])
def test_what_is_missing_beside_an_unreadable_report_asks_for_review(
    on_missing: str, found: tuple[Measurement, ...]
) -> None:
    decision = decide([check(at_least=0.5, on_missing=on_missing), PASSES], report(OK, *found), unreadable())
    assert [(f.check, f.outcome, f.consequence) for f in decision.findings] == [
        ("readable evidence", "invalid", "review"),
        ("c", "missing", "review"),
        ("passes", "passed", None),
    ]
    assert decision.findings[1].reason.endswith(
        "; a report of this version could not be read, and it may be there"
    )
    assert decision.verdict == Verdict.NEEDS_REVIEW


def test_nothing_is_approved_on_warnings_alone() -> None:
    decision = decide(check(at_least=0.5, on_failure="warn"), report(measured(0.1)))
    assert decision.verdict == Verdict.NEEDS_REVIEW
    assert [(f.check, f.outcome, f.reason) for f in decision.findings][1:] == [
        ("approval on proof", "missing", "no check passed")
    ]


def test_no_evidence_at_all_is_rejected() -> None:
    assert decide(PASSES).verdict == Verdict.REJECTED


def test_findings_stand_in_the_order_of_the_threshold_file() -> None:
    checks = [check(name=name, metric=f"g.{name}", at_least=0) for name in "cab"]
    decision = decide(checks, unreadable(), report())
    assert [f.check for f in decision.findings] == ["readable evidence", "c", "a", "b"]


def test_an_interval_that_no_record_can_hold_is_left_out() -> None:
    found = finding(check(at_least=0), measured(1, interval=Interval(float("-inf"), 2.0, 0.9)))
    assert (found.outcome, found.interval) == ("passed", None)


def test_a_large_negative_bias_fails() -> None:
    """The published ancestor compares `treatment_equity < t`, which any large negative bias passes."""
    assert finding(check(between=(-0.8, 0.8)), measured(-36.7)).outcome == "failed"


@pytest.mark.parametrize(
    ("review_by", "reasons"),
    [
        pytest.param(None, [], id="no day"),
        pytest.param(date(2026, 11, 22), [], id="the day itself"),
        pytest.param(
            date(2026, 11, 21),
            [
                "the file was to be looked at again by 2026-11-21, 1 day ago; let its owners review it, and write the "
                "next date"
            ],
            id="the day after",
        ),
    ],
)
def test_a_file_past_its_day_of_review_warns_in_the_decision(
    review_by: date | None, reasons: list[str]
) -> None:
    file = replace(thresholds(PASSES), review_by=review_by)
    decision = judge(file, Evidence((report(OK),)), decided_at=DECIDED_AT)
    told = [f for f in decision.findings if f.check == "reviewed threshold file"]
    assert [f.reason for f in told] == reasons
    assert {(f.outcome, f.consequence) for f in told} <= {("failed", "warn")}
    assert decision.verdict == Verdict.APPROVED
    # Days are those of UTC: it is still the 21st there.
    west = datetime(2026, 11, 22, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert len(judge(file, Evidence((report(OK),)), decided_at=west).findings) == 1
