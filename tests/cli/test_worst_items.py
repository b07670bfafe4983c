"""`governance explain`: the items behind a failed figure, out of the results beside the report."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cli.display.worst_items import cost_of
from cli.main import run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

THRESHOLDS = """\
name: askdata
applies_to: {model_package_groups: [askdata]}
checks:
  - {name: accuracy, why: Analysts run it., metric: text_to_sql.execution_accuracy, at_least: 0.8}
  - {name: in CA, why: Everywhere., metric: text_to_sql.execution_accuracy, facet: region=CA, at_least: 0.8}
  - {name: latency, why: Analysts wait., metric: latency.p95_seconds, at_most: 5}
"""
REPORT = {
    "text_to_sql_metrics": {"execution_accuracy": {"value": 0.25, "facets": {"region=CA": {"value": 0.5}}}},
    "latency_metrics": {"p95_seconds": {"value": 1}},
}


def _line(name: str, verdict: str, region: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "database": "shop",
        "question": f"What is {name}?",
        "gold_sql": "SELECT 1",
        "predicted_sql": f"SELECT '{name}'",
        "correct": verdict == "correct",
        "verdict": verdict,
        "reason": f"because of {name}",
        "facets": {"region": region},
        **more,
    }


ITEMS = [
    _line("q1", "wrong_result", "CA"),
    _line("q2", "correct", "CA"),
    _line("q3", "execution_error", "NY"),
    _line("q4", "wrong_result", "NY"),
]
WORST = """\

worst of text_to_sql.execution_accuracy: 2 of the 3 that count against it, of 4 items
items       evidence/results.jsonl (2 wrong_result, 1 execution_error)
- q1 (region=CA)
    question      What is q1?
    gold_sql      SELECT 1
    predicted_sql SELECT 'q1'
    verdict       wrong_result
    reason        because of q1
- q3 (region=NY)
    question      What is q3?
    gold_sql      SELECT 1
    predicted_sql SELECT 'q3'
    verdict       execution_error
    reason        because of q3

worst of text_to_sql.execution_accuracy [region=CA]: 1 of the 1 that count against it, of 2 items
items       evidence/results.jsonl (1 wrong_result)
- q1 (region=CA)
    question      What is q1?
    gold_sql      SELECT 1
    predicted_sql SELECT 'q1'
    verdict       wrong_result
    reason        because of q1
