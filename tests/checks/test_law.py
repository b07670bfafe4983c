"""The laws of judging: approve only on proof, judge anything, and judge it the same way again."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.decision import Consequence, Decision, Outcome, Verdict
from checks.decision_record import DecisionRecord, parse_record
from checks.evidence import Document, Evidence, Report
from checks.exact import written
from checks.judge import judge
from checks.measurements import Interval, Measured, Measurement, Source, Support, Unmeasured
from checks.reports import read_report
from checks.summary import summarise
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT

NOW = datetime(2026, 11, 22, tzinfo=UTC)
METRICS = ["g.a", "g.b", "g.c"]
FACETS = [None, "r=1", "r=2", "s=1"]
STOPPING = {Consequence.REJECT, Consequence.REVIEW}

values = st.sampled_from([0.0, 0.3, 0.5, 0.7, 0.9, 1.0, 1.5, -1.0])
numbers = st.floats(-2, 2)
consequences = st.sampled_from(Consequence)
limits = st.one_of(
    st.builds(lambda x: {"at_least": x}, values),
    st.builds(lambda x: {"at_most": x}, values),
    st.builds(lambda x, y: {"between": (min(x, y), max(x, y))}, values, values),
    st.builds(lambda x, y: {"target": x, "tolerance": abs(y)}, values, values),
)
# Made once each: hypothesis looks through a strategy before it first draws from it, which takes longer than to draw.
metrics = st.sampled_from(METRICS)
facets = st.sampled_from(FACETS)
further_keys = {
    "confidence": st.sampled_from([0.6, 0.95]),
    "min_samples": st.integers(1, 100),
    "facet": st.sampled_from(["*", "r", "r=1", "nowhere"]),
}
figures = values | numbers
sample_sizes = st.none() | st.integers(1, 1000)
spreads = st.none() | st.floats(0, 2)
levels = st.none() | st.floats(0.1, 0.99)
samples_problems = st.sampled_from([None, None, None, "2.5 samples cannot be"])
spread_problems = st.sampled_from([None, None, None, "a spread that is text"])


@cache
@st.composite
def checks(draw: st.DrawFn, name: str) -> Check:
    keys: dict[str, Any] = dict(draw(limits))
    for key, choices in further_keys.items():
        if draw(st.booleans()):
            keys[key] = draw(choices)
    for key in ("on_failure", "on_missing", "on_inconclusive"):
        keys[key] = draw(consequences)
    return Check(name=name, why="w", metric=draw(metrics), **keys)


@st.composite
def threshold_files(draw: st.DrawFn) -> ThresholdFile:
    count = draw(st.integers(1, 4))
    return ThresholdFile(
        "t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, tuple(draw(checks(f"check {i}")) for i in range(count))
    )


@cache
@st.composite
def measurements(draw: st.DrawFn, uri: str) -> Measurement:
    metric, facet = draw(metrics), draw(facets)
    source = Source(uri, f"/{draw(st.integers(0, 99))}")
    if draw(st.integers(0, 5)) == 0:
        return Unmeasured(metric, "no data", source, facet)
    value, level = draw(figures), draw(levels)
    return Measured(
        metric,
        value,
        source,
        facet=facet,
        samples=draw(sample_sizes),
        support=Support(
            standard_deviation=draw(spreads),
            standard_error=draw(spreads),
            interval=None if level is None else Interval(value - 0.1, value + 0.1, level),
            samples_problem=draw(samples_problems),
            spread_problem=draw(spread_problems),
        ),
    )


@cache
@st.composite
def reports(draw: st.DrawFn, uri: str) -> Report:
    if draw(st.integers(0, 9)) == 0:
        return Report(uri, None, "0" * 64, "unreadable", (), "not JSON")
    # Drawing takes far longer than judging: few measurements of few metrics and facets already meet and differ.
    found = tuple(draw(st.lists(measurements(uri), max_size=4)))
    return Report(uri, None, "0" * 64, "sagemaker_evaluation", found)


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    return Evidence(tuple(draw(reports(f"{index}.json")) for index in range(draw(st.integers(0, 3)))))


def decide(thresholds: ThresholdFile, evidence: Evidence) -> Decision:
    return judge(thresholds, evidence, decided_at=DECIDED_AT)


def concerned(check: Check, evidence: Evidence) -> list[Measurement]:
    """Return the measurements that a check is about, told a second way."""
    wanted: Callable[[str | None], bool] = {
        None: lambda facet: facet is None,
        "*": lambda facet: facet is not None,
    }.get(check.facet, lambda facet: facet is not None and check.facet in {facet, facet.split("=")[0]})
    return [m for m in evidence.measurements if m.metric == check.metric and wanted(m.facet)]


def has_gap(check: Check, evidence: Evidence) -> bool:
    """Whether the evidence leaves open what the check asks: something is absent, undefined, or contradicted."""
    found = concerned(check, evidence)
    by_facet: dict[str | None, set[float]] = {}
    for m in found:
        if isinstance(m, Unmeasured):
            return True
        unsupported = m.samples is None and m.support.standard_error is None and m.support.interval is None
        unsupported = unsupported or m.samples == 1 or m.support.spread_problem is not None
        if m.support.samples_problem is not None:
            return True
        if (check.min_samples and (m.samples or 0) < check.min_samples) or (check.confidence and unsupported):
            return True
        by_facet.setdefault(m.facet, set()).add(m.value)
    return not found or any(len(values) > 1 for values in by_facet.values())


def never_only_warns(check: Check) -> bool:
    return {check.on_missing, check.on_inconclusive, check.on_failure} <= STOPPING


@given(threshold_files(), evidences())
def test_what_is_approved_is_proven_and_judging_again_gives_the_same_decision(
    thresholds: ThresholdFile, evidence: Evidence
) -> None:
    """Laws of any evidence, in one test: to draw it takes far longer than to judge it."""
    decision = decide(thresholds, evidence)
    assert decide(thresholds, evidence) == decision
    if decision.verdict == Verdict.APPROVED:
        assert_no_rejecting_or_reviewing_check_has_a_gap(thresholds, evidence)
        assert_nothing_is_missing_where_that_stops(thresholds, evidence)
        assert_every_check_that_can_stop_is_passed(thresholds, evidence, decision)


def assert_no_rejecting_or_reviewing_check_has_a_gap(thresholds: ThresholdFile, evidence: Evidence) -> None:
    assert not [check for check in thresholds.checks if never_only_warns(check) and has_gap(check, evidence)]
    assert not [report for report in evidence.reports if report.problem]


def assert_nothing_is_missing_where_that_stops(thresholds: ThresholdFile, evidence: Evidence) -> None:
    """Whatever the check makes of failures and of uncertainty."""
    for check in thresholds.checks:
        found = concerned(check, evidence)
        if check.on_missing in STOPPING:
            assert found
            assert not [m for m in found if isinstance(m, Unmeasured)]


def assert_every_check_that_can_stop_is_passed(
    thresholds: ThresholdFile, evidence: Evidence, decision: Decision
) -> None:
    assert any(finding.outcome is Outcome.PASSED for finding in decision.findings)
    for check in filter(never_only_warns, thresholds.checks):
        for found in concerned(check, evidence):
            assert isinstance(found, Measured)
            low, high = check.limit.bounds
            slack = 1e-9
            assert low is None or found.value >= float(low) - slack
            assert high is None or found.value <= float(high) + slack


@st.composite
def approved(draw: st.DrawFn) -> tuple[ThresholdFile, Evidence]:
    """Draw thresholds and evidence that passes them: one measurement a check, each on its own metric."""
    count = draw(st.integers(1, 4))
    made = tuple(
        Check(name=f"c{i}", why="w", metric=f"g.{i}", at_least=0.5, confidence=0.95, min_samples=50)
        for i in range(count)
    )
    thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, made)
    found = tuple(
        Measured(
            f"g.{i}", draw(st.floats(0.8, 1)), Source("r.json", f"/{i}"), samples=draw(st.integers(50, 500))
        )
        for i in range(count)
    )
    return thresholds, Evidence((Report("r.json", None, "0" * 64, "sagemaker_evaluation", found),))


def spoilt(measurement: Measured) -> list[tuple[Measurement, ...]]:
    """Return every way in which one measurement can be lost or made useless."""
    elsewhere = replace(measurement, place=Source("s.json"))
    return [
        (),
        (Unmeasured(measurement.metric, "no data", measurement.source),),
        (measurement, Unmeasured(measurement.metric, "no data", measurement.source)),
        (measurement, replace(elsewhere, value=measurement.value / 2)),
        (measurement, replace(elsewhere, samples=None)),
        (replace(measurement, value=float("nan")),),
        (replace(measurement, value=float("inf")),),
        (replace(measurement, value=0.1),),
        (replace(measurement, value=1.1),),
        (replace(measurement, samples=None),),
        (replace(measurement, samples=49),),
        (replace(measurement, facet="r=1"),),
        (replace(measurement, metric=measurement.metric + "x"),),
        (replace(measurement, support=Support(standard_error=float("nan"))),),
        (replace(measurement, samples=1),),
        (replace(measurement, samples=10**400),),
        (replace(measurement, support=Support(samples_problem="2.5 samples cannot be")),),
        (replace(measurement, support=Support(spread_problem="a spread that is text")),),
        (replace(measurement, value=0.81, support=Support(standard_error=1e-9)),),
        (replace(measurement, value=0.81, support=Support(interval=Interval(0.81, 0.81, 0.95))),),
        (replace(measurement, value=0.81, support=Support(interval=Interval(0.8, 0.82, 1 - 1e-9))),),
        (measurement, replace(elsewhere, value=written(f"{measurement.value:.17f}0000000001"))),
        (replace(measurement, support=Support(standard_error=10.0)),),
    ]


@given(approved(), st.data())
def test_any_gap_torn_into_approved_evidence_takes_the_approval_away(
    given_: tuple[ThresholdFile, Evidence], data: st.DataObject
) -> None:
    thresholds, evidence = given_
    assert decide(thresholds, evidence).verdict == Verdict.APPROVED
    (report,) = evidence.reports
    index = data.draw(st.integers(0, len(report.measurements) - 1))
    one = report.measurements[index]
    assert isinstance(one, Measured)
    replacement = data.draw(st.sampled_from(spoilt(one)))
    torn = (*report.measurements[:index], *replacement, *report.measurements[index + 1 :])
    assert decide(thresholds, Evidence((replace(report, measurements=torn),))).verdict != Verdict.APPROVED


@given(approved())
def test_an_unreadable_report_takes_the_approval_away(given_: tuple[ThresholdFile, Evidence]) -> None:
    thresholds, evidence = given_
    extra = read_report(Document("x.json", b'{"regression_metrics": '))
    assert decide(thresholds, Evidence((*evidence.reports, extra))).verdict != Verdict.APPROVED


@given(threshold_files(), evidences(), st.booleans())
def test_beside_an_unreadable_report_nothing_is_approved_and_what_is_missing_asks_for_review(
    thresholds: ThresholdFile, evidence: Evidence, first: bool
) -> None:
    bad = Report("bad.json", None, "0" * 64, "unreadable", (), "not JSON")
    reports = (bad, *evidence.reports) if first else (*evidence.reports, bad)
    decision, before = decide(thresholds, Evidence(reports)), decide(thresholds, evidence)
    assert decision.verdict != Verdict.APPROVED
    assert decision.findings[0].check == "readable evidence"
    missing = [f for f in decision.findings if f.outcome is Outcome.MISSING and f.limit]
    assert {f.consequence for f in missing} <= {Consequence.REVIEW}
    proven_wrong = [
        f for f in before.findings if f.consequence is Consequence.REJECT and f.outcome is not Outcome.MISSING
    ]
    assert (decision.verdict is Verdict.REJECTED) == bool(proven_wrong)


@given(
    st.floats(0.01, 0.99),
    st.integers(2, 10**6),
    st.sampled_from(["standard_deviation", "standard_error", "interval"]),
    st.floats(0, 1e-10),
    st.floats(0.51, 0.9999),
)
def test_no_confidence_is_shown_by_a_spread_that_is_nothing(
    value: float, samples: int, support: str, spread: float, confidence: float
) -> None:
    given_: Any = Interval(value, value + spread, 0.9999) if support == "interval" else spread
    measured = Measured("g.a", value, Source("r.json"), samples=samples, support=Support(**{support: given_}))
    check = Check(name="c", why="w", metric="g.a", at_least=0.005, confidence=confidence)
    thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (check,))
    report = Report("r.json", None, "0" * 64, "sagemaker_evaluation", (measured,))
    decision = decide(thresholds, Evidence((report,)))
    assert decision.verdict == Verdict.NEEDS_REVIEW
    assert decision.findings[0].outcome is Outcome.INCONCLUSIVE


DECIMALS = st.builds(
    lambda digits, places: str(Decimal(digits).scaleb(-places)),
    st.integers(-(10**25), 10**25),
    st.integers(20, 26),
)


@given(DECIMALS, DECIMALS, st.integers(-3, 3))
def test_a_value_passes_exactly_when_its_decimal_does(value: str, limit: str, nudge: int) -> None:
    """Also where the two are the same double."""
    near = str(Decimal(limit) + Decimal(nudge).scaleb(-26))
    for number in (value, near):
        check = Check(name="c", why="w", metric="g.a", at_least=written(limit))
        thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (check,))
        report = read_report(Document("r.json", f'{{"g_metrics": {{"a": {number}}}}}'.encode()))
        approved_ = decide(thresholds, Evidence((report,))).verdict is Verdict.APPROVED
        assert approved_ == (Decimal(number) >= Decimal(limit))


@given(threshold_files(), evidences(), st.randoms())
def test_the_order_of_reports_and_measurements_does_not_matter(
    thresholds: ThresholdFile, evidence: Evidence, random: Any
) -> None:
    shuffled = [
        replace(r, measurements=tuple(random.sample(r.measurements, len(r.measurements))))
        for r in evidence.reports
    ]
    random.shuffle(shuffled)
    first, second = decide(thresholds, evidence), decide(thresholds, Evidence(tuple(shuffled)))
    assert first.verdict == second.verdict
    assert sorted(map(repr, first.findings)) == sorted(map(repr, second.findings))


ENTRY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**15, 10**300])
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.just("Infinity"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "value",
                    "samples",
                    "standard_deviation",
                    "standard_error",
                    "interval",
                    "facets",
                    "r=1",
                    "low",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
DOCUMENTS = (
    st.dictionaries(
        st.sampled_from(["g_metrics", "pre_training_bias_metrics", "explanations", "faithfulness"]),
        st.dictionaries(st.sampled_from(["a", "b", "c", "facets"]), ENTRY) | ENTRY,
    )
    | ENTRY
)


@given(threshold_files(), DOCUMENTS)
def test_judging_is_total(thresholds: ThresholdFile, document: object) -> None:
    """Any JSON document gives a finding for every check, and a stated error where it cannot be read."""
    report = read_report(Document("any.json", json.dumps(document).encode()))
    decision = decide(thresholds, Evidence((report,)))
    assert {check.name for check in thresholds.checks} <= {finding.check for finding in decision.findings}
    assert all(finding.reason for finding in decision.findings)
    record = DecisionRecord.of(decision, thresholds=thresholds, evidence=Evidence((report,)), decided_at=NOW)
    assert parse_record(record.to_bytes()) == record
    assert len(summarise(record)) <= 1024
    if report.problem is not None:
        assert decision.verdict != Verdict.APPROVED
        assert any(report.problem in finding.reason for finding in decision.findings)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b'{"g_metrics": {"a": NaN}}', b'{"g_metrics": {"a": 1']
)
def test_no_such_document_is_ever_approved(content: bytes) -> None:
    lenient = dict.fromkeys(("on_failure", "on_missing", "on_inconclusive"), Consequence.WARN)
    check = Check.model_validate({"name": "c", "why": "w", "metric": "g.a", "at_least": 0, **lenient})
    thresholds = ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, (check,))
    report = read_report(Document("any.json", content))
    assert decide(thresholds, Evidence((report,))).verdict == Verdict.NEEDS_REVIEW
