"""What is called a weakening of a threshold file: every mutation that is one, none that is not, and the law."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.decision import Verdict
from checks.evidence import Evidence, Report
from checks.judge import judge
from checks.limits import KINDS
from checks.loosening import (
    COMPARED_OF_CHECK,
    COMPARED_OF_FILE,
    WORDS_OF_CHECK,
    WORDS_OF_FILE,
    LooseningKind,
    find_loosened_groups,
    find_loosenings,
)
from checks.measurements import Measured, Source, Support
from checks.threshold_set import compile_thresholds
from checks.thresholds import Check, ThresholdFile
from tests.checks.test_law import checks, consequences, evidences, limits, threshold_files
from tests.checks.test_tightening import TIGHTENINGS
from tests.checks.test_waivers import waivers_of
from tests.fixed_times import DECIDED_AT

FILE = """
name: churn
owners: [board@example.com, risk@example.com]
review_by: 2027-01-31
max_age_days: 90
applies_to: {model_package_groups: [churn, "churn-*"]}
mode: enforce
on_foreign_evidence: reject
on_unprotected_evidence: review
bar_predates_evidence: required
verify: {sample: 50, gold: {labels: "g.jsonl", text_to_sql: "q.jsonl"}, databases: "db"}
waivers:
  - {check: speed, reason: moved, approved_by: board@example.com, expires: 2027-01-31}
  - {check: groups, facet: region=CA, reason: small, approved_by: board@example.com, expires: 2027-01-31}
checks:
  - {name: accuracy, why: w, metric: g.accuracy, at_least: 0.8, confidence: 0.95, min_samples: 100, on_missing: review}
  - {name: fairness, why: w, metric: bias.gap, facet: "region", between: [-0.1, 0.2]}
  - {name: groups, why: w, metric: bias.size, facet: "*", at_most: 1}
  - {name: drift, why: w, metric: g.drift, target: 1, tolerance: 0.1, max_age_days: 30}
  - {name: speed, why: w, metric: g.seconds, at_most: 2, on_inconclusive: reject}
  - {name: share, why: w, metric: s.sensitive_share, sensitive_features: [sex, age], at_most: 0.2}
  - {name: kept, why: w, metric: g.kept, better: higher, no_worse_than_baseline: {absolute: 0.01}}
  - {name: held, why: w, metric: g.held, better: higher, no_worse_than_baseline: true, on_first_version: reject}
  - {name: regions, why: w, metric: g.share, facet: "*", at_least: 0.7, confidence: 0.9}
  - {name: cities, why: w, metric: g.city, facet: "*", at_least: 0.7, confidence: 0.85, family: holm, on_failure: warn}
