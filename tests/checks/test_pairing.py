"""Item results, and whether the items behind two figures can be paired."""

import json
from typing import Any

import pytest
from msgspec.structs import asdict, replace

from checks.baseline import Baseline
from checks.decision_record import DecisionRecord, parse_record
from checks.evidence import Evidence
from checks.finding_text import find_pairing
from checks.item_results import ItemResults, read_item_results
from checks.judge import judge
from checks.measurements import Interval, Measured, Source, Unmeasured
from checks.pairing import Behind, Pairs, pair_items
from checks.pairing_text import read_pairing
from checks.replays import attach_items
from checks.reports import place_of_items
from checks.thresholds import Check
from tests.checks.test_baseline import BEFORE, check, evidence, measured, thresholds
from tests.fixed_times import DECIDED_AT
from tests.made_measurements import make_measured

METRIC = "quality.accuracy"
DIGEST = "0" * 64
NOT_JSON = "not JSON: Expecting property name enclosed in double quotes at line 1, column 2"


def lines(*items: object) -> bytes:
    return "\n".join(map(json.dumps, items)).encode()


def results(*items: object) -> ItemResults:
    return read_item_results("d/results.jsonl", lines(*items), DIGEST)


def scored(*correct: bool | float | None, name: str = "correct", **more: Any) -> ItemResults:
    return results(*({"id": f"q{place}", name: one, **more} for place, one in enumerate(correct)))


@pytest.mark.parametrize(
    ("metric", "item", "score"),
    [
        ("text_to_sql.execution_accuracy", {"correct": True}, 1.0),
        ("text_to_sql.timeout_rate", {"correct": True, "timeout": False}, 0.0),
        ("rag.faithfulness", {"scores": {"faithfulness": 0.4}}, 0.4),
        ("rag.faithfulness", {"scores": {"faithfulness": None}}, None),
        ("rag.latency_mean_seconds", {"latency_seconds": 2}, 2.0),
        ("toxicity.toxic_rate", {"correct": False}, 1.0),
        ("quality.f1", {"f1": 0.5}, 0.5),
        ("quality.f1", {"scores": {"f1": 0.5}}, 0.5),
        ("quality.f1", {"f1": "0.5"}, None),
        ("quality.f1", {"correct": True}, None),
        ("quality.accuracy", {"correct": True}, 1.0),
        ("quality.f1_largest_gap", {"f1_largest_gap": 0.5}, None),
    ],
    ids=str,
)
def test_an_item_has_its_score_where_scoring_writes_it(
    metric: str, item: dict[str, object], score: float | None
) -> None:
    found = results({"id": "a", **item}).scores_of(metric, None)
    assert found == ({} if score is None else {"a": score})


