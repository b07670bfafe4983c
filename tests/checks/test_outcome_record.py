"""Outcome and undecided records: written and read by one class each, in the form that was always kept."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.outcome_record import OutcomeRecord, OutcomeRecordError
from checks.undecided_record import UndecidedRecord

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/shop/7"
RECORD = OutcomeRecord(
    outcome="updated",
    approval_status="Approved",
    status_given_by={"source": "gate", "decision_uri": "s3://d/shop/7/e.json"},
    decision="Approved",
    decision_uri="s3://d/shop/7/e.json",
    decision_digest="0" * 64,
    model_package=ARN,
    created="2026-01-02T03:04:05.678Z",
    execution="arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/e",
    recorded_at=datetime(2026, 1, 2, 4, 5, 6, 789, tzinfo=timezone(timedelta(hours=1))),
)
WRITTEN = """{
  "schema": "governance.outcome/2",
  "outcome": "updated",
  "approval_status": "Approved",
  "status_given_by": {
    "source": "gate",
    "decision_uri": "s3://d/shop/7/e.json"
  },
  "decision": "Approved",
  "decision_uri": "s3://d/shop/7/e.json",
  "decision_digest": "0000000000000000000000000000000000000000000000000000000000000000",
  "model_package": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/shop/7",
  "model_package_created": "2026-01-02T03:04:05.678Z",
  "execution": "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/e",
  "recorded_at": "2026-01-02T03:05:06.000789Z"
}
"""
UNDECIDED = r"""{
  "schema": "governance.undecided/1",
  "reason": "the digest of \u00e4.json is another",
  "model_package": {
    "arn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/shop/7",
    "group": "shop",
    "version": 7,
    "created": "2026-01-02T03:04:05.678Z"
  },
  "execution": "e",
  "recorded_at": "2026-01-02T00:00:00Z"
}
"""


def test_the_bytes_of_an_outcome() -> None:
    assert RECORD.to_bytes().decode() == WRITTEN


def test_the_bytes_of_what_was_not_decided() -> None:
    record = UndecidedRecord(
        reason="the digest of ä.json is another",
        arn=ARN,
        group="shop",
        version=7,
        created="2026-01-02T03:04:05.678Z",
        execution="e",
        recorded_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    assert record.to_bytes().decode() == UNDECIDED


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8")), min_size=5, max_size=5),
    given_by=st.none()
    | st.dictionaries(st.sampled_from(["source", "created_by"]), st.none() | st.just("gate")),
    at=st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - a bound has no zone
)
def test_what_is_written_is_read_again(
    texts: list[str], given_by: dict[str, str | None] | None, at: datetime
) -> None:
    outcome, status, decision, uri, execution = texts
    record = replace(
        RECORD,
        outcome=f"x{outcome}",
        approval_status=status,
        status_given_by=given_by,
        decision=decision,
        decision_uri=uri,
        execution=execution,
        recorded_at=at,
    )
    assert OutcomeRecord.parse(record.to_bytes(), "here") == replace(record, uri="here")


def test_a_record_of_the_first_schema_is_read() -> None:
    document = json.loads(WRITTEN) | {"schema": "governance.outcome/1", "outcome": "decided_meanwhile"}
    for later in ("status_given_by", "model_package_created"):
        del document[later]
    read = OutcomeRecord.parse(json.dumps(document).encode(), "s3://d/e.outcome.json")
    assert (read.outcome, read.given_by, read.created) == ("not_carried_out", None, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        WRITTEN.replace('"updated"', "1").encode(),
        WRITTEN.replace("T03:05", "soon").encode(),
    ],
    ids=["empty", "list", "no-members", "number-for-text", "no-time"],
)
def test_something_else_is_refused_by_its_uri(content: bytes) -> None:
    with pytest.raises(OutcomeRecordError, match=r"^s3://d/x\.json: not an outcome record"):
        OutcomeRecord.parse(content, "s3://d/x.json")
