"""Step one against the baseline: which version it is, what it is held against, and that this can be repeated."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aws.evidence_errors import DigestMismatchError
from checks.decision_record import DecisionRecord, parse_record
from checks.errors import GovernanceError
from checks.impact import PastVersion
from checks.judge import judge as hold
from checks.replays import decide_again
from checks.review_record import ReviewAction, Reviewer
from pipelines.foreseen_baseline import BaselineUnseenError, foresee_baseline
from pipelines.judged_evidence import read_again, read_baseline_again
from pipelines.past_versions import read_newest_records, read_past_versions
from pipelines.review_version import ReviewRequest, ReviewServices, review_version
from pipelines.sealed_decisions import DecisionMismatchError
from pipelines.step_settings import SeparationOfDuties
from tests.pipelines.conftest import EXECUTION, World, attached

THRESHOLDS = """
name: askdata
applies_to: {model_package_groups: ["AskData"]}
checks:
  - name: accuracy
    why: Users notice.
    metric: g.accuracy
    better: higher
    no_worse_than_baseline: {absolute: 0.01}
    on_first_version: FIRST
"""


@pytest.fixture
def asking(world: World) -> World:
    write(world)
    return world


def write(world: World, first: str = "pass", text: str = THRESHOLDS) -> None:
    (world.folder / "thresholds").mkdir(exist_ok=True)
    (world.folder / "thresholds" / "askdata.yaml").write_text(text.replace("FIRST", first))


def register(world: World, accuracy: float) -> str:
    path = world.report(f"{len(world.registry.list('AskData'))}.json", g__accuracy=accuracy)
    document = {"g": {"accuracy": {"value": accuracy}}}
    path.write_text(json.dumps(document))
    return world.register(attached(path))


def judge(world: World, arn: str, name: str, *, carry_out: bool = True) -> DecisionRecord:
    execution = f"{EXECUTION}-{name}"
    answer = world.evaluate(arn, execution)
    if carry_out:
        world.update(arn, answer, execution)
    return parse_record(Path(answer.decision_uri).read_bytes())


def decided(world: World, *accuracies: float) -> list[DecisionRecord]:
    return [judge(world, register(world, one), f"v{place}") for place, one in enumerate(accuracies)]


def compared_with(record: DecisionRecord) -> str | None:
    return None if record.baseline is None else record.baseline.model_package_arn


def test_each_version_is_held_against_the_newest_approved_one(asking: World) -> None:
    records = decided(asking, 0.9, 0.5, 0.895, 0.88)
    assert [(record.decision, record.findings[0].limit) for record in records] == [
        ("Approved", {"no_worse_than_baseline": {"absolute": 0.01}}),
        ("Rejected", {"at_least": 0.89}),
        ("Approved", {"at_least": 0.89}),
        ("Rejected", {"at_least": 0.885}),
    ]
    first, _, third, fourth = records
    assert first.model_package is not None
    assert third.model_package is not None
    assert [compared_with(record) for record in records] == [
        None,
        first.model_package.arn,
        first.model_package.arn,
        third.model_package.arn,
    ]
    assert fourth.baseline is not None
    assert [document.sha256 for document in fourth.baseline.evidence] == [third.evidence[0].sha256]


def test_a_first_version_is_reviewed_unless_the_file_says_otherwise(world: World) -> None:
    write(world, first="review")
    (record,) = decided(world, 0.9)
    assert (record.decision, record.findings[0].consequence) == ("NeedsReview", "review")


PAIRED = THRESHOLDS.replace("on_first", "confidence: 0.95\n    on_first").replace("0.01", "0.03")


def register_with_items(world: World, wrong: range, *, of: int = 200) -> str:
    """Register a version with its item results, of which those in `wrong` are not correct."""
    folder = f"v{len(world.registry.list('AskData'))}"
    path = world.report(f"{folder}/evaluation.json", g__accuracy=0.0)
    figure = {"value": (of - len(wrong)) / of, "samples": of}
    path.write_text(json.dumps({"g_metrics": {"accuracy": figure}}))
    lines = (json.dumps({"id": number, "correct": number not in wrong}) for number in range(of))
    path.with_name("results.jsonl").write_text("\n".join(lines))
    return world.register(attached(path))


def test_versions_are_compared_item_by_item_and_judged_again_from_the_copies(world: World) -> None:
    write(world, text=PAIRED)
    same, worse = range(20), range(30)
    records = [
        judge(world, register_with_items(world, wrong), f"v{place}")
        for place, wrong in enumerate((same, range(21), worse))
    ]
    assert [one.decision for one in records] == ["Approved", "Approved", "NeedsReview"]
    second = records[1]
    assert "paired on the same 200 items, of which 0 went up and 1 went down" in second.findings[0].reason
    assert second.baseline is not None
    kept = [document.items for document in (*second.evidence, *second.baseline.evidence)]
    assert [None if one is None else one.uri for one in kept] == [
        "s3://evidence/v1/results.jsonl",
        "s3://evidence/v0/results.jsonl",
    ]
    # Nothing but the copies is left: the decision comes to the same bytes.
    shutil.rmtree(world.folder / "evidence")
    copies = world.services.copies.copies
    again = decide_again(
        second,
        world.services.thresholds.for_group("AskData"),
        read_again(second, copies),
        read_baseline_again(second, copies),
    )
    assert again.to_bytes() == second.to_bytes()
    replay = world.replay(str(next((world.folder / "decisions" / "AskData" / "2").glob("*v1.json"))))
    assert (replay.is_same, replay.problems) == (True, ())


@pytest.mark.parametrize(
    ("folder", "owner"), [("evidence", "this version"), ("copies", "version 1")], ids=str
)
def test_without_items_of_both_the_comparison_is_not_paired(world: World, folder: str, owner: str) -> None:
    write(world, text=PAIRED)
    judge(world, register_with_items(world, range(20)), "v1")
    arn = register_with_items(world, range(21))
    for path in (world.folder / folder).rglob("*"):
        if path.is_file() and b'{"id": 0, ' in path.read_bytes():
            path.unlink()
    record = judge(world, arn, "v2")
    assert record.decision == "NeedsReview"
    assert (
        f"(Newcombe's interval): no item results (results.jsonl) of {owner} were read beside its report"
        in record.findings[0].reason
    )


def test_whoever_registers_a_version_sees_its_baseline_without_the_copies_and_the_key(world: World) -> None:
    write(world, text=PAIRED)
    reports = world.services.evidence
    assert foresee_baseline("AskData", world.decisions, reports) is None
    for place, wrong in enumerate((range(20), range(90))):
        judge(world, register_with_items(world, wrong), f"v{place}")
    shutil.rmtree(world.folder / "copies")
    found = foresee_baseline("AskData", world.decisions, reports)
    assert found is not None
    assert found.version is not None
    assert found.version.version == 1
    (report,) = found.evidence.reports
    assert report.items is not None
    assert len(report.items.items) == 200
    assert [one.metric for one in found.evidence.measurements] == ["g.accuracy"]


def report_exchanged(world: World) -> None:
    (world.folder / "evidence" / "v0" / "evaluation.json").write_text("{}")


def report_gone(world: World) -> None:
    (world.folder / "evidence" / "v0" / "evaluation.json").unlink()


def record_exchanged(world: World) -> None:
    (record,) = (world.folder / "decisions" / "AskData" / "1").glob("*v0.json")
    record.write_bytes(record.read_bytes() + b" ")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (report_exchanged, DigestMismatchError),
        (report_gone, BaselineUnseenError),
        (record_exchanged, DecisionMismatchError),
    ],
    ids=["report exchanged", "report gone", "record exchanged"],
)
def test_a_baseline_that_is_not_what_was_judged_is_not_foreseen(
    world: World, change: Callable[[World], None], error: type[GovernanceError]
) -> None:
    write(world, text=PAIRED)
    judge(world, register_with_items(world, range(20)), "v0")
    change(world)
    with pytest.raises(error):
        foresee_baseline("AskData", world.decisions, world.services.evidence)


def approved_by_hand(world: World) -> None:
    world.registry.update(register(world, 0.99), approval_status="Approved")


def decided_and_not_carried_out(world: World) -> None:
    judge(world, register(world, 0.99), "left", carry_out=False)


def approved_on_trial(world: World) -> None:
    write(world, text=THRESHOLDS.replace("checks:", "mode: dry_run\nchecks:"))
    judge(world, register(world, 0.99), "trial")
    write(world)


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(approved_by_hand, id="approved by hand"),
        pytest.param(decided_and_not_carried_out, id="decided and not carried out"),
        pytest.param(approved_on_trial, id="approved on trial"),
    ],
)
def test_what_no_record_of_the_gate_approved_is_no_baseline(
    asking: World, between: Callable[[World], None]
) -> None:
    (first,) = decided(asking, 0.9)
    between(asking)
    record = judge(asking, register(asking, 0.895), "last")
    assert first.model_package is not None
    assert (record.decision, compared_with(record)) == ("Approved", first.model_package.arn)


REVIEWER = Reviewer("arn:aws:sts::123456789012:assumed-role/reviewers/ann", "AROAREVIEWERS:ann")


@pytest.mark.parametrize(
    ("action", "is_baseline"),
    [
        pytest.param(ReviewAction.APPROVE, True, id="approved"),
        pytest.param(ReviewAction.REJECT, False, id="rejected"),
    ],
)
def test_what_the_gate_left_to_a_reviewer_is_a_baseline_where_the_reviewer_approved_it(
    world: World, action: ReviewAction, is_baseline: bool
) -> None:
    write(world, first="review")
    (first,) = decided(world, 0.9)
    assert first.decision == "NeedsReview"
    assert first.model_package is not None
    services = ReviewServices(world.registry, world.decisions, SeparationOfDuties.NOT_REQUIRED)
    asked = ReviewRequest(first.model_package.arn, action, "I have looked at it.", REVIEWER)
    review_version(asked, services, now=datetime.now(UTC))
    record = judge(world, register(world, 0.895), "second")
    assert record.decision == ("Approved" if is_baseline else "NeedsReview")
    assert compared_with(record) == (first.model_package.arn if is_baseline else None)


def test_a_newer_version_is_no_baseline_of_an_older_one(asking: World) -> None:
    older, newer = register(asking, 0.5), register(asking, 0.9)
    judge(asking, newer, "newer")
    assert compared_with(judge(asking, older, "older")) is None


def test_a_decision_beside_a_baseline_is_made_again_byte_for_byte(asking: World) -> None:
    *_, record = decided(asking, 0.9, 0.88)
    shutil.rmtree(asking.folder / "evidence")
    copies = asking.services.copies.copies
    again = decide_again(
        record,
        asking.services.thresholds.for_group("AskData"),
        read_again(record, copies),
        read_baseline_again(record, copies),
    )
    assert again.to_bytes() == record.to_bytes()


def test_the_history_compares_each_version_with_the_baseline_of_its_day(asking: World) -> None:
    records = decided(asking, 0.9, 0.88, 0.895)
    by_name = {f"{place}.json": one.to_bytes() for place, one in enumerate(records)}
    newest, left_out = read_newest_records(list(by_name), by_name.__getitem__)
    past = [*read_past_versions(newest, asking.services.copies.copies)]
    file = asking.services.thresholds.for_group("AskData")
    decisions = [
        hold(file, one.evidence, one.baseline, decided_at=one.decided_at).verdict
        for one in past
        if isinstance(one, PastVersion)
    ]
    assert (decisions, left_out) == ([one.decision for one in records], [])
    assert decisions == ["Approved", "Rejected", "Approved"]


def test_a_baseline_whose_copies_are_gone_asks_for_review(asking: World) -> None:
    decided(asking, 0.9)
    shutil.rmtree(asking.folder / "copies")
    record = judge(asking, register(asking, 0.95), "last")
    assert record.decision == "NeedsReview"
    assert record.findings[0].reason == (
        "it cannot be compared with version 1: a report of it could not be read, and the figure may be there"
    )


def test_nothing_is_decided_beside_a_baseline_that_somebody_changed(asking: World) -> None:
    (first,) = decided(asking, 0.9)
    copy = Path(str(first.evidence[0].copy_uri))
    content = copy.read_bytes()
    copy.write_text("{}")
    arn = register(asking, 0.5)
    with pytest.raises(DigestMismatchError):
        judge(asking, arn, "copy")
    copy.write_bytes(content)
    record = next(
        path
        for path in (asking.folder / "decisions" / "AskData" / "1").iterdir()
        if path.name.count(".") == 1
    )
    record.write_bytes(record.read_bytes().replace(b"0.9", b"0.1"))
    with pytest.raises(DecisionMismatchError):
        judge(asking, arn, "record")


def test_without_such_a_check_no_record_is_looked_for(world: World) -> None:
    world.write_thresholds()
    arn = world.register_scored(0.9)
    (world.folder / "decisions" / "AskData" / "0").mkdir(parents=True)
    (world.folder / "decisions" / "AskData" / "0" / "x.outcome.json").write_text("broken")
    assert parse_record(Path(world.evaluate(arn).decision_uri).read_bytes()).baseline is None
