"""The decision record: its keys, its bytes, and reading it back."""

import hashlib
import json
import re
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.decision import Asked, Consequence, Decision, Finding, Outcome, Verdict
from checks.decision_record import DecisionRecord, DecisionRecordError, RecordedModelPackage, parse_record
from checks.evidence import Document, Evidence, Report
from checks.judge import judge
from checks.limits import AtLeast, AtMost, Between, Target
from checks.measurements import Interval
from checks.reports import read_report
from checks.version import NAME, VERSION
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import parse_thresholds

THRESHOLDS = b"""\
name: askdata-text-to-sql
applies_to: {model_package_groups: [askdata]}
mode: dry_run
checks:
  - {name: accuracy, why: It matters., metric: text_to_sql.execution_accuracy, at_least: 0.8, confidence: 0.95}
  - {name: equity, why: For all., metric: bias.post_training.TE, facet: "*", between: [-0.8, 0.8]}
"""
EVALUATION = b'{"text_to_sql_metrics": {"execution_accuracy": {"value": 0.84, "samples": 300}}}'
BIAS = b"""{"post_training_bias_metrics": {"facets": {"region": [
    {"value_or_threshold": "CA", "metrics": [{"name": "TE", "value": "-Infinity"}]}]}}}"""
NOW = datetime(2026, 11, 22, 16, 30, 15, 250, timezone(timedelta(hours=1)))


def decided(**keys: Any) -> DecisionRecord:
    thresholds = parse_thresholds(THRESHOLDS, "thresholds/askdata.yaml")
    documents = (Document("s3://e/evaluation.json", EVALUATION, "v1"), Document("s3://e/bias.json", BIAS))
    evidence = Evidence(tuple(read_report(document) for document in documents))
    decision = judge(thresholds, evidence, decided_at=DECIDED_AT)
    known: dict[str, Any] = {"decided_at": NOW, **keys}
    return DecisionRecord.of(decision, thresholds=thresholds, evidence=evidence, **known)


def test_a_record_has_the_keys_of_its_schema() -> None:
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/askdata/7"
    record = decided(
        model_package=RecordedModelPackage(arn=arn, group="askdata", version=7), execution="arn:aws:execution"
    )
    assert json.loads(record.to_bytes()) == {
        "schema": "governance.decision/1",
        "decision": "Rejected",
        "model_package": {"arn": arn, "group": "askdata", "version": 7},
        "thresholds": {
            "name": "askdata-text-to-sql",
            "sha256": hashlib.sha256(THRESHOLDS).hexdigest(),
            "source": "thresholds/askdata.yaml",
            "mode": "dry_run",
        },
        "evidence": [
            {
                "uri": "s3://e/evaluation.json",
                "version_id": "v1",
                "sha256": hashlib.sha256(EVALUATION).hexdigest(),
                "format": "sagemaker_evaluation",
            },
            {
                "uri": "s3://e/bias.json",
                "version_id": None,
                "sha256": hashlib.sha256(BIAS).hexdigest(),
                "format": "clarify_bias",
            },
        ],
        "findings": [
            {
                "check": "accuracy",
                "metric": "text_to_sql.execution_accuracy",
                "facet": None,
                "outcome": "passed",
                "consequence": None,
                "value": 0.84,
                "samples": 300,
                "interval": {
                    "low": 0.8021691015163409,
                    "high": 0.8717531454045718,
                    "confidence": 0.9,
                    "one_sided": 0.95,
                },
                "limit": {"at_least": 0.8},
                "why": "It matters.",
                "reason": "[0.802169, 0.871753] at one-sided 95 % around 0.84 (n = 300) is at least 0.8",
            },
            {
                "check": "equity",
                "metric": "bias.post_training.TE",
                "facet": "region=CA",
                "outcome": "missing",
                "consequence": "reject",
                "value": None,
                "samples": None,
                "interval": None,
                "limit": {"between": [-0.8, 0.8]},
                "why": "For all.",
                "reason": 'it could not be measured: "-Infinity" is not a finite number '
                "(s3://e/bias.json#/post_training_bias_metrics/facets/region/0/metrics/0/value)",
            },
        ],
        "engine": {"name": "sagemaker-model-governance", "version": VERSION},
        "execution": "arn:aws:execution",
        "decided_at": "2026-11-22T15:30:15Z",
    }