"""
# What is weaker, in what respect, and what is written for what. The way back is a tightening.
WEAKER: list[tuple[str, LooseningKind, str, str]] = [
    ("at_least lower", LooseningKind.LIMIT, "at_least: 0.8", "at_least: 0.79"),
    ("at_least gone for at_most", LooseningKind.LIMIT, "at_least: 0.8", "at_most: 0.8"),
    ("at_most higher", LooseningKind.LIMIT, "at_most: 2", "at_most: 2.0000000000000000001"),
    ("between lower", LooseningKind.LIMIT, "[-0.1, 0.2]", "[-0.11, 0.2]"),
    ("between higher", LooseningKind.LIMIT, "[-0.1, 0.2]", "[-0.1, 0.3]"),
    ("tolerance wider", LooseningKind.LIMIT, "tolerance: 0.1", "tolerance: 0.2"),
    ("target moved", LooseningKind.LIMIT, "target: 1", "target: 1.01"),
    ("facet narrower", LooseningKind.FACET, 'facet: "region"', 'facet: "region=TX"'),
    ("facet gone", LooseningKind.FACET, 'facet: "region", ', ""),
    ("facet wider", LooseningKind.FACET, 'facet: "region"', 'facet: "*"'),
    ("facet of another column", LooseningKind.FACET, 'facet: "region"', 'facet: "sex"'),
    ("another figure", LooseningKind.FIGURE, "metric: g.accuracy", "metric: g.accuracy_at_5"),
    ("a feature less", LooseningKind.FIGURE, "[sex, age]", "[sex]"),
    ("worse by more", LooseningKind.LIMIT, "{absolute: 0.01}", "{absolute: 0.02}"),
    ("worse at all", LooseningKind.LIMIT, "baseline: true", "baseline: {relative: 0.1}"),
    ("worse by a share", LooseningKind.LIMIT, "{absolute: 0.01}", "{relative: 0.01}"),
    ("a number for the baseline", LooseningKind.LIMIT, "better: higher, no_worse_than_baseline: {absolute: 0.01}",
     "at_least: 0.9"),
    ("the other way is better", LooseningKind.FIGURE, "g.kept, better: higher", "g.kept, better: lower"),
    ("first versions reviewed", LooseningKind.SEVERITY, ", on_first_version: reject", ""),
    ("first versions pass", LooseningKind.SEVERITY, "on_first_version: reject", "on_first_version: pass"),
    ("failure reviewed", LooseningKind.SEVERITY, "at_most: 2,", "at_most: 2, on_failure: review,"),
    ("missing warned of", LooseningKind.SEVERITY, "on_missing: review", "on_missing: warn"),
    ("inconclusive reviewed", LooseningKind.SEVERITY, ", on_inconclusive: reject", ""),
    ("confidence lower", LooseningKind.CONFIDENCE, "confidence: 0.95", "confidence: 0.9"),
    ("confidence gone", LooseningKind.CONFIDENCE, "confidence: 0.95, ", ""),
    ("failures by chance kept", LooseningKind.CONFIDENCE, "confidence: 0.9}", "confidence: 0.9, family: holm}"),
    ("failures that only warn", LooseningKind.CONFIDENCE, "family: holm, ", ""),
    ("fewer samples", LooseningKind.SAMPLES, "min_samples: 100", "min_samples: 99"),
    ("samples gone", LooseningKind.SAMPLES, "min_samples: 100, ", ""),
    ("older evidence of a check", LooseningKind.AGE, "max_age_days: 30", "max_age_days: 31"),
    ("age of a check gone", LooseningKind.AGE, ", max_age_days: 30", ""),
    ("older evidence of all", LooseningKind.AGE, "max_age_days: 90", "max_age_days: 91"),
    ("age of all gone", LooseningKind.AGE, "max_age_days: 90\n", ""),
    (
        "a check gone",
        LooseningKind.CHECK_GONE,
        "  - {name: drift, why: w, metric: g.drift, target: 1, tolerance: 0.1, max_age_days: 30}\n",
        "",
    ),
    ("dry run", LooseningKind.MODE, "mode: enforce", "mode: dry_run"),
    ("a late bar", LooseningKind.REACTION, "evidence: required", "evidence: record"),
    ("foreign evidence", LooseningKind.REACTION, "foreign_evidence: reject", "foreign_evidence: warn"),
    ("unprotected", LooseningKind.REACTION, "unprotected_evidence: review", "unprotected_evidence: ignore"),
    ("fewer items drawn", LooseningKind.VERIFICATION, "verify: {sample: 50", "verify: {sample: 49"),
    ("nothing verified", LooseningKind.VERIFICATION, "verify: {sample: 50, gold: {labels: \"g.jsonl\", text_to_sql: "
     "\"q.jsonl\"}, databases: \"db\"}\n", ""),
    ("no gold of one kind", LooseningKind.VERIFICATION, 'labels: "g.jsonl", ', ""),
    ("no SQL run", LooseningKind.VERIFICATION, ', databases: "db"', ""),
    ("other gold", LooseningKind.OTHER, '"g.jsonl"', '"h.jsonl"'),
    ("other databases", LooseningKind.OTHER, '"db"', '"da"'),
    ("waiver of a column", LooseningKind.WAIVER, "facet: region=CA", "facet: region"),
    ("waiver of another group", LooseningKind.WAIVER, "facet: region=CA", "facet: region=TX"),
    ("longer waiver", LooseningKind.WAIVER, "moved, approved_by: board@example.com, expires: 2027-01-31",
     "moved, approved_by: board@example.com, expires: 2027-02-28"),
    (
        "another waiver",
        LooseningKind.WAIVER,
        "waivers:\n",
        "waivers:\n  - {check: drift, reason: r, approved_by: board@example.com, expires: 2026-12-31}\n",
    ),
]  # fmt: skip
NEITHER_WAY = {"failures that only warn", "worse by a share", "a number for the baseline", "the other way is better",
               "at_least gone for at_most", "target moved", "facet narrower", "facet gone", "facet wider",
               "facet of another column", "another figure", "a feature less", "waiver of another group",
               "other gold", "other databases"}  # fmt: skip


def compiled(text: str) -> ThresholdFile:
    (file,) = compile_thresholds({"churn.yaml": text.encode()})
    return file


def mutated(old: str, new: str) -> ThresholdFile:
    assert FILE.count(old) >= 1, old
    return compiled(FILE.replace(old, new, 1))


@pytest.mark.parametrize(("kind", "old", "new"), [row[1:] for row in WEAKER], ids=[row[0] for row in WEAKER])
def test_a_mutation_that_weakens_is_found_as_what_it_is(kind: LooseningKind, old: str, new: str) -> None:
    assert {one.kind for one in find_loosenings(compiled(FILE), mutated(old, new))} == {kind}


@pytest.mark.parametrize(
    ("old", "new"),
    [row[2:] for row in WEAKER if row[0] not in NEITHER_WAY],
    ids=[row[0] for row in WEAKER if row[0] not in NEITHER_WAY],
)
def test_the_way_back_is_no_weakening(old: str, new: str) -> None:
    assert find_loosenings(mutated(old, new), compiled(FILE)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: churn", "name: customers"),
        ("why: w", "why: because"),
        ("reason: moved", "reason: will move"),
        ("review_by: 2027-01-31", "review_by: 2027-02-28"),
        ("[board@example.com, risk@example.com]", "[board@example.com]"),
        ("name: accuracy", "name: right answers"),
        ("[sex, age]", "[age, sex]"),
        ("name: accuracy", "name: also, why: w, metric: g.other, at_least: 0}\n  - {name: accuracy"),
        ("at_least: 0.8", "between: [0.8, 0.9]"),
    ],
    ids=[
        "name",
        "why",
        "reason",
        "review",
        "owners",
        "renamed check",
        "order of features",
        "a check more",
        "another kind of limit",
    ],
)
def test_what_asks_for_no_less_is_no_weakening(old: str, new: str) -> None:
    assert find_loosenings(compiled(FILE), mutated(old, new)) == ()


def test_a_check_that_takes_the_name_of_a_waived_one_is_gone() -> None:
    """Renamed, it would be waived as the other was."""
    drift = "name: drift, why: w, metric: g.drift, target: 1, tolerance: 0.1, max_age_days: 30"
    speed = "name: speed, why: w, metric: g.seconds, at_most: 2, on_inconclusive: reject"
    swapped = FILE.replace(drift, "DRIFT").replace(speed, drift.replace("drift,", "speed,", 1))
    new = compiled(swapped.replace("DRIFT", speed.replace("speed,", "drift,", 1)))
    assert {(one.check, one.kind) for one in find_loosenings(compiled(FILE), new)} >= {
        ("drift", LooseningKind.FIGURE)
    }


def test_a_loosening_says_what_is_now_and_what_was() -> None:
    found = find_loosenings(compiled(FILE), mutated("at_least: 0.8", "at_least: 0.7"))
    assert [str(one) for one in found] == ["accuracy: must be at least 0.7, had to be at least 0.8"]


def test_a_check_more_is_new_proof_where_the_others_may_only_warn() -> None:
    old = "name: t\napplies_to: {model_package_groups: [t]}\nchecks:\n"
    old += "  - {name: a, why: w, metric: g.a, at_least: 1, on_failure: warn}\n"
    more = old + "  - {name: b, why: w, metric: g.b, at_least: 1}\n"
    (found,) = find_loosenings(compiled(old), compiled(more))
    assert (found.kind, found.check) == (LooseningKind.PROOF, "b")


def of_group(pattern: str, at_least: float, *, suffix: bool = False) -> bytes:
    return (
        f"name: t-{pattern.strip('*')}{at_least}\napplies_to: {{model_package_groups: ['{pattern}'], "
        f"mlflow_suffix: {str(suffix).lower()}}}\n"
        f"checks:\n  - {{name: a, why: w, metric: g.a, at_least: {at_least}}}\n"
    ).encode()


@pytest.mark.parametrize(
    ("old", "new", "groups", "expected"),
    [
        ([("a-*", 0.8)], [("a-*", 0.8), ("b", 0.1)], [], []),
        ([("a-*", 0.8)], [("b", 0.8)], [], [("a-*", LooseningKind.GROUP_GONE)]),
        ([("a-*", 0.8)], [("*", 0.9)], [], []),
        ([("a-*", 0.8)], [("a-*", 0.8), ("a-b", 0.7)], [], [("a-b", LooseningKind.LIMIT)]),
        ([("a-*", 0.8)], [("a-b", 0.8)], ["a-b", "a-c"], [("a-*", LooseningKind.GROUP_GONE),
                                                          ("a-c", LooseningKind.GROUP_GONE)]),
        ([("a-[bc]", 0.8)], [("a-[bc]", 0.7)], [], [("a-[bc]", LooseningKind.LIMIT)]),
    ],
    ids=["more groups", "a group gone", "a wider pattern", "a more specific file", "what history has", "brackets"],
)  # fmt: skip
def test_groups_are_followed_from_the_old_file_to_the_new(
    old: list[tuple[str, float]],
    new: list[tuple[str, float]],
    groups: list[str],
    expected: list[tuple[str, LooseningKind]],
) -> None:
    before, after = (
        compile_thresholds({f"{pattern}.yaml": of_group(pattern, limit) for pattern, limit in files})
        for files in (old, new)
    )
    found = find_loosened_groups(before, after, groups)
    assert [
        (group, one.kind) for part in found for one in part.loosenings for group in part.groups
    ] == expected


def test_groups_with_the_suffix_of_mlflow_are_groups() -> None:
    before, after = (
        compile_thresholds({"a.yaml": of_group("a", 0.8, suffix=suffix)}) for suffix in (True, False)
    )
    (found,) = find_loosened_groups(before, after)
    assert found.groups == ('"a" with the suffix of MLflow',)
    assert find_loosened_groups(after, before) == ()


def test_everything_that_a_file_may_say_is_compared_or_named_as_words() -> None:
    """What is new in the language must say here which way is stricter; until then each change of it is a weakening."""
    assert Check.model_fields.keys() == WORDS_OF_CHECK | COMPARED_OF_CHECK
    assert set(ThresholdFile.__struct_fields__) == WORDS_OF_FILE | COMPARED_OF_FILE


Edit = Callable[[ThresholdFile, Check, st.DataObject], ThresholdFile]


def _exchange(file: ThresholdFile, check: Check, **keys: object) -> ThresholdFile:
    other = check.model_copy(update=keys)
    return replace(file, checks=tuple(other if one is check else one for one in file.checks))


def _tighten(file: ThresholdFile, check: Check, data: st.DataObject) -> ThresholdFile:
    return data.draw(st.sampled_from(TIGHTENINGS))(file, check, data.draw(st.floats(0, 1)))


def _react_otherwise(file: ThresholdFile, check: Check, data: st.DataObject) -> ThresholdFile:
    key = data.draw(st.sampled_from(["on_failure", "on_missing", "on_inconclusive"]))
    return _exchange(file, check, **{key: data.draw(consequences)})


def _ask_for_certainty(file: ThresholdFile, check: Check, data: st.DataObject) -> ThresholdFile:
    return _exchange(file, check, confidence=data.draw(st.sampled_from([None, 0.6, 0.9, 0.99])))


def _rename(file: ThresholdFile, check: Check, data: st.DataObject) -> ThresholdFile:
    return _exchange(file, check, name=data.draw(st.sampled_from(["check 0", "check 1", "renamed"])))


def _remove(file: ThresholdFile, check: Check, data: st.DataObject) -> ThresholdFile:
    return replace(file, checks=tuple(one for one in file.checks if one is not check) or file.checks)


def _add(file: ThresholdFile, check: Check, data: st.DataObject) -> ThresholdFile:
    return replace(file, checks=(*file.checks, data.draw(checks("added"))))


def _widen_facet(file: ThresholdFile, check: Check, data: st.DataObject) -> ThresholdFile:
    return _exchange(file, check, facet=data.draw(st.sampled_from(["*", "r", "r=1", None])))


def _ask_for_another_limit(file: ThresholdFile, check: Check, data: st.DataObject) -> ThresholdFile:
    kept = {
        key: value for key, value in check.model_dump(exclude_none=True).items() if key not in _LIMIT_KEYS
    }
    other = Check.model_validate({**kept, **data.draw(limits)})
    return replace(file, checks=tuple(other if one is check else one for one in file.checks))


def _waive(file: ThresholdFile, check: Check, data: st.DataObject) -> ThresholdFile:
    return replace(file, waivers=data.draw(waivers_of(file)))


_LIMIT_KEYS = {key for kind in KINDS for key in kind.keys}
EDITS: list[Edit] = [
    _tighten, _tighten, _tighten, _react_otherwise, _ask_for_certainty, _ask_for_another_limit,
    _ask_for_another_limit, _waive, _rename, _remove, _add, _widen_facet,
]  # fmt: skip


def without_own_intervals(evidence: Evidence) -> Evidence:
    """Leave out the one case that `checks.loosening` names: an interval wider than its standard error's."""
    return Evidence(
        tuple(
            replace(
                report,
                measurements=tuple(
                    replace(one, support=replace(one.support, interval=None))
                    if isinstance(one, Measured)
                    else one
                    for one in report.measurements
                ),
            )
            for report in evidence.reports
        )
    )