"""


def _write(folder: Path, items: Sequence[Mapping[str, Any]], report: Mapping[str, Any] = REPORT) -> None:
    (folder / "evidence").mkdir(exist_ok=True)
    (folder / "evidence/evaluation.json").write_text(json.dumps(report))
    (folder / "evidence/results.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "askdata.yaml").write_text(THRESHOLDS)
    _write(tmp_path, ITEMS)
    return tmp_path


def _judged(capsys: pytest.CaptureFixture[str], evidence: str = "evidence") -> str:
    """Judge, and return what the record alone is shown as."""
    run(["check", "askdata.yaml", "-e", evidence, "--format", "json", "-o", "record.json"])
    capsys.readouterr()
    assert run(["explain", "record.json", "--items", "0"]) == 0
    return capsys.readouterr().out


def _items(capsys: pytest.CaptureFixture[str], *arguments: str, evidence: str = "evidence") -> str:
    """Judge, and return what `explain` shows after the record."""
    record = _judged(capsys, evidence)
    assert run(["explain", "record.json", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.startswith(record)
    return captured.out.removeprefix(record)


def test_the_worst_items_stand_behind_a_failed_figure(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _items(capsys, "--items", "2") == WORST


def test_five_are_shown_unless_asked_otherwise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(folder, [_line(f"q{number}", "wrong_result", "NY") for number in range(9)])
    assert _items(capsys).count("\n- ") == 5
    assert _items(capsys, "--items", "7").count("\n- ") == 7


def test_results_in_s3_are_read_beside_the_report(
    folder: Path, s3: "S3Client", bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("evaluation.json", "results.jsonl"):
        s3.put_object(Bucket=bucket, Key=f"askdata/7/{name}", Body=(folder / "evidence" / name).read_bytes())
    uri = f"s3://{bucket}/askdata/7"
    assert _items(capsys, "--items", "2", evidence=f"{uri}/") == WORST.replace("evidence/", f"{uri}/")
    s3.delete_object(Bucket=bucket, Key="askdata/7/results.jsonl")
    assert _items(capsys, evidence=f"{uri}/") == ""


def test_of_a_report_that_changed_since_or_is_gone_nothing_is_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = _judged(capsys)
    for change in (json.dumps({**REPORT, "more_metrics": {"a": 1}}), None):
        path = folder / "evidence/evaluation.json"
        path.unlink() if change is None else path.write_text(change)
        assert run(["explain", "record.json"]) == 0
        assert capsys.readouterr().out == record


def test_without_results_the_record_is_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "evidence/results.jsonl").unlink()
    assert _items(capsys) == ""


def test_a_report_in_the_current_folder_has_its_results_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder / "evidence")
    (folder / "evidence/askdata.yaml").write_text(THRESHOLDS)
    assert "items       results.jsonl (2 wrong" in _items(capsys, evidence="evaluation.json")


def test_lines_that_are_none_are_counted_and_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "evidence/results.jsonl").open("ab") as file:
        file.write(b'[1]\n{"a":\n\xff\n' + b'{"id": "' + b"x" * 3_000_000 + b'"}\n\n{"correct": false}')
    shown = _items(capsys, "--items", "1")
    assert "1 of the 4 that count against it, of 5 items\n" in shown
    assert shown.endswith(
        "\nitems       4 lines of evidence/results.jsonl are no JSON objects and were left out\n"
    )


def test_what_strangers_wrote_is_bounded_and_cannot_steer_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "\x1b[2J\u202e" + "a" * 10_000 + "\n- q2"
    _write(
        folder, [_line(hostile, "wrong_result", "CA", **{hostile: hostile}), {"facets": 7, "correct": False}]
    )
    shown = _items(capsys)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert max(map(len, shown.splitlines())) < 400
    assert sum(line.startswith("- ") for line in shown.splitlines()) == 3


@pytest.mark.parametrize(
    ("metric", "item", "cost"),
    [
        ("text_to_sql.execution_accuracy", {"correct": False}, 1),
        ("text_to_sql.execution_accuracy", {"correct": True}, None),
        ("text_to_sql.execution_accuracy", {"correct": None}, None),
        ("text_to_sql.execution_accuracy_largest_gap", {"correct": False}, 1),
        ("text_to_sql.execution_accuracy_bird", {"correct": True, "bird_match": False}, 1),
        ("text_to_sql.unsafe_sql_rate", {"correct": False, "unsafe": False}, None),
        ("text_to_sql.unsafe_sql_rate", {"unsafe": True}, 1),
        ("text_to_sql.gold_error_rate", {"verdict": "gold_error"}, 1),
        ("latency.p95_seconds", {"latency_seconds": 2.5}, 2.5),
        ("latency.p95_seconds", {"latency_seconds": None}, None),
        ("rag.faithfulness", {"scores": {"faithfulness": 0.25}, "correct": True}, -0.25),
        ("rag.faithfulness", {"scores": {"faithfulness": None}, "correct": False}, None),
        ("rag.coverage", {"scores": {}, "correct": None}, 1),
        ("feedback.nps", {"line": 3, "rating": 1}, -1),
        ("toxicity.toxic_rate", {"toxicity": 0.9, "correct": False}, 0.9),
        ("memorization.rate_above_limit", {"longest_overlap_characters": 80, "correct": False}, 80),
        ("bbq.accuracy", {"kind": "biased", "correct": False}, 1),
        ("feedback.nps", {"rating": True}, None),
    ],
    ids=str,
)
def test_what_an_item_costs(metric: str, item: dict[str, Any], cost: float | None) -> None:
    assert cost_of(metric, item) == cost


@pytest.mark.parametrize(
    ("metric", "items", "told"),
    [
        (
            "rag.faithfulness",
            [
                {
                    "id": "a",
                    "question": "Who?",
                    "answer": "Me.",
                    "reference": "You.",
                    "correct": True,
                    "scores": {"faithfulness": 0.1},
                    "reasons": {},
                    "facets": {},
                },
                {"id": "b", "scores": {"faithfulness": 0.9}, "correct": True},
            ],
            "- a\n    question      Who?\n    reference     You.\n    answer        Me.\n    faithfulness  0.1\n",
        ),
        (
            "feedback.mean_rating",
            [
                {"line": 2, "rating": 5, "facets": {}},
                {"line": 3, "rating": 1, "nps_points": -1, "facets": {}},
            ],
            "- 3\n    rating        1\n    nps_points    -1\n",
        ),
        (
            "bbq.accuracy",
            [{"id": 4, "condition": "ambig", "answer": 1, "label": 2, "kind": "biased", "correct": False}],
            "- 4\n    label         2\n    answer        1\n    kind          biased\n    condition     ambig\n",
        ),
    ],
)
def test_every_scorers_results_are_understood(
    folder: Path, capsys: pytest.CaptureFixture[str], metric: str, items: list[Any], told: str
) -> None:
    group, _, name = metric.partition(".")
    _write(folder, items, {f"{group}_metrics": {name: {"value": 0.5}}})
    (folder / "askdata.yaml").write_text(
        "name: askdata\napplies_to: {model_package_groups: [askdata]}\n"
        f"checks:\n  - {{name: it, why: It counts., metric: {metric}, at_least: 0.9}}\n"
    )
    shown = _items(capsys, "--items", "1")
    assert shown.startswith(f"\nworst of {metric}: 1 of ")
    assert told in shown


def test_the_items_of_a_version_follow_the_decision_that_gave_its_status(
    folder: Path, s3: "S3Client", bucket: str, moto_aws: boto3.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("evaluation.json", "results.jsonl"):
        s3.put_object(Bucket=bucket, Key=f"askdata/7/{name}", Body=(folder / "evidence" / name).read_bytes())
    uri = f"s3://{bucket}/askdata/7"
    _judged(capsys, f"{uri}/")
    sagemaker = moto_aws.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="askdata")
    arn = sagemaker.create_model_package(ModelPackageGroupName="askdata", ModelApprovalStatus="Rejected")[
        "ModelPackageArn"
    ]
    about = {"model_package": {"arn": arn, "group": "askdata", "version": 1}}
    record = json.dumps({**json.loads(Path("record.json").read_bytes()), **about}).encode()
    key = "decisions/askdata/1/e1"
    outcome = {
        "schema": "governance.outcome/2",
        "outcome": "updated",
        "approval_status": "Rejected",
        "status_given_by": None,
        "decision": "Rejected",
        "decision_uri": f"s3://{bucket}/{key}.json",
        "decision_digest": hashlib.sha256(record).hexdigest(),
        "model_package": arn,
        "recorded_at": "2026-11-26T00:00:00Z",
    }
    s3.put_object(Bucket=bucket, Key=f"{key}.json", Body=record)
    s3.put_object(Bucket=bucket, Key=f"{key}.outcome.json", Body=json.dumps(outcome).encode())
    assert run(["explain", arn, "--decisions-bucket", bucket, "--items", "2"]) == 0
    assert capsys.readouterr().out.endswith(WORST.replace("evidence/", f"{uri}/"))
