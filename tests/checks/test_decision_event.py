"""The event of a decision and the message about it: how large they may get, and how a subject is written."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.decision import Verdict
from checks.decision_event import MAX_BYTES, AnnouncedRecord, AnnouncedVersion, Decider, DecisionEvent
from checks.decision_message import MOST_REASONS, write_message, write_subject

LONGEST_GROUP = "g" * 63


def event(decision: Verdict = Verdict.REJECTED, *, group: str = "askdata", version: int = 1) -> DecisionEvent:
    place = AnnouncedRecord(uri="s3://decisions/decisions/askdata/1/one.json", sha256="0" * 64)
    arn = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{group}/{version}"
    return DecisionEvent(
        id="1" * 64,
        decision=decision,
        decided_by=Decider(source="gate", arn=None),
        decided_at="2026-03-01T12:00:00Z",
        model_package=AnnouncedVersion(arn=arn, group=group, version=version, created=None),
        registered_by=None,
        summary="why",
        reasons=(),
        reasons_left_out=0,
        record=place,
        outcome_record=place,
        page_uri=None,
    )


@given(st.lists(st.text(max_size=60), max_size=20), st.integers(min_value=0, max_value=800))
def test_as_many_reasons_as_fit_are_in_the_event_and_the_others_are_counted(
    reasons: list[str], room: int
) -> None:
    most = len(event().to_json().encode()) + room
    made = event().with_reasons(reasons, max_bytes=most)
    assert list(made.reasons) == reasons[: len(made.reasons)]
    assert len(made.reasons) + made.reasons_left_out == len(reasons)
    # The number of the others has a digit more than the nought that was counted.
    assert len(made.to_json().encode()) <= most + len("40")
    if room > len(json.dumps(reasons)) + 2 * len(reasons):
        assert made.reasons_left_out == 0


def test_an_event_with_ten_thousand_long_reasons_is_taken_by_event_bridge() -> None:
    made = event().with_reasons(["ä" * 400] * 10_000)
    assert MAX_BYTES - 1_000 < len(made.to_json().encode()) < 256 * 1024 - 1_000
    assert made.reasons_left_out == 10_000 - len(made.reasons)
    text = write_message(made)
    assert f"- and {10_000 - MOST_REASONS:d} more in the record\n" in text
    assert len(text.encode()) < 256 * 1024


@pytest.mark.parametrize("decision", Verdict)
def test_a_subject_is_one_that_sns_takes(decision: Verdict) -> None:
    subject = write_subject(event(decision, group=LONGEST_GROUP, version=9_999_999_999))
    assert len(subject) <= 100
    assert subject.isascii()
    assert subject.isprintable()


@pytest.mark.parametrize(
    ("decision", "commands"),
    [
        (Verdict.APPROVED, ["explain"]),
        (Verdict.REJECTED, ["explain", "rejudge"]),
        (Verdict.NEEDS_REVIEW, ["explain", "review", "review", "rejudge"]),
    ],
    ids=["approved", "rejected", "for review"],
)
def test_a_message_names_the_commands_that_help(decision: Verdict, commands: list[str]) -> None:
    words = write_message(event(decision)).split()
    assert [after for word, after in pairwise(words) if word == "governance"] == commands
