"""Evidence whose figures are computed again before they count: what is judged, what rejects, and what a record says."""

import json
import random

import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.decision import Consequence, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord, DecisionRecordError, parse_record
from checks.evidence import Document, Evidence, Report
from checks.impact import PastVersion, measure_impact
from checks.judge import judge
from checks.measurements import Measured, Measurement, Source, Support, Unmeasured
from checks.own_findings import PROOF, REPRODUCES, VERIFIED
from checks.replays import decide_again, rebuild_verification
from checks.reports import read_report
from checks.reports.evaluation import write_evaluation
from checks.thresholds import Check, Mode, ThresholdFile, VerifyRule
from checks.verification import (
    TOLERANCE,
    ItemFile,
    NotVerified,
    Recomputation,
    Verification,
    draw_items,
    reproduces,
    share_missed,
)
from tests.fixed_times import DECIDED_AT

ITEMS = ItemFile("results.jsonl", "b" * 64, 100)


def measured(
    value: float, metric: str = "g.m", facet: str | None = None, samples: int | None = 100
) -> Measured:
    return Measured(metric, value, Source("r.json", "/g"), facet, samples=samples)


def report(*found: Measurement, uri: str = "r.json") -> Report:
    return Report(uri, None, "0" * 64, "sagemaker_evaluation", found)


def thresholds(facet: str | None = None, verify: VerifyRule | None = "recompute") -> ThresholdFile:
    check = Check.model_validate(
        {"name": "c", "why": "w", "metric": "g.m", "at_least": 0.8, "on_missing": "review", "facet": facet}
    )
    return ThresholdFile("t", "t.yaml", "0" * 64, ("g",), Mode.ENFORCE, (check,), verify=verify)


def decide(
    reported: tuple[Measurement, ...], again: Recomputation, facet: str | None = None
) -> tuple[Verdict, list[tuple[str, Outcome, float | None, float | None]]]:
    decision = judge(
        thresholds(facet),
        Evidence((report(*reported),)),
        decided_at=DECIDED_AT,
        verification=Verification((again,)),
    )
    return decision.verdict, [(one.check, one.outcome, one.value, one.reported) for one in decision.findings]


def came_out(*found: Measurement) -> Recomputation:
    return Recomputation(report(*found, uri="r.json#recomputed"), ITEMS)


CASES: list[tuple[str, tuple[Measurement, ...], Recomputation, Verdict, list[tuple[object, ...]]]] = [
    (
        "the same",
        (measured(0.9),),
        came_out(measured(0.9)),
        Verdict.APPROVED,
        [("c", Outcome.PASSED, 0.9, 0.9)],
    ),
    (
        "higher than it is",
        (measured(0.9),),
        came_out(measured(0.7)),
        Verdict.REJECTED,
        [(REPRODUCES, Outcome.FAILED, 0.7, 0.9), ("c", Outcome.FAILED, 0.7, 0.9)],
    ),
    (
        "lower than it is rejects, too",
        (measured(0.8),),
        came_out(measured(0.9)),
        Verdict.REJECTED,
        [(REPRODUCES, Outcome.FAILED, 0.9, 0.8), ("c", Outcome.PASSED, 0.9, 0.8)],
    ),
    (
        "a figure that no check asks for",
        (measured(0.9), measured(0.5, "g.other")),
        came_out(measured(0.9), measured(0.4, "g.other")),
        Verdict.REJECTED,
        [(REPRODUCES, Outcome.FAILED, 0.4, 0.5), ("c", Outcome.PASSED, 0.9, 0.9)],
    ),
    (
        "of fewer samples",
        (measured(0.9, samples=1000),),
        came_out(measured(0.9)),
        Verdict.REJECTED,
        [(REPRODUCES, Outcome.FAILED, 0.9, 0.9), ("c", Outcome.PASSED, 0.9, 0.9)],
    ),
    (
        "nothing came out",
        (measured(0.9),),
        Recomputation(problem="there are no items"),
        Verdict.NEEDS_REVIEW,
        [("c", Outcome.MISSING, None, None)],
    ),
    (
        "the items say nothing of it",
        (measured(0.9),),
        came_out(measured(0.9, "g.other")),
        Verdict.NEEDS_REVIEW,
        [("c", Outcome.MISSING, None, None)],
    ),
    (
        "it comes out undefined",
        (measured(0.9),),
        came_out(Unmeasured("g.m", "no item", Source("x"))),
        Verdict.NEEDS_REVIEW,
        [("c", Outcome.MISSING, None, None)],
    ),
    (
        "reported as undefined",
        (Unmeasured("g.m", "the judge was down", Source("r.json")),),
        came_out(measured(0.9)),
        Verdict.NEEDS_REVIEW,
        [("c", Outcome.MISSING, None, None)],
    ),
    (
        "an item was altered, and the figures come out",
        (measured(0.9),),
        replace(came_out(measured(0.9)), altered=3, first_altered="item 7: correct is True"),
        Verdict.REJECTED,
        [(REPRODUCES, Outcome.FAILED, None, None), ("c", Outcome.PASSED, 0.9, 0.9)],
    ),
]


