"""Decisions made again from their records: the same bytes, or what differs."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aws.aws_errors import AwsThrottledError
from checks.decision_record import DecisionRecord, parse_record
from checks.errors import GovernanceError
from checks.evidence import Document, Evidence, Report
from checks.judge import judge
from checks.publication import BundleVersion, Publication
from checks.reports import EvidenceReader, leave_unread
from checks.threshold_bundle import write_bundle
from checks.threshold_file import ThresholdFileError
from checks.threshold_set import compile_thresholds
from checks.thresholds import Mode
from pipelines.replayed_decisions import replay_decision
from tests.pipelines.conftest import Attach, World

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
THRESHOLDS = b"""
name: churn
extends: base.yaml
max_age_days: 30
owners: [risk]
on_unprotected_evidence: warn
applies_to: {model_package_groups: [churn]}
waivers:
  - {check: recall, facet: r=a, reason: few, approved_by: risk, expires: 2026-03-01}
checks:
  - {name: recall, why: w, metric: shop.recall, facet: "*", at_least: 0.5, confidence: 0.9}
"""
BASE = b"""
name: base
checks:
  - {name: accuracy, why: w, metric: shop.accuracy, at_least: 0.5, on_failure: review}
"""
SOURCES = {"t/churn.yaml": THRESHOLDS, "t/base.yaml": BASE}


def metrics(accuracy: float, recall: Mapping[str, float]) -> bytes:
    facets = {f"r={name}": {"value": value, "samples": 50} for name, value in recall.items()}
    return json.dumps(
        {"shop_metrics": {"accuracy": {"value": accuracy}, "recall": {"value": 0.5, "facets": facets}}}
    ).encode()


def decide(
    reports: tuple[Report, ...], sources: Mapping[str, bytes] = SOURCES, **changes: Any
) -> DecisionRecord:
    file = replace(next(one for one in compile_thresholds(sources) if one.name == "churn"), **changes)
    evidence = Evidence(reports)
    decided = judge(file, evidence, decided_at=NOON)
    return DecisionRecord.of(decided, thresholds=file, evidence=evidence, decided_at=NOON)


def fetching(contents: Mapping[str, bytes]) -> Callable[[str, int], bytes]:
    def fetch(place: str, _most: int) -> bytes:
        if place not in contents:
            raise GovernanceError(f"{place}: there is no such object")
        return contents[place]

    return fetch


VALUES = st.floats(0, 1).map(lambda value: round(value, 3))
CONTENTS = st.builds(metrics, VALUES, st.dictionaries(st.sampled_from("ab"), VALUES)) | st.sampled_from(
    [b"{", b"{}"]
)


@st.composite
def given_reports(draw: st.DrawFn) -> tuple[tuple[Report, ...], dict[str, bytes]]:
    """Reports as a gate reads them: of one place in several versions, about other models, not there at all."""
    reader = EvidenceReader()
    reports, contents = list[Report](), dict[str, bytes]()
    # A finding names the place of a report and no version: of one place all are foreign, or none.
    foreign = {uri: draw(st.sampled_from([None, "it is about another model"])) for uri in ("a", "b")}
    for number in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from("ab"))
        uri = f"s3://evidence/{name}.json"
        if draw(st.booleans()):
            reports.append(leave_unread(uri, draw(st.sampled_from(["access is denied", "it is not there"]))))
            continue
        content, written_at = draw(CONTENTS), NOON - timedelta(days=draw(st.integers(0, 40)))
        document = Document(uri, content, str(number), is_pinned=True, written_at=written_at)
        report = reader.read(uri, lambda document=document: document)
        contents[f"{uri}?versionId={number}"] = content
        reports.append(
            replace(report, foreign=foreign[name], digest_verified=draw(st.booleans()), written_at=written_at)
        )
    return tuple(reports), contents


@settings(max_examples=60)
@given(given_reports(), st.sampled_from(Mode))
def test_a_decision_made_again_is_its_bytes(
    reports: tuple[tuple[Report, ...], dict[str, bytes]], mode: Mode
) -> None:
    record = decide(reports[0], mode=mode)
    replay = replay_decision(record.to_bytes(), fetching({**SOURCES, **reports[1]}))
    assert (replay.problems, replay.differences, replay.is_same) == ((), (), True)


@settings(max_examples=20)
@given(given_reports(), st.booleans())
def test_a_decision_by_a_published_bundle_is_replayed_from_that_version_of_it(
    reports: tuple[tuple[Report, ...], dict[str, bytes]], is_unchanged: bool
) -> None:
    content = write_bundle(SOURCES)
    uri = "s3://thresholds/thresholds/bundle.json?versionId=v7"
    publication = Publication(
        NOON - timedelta(days=10),
        BundleVersion(uri, hashlib.sha256(content).hexdigest(), "arn:aws:iam::1:user/ann"),
        NOON - timedelta(days=20) if is_unchanged else None,
    )
    record = decide(reports[0], publication=publication)
    replay = replay_decision(record.to_bytes(), fetching({uri: content, **reports[1]}))
    assert (replay.problems, replay.differences, replay.is_same) == ((), (), True)
    assert [one.uri for one in replay.inputs if one.what == "thresholds"] == [uri]
    other = replay_decision(record.to_bytes(), fetching({uri: content + b" ", **reports[1]}))
    assert "has other bytes by now" in " ".join(other.problems)


GOOD = metrics(0.9, {})
ENGINE = {"name": "sagemaker-model-governance", "version": "0.0.9"}


def read(content: bytes = GOOD, **changes: Any) -> Report:
    document = Document("s3://evidence/a.json", content, "1", written_at=NOON)
    return replace(EvidenceReader().read(document.uri, lambda: document), written_at=NOON, **changes)


IN_PLACE = {**SOURCES, "s3://evidence/a.json?versionId=1": GOOD}


@pytest.mark.parametrize(
    ("contents", "problems"),
    [
        (
            {key: content for key, content in IN_PLACE.items() if "a.json" not in key},
            ["s3://evidence/a.json?versionId=1: there is no such object; "
             "s3://copies/a: there is no such object"],
        ),
        (
            {**IN_PLACE, "s3://evidence/a.json?versionId=1": b"other", "s3://copies/a": b"others"},
            ["s3://evidence/a.json?versionId=1 has other bytes by now (SHA-256 "
             f"{hashlib.sha256(b'other').hexdigest()}); s3://copies/a has other bytes by now (SHA-256 "
             f"{hashlib.sha256(b'others').hexdigest()})"],
        ),
        (
            {**IN_PLACE, "t/base.yaml": BASE.replace(b"0.5", b"0.4")},
            ["t/base.yaml has other bytes by now (SHA-256 "],
        ),
    ],
    ids=["the report and its copy are gone", "both were exchanged", "a file that is extended was exchanged"],
)  # fmt: skip
def test_what_differs_or_is_gone_is_named_and_nothing_is_judged(
    contents: Mapping[str, bytes], problems: list[str]
) -> None:
    record = decide((read(copy_uri="s3://copies/a"),))
    replay = replay_decision(record.to_bytes(), fetching(contents))
    assert (replay.again, replay.is_same) == (None, False)
    assert [said[: len(wanted)] for said, wanted in zip(replay.problems, problems, strict=True)] == problems


def test_a_report_that_is_gone_is_read_from_its_copy() -> None:
    record = decide((read(copy_uri="s3://copies/a"),))
    replay = replay_decision(record.to_bytes(), fetching({**SOURCES, "s3://copies/a": GOOD}))
    assert replay.is_same
    assert [one.read_from for one in replay.inputs] == ["t/churn.yaml", "t/base.yaml", "s3://copies/a"]


def test_an_older_engine_is_no_difference_and_another_decision_is_told_in_words() -> None:
    record = decide((read(),))
    older = json.loads(record.to_bytes()) | {"engine": ENGINE}
    assert replay_decision(parse_record(_bytes(older)).to_bytes(), fetching(IN_PLACE)).is_same

    older["decision"] = "Approved"
    older["findings"][0]["outcome"] = "failed"
    del older["findings"][-1]
    replay = replay_decision(parse_record(_bytes(older)).to_bytes(), fetching(IN_PLACE))
    assert replay.again is not None
    assert replay.again.decision == "Rejected"
    name = older["findings"][0]["check"]
    assert replay.differences == (
        "decision: Approved in the record, Rejected now",
        f"{name}: outcome: 'failed' in the record, 'passed' now",
        "recall (*): now, and not in the record",
    )


def _bytes(document: object) -> bytes:
    return json.dumps(document).encode()


def test_a_record_that_is_written_in_another_way_is_not_the_same() -> None:
    record = decide((read(),))
    replay = replay_decision(record.to_bytes().replace(b"\n", b"\n "), fetching(IN_PLACE))
    assert not replay.is_same
    assert replay.differences == (
        "the record is written in another way: its bytes differ, and what it says does not",
    )


def test_no_answer_says_nothing_of_an_input() -> None:
    def fetch(place: str, _most: int) -> bytes:
        raise AwsThrottledError(f"{place}: slow down")

    with pytest.raises(AwsThrottledError, match="slow down"):
        replay_decision(decide((read(),)).to_bytes(), fetch)


def test_a_threshold_file_that_this_engine_cannot_read_any_more_is_an_error() -> None:
    sources = {**SOURCES, "t/base.yaml": BASE}
    record = json.loads(decide((read(),), sources).to_bytes())
    broken = b"name: ["
    record["thresholds"]["sources"][1]["sha256"] = hashlib.sha256(broken).hexdigest()
    with pytest.raises(ThresholdFileError, match=r"t/base\.yaml:2:1: not YAML"):
        replay_decision(_bytes(record), fetching({**IN_PLACE, "t/base.yaml": broken}))


def test_a_waiver_and_an_age_count_as_on_the_day_of_the_decision() -> None:
    """Judged today both would be over; the record is of the last day of the waiver."""
    content = metrics(0.9, {"a": 0.1})
    record = decide((read(content),))
    assert record.is_approved_by_waiver
    replay = replay_decision(
        record.to_bytes(), fetching({**SOURCES, "s3://evidence/a.json?versionId=1": content})
    )
    assert replay.is_same


def test_evidence_that_was_exchanged_in_its_place_is_found_in_the_copy(
    world: World, attached: Attach
) -> None:
    path = world.report("v.json", text_to_sql__accuracy=0.9, latency__p95_seconds=1.0)
    answer = world.evaluate(world.register(attached(path)))
    path.write_text("{}")
    replay = world.replay(answer.decision_uri)
    assert replay.is_same
    assert [Path(one.read_from or "").parent.name for one in replay.inputs] == ["thresholds", "copies"]
