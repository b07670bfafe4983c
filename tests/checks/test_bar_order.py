"""Whether thresholds were published before the evidence was written: in findings, and in the record."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from checks.decision import Verdict
from checks.decision_record import DecisionRecord, parse_record
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.own_findings import BAR_FIRST
from checks.publication import BundleVersion, Publication
from checks.reports import EvidenceReader
from tests.threshold_files import parse_thresholds

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
BEFORE, AFTER = NOON - timedelta(seconds=1), NOON + timedelta(seconds=1)
BUNDLE = BundleVersion(
    "s3://thresholds/thresholds/bundle.json?versionId=v7", "0" * 64, "arn:aws:iam::1:user/ann"
)
FILE = """\
name: churn
applies_to: {model_package_groups: [churn]}
checks: [{name: a, why: b, metric: churn.quality, at_least: 0.5}]
"""
REPORT = b'{"churn_metrics": {"quality": {"value": 0.9}}}'


def evidence(*times: datetime | None) -> Evidence:
    """A report written at each of the times."""
    reader = EvidenceReader()
    documents = [Document(f"{number}.json", REPORT, written_at=time) for number, time in enumerate(times)]
    return Evidence(
        tuple(
            replace(reader.read(one.uri, lambda one=one: one), written_at=one.written_at) for one in documents
        )
    )


def decide(rule: str, publication: Publication | None, *times: datetime | None) -> DecisionRecord:
    text = FILE if rule == "record" else f"{FILE}bar_predates_evidence: {rule}\n"
    file = replace(parse_thresholds(text.encode(), "churn.yaml"), publication=publication)
    found = evidence(*times)
    return DecisionRecord.of(
        judge(file, found, decided_at=NOON), thresholds=file, evidence=found, decided_at=NOON
    )


@pytest.mark.parametrize(
    ("publication", "times", "predates", "required"),
    [
        pytest.param(Publication(NOON), [AFTER], True, Verdict.APPROVED, id="before"),
        pytest.param(Publication(NOON), [NOON], True, Verdict.APPROVED, id="in the same second"),
        pytest.param(Publication(NOON), [BEFORE], False, Verdict.REJECTED, id="after"),
        pytest.param(Publication(NOON), [AFTER, BEFORE], False, Verdict.REJECTED, id="after one of two"),
        pytest.param(Publication(NOON), [None], None, Verdict.NEEDS_REVIEW, id="nobody knows"),
        pytest.param(Publication(NOON), [AFTER, None], None, Verdict.NEEDS_REVIEW, id="nobody knows of one"),
        pytest.param(Publication(NOON), [BEFORE, None], False, Verdict.REJECTED, id="after one, at least"),
        pytest.param(
            Publication(NOON, BUNDLE, unchanged_since=BEFORE),
            [BEFORE],
            True,
            Verdict.APPROVED,
            id="unchanged since",
        ),
    ],
)
def test_the_record_says_what_came_first_and_a_file_may_demand_that_it_was_the_bar(
    publication: Publication, times: list[datetime | None], predates: bool | None, required: Verdict
) -> None:
    recorded, demanded = decide("record", publication, *times), decide("required", publication, *times)
    assert (recorded.decision, demanded.decision) == (Verdict.APPROVED, required)
    for record in (recorded, demanded):
        assert record.thresholds is not None
        assert record.thresholds.publication is not None
        assert record.thresholds.publication.predates_evidence is predates
        assert parse_record(record.to_bytes()) == record
    assert [one.check for one in demanded.findings if one.check == BAR_FIRST] == (
        [] if required is Verdict.APPROVED else [BAR_FIRST]
    )


def test_a_late_bar_is_told_with_both_times() -> None:
    record = decide("required", Publication(NOON), BEFORE)
    assert record.findings[-1].reason == (
        "0.json was written at 2026-11-26 11:59:59 UTC, and these thresholds are in force since 2026-11-26 12:00:00 "
        "UTC; write the evidence again: score the model anew, or let a person decide"
    )


def test_the_record_names_the_bundle_and_who_published_it() -> None:
    publication = Publication(NOON, BUNDLE, unchanged_since=BEFORE)
    content = json.loads(decide("record", publication, AFTER).to_bytes())
    assert content["schema"] == "governance.decision/2"
    assert content["thresholds"]["publication"] == {
        "bundle": {
            "uri": "s3://thresholds/thresholds/bundle.json?versionId=v7",
            "sha256": "0" * 64,
            "published_by": "arn:aws:iam::1:user/ann",
        },
        "published_at": "2026-11-26T12:00:00Z",
        "unchanged_since": "2026-11-26T11:59:59Z",
        "predates_evidence": True,
    }
    assert content["evidence"][0]["written_at"] == "2026-11-26T12:00:01Z"


def test_a_file_that_was_not_published_says_nothing_of_it_and_is_held_to_nothing() -> None:
    record = decide("required", None, BEFORE)
    assert record.decision is Verdict.APPROVED
    assert b"publication" not in record.to_bytes()