@pytest.mark.parametrize(
    ("reported", "again", "verdict", "findings"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_what_came_out_is_judged(
    reported: tuple[Measurement, ...],
    again: Recomputation,
    verdict: Verdict,
    findings: list[tuple[object, ...]],
) -> None:
    assert decide(reported, again) == (verdict, findings)


def test_a_group_that_is_left_out_is_judged() -> None:
    reported = (measured(0.9), measured(0.9, facet="region=CA"))
    again = came_out(*reported, measured(0.1, facet="region=NY"))
    assert decide(reported, again, facet="*") == (
        Verdict.REJECTED,
        [("c", Outcome.PASSED, 0.9, 0.9), ("c", Outcome.FAILED, 0.1, None)],
    )


def test_the_finding_says_both_figures_and_the_way_out() -> None:
    decision = judge(
        thresholds(),
        Evidence((report(measured(0.9)),)),
        decided_at=DECIDED_AT,
        verification=Verification((came_out(measured(0.7)),)),
    )
    (finding, _) = decision.findings
    assert (finding.metric, finding.consequence) == ("g.m", Consequence.REJECT)
    assert finding.reason == (
        "r.json#/g: 0.9 is reported, and 0.7 comes out of results.jsonl; score the version again, and register what "
        "scoring wrote as it is"
    )


@pytest.mark.parametrize(
    ("verification", "reason"),
    [(None, "nothing was computed again"), (NotVerified("this compute cannot"), "this compute cannot")],
    ids=["none", "with a reason"],
)
def test_without_a_recomputation_a_person_looks_at_it(verification: NotVerified | None, reason: str) -> None:
    evidence = Evidence((report(measured(0.9)),))
    decision = judge(thresholds(), evidence, decided_at=DECIDED_AT, verification=verification)
    assert decision.verdict is Verdict.NEEDS_REVIEW
    assert [(one.check, one.reason) for one in decision.findings if one.check == VERIFIED] == [
        (VERIFIED, reason)
    ]
    worse = judge(
        thresholds(), Evidence((report(measured(0.1)),)), decided_at=DECIDED_AT, verification=verification
    )
    assert worse.verdict is Verdict.REJECTED


def test_a_file_that_does_not_ask_takes_what_is_reported() -> None:
    decision = judge(
        thresholds(verify=None),
        Evidence((report(measured(0.9)),)),
        decided_at=DECIDED_AT,
        verification=Verification((came_out(measured(0.1)),)),
    )
    assert decision.verdict is Verdict.APPROVED


def mean(value: float) -> Measured:
    return replace(measured(value), support=Support(standard_deviation=0.1))


@pytest.mark.parametrize(
    ("reported", "again", "same"),
    [
        (measured(2 / 3), measured(2 / 3), True),
        (measured(0.6666666666666667), measured(2 / 3), False),
        (mean(0.5), mean(0.5 + TOLERANCE / 4), True),
        (mean(0.5), mean(0.5 + 3 * TOLERANCE), False),
        (mean(5e9), mean(5e9 + 1), True),
        (measured(0.5, samples=None), measured(0.5), True),
        (measured(0.5, samples=99), measured(0.5), False),
        (measured(float("inf"), samples=None), measured(float("inf"), samples=None), True),
    ],
    ids=[
        "share",
        "share by a bit",
        "mean",
        "mean outside",
        "large mean",
        "no samples",
        "other samples",
        "infinite",
    ],
)
def test_shares_are_exact_and_means_are_within_the_tolerance(
    reported: Measured, again: Measured, same: bool
) -> None:
    assert reproduces(reported, again) is same


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_fabricated_figure_is_always_found(said: float, comes_out: float) -> None:
    verdict, findings = decide((measured(said),), came_out(measured(comes_out)))
    found = [one for one in findings if one[0] == REPRODUCES]
    assert bool(found) == (said != comes_out)
    assert verdict is Verdict.REJECTED or (said == comes_out >= 0.8)


@given(st.integers(1, 400).flatmap(lambda count: st.tuples(st.just(count), st.integers(1, count))))
def test_the_share_that_a_sample_misses_is_hypergeometric(sizes: tuple[int, int]) -> None:
    count, drawn = sizes
    altered = round(share_missed(drawn, count) * count)
    assert altered == 0 or scipy.stats.hypergeom(count, altered, drawn).pmf(0) >= 0.05 - 1e-12
    if altered < count:
        assert scipy.stats.hypergeom(count, altered + 1, drawn).pmf(0) < 0.05 + 1e-12


def test_the_bound_of_large_sets_is_that_of_independent_draws() -> None:
    assert share_missed(50, 500_000) == pytest.approx(1 - 0.05 ** (1 / 50), rel=1e-3)
    assert share_missed(10, 10) == 0


def test_a_sample_finds_what_its_bound_says() -> None:
    """With exactly the share of altered items that is stated, one draw in twenty or a little more finds none."""
    count, drawn = 400, 50
    altered = set(random.Random(5).sample(range(count), round(share_missed(drawn, count) * count)))
    missed = sum(altered.isdisjoint(draw_items(count, drawn, f"seed {seed}")) for seed in range(500))
    assert 0.02 < missed / 500 < 0.09


@given(st.integers(0, 300), st.integers(1, 300), st.text(max_size=5))
def test_a_draw_is_of_different_items_and_the_same_again(count: int, sample: int, seed: str) -> None:
    drawn = draw_items(count, sample, seed)
    assert len(set(drawn)) == min(count, sample)
    assert set(drawn) <= set(range(count))
    assert drawn == draw_items(count, sample, seed)


def test_another_machine_draws_the_same() -> None:
    assert draw_items(1_000, 5, "seed") == (394, 489, 605, 686, 705)
    assert draw_items(3, None, None) == (0, 1, 2)


def recorded(
    again: Recomputation, verify: VerifyRule = "recompute"
) -> tuple[DecisionRecord, Verification, Evidence, ThresholdFile]:
    content = json.dumps(write_evaluation([measured(0.9)], {})).encode()
    file, verification = thresholds(verify=verify), Verification((again,), seed="s")
    evidence = rebuild_from(content)
    decision = judge(file, evidence, decided_at=DECIDED_AT, verification=verification)
    record = DecisionRecord.of(
        decision, thresholds=file, evidence=evidence, decided_at=DECIDED_AT, verification=verification
    )
    return record, verification, evidence, file


def rebuild_from(content: bytes) -> Evidence:
    return Evidence((read_report(Document("r.json", content)),))


def test_a_record_says_how_and_is_decided_again_from_it() -> None:
    figures = json.dumps(write_evaluation([measured(0.7)], {"recomputed": {}})).encode()
    (out,) = rebuild_from(figures).reports
    again = Recomputation(replace(out, uri="r.json#recomputed", copy_uri="s3://c/x"), ITEMS, scored=50)
    record, _, evidence, file = recorded(again, verify={"sample": 50})
    said = json.loads(record.to_bytes())
    assert said["schema"] == "governance.decision/2"
    assert said["verification"] == {
        "sample": 50,
        "seed": "s",
        "reports": [
            {
                "report": "r.json",
                "items": {"uri": "results.jsonl", "sha256": "b" * 64, "items": 100},
                "figures": {
                    "uri": "r.json#recomputed",
                    "version_id": None,
                    "sha256": out.sha256,
                    "format": "sagemaker_evaluation",
                    "copy_uri": "s3://c/x",
                },
                "scored": 50,
                "share_missed": share_missed(50, 100),
            }
        ],
    }
    assert [(one["value"], one["reported"]) for one in said["findings"]] == [(0.7, 0.9), (0.7, 0.9)]
    read = parse_record(record.to_bytes())
    assert read == record
    assert read.verification is not None
    rebuilt = rebuild_verification(read.verification, [figures])
    assert decide_again(read, file, evidence, verification=rebuilt).to_bytes() == record.to_bytes()


@pytest.mark.parametrize(
    "again",
    [
        Recomputation(problem="there are no items"),
        replace(came_out(measured(0.9)), altered=2, first_altered="item 1: no", scored=100),
    ],
    ids=["problem", "altered"],
)
def test_a_record_restores_what_was_found(again: Recomputation) -> None:
    record, verification, _, _ = recorded(again)
    assert record.verification is not None
    content = json.dumps(write_evaluation([measured(0.9)], {})).encode()
    restored = rebuild_verification(record.verification, [content])
    assert isinstance(restored, Verification)
    (one,) = restored.recomputations
    (was,) = verification.recomputations
    assert replace(one, figures=None) == replace(was, figures=None)
    assert (one.figures is None) == (was.figures is None)


def test_older_records_say_nothing_of_it() -> None:
    record, _, _, _ = recorded(Recomputation(problem="x"))
    older = record.to_bytes().replace(b"governance.decision/2", b"governance.decision/1")
    with pytest.raises(DecisionRecordError, match="verification and reviews is of"):
        parse_record(older)


def test_why_nothing_was_computed_again_is_recorded() -> None:
    evidence = Evidence((report(measured(0.9)),))
    said = NotVerified("this compute cannot")
    decision = judge(thresholds(), evidence, decided_at=DECIDED_AT, verification=said)
    record = DecisionRecord.of(
        decision, thresholds=thresholds(), evidence=evidence, decided_at=DECIDED_AT, verification=said
    )
    assert record.verification is not None
    assert rebuild_verification(record.verification, []) == said
    assert json.loads(record.to_bytes())["verification"] == {"not_verified": "this compute cannot"}
    assert isinstance(decision.findings[0], Finding)
    assert PROOF not in {one.check for one in decision.findings}


def test_an_edit_is_tried_on_the_figures_that_came_out() -> None:
    """Without them every past version of a file that asks to verify would be one for a person."""
    reports = Evidence((report(measured(0.9)),))
    version = PastVersion(
        "g", 1, "r", reports, DECIDED_AT, verification=Verification((came_out(measured(0.9)),))
    )
    looser = thresholds(verify=None)
    assert measure_impact([thresholds()], [looser], [version]).flips == ()
    (flip,) = measure_impact([thresholds()], [looser], [replace(version, verification=None)]).flips
    assert (flip.old, flip.new) == (Verdict.NEEDS_REVIEW, Verdict.APPROVED)
