"""The decision in one paragraph."""

import gzip
import json
import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.decision import Asked, Consequence, Decision, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord
from checks.evidence import Evidence
from checks.summary import fitting_description, summarise
from checks.thresholds import Check, Mode, ThresholdFile

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CHECK = Check(name="c", why="w", metric="m", at_least=0)


def finding(
    check: str,
    reason: str = "r",
    consequence: Consequence | None = Consequence.REJECT,
    facet: str | None = None,
) -> Finding:
    outcome = Outcome.PASSED if consequence is None else Outcome.FAILED
    return Finding(Asked(check, "m", None, "w"), facet, outcome, consequence, 1.0, None, None, reason)


def record(*findings: Finding, name: str | None = "askdata", mode: Mode = Mode.ENFORCE) -> DecisionRecord:
    file = ThresholdFile(name, "t.yaml", "0" * 64, ("*",), mode, (CHECK,)) if name is not None else None
    decision = Decision(Verdict.REJECTED, findings)
    return DecisionRecord.of(decision, thresholds=file, evidence=Evidence(()), decided_at=NOW)


def test_the_worst_findings_come_first_and_passed_ones_are_counted() -> None:
    summary = summarise(
        record(
            finding("style", "1 is below 2", Consequence.WARN),
            finding("latency", "3 is above 2", Consequence.REVIEW),
            finding("accuracy", "0.7 is at least 0.6", None),
            finding("equity", "-1.3 is not between -0.8 and 0.8", facet="region=CA"),
        )
    )
    assert summary == (
        'Rejected by thresholds "askdata": 1 of 4 findings passed. '
        "equity [region=CA] (failed): -1.3 is not between -0.8 and 0.8. "
        "latency (failed, review): 3 is above 2. "
        "style (failed, warn): 1 is below 2."
    )


def test_a_dry_run_and_an_absent_threshold_file_are_told() -> None:
    assert summarise(record(mode=Mode.DRY_RUN)).startswith(
        'Dry run: would be Rejected by thresholds "askdata": '
    )
    assert summarise(record(name=None)) == "Rejected: 0 of 0 findings passed."


def test_whole_findings_are_dropped_and_counted() -> None:
    summary = summarise(record(*(finding(f"check {i:03}", "x" * 200) for i in range(100))))
    kept = re.findall(r"check \d{3} \(failed\): x{200}\.", summary)
    assert len(kept) == 4
    assert summary.endswith(f". {100 - len(kept)} more findings in the decision record.")
    assert len(summary) <= 1024


def test_a_reason_too_long_to_be_told_is_shortened_and_does_not_hide_the_others() -> None:
    summary = summarise(record(finding("long", "x" * 2000), finding("short", "0 is below 1")))
    assert summary == (
        f'Rejected by thresholds "askdata": 0 of 2 findings passed. long (failed): {"x" * 299}…. '
        "short (failed): 0 is below 1."
    )


def test_names_are_shortened_before_reasons_are_dropped() -> None:
    long = finding("c" * 700, "0.1 is below 0.8", facet="f=" + "x" * 700)
    assert summarise(record(long, finding("latency", "3 is above 2"))) == (
        'Rejected by thresholds "askdata": 0 of 2 findings passed. '
        f"{'c' * 59}… [f={'x' * 57}…] (failed): 0.1 is below 0.8. latency (failed): 3 is above 2."
    )


def test_names_that_fit_are_told_whole() -> None:
    assert "c" * 300 in summarise(record(finding("c" * 300, facet="f=" + "x" * 300)))


@pytest.mark.parametrize(
    "mark",
    ["\u202e", "\u202a", "\u2066", "\u2069", "\u200b", "\u200d", "\u200f", "\ufeff", "\u00ad", "\U000e0041"],
    ids=lambda mark: f"U+{ord(mark):04X}",
)
def test_marks_that_turn_or_hide_text_are_left_out(mark: str) -> None:
    one = finding(f"eq{mark}uity", f"{mark}0 is below 1{mark}", facet=f"region={mark}CA")
    assert summarise(record(one, name=f"ask{mark}data")) == (
        'Rejected by thresholds "askdata": 0 of 1 findings passed. equity [region=CA] (failed): 0 is below 1.'
    )


@pytest.mark.parametrize("beyond", [0, 1], ids=["at the limit", "one unit beyond"])
@pytest.mark.parametrize("count", [40, 149], ids=str)
def test_a_character_beyond_the_basic_plane_counts_twice(count: int, beyond: int) -> None:
    """Counted by code points, the longer one would be told whole."""
    one = finding("c", "🦜" * count)
    whole = f'Rejected by thresholds "askdata": 0 of 1 findings passed. c (failed): {"🦜" * count}.'
    units = len(whole) + count
    summary = summarise(record(one), limit=units - beyond)
    assert (summary == whole) is (beyond == 0)
    assert len(summary) + summary.count("🦜") <= units - beyond


@pytest.mark.parametrize(
    ("text", "limit", "told"),
    [
        ("all of it", 9, "all of it"),
        ("one unit more", 12, "one unit mo…"),
        ("🦜🦜🦜", 6, "🦜🦜🦜"),
        ("🦜🦜🦜", 5, "🦜🦜…"),
        ("🦜🦜🦜", 4, "🦜…"),
        ("a\n\u202eb\tc", 1024, "a b c"),
    ],
    ids=["fits", "too long", "pairs fit", "pairs and the mark", "no half of a pair", "one line"],
)
def test_a_description_is_one_line_within_its_limit(text: str, limit: int, told: str) -> None:
    assert fitting_description(text, limit) == told


def test_a_name_too_long_to_be_told_is_left_out() -> None:
    assert summarise(record(finding("c"), name="x" * 2000)) == (
        "Rejected: 0 of 1 findings passed. c (failed): r."
    )


def test_a_limit_too_small_for_the_decision_is_a_defect_of_the_caller() -> None:
    with pytest.raises(ValueError, match="a summary cannot be told in 10 characters"):
        summarise(record(), limit=10)


TEXT = st.text(max_size=300) | st.text("🦜\u2028\r\n\x00é", max_size=600)


@given(
    st.lists(
        st.builds(finding, TEXT, TEXT, st.none() | st.sampled_from(Consequence), st.none() | TEXT),
        max_size=12,
    ),
    st.none() | TEXT,
    st.integers(100, 1024),
)
def test_every_summary_is_one_line_that_fits(findings: list[Finding], name: str | None, limit: int) -> None:
    summary = summarise(record(*findings, name=name), limit)
    assert len(summary.encode("utf-16-le")) // 2 <= limit
    assert re.fullmatch(r"[^\n\r\x85\u2028\u2029\x00]*", summary)
    told = len([f for f in findings if f.consequence is not None])
    dropped = re.search(r"(\d+) more findings? in the decision record\.$", summary)
    assert (int(dropped[1]) if dropped else 0) <= told


def test_the_limit_is_that_of_sagemaker() -> None:
    (model,) = (files("botocore") / "data" / "sagemaker").iterdir()
    shapes = json.loads(gzip.decompress((model / "service-2.json.gz").read_bytes()))["shapes"]
    assert (shapes["ApprovalDescription"]["max"], shapes["ApprovalDescription"]["pattern"]) == (1024, ".*")