def test_what_there_is_not_is_left_out() -> None:
    assert {"model_package", "execution"}.isdisjoint(json.loads(decided().to_bytes()))


def test_a_record_of_before_the_one_sided_level_was_named_is_read_and_written_as_it_is() -> None:
    before = json.loads(decided().to_bytes())
    del before["findings"][0]["interval"]["one_sided"]
    content = (json.dumps(before, indent=2, ensure_ascii=False) + "\n").encode()
    assert parse_record(content).to_bytes() == content


def test_no_threshold_file_is_null() -> None:
    evidence = Evidence(())
    decision = judge(None, evidence, decided_at=DECIDED_AT)
    record = DecisionRecord.of(decision, thresholds=None, evidence=evidence, decided_at=NOW)
    assert json.loads(record.to_bytes())["thresholds"] is None
    assert parse_record(record.to_bytes()) == record


def test_judging_the_same_bytes_gives_the_same_bytes_apart_from_the_clock() -> None:
    first, again, later = decided(), decided(), decided(decided_at=NOW + timedelta(days=1))
    assert first.to_bytes() == again.to_bytes()
    assert later.to_bytes() == first.to_bytes().replace(b"2026-11-22T15:30:15Z", b"2026-11-23T15:30:15Z")


def test_the_engine_is_the_one_that_is_installed() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    assert (project["name"], project["version"]) == (NAME, VERSION)


FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(max_size=20)  # lone surrogates included: names of files may hold them
SHA256 = st.text("0123456789abcdef", min_size=64, max_size=64)
LIMITS = (
    st.builds(AtLeast, FINITE)
    | st.builds(AtMost, FINITE)
    | st.builds(Between, FINITE, FINITE)
    | st.builds(Target, FINITE, FINITE)
)
FINDINGS = st.builds(
    Finding,
    st.builds(Asked, check=TEXT, metric=TEXT, limit=st.none() | LIMITS, why=TEXT),
    facet=st.none() | TEXT,
    outcome=st.sampled_from(Outcome),
    consequence=st.none() | st.sampled_from(Consequence),
    value=st.none() | FINITE,
    samples=st.none() | st.integers(0, 10**12),
    interval=st.none() | st.builds(Interval, FINITE, FINITE, st.floats(0, 1)),
    because=TEXT,
)
RECORDS = st.builds(
    DecisionRecord.of,
    st.builds(Decision, st.sampled_from(Verdict), st.lists(FINDINGS, max_size=3).map(tuple)),
    thresholds=st.none(),
    evidence=st.builds(
        Evidence,
        st.lists(st.builds(Report, TEXT, st.none() | TEXT, SHA256, TEXT, st.just(())), max_size=3).map(tuple),
    ),
    decided_at=st.datetimes(timezones=st.just(UTC)),
    model_package=st.none()
    | st.builds(RecordedModelPackage, arn=TEXT, group=TEXT, version=st.integers(1, 10**6)),
    execution=st.none() | TEXT,
)


@given(RECORDS)
def test_a_record_is_read_back_as_it_was(record: DecisionRecord) -> None:
    content = record.to_bytes()
    assert parse_record(content) == record
    assert parse_record(content).to_bytes() == content


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b'"decision": "Rejected"', b'"decision": "Maybe"', "decision: "),
        (
            b'"decision": "Rejected"',
            b'"decision": "Rejected", "decision": "Approved"',
            'the key "decision" is there twice',
        ),
        (b"governance.decision/1", b"governance.decision/3", "schema: "),
        (b'"value": 0.84', b'"value": "0.84"', "findings.0.value: "),
        (b'"value": 0.84', b'"value": NaN', "NaN is not JSON"),
        (b'"samples": 300', b'"samples": 300.5', "findings.0.samples: "),
        (b'"why":', b'"because":', "findings.0.why: "),
        (b"15:30:15Z", b"15:30:15", "decided_at: "),
        (b"{", b"[", "not JSON"),
    ],
)
def test_what_is_no_record_is_refused(before: bytes, after: bytes, message: str) -> None:
    content = decided().to_bytes().replace(before, after, 1)
    with pytest.raises(DecisionRecordError, match=r"^not a decision record.*" + re.escape(message)):
        parse_record(content)


@given(st.binary(max_size=100) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
def test_reading_a_record_is_total(content: bytes) -> None:
    with pytest.raises(DecisionRecordError):
        parse_record(content)
