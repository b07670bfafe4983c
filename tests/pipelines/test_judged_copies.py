"""What was judged is kept, and judged again from there: the same record, when the reports themselves are gone."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aws.evidence_copies import FolderEvidenceCopies
from aws.evidence_errors import DigestMismatchError, EvidenceMissingError
from aws.report_references import ReportReference, ReportSlot
from checks.decision_record import DecisionRecord, parse_record
from checks.replays import decide_again
from pipelines.evaluate_model_package import evaluate_model_package
from pipelines.judged_evidence import NotRepeatableError, read_again
from pipelines.step_messages import EvaluateRequest
from tests.pipelines.conftest import EXECUTION, NOON, Attach, World


def record_of(world: World, arn: str, *, item_results: bool = True) -> DecisionRecord:
    services = world.services
    services = replace(services, copies=replace(services.copies, item_results=item_results))
    answer = evaluate_model_package(EvaluateRequest(arn, "-", "-", EXECUTION), services, now=NOON)
    return parse_record(Path(answer.decision_uri).read_bytes())


def again(world: World, record: DecisionRecord) -> DecisionRecord:
    thresholds = world.services.thresholds.for_group("AskData")
    return decide_again(record, thresholds, read_again(record, copies_of(world)))


def copies_of(world: World) -> FolderEvidenceCopies:
    return FolderEvidenceCopies(world.folder / "copies")


def good(world: World, attached: Attach) -> str:
    return world.register_scored(0.9)


def failed(world: World, attached: Attach) -> str:
    return world.register_scored(0.5)


def unread(world: World, attached: Attach) -> str:
    report = attached(world.report("v.json", text_to_sql__accuracy=0.9))
    return world.register(report, ReportReference(ReportSlot.BIAS_REPORT, "s3://elsewhere/b.json"))


def broken(world: World, attached: Attach) -> str:
    path = world.report("v.json")
    path.write_text("{")
    return world.register(attached(path))


def contradictory(world: World, attached: Attach) -> str:
    first = attached(world.report("a.json", text_to_sql__accuracy=0.9), digest=None)
    second = attached(world.report("b.json", text_to_sql__accuracy=0.7), ReportSlot.BIAS_REPORT)
    return world.register(first, second)


def foreign(world: World, attached: Attach) -> str:
    path = world.report("v.json", text_to_sql__accuracy=0.9, latency__p95_seconds=1.0)
    world.evaluate(world.register(attached(path)), f"{EXECUTION}-before")
    return world.register(attached(path))


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(good, id="approved"),
        pytest.param(failed, id="rejected"),
        pytest.param(unread, id="a report elsewhere"),
        pytest.param(broken, id="no JSON"),
        pytest.param(contradictory, id="different values"),
        pytest.param(foreign, id="judged for another version before"),
    ],
)
def test_a_decision_is_made_again_when_the_reports_are_gone(
    world: World, attached: Attach, version: Callable[[World, Attach], str]
) -> None:
    record = record_of(world, version(world, attached))
    shutil.rmtree(world.folder / "evidence")
    assert again(world, record) == record
    assert again(world, record).to_bytes() == record.to_bytes()


def test_each_report_that_was_read_is_kept_under_its_digest_and_the_record_names_it(
    world: World, attached: Attach
) -> None:
    record = record_of(world, unread(world, attached))
    read, absent = record.evidence
    assert absent.copy_uri is None
    kept = world.folder / "copies" / read.sha256
    assert read.copy_uri == str(kept)
    assert kept.read_bytes() == (world.folder / "evidence" / "v.json").read_bytes()


def test_reports_that_hold_single_items_can_be_left_out(world: World) -> None:
    folder = world.report("v1/good.json", text_to_sql__accuracy=0.9, latency__p95_seconds=1.0).parent
    line = {"automatedEvaluationResult": {"scores": [{"metricName": "Builtin.Correctness", "result": 1.0}]}}
    (folder / "x_output.jsonl").write_text(json.dumps(line))
    arn = world.register(prefix="s3://evidence/v1")
    record = record_of(world, arn, item_results=False)
    assert {
        document.uri.rpartition("/")[2]: document.copy_uri is not None for document in record.evidence
    } == {
        "good.json": True,
        "x_output.jsonl": False,
    }
    with pytest.raises(NotRepeatableError, match=r"x_output\.jsonl: no copy was kept"):
        again(world, record)


def test_a_copy_that_is_gone_or_was_exchanged_is_no_evidence(world: World, attached: Attach) -> None:
    record = record_of(world, good(world, attached))
    (document,) = record.evidence
    Path(str(document.copy_uri)).write_text("{}")
    with pytest.raises(DigestMismatchError):
        again(world, record)
    Path(str(document.copy_uri)).unlink()
    with pytest.raises(EvidenceMissingError):
        again(world, record)


def test_nothing_is_decided_where_something_else_is_in_the_place_of_a_copy(
    world: World, attached: Attach
) -> None:
    arn = good(world, attached)
    (reference,) = world.registry.describe(arn).reports
    sha256 = str(reference.content_digest).removeprefix("sha256:")
    (world.folder / "copies").mkdir()
    (world.folder / "copies" / sha256).write_text("forged")
    with pytest.raises(DigestMismatchError, match="somebody else wrote it"):
        world.evaluate(arn)


def test_a_decision_on_the_age_of_evidence_is_made_again_and_by_a_later_attempt_as_of_its_own_time(
    world: World,
) -> None:
    thresholds = world.folder / "thresholds" / "askdata.yaml"
    thresholds.write_text(thresholds.read_text().replace("checks:", "max_age_days: 30\nchecks:"))
    arn = world.register_scored(0.9)
    written_at = NOON - timedelta(days=29, hours=12)
    os.utime(world.folder / "evidence" / "v.json", (written_at.timestamp(), written_at.timestamp()))
    record = record_of(world, arn)
    assert record.decision == "Approved"
    assert record.evidence[0].written_at == "2026-01-31T00:00:00Z"
    assert record.findings[0].reason == "0.9 is at least 0.8; the report is 29.5 days old, of at most 30"
    assert again(world, record) == record
    # The same execution tries again a day later, when the report is too old: it answers with what was decided.
    assert world.evaluate(arn, now=NOON + timedelta(days=1)).decision == "Approved"
    later = world.evaluate(arn, execution=f"{EXECUTION}d", now=NOON + timedelta(days=1))
    assert later.decision == "Rejected"