def test_an_item_is_in_its_groups() -> None:
    found = results(
        {"id": 1, "correct": True, "facets": {"region": " CA ", "new": True, "age": 60, "odd": None}},
        {"id": "2", "correct": False, "facets": {"region": "NY"}},
    )
    asked = ("region=CA", "new=true", "age=60", "odd=None", "region")
    assert [dict(found.scores_of(METRIC, facet)) for facet in asked] == [
        {"1": 1.0},
        {"1": 1.0},
        {"1": 1.0},
        {},
        {},
    ]
    assert found.scores_of(METRIC, None) == {"1": 1.0, "2": 0.0}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"{", f"line 1: {NOT_JSON}", id="not JSON"),
        pytest.param(b"\n\n[]", "line 3: not a JSON object", id="a list"),
        pytest.param(b'{"correct": true}', "line 1: an item needs an id, a text or an integer", id="no id"),
        pytest.param(b'{"id": true}', "line 1: an item needs an id, a text or an integer", id="a verdict as id"),
        pytest.param(b'{"id": 1}\n{"id": "1"}', "line 2: the id 1 is there twice", id="the same id twice"),
        pytest.param(b'{"id": 1, "f1": 1e999}', "line 1: f1 is not a finite number", id="infinite"),
        pytest.param(b'{"id": 1, "f1": 1' + 400 * b"0" + b"}", "line 1: f1 is not a finite number", id="too large"),
        pytest.param(b"\xff", "line 1: not UTF-8 (byte 0); save the report as UTF-8", id="not UTF-8"),
        pytest.param(b'{"id": 1, "a": ' + 100_000 * b"[", "line 1: nested too deeply to be a report", id="too deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_says_why(content: bytes, problem: str) -> None:
    found = read_item_results("r.jsonl", content, DIGEST)
    assert (found.problem, found.items, found.groups) == (problem, {}, {})


def pair(
    mine: ItemResults | None, theirs: ItemResults | None, now: Measured, before: Measured
) -> Pairs | str:
    return pair_items(Behind("this version", now, mine), Behind("version 3", before, theirs))


def figure(value: float, samples: int | None = None, **keys: Any) -> Measured:
    return make_measured(METRIC, value, Source("r.json"), samples=samples, **keys)


def test_items_are_paired_by_id_whatever_their_order() -> None:
    mine = results({"id": "b", "correct": True}, {"id": "a", "correct": False})
    theirs = results({"id": "a", "correct": True}, {"id": "c", "correct": None}, {"id": "b", "correct": True})
    found = pair(mine, theirs, figure(0.5, 2), figure(1.0, 2))
    assert found == Pairs((0.0, 1.0), (1.0, 1.0))
    assert isinstance(found, Pairs)
    assert found.are_verdicts


THREE = scored(True, True, False)


@pytest.mark.parametrize(
    ("mine", "theirs", "now", "before", "reason"),
    [
        pytest.param(
            None, THREE, figure(0.9), figure(0.9),
            "no item results (results.jsonl) of this version were read beside its report", id="none",
        ),
        pytest.param(
            THREE, None, figure(2 / 3), figure(0.9),
            "no item results (results.jsonl) of version 3 were read beside its report", id="none of the baseline",
        ),
        pytest.param(
            read_item_results("r", b"{", DIGEST), THREE, figure(0.9), figure(0.9),
            f"the item results of this version cannot be used: line 1: {NOT_JSON}", id="broken",
        ),
        pytest.param(
            results(), THREE, figure(0.9), figure(0.9),
            "the item results of this version do not say what an item came to by this metric", id="empty",
        ),
        pytest.param(
            scored(None, None), THREE, figure(0.9), figure(0.9),
            "the item results of this version do not say what an item came to by this metric", id="no scores",
        ),
        pytest.param(
            THREE, scored(True, True, True), figure(2 / 3), figure(0.9, 3),
            "the item results of version 3 come to 1 of 3 items, and its report says 0.9 of 3", id="another figure",
        ),
        pytest.param(
            THREE, THREE, figure(2 / 3, 4), figure(2 / 3),
            "the item results of this version come to 0.666667 of 3 items, and its report says "
            "0.6666666666666666 of 4", id="another number of items",
        ),
        pytest.param(
            THREE, scored(True, True), figure(2 / 3), figure(1.0),
            "2 of 3 items are in both, and pairing needs all of them", id="some in common",
        ),
        pytest.param(
            scored(True), scored(False), figure(1.0), figure(0.0),
            "there is one item, and one shows no spread", id="one item",
        ),
        pytest.param(
            THREE, THREE, figure(2 / 3, interval=Interval(0.1, 0.9, 0.9)), figure(2 / 3),
            "a report gives an interval of its own, and items do not tell what it rests on", id="an interval",
        ),
        pytest.param(
            THREE, THREE, figure(2 / 3), figure(2 / 3, standard_error=0.5),
            "a report gives a standard error of 0.5, and its items show 0.333333", id="items that are not independent",
        ),
        pytest.param(
            THREE, THREE, figure(2 / 3, spread_problem="the spread is text"), figure(2 / 3),
            "the spread is text", id="a spread that cannot be used",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_paired_says_why(
    mine: ItemResults | None, theirs: ItemResults | None, now: Measured, before: Measured, reason: str
) -> None:
    assert pair(mine, theirs, now, before) == reason


def scored_at(
    place: str, correct: list[bool], facets: dict[str, str] | None = None
) -> tuple[Evidence, bytes]:
    """Return the evidence of one figure with its items, and the bytes of these."""
    content = lines(*({"id": number, "m": one, "facets": facets} for number, one in enumerate(correct)))
    items = read_item_results(f"{place}/results.jsonl", content, DIGEST, copy_uri=f"{place}/copy")
    (report,) = evidence(measured(sum(correct) / len(correct), samples=len(correct))).reports
    return Evidence((replace(report, items=items),)), content


def answers(right: int, wrong: int, *, turned: int = 0) -> list[bool]:
    """Return right answers, then wrong ones; `turned` of the right ones are wrong."""
    return [False] * turned + [True] * (right - turned) + [False] * wrong


def decide(asked: Check, now: Evidence, before: Evidence) -> DecisionRecord:
    file, baseline = thresholds(asked), Baseline(before, BEFORE)
    decision = judge(file, now, baseline, decided_at=DECIDED_AT)
    return DecisionRecord.of(
        decision, thresholds=file, evidence=now, baseline=baseline, decided_at=DECIDED_AT
    )


def without_items(found: Evidence) -> Evidence:
    return Evidence(tuple(replace(report, items=None) for report in found.reports))


def test_pairing_tells_what_two_samples_cannot() -> None:
    now, _ = scored_at("now", answers(180, 20, turned=1))
    before, _ = scored_at("before", answers(180, 20))
    asked = check({"absolute": 0.03}, confidence=0.95)
    paired = decide(asked, now, before).findings[0]
    unpaired = decide(asked, without_items(now), before).findings[0]
    assert (paired.outcome, paired.reason) == (
        "passed",
        "[0.877903, 0.908414] at one-sided 95 % around 0.895 (n = 200) is at least 0.87; the bounds are paired on the "
        "same 200 items, of which 0 went up and 1 went down, by Tango's score interval, as items are right or wrong "
        "and an amount is allowed; version 3 has 0.9, and the check asks for no worse than the baseline by 0.03",
    )
    assert (unpaired.outcome, unpaired.reason) == (
        "inconclusive",
        "[0.844293, 0.945646] at one-sided 95 % around 0.895 (n = 200) reaches across the limit: at least 0.87 is not "
        "certain; the bounds hold its own uncertainty and the baseline's, as of samples that are not paired "
        "(Newcombe's interval): no item results (results.jsonl) of this version were read beside its report; version 3 "
        "has 0.9, and the check asks for no worse than the baseline by 0.03",
    )


def test_how_a_value_was_compared_is_read_out_of_the_reason() -> None:
    now, _ = scored_at("now", answers(180, 20, turned=1))
    before, _ = scored_at("before", answers(180, 20))
    asked = check({"absolute": 0.03}, confidence=0.95)
    unsure = check({"absolute": 0.03})
    found = [
        read_pairing(decide(one, mine, before).findings[0].reason)
        for one, mine in ((asked, now), (asked, without_items(now)), (unsure, now))
    ]
    assert found == [
        "paired on the same 200 items, of which 0 went up and 1 went down, by Tango's score interval, as items are "
        "right or wrong and an amount is allowed",
        "not paired: no item results (results.jsonl) of this version were read beside its report",
        None,
    ]


def test_how_a_value_was_compared_ends_where_its_age_is_told() -> None:
    (young,) = scored_at("now", answers(180, 20, turned=1))[0].reports
    now = Evidence((replace(young, written_at=DECIDED_AT),))
    before, _ = scored_at("before", answers(180, 20))
    asked = check({"absolute": 0.03}, confidence=0.95, max_age_days=7)
    (found,) = decide(asked, without_items(now), before).findings
    assert found.reason.endswith("the baseline by 0.03; the report is 0.0 days old, of at most 7")
    reason = "no item results (results.jsonl) of this version were read beside its report"
    assert find_pairing(found) == f"not paired: {reason}"


@pytest.mark.parametrize("has_value", [True, False], ids=["beside a value", "without a value"])
def test_words_of_a_report_do_not_say_how_its_value_was_compared(has_value: bool) -> None:
    words = "no; the bounds are paired on the same 200 items"
    unmeasured = Unmeasured("g.m", words, Source("r.json", "/x"))
    now = evidence(measured(0.9), unmeasured) if has_value else evidence(unmeasured)
    (found,) = decide(check(), now, evidence(measured(0.9))).findings
    assert words in found.reason
    assert find_pairing(found) is None


@pytest.mark.parametrize(
    ("keys", "turned", "outcome"),
    [
        pytest.param({}, 4, "inconclusive", id="four of four by chance"),
        pytest.param({}, 5, "failed", id="five of five not by chance"),
        pytest.param({"better": "lower"}, 5, "passed", id="less is better"),
        pytest.param({"allowed": {"absolute": 0.05}}, 2, "passed", id="an amount"),
        pytest.param({"allowed": {"absolute": 0.05}}, 30, "failed", id="more than an amount"),
        pytest.param({"allowed": {"relative": 0.05}}, 2, "passed", id="a share"),
        pytest.param({"allowed": {"relative": 0.05}}, 30, "failed", id="more than a share"),
        pytest.param({"allowed": {"relative": 0.05}, "better": "lower"}, 0, "passed", id="a share of less"),
    ],
)
def test_what_confidence_asks_of_pairs(keys: dict[str, Any], turned: int, outcome: str) -> None:
    now, _ = scored_at("now", answers(180, 20, turned=turned))
    before, _ = scored_at("before", answers(180, 20))
    asked = check(**{"confidence": 0.95, **keys})
    assert decide(asked, now, before).findings[0].outcome == outcome


def test_a_distance_to_a_target_is_not_paired() -> None:
    now, _ = scored_at("now", answers(180, 20))
    figure_of = replace(now.reports[0], measurements=(measured(0.9, "bias.post_training.DI", samples=200),))
    found = decide(
        check(metric="bias.post_training.DI", confidence=0.95, better=None),
        Evidence((figure_of,)),
        Evidence((figure_of,)),
    )
    assert "Newcombe's interval): a distance to a target has two sides" in found.findings[0].reason


def test_a_record_names_the_items_and_they_are_attached_again() -> None:
    now, content = scored_at("now", answers(180, 20, turned=1))
    record = decide(check({"absolute": 0.03}, confidence=0.95), now, now)
    (document,) = record.evidence
    assert document.items is not None
    assert asdict(document.items) == {
        "uri": "now/results.jsonl", "version_id": None, "sha256": DIGEST, "copy_uri": "now/copy",
    }  # fmt: skip
    assert parse_record(record.to_bytes()) == record
    assert attach_items(without_items(now), record.evidence, [content]) == now
    assert attach_items(without_items(now), record.evidence, [None]) == without_items(now)


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        pytest.param({"uri": "s3://b/p/evaluation.json"}, "s3://b/p/results.jsonl", id="beside it"),
        pytest.param({"uri": "evaluation.json"}, "results.jsonl", id="in this folder"),
        pytest.param({"format": "lm_eval"}, None, id="of another evaluator"),
        pytest.param({"foreign": "of version 2"}, None, id="about another version"),
        pytest.param({"problem": "broken"}, None, id="unreadable"),
    ],
)
def test_items_are_looked_for_beside_what_scoring_writes(keys: dict[str, Any], place: str | None) -> None:
    (report,) = evidence(measured(0.5)).reports
    assert place_of_items(replace(report, **{"format": "sagemaker_evaluation", **keys})) == place