@st.composite
def near_limits(draw: st.DrawFn, old: ThresholdFile, new: ThresholdFile) -> Evidence:
    """A report that meets the checks of `new` as often as not, with values at the limits of both files."""
    ends = [
        end
        for check in (*old.checks, *new.checks)
        for one in check.limit.ranges
        for end in (one.low, one.high)
    ]
    found = {}
    for check in new.checks:
        facet = {"*": "r=1", "r": "r=1"}.get(check.facet or "", check.facet)
        inside = [end for end in ends if end is not None and any(end in one for one in check.limit.ranges)]
        value = draw(st.sampled_from(inside))
        source = Source("near.json", f"/{check.metric}/{facet}")
        samples, error = draw(st.sampled_from([(None, None), (10_000, 0.0), (10_000, 0.01)]))
        found[check.metric, facet] = Measured(
            check.metric, value, source, facet=facet, samples=samples, support=Support(standard_error=error)
        )
    return Evidence((Report("near.json", None, "0" * 64, "sagemaker_evaluation", tuple(found.values())),))


@given(threshold_files(), st.data())
def test_where_nothing_is_loosened_nothing_more_is_approved(
    drawn: ThresholdFile, data: st.DataObject
) -> None:
    most = data.draw(st.none() | st.integers(1, 60))
    old = replace(drawn, max_age_days=most, waivers=data.draw(waivers_of(drawn)))
    new = old
    for _ in range(data.draw(st.sampled_from([1, 1, 1, 2, 3]))):
        edit = data.draw(st.sampled_from(EDITS))
        new = edit(new, data.draw(st.sampled_from(new.checks)), data)
    if find_loosenings(old, new) or len({one.name for one in new.checks}) < len(new.checks):
        return
    evidence = data.draw(st.one_of(near_limits(old, new), near_limits(old, new), evidences()))
    written_at = DECIDED_AT - timedelta(days=data.draw(st.sampled_from([0, 0, 0, 30, 60])))
    dated = tuple(replace(one, written_at=written_at) for one in without_own_intervals(evidence).reports)
    before, after = (judge(one, Evidence(dated), decided_at=DECIDED_AT).verdict for one in (old, new))
    event(f"the new file: {after}")
    assert after is not Verdict.APPROVED or before is Verdict.APPROVED
