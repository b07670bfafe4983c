"""The inputs in a decision record, read without the rest of it."""

import pickle

import pytest
from hypothesis import given
from msgspec.structs import replace

from checks.decision_record import (
    DecisionRecord,
    DecisionRecordError,
    EvidenceDocument,
    RecordedBaseline,
    RecordedModelPackage,
    RecordedRecomputation,
    RecordedVerification,
)
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.recorded_inputs import RecordedInputs, parse_inputs
from checks.reports import leave_unread, read_report
from tests.checks.test_decision_record import RECORDS
from tests.counted_work import count_calls
from tests.fixed_times import DECIDED_AT
from tests.threshold_files import parse_thresholds

THRESHOLDS = b"""\
name: askdata
applies_to: {model_package_groups: [askdata]}
checks:
  - {name: accuracy, why: It matters., metric: team.accuracy, at_least: 0.8}
"""


def decided() -> DecisionRecord:
    thresholds = parse_thresholds(THRESHOLDS, "askdata.yaml")
    reports = (
        read_report(Document("s3://e/evaluation.json", b'{"team_metrics": {"accuracy": 0.84}}')),
        leave_unread("s3://e/gone.json", "it is gone"),
    )
    return DecisionRecord.of(
        judge(thresholds, Evidence(reports), decided_at=DECIDED_AT),
        thresholds=thresholds,
        evidence=Evidence(reports),
        decided_at=DECIDED_AT,
        model_package=RecordedModelPackage(arn="arn:aws:sagemaker:x", group="askdata", version=7),
    )


def test_the_inputs_are_those_of_the_whole_record() -> None:
    record = decided()
    inputs = parse_inputs(record.to_bytes())
    shared = [name for name in RecordedInputs.__struct_fields__ if name != "findings"]
    assert {name: getattr(inputs, name) for name in shared} == {
        name: getattr(record, name) for name in shared
    }
    stated = [(one.check, one.reason) for one in record.findings]
    assert [(one.check, one.reason) for one in inputs.findings] == stated


def test_what_was_found_is_not_read() -> None:
    content = decided().to_bytes()
    assert sum(count_calls(lambda: parse_inputs(content)).values()) < 20
    parse_inputs(content.replace(b'"outcome": "passed"', b'"outcome": "of a later engine"'))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"governance.decision/1", b"governance.decision/9", "schema: Input should be"),
        (b'"evidence"', b'"reports"', "evidence: Field required"),
        (b'"version": 7', b'"version": "7"', "model_package.version: Input should be a valid integer"),
        (b"{", b"[", "the top: Invalid JSON"),
    ],
    ids=["schema of later", "no evidence", "text as a number", "no JSON"],
)
def test_bytes_that_are_no_record_are_refused(old: bytes, new: bytes, problem: str) -> None:
    with pytest.raises(DecisionRecordError, match=problem):
        parse_inputs(decided().to_bytes().replace(old, new, 1))


@given(RECORDS)
def test_inputs_are_what_they_were_in_another_process(record: DecisionRecord) -> None:
    inputs = parse_inputs(record.to_bytes())
    assert pickle.loads(pickle.dumps(inputs)) == inputs


def test_all_parts_are_there_in_another_process() -> None:
    report = EvidenceDocument(uri="r", version_id=None, sha256="0" * 64, format="ragas", copy_uri="c/é")
    again = RecordedRecomputation(report="r", figures=report, scored=3, share_missed=0.1 + 0.2)
    inputs = replace(
        parse_inputs(decided().to_bytes()),
        baseline=RecordedBaseline(record_uri="b", record_sha256="1" * 64, evidence=(report,)),
        verification=RecordedVerification(sample=3, seed="s", reports=(again,)),
    )
    content = pickle.dumps(inputs)
    assert pickle.loads(content) == inputs
    calls = count_calls(lambda: pickle.loads(content))
    assert (calls["RecordedInputs._restore"], calls["rebuild"]) == (1, 0)
