"""`no_worse_than_baseline`: what it comes to beside a baseline, and without one."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.baseline import Baseline, BaselineVersion
from checks.beside_baseline import limit_beside
from checks.comparison import hold_against
from checks.decision import Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord, DecisionRecordError, parse_record
from checks.evidence import Evidence, Report
from checks.exact import written
from checks.judge import judge
from checks.limits import AtLeast, AtMost, Limit, NoWorse, Target
from checks.measurements import Measured, Measurement, Source, Unmeasured
from checks.thresholds import Check, Mode, ThresholdFile
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import examine_thresholds

BEFORE = BaselineVersion("arn:v3", 3, "s3://d/g/3/x.json", "a" * 64)


def measured(value: float, metric: str = "g.m", facet: str | None = None, **keys: Any) -> Measured:
    return Measured(metric, value, Source("r.json", f"/{facet or 'whole'}"), facet, **keys)


def evidence(*found: Measurement) -> Evidence:
    return Evidence((Report("r.json", None, "0" * 64, "f", found),))


def check(allowed: object = True, **keys: Any) -> Check:
    given_ = {"name": "c", "why": "w", "metric": "g.m", "no_worse_than_baseline": allowed, **keys}
    if given_["metric"] == "g.m":
        given_.setdefault("better", "higher")
    return Check.model_validate(given_)


def thresholds(*checks: Check) -> ThresholdFile:
    return ThresholdFile("t", "t.yaml", "0" * 64, ("g",), Mode.ENFORCE, checks)


def decide(
    asked: Check, now: tuple[Measurement, ...], before: tuple[Measurement, ...] | None
) -> tuple[Verdict, tuple[Finding, ...]]:
    baseline = None if before is None else Baseline(evidence(*before), BEFORE)
    decision = judge(thresholds(asked), evidence(*now), baseline, decided_at=DECIDED_AT)
    return decision.verdict, decision.findings


def number(text: str) -> float:
    return written(text)


@pytest.mark.parametrize(
    ("allowed", "better", "before", "limit"),
    [
        (True, "higher", "0.9", AtLeast(0.9)),
        (True, "lower", "0.9", AtMost(0.9)),
        ({"absolute": 0.01}, "higher", "0.9", AtLeast(0.89)),
        ({"absolute": 0.01}, "lower", "0.3", AtMost(0.31)),
        ({"absolute": 0.01}, "lower", "-0.3", AtMost(-0.29)),
        ({"relative": 0.1}, "higher", "0.3", AtLeast(0.27)),
        ({"relative": 0.1}, "lower", "0.3", AtMost(0.33)),
        ({"relative": 0.1}, "higher", "-0.3", AtLeast(-0.33)),
        ({"relative": 0.1}, "lower", "-0.3", AtMost(-0.27)),
        ({"relative": 0.1}, "higher", "0", AtLeast(0.0)),
        ({"relative": 0.1}, "lower", "0", AtMost(0.0)),
        ({"absolute": 0.1}, "higher", "0.79999999999999999999", AtLeast(number("0.69999999999999999999"))),
    ],
    ids=str,
)
def test_the_limit_is_exact(allowed: object, better: str, before: str, limit: Limit) -> None:
    asked = check(allowed, better=better)
    assert isinstance(asked.limit, NoWorse)
    assert limit_beside(asked, asked.limit, measured(number(before))).limit == limit


@pytest.mark.parametrize(
    ("metric", "allowed", "before", "limit"),
    [
        ("bias.post_training.DI", True, 0.9, Target(1.0, number("0.1"))),
        ("bias.post_training.DI", {"absolute": 0.05}, 1.1, Target(1.0, number("0.15"))),
        ("bias.post_training.DI", {"relative": 0.5}, 0.8, Target(1.0, number("0.3"))),
        ("bias.post_training.DPPL", {"relative": 0.5}, 0.0, Target(0.0, 0.0)),
        ("text_to_sql.unsafe_sql_rate", {"absolute": 0.01}, 0.0, AtMost(0.01)),
        ("text_to_sql.execution_accuracy", {"absolute": 0.01}, 0.5, AtLeast(0.49)),
    ],
    ids=str,
)
def test_the_catalogue_says_which_way_is_better(
    metric: str, allowed: object, before: float, limit: Limit
) -> None:
    asked = check(allowed, metric=metric, facet="*")
    assert isinstance(asked.limit, NoWorse)
    assert limit_beside(asked, asked.limit, measured(before, metric)).limit == limit


@pytest.mark.parametrize(
    ("keys", "now", "before", "outcome", "consequence", "reason"),
    [
        pytest.param(
            {}, (measured(0.9),), (measured(0.9),), "passed", None,
            "0.9 is at least 0.9; version 3 has 0.9, and the check asks for no worse than the baseline",
            id="equal",
        ),
        pytest.param(
            {"allowed": {"relative": 0.02}}, (measured(0.88),), (measured(0.9),), "failed", "reject",
            "0.88 is below 0.882; version 3 has 0.9, and the check asks for no worse than the baseline by 2 %",
            id="worse",
        ),
        pytest.param(
            {}, (measured(0.9),), None, "inconclusive", "review",
            "there is no baseline: no version below this one was approved by a record (on_first_version: review)",
            id="first",
        ),
        pytest.param(
            {"on_first_version": "pass"}, (measured(0.1),), None, "passed", None,
            "there is no baseline: no version below this one was approved by a record (on_first_version: pass)",
            id="first may pass",
        ),
        pytest.param(
            {"on_first_version": "reject"}, (measured(0.9),), None, "inconclusive", "reject",
            "there is no baseline: no version below this one was approved by a record (on_first_version: reject)",
            id="first is rejected",
        ),
        pytest.param(
            {"on_first_version": "pass"}, (Unmeasured("g.m", "no rows", Source("r.json")),), None, "missing", "reject",
            "it could not be measured: no rows (r.json)",
            id="a first version must have a value",
        ),
        pytest.param(
            {"on_first_version": "pass"}, (measured(math.nan),), None, "invalid", "reject",
            "the value is not a finite number",
            id="a first version must have a usable value",
        ),
        pytest.param(
            {"on_first_version": "pass", "min_samples": 50}, (measured(0.9, samples=10),), None,
            "inconclusive", "review", "10 samples are too few to tell; the check asks for 50",
            id="a first version must have enough samples",
        ),
        pytest.param(
            {"on_first_version": "warn"}, (measured(0.9),), (measured(1.0, "g.other"),), "inconclusive", "warn",
            "version 3, the baseline, does not have it (on_first_version: warn)",
            id="a figure that is new",
        ),
        pytest.param(
            {"on_first_version": "pass"}, (measured(0.9),), (measured(0.9), measured(0.8)), "inconclusive", "review",
            "it cannot be compared with version 3: its reports give different values",
            id="a baseline that contradicts itself",
        ),
        pytest.param(
            {"on_first_version": "pass"}, (measured(0.9),), (Unmeasured("g.m", "no rows", Source("r.json")),),
            "inconclusive", "review",
            "it cannot be compared with version 3: it could not be measured there, or not everywhere",
            id="a baseline without a value",
        ),
        pytest.param(
            {"on_first_version": "pass"}, (measured(0.9),), (measured(math.inf),), "inconclusive", "review",
            "it cannot be compared with version 3: the value is not a finite number",
            id="a baseline that is no number",
        ),
        pytest.param(
            {"allowed": {"relative": 0.9}, "better": "lower"}, (measured(0.9),), (measured(1.7e308),),
            "inconclusive", "review",
            "it cannot be compared with version 3: what is allowed beside its figure is too large a number",
            id="a limit beyond numbers",
        ),
        pytest.param(
            {}, (), (measured(0.9),), "missing", "reject", "the evidence does not have g.m", id="gone",
        ),
    ],
)  # fmt: skip
def test_what_a_check_finds(  # noqa: PLR0917 - a table
    keys: dict[str, Any],
    now: tuple[Measurement, ...],
    before: tuple[Measurement, ...] | None,
    outcome: str,
    consequence: str | None,
    reason: str,
) -> None:
    _, (finding, *_) = decide(check(**keys), now, before)
    assert (finding.outcome, finding.consequence, finding.reason) == (outcome, consequence, reason)


def test_a_group_that_only_the_baseline_has_is_missing_and_a_new_one_is_a_first() -> None:
    asked = check(facet="*")
    now, before = (
        (measured(0.9, facet="r=1"), measured(0.9, facet="r=2")),
        (
            measured(0.8, facet="r=1"),
            measured(0.3, facet="r=3"),
        ),
    )
    verdict, findings = decide(asked, now, before)
    assert [(one.facet, one.outcome, one.consequence) for one in findings] == [
        ("r=1", "passed", None),
        ("r=2", "inconclusive", "review"),
        ("r=3", "missing", "reject"),
    ]
    assert verdict is Verdict.REJECTED


def test_an_unreadable_baseline_is_no_first_version() -> None:
    unreadable = Evidence((Report("old.json", None, "0" * 64, "unreadable", (), "not JSON"),))
    asked = check(on_first_version="pass")
    decision = judge(thresholds(asked), evidence(measured(0.9)), Baseline(unreadable), decided_at=DECIDED_AT)
    assert decision.findings[0].reason == (
        "it cannot be compared with the baseline: a report of it could not be read, and the figure may be there"
    )


# With confidence, the uncertainty of both values counts.


def beside(now: Measured, before: Measured, **keys: Any) -> tuple[Outcome, float, float]:
    asked = check(confidence=0.95, **keys)
    assert isinstance(asked.limit, NoWorse)
    outcome, _, interval = hold_against(asked, now, limit_beside(asked, asked.limit, before))
    assert interval is not None
    return outcome, interval.low, interval.high


def test_the_interval_is_that_of_newcombe() -> None:
    # Newcombe (1998), table II, row (a): 56/70 less 48/80, method 10, 95 %: from 0.0524 to 0.3339.
    asked = check(confidence=0.975)
    assert isinstance(asked.limit, NoWorse)
    now, before = measured(56 / 70, samples=70), measured(48 / 80, samples=80)
    _, _, interval = hold_against(asked, now, limit_beside(asked, asked.limit, before))
    assert interval is not None
    assert (round(interval.low - 0.6, 4), round(interval.high - 0.6, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize(
    ("now", "allowed", "outcome"),
    [
        (measured(0.95, samples=1000), True, "passed"),
        (measured(0.90, samples=1000), True, "inconclusive"),
        (measured(0.90, samples=1000), {"absolute": 0.05}, "passed"),
        (measured(0.80, samples=1000), {"absolute": 0.05}, "failed"),
        (measured(0.90, samples=1000), {"relative": 0.05}, "passed"),
        (measured(0.80, samples=1000), {"relative": 0.05}, "failed"),
    ],
    ids=str,
)
def test_what_confidence_asks_of_both(now: Measured, allowed: object, outcome: str) -> None:
    assert beside(now, measured(0.9, samples=1000), allowed=allowed)[0] == outcome


def test_a_baseline_without_spread_is_not_certain() -> None:
    _, (finding, *_) = decide(check(confidence=0.95), (measured(0.95, samples=100),), (measured(0.5),))
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.reason.startswith(
        "confidence 0.95 cannot be shown beside the baseline: the report gives neither"
    )


@pytest.mark.parametrize("allowed", [{"absolute": 0.05}, {"relative": 0.1}], ids=str)
@pytest.mark.parametrize(("before", "samples"), [(0.6, 100), (0.9, 200)], ids=str)
def test_a_version_at_the_limit_passes_as_seldom_as_confidence_says(
    allowed: dict[str, float], before: float, samples: int
) -> None:
    draw, tries = np.random.default_rng(7), 800
    at_limit = before - allowed.get("absolute", 0.0) - before * allowed.get("relative", 0.0)
    passed = 0
    for now, then in zip(
        draw.binomial(samples, at_limit, tries), draw.binomial(samples, before, tries), strict=True
    ):
        outcome, _, _ = beside(
            measured(now / samples, samples=samples),
            measured(then / samples, samples=samples),
            allowed=allowed,
        )
        passed += outcome is Outcome.PASSED
    assert 0.02 < passed / tries < 0.075


numbers = st.integers(-30, 30).map(lambda tenths: tenths / 10)


@given(
    numbers,
    numbers,
    st.sampled_from(["higher", "lower"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.booleans(),
)
def test_allowing_less_never_passes_more(  # noqa: PLR0917 - hypothesis gives them
    now: float, before: float, better: str, one: int, other: int, relative: bool
) -> None:
    key = "relative" if relative else "absolute"
    less, more = (
        decide(check({key: tenths / 10}, better=better), (measured(now),), (measured(before),))[0]
        for tenths in sorted((one, other))
    )
    assert less is not Verdict.APPROVED or more is Verdict.APPROVED


@given(
    numbers,
    st.sampled_from(["higher", "lower"]),
    st.sampled_from([True, {"absolute": 0.1}, {"relative": 0.1}]),
)
def test_what_is_as_before_is_no_worse(value: float, better: str, allowed: object) -> None:
    verdict, _ = decide(check(allowed, better=better), (measured(value),), (measured(value),))
    assert verdict is Verdict.APPROVED


# Files and records.


def test_the_record_names_the_baseline_and_is_read_back() -> None:
    file, now, before = (
        thresholds(check({"absolute": 0.01})),
        evidence(measured(0.9)),
        evidence(measured(0.9)),
    )
    baseline = Baseline(before, BEFORE)
    decision = judge(file, now, baseline, decided_at=DECIDED_AT)
    record = DecisionRecord.of(
        decision, thresholds=file, evidence=now, baseline=baseline, decided_at=DECIDED_AT
    )
    document = json.loads(record.to_bytes())
    assert document["schema"] == "governance.decision/2"
    assert document["baseline"]["model_package_arn"] == "arn:v3"
    assert document["baseline"]["record_uri"] == "s3://d/g/3/x.json"
    assert document["baseline"]["evidence"] == [
        {"uri": "r.json", "version_id": None, "sha256": "0" * 64, "format": "f"}
    ]
    assert document["findings"][0]["limit"] == {"at_least": 0.89}
    assert document["findings"][0]["baseline"] == {"value": 0.9, "samples": None}
    assert parse_record(record.to_bytes()) == record


def test_the_record_of_a_first_version_has_the_limit_as_it_is_written() -> None:
    file, now = thresholds(check({"absolute": 0.01}), check(name="d")), evidence(measured(0.9))
    decision = judge(file, now, decided_at=DECIDED_AT)
    record = DecisionRecord.of(decision, thresholds=file, evidence=now, decided_at=DECIDED_AT)
    assert [finding.limit for finding in parse_record(record.to_bytes()).findings] == [
        {"no_worse_than_baseline": {"absolute": 0.01}},
        {"no_worse_than_baseline": True},
    ]
    older = record.to_bytes().replace(b"governance.decision/2", b"governance.decision/1")
    with pytest.raises(
        DecisionRecordError, match=r"baselines, verification and reviews is of governance\.decision/2"
    ):
        parse_record(older)


def test_a_baseline_that_no_check_asks_for_is_not_recorded() -> None:
    file = thresholds(Check(name="c", why="w", metric="g.m", at_least=0.5))
    now = evidence(measured(0.9))
    decision = judge(file, now, Baseline(now), decided_at=DECIDED_AT)
    record = DecisionRecord.of(
        decision, thresholds=file, evidence=now, baseline=Baseline(now), decided_at=DECIDED_AT
    )
    assert b"baseline" not in record.to_bytes()


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("metric: text_to_sql.execution_accuracy, better: higher", None),
        (
            "metric: text_to_sql.execution_accuracy, better: lower",
            "better: lower is not what the catalogue says of this metric (higher); leave better out",
        ),
        ("metric: g.m, better: lower", None),
    ],
    ids=str,
)
def test_the_direction_must_be_known(keys: str, problem: str | None) -> None:
    file = f"""
name: t
applies_to: {{model_package_groups: [g]}}
checks:
  - {{name: c, why: w, {keys}, no_worse_than_baseline: true}}
  - {{name: d, why: w, metric: text_to_sql.execution_accuracy, at_least: 0.5}}
"""
    examined: list[str] = []
    try:
        examined += examine_thresholds(file.encode(), "t.yaml").warnings
    except Exception as error:
        examined += str(error).splitlines()
    assert examined == ([] if problem is None else [f"t.yaml:5:5: checks[0]: {problem}"])


@given(st.permutations([0, 1, 2]))
def test_the_order_of_the_baselines_reports_is_nothing(order: list[int]) -> None:
    reports = [
        replace(evidence(measured(0.9, samples=10 + place)).reports[0], uri=f"{place}.json")
        for place in order
    ]
    asked = check(confidence=0.95)
    decision = judge(
        thresholds(asked),
        evidence(measured(0.95, samples=50)),
        Baseline(Evidence(tuple(reports))),
        decided_at=DECIDED_AT,
    )
    assert decision.findings[0].baseline is not None
    assert decision.findings[0].baseline.samples == 10
