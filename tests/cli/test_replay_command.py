"""`governance replay`: a decision made again out of local files, with its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import run

THRESHOLDS = """\
name: churn
applies_to:
  model_package_groups: [churn]
checks:
  - {name: accuracy, why: Campaigns are paid by the head., metric: binary_classification.accuracy, at_least: 0.8}
"""
OLDER = {"name": "sagemaker-model-governance", "version": "0.0.1"}
REPORT = {"binary_classification_metrics": {"accuracy": {"value": 0.9}}}


@pytest.fixture
def decision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("churn.yaml").write_text(THRESHOLDS)
    Path("report.json").write_text(json.dumps(REPORT))
    assert run(["check", "churn.yaml", "-e", "report.json", "--format", "json", "-o", "decision.json"]) == 0
    capsys.readouterr()
    return Path("decision.json")


def _change(path: Path, **changes: Any) -> None:
    """Write the record with other content, as this project writes records."""
    document = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def test_a_decision_comes_to_the_same(decision: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _change(
        decision,
        engine={"name": "sagemaker-model-governance", "version": "0.0.1"},
        decided_at="2025-01-01T00:00:00Z",
    )
    assert run(["replay", "decision.json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == [
        "The same decision: Approved",
        "",
        "record      decision.json",
        "thresholds  churn.yaml: as recorded",
        "evidence    report.json: as recorded",
        "decided     2025-01-01T00:00:00Z by sagemaker-model-governance 0.0.1",
    ]
    assert lines[-1].startswith("replayed    as of then by sagemaker-model-governance ")


def test_an_engine_that_decides_otherwise_says_so(decision: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _change(decision, decision="Rejected", engine=OLDER)
    assert run(["replay", "decision.json"]) == 1
    head, difference, *_ = capsys.readouterr().out.splitlines()
    assert head.startswith("Another decision: Approved, and not Rejected: engine ")
    assert head.endswith(" decides otherwise than 0.0.1 did")
    assert difference == "decision: Rejected in the record, Approved now"


def test_a_record_of_this_engine_that_it_would_not_write_was_changed(
    decision: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decision.write_text(decision.read_text().replace("0.9 is at least 0.8", "0.99 is at least 0.8"))
    assert run(["replay", "decision.json"]) == 1
    head, difference, *_ = capsys.readouterr().out.splitlines()
    assert head.startswith("Approved as then, and not in the same words: it was made by ")
    assert head.endswith(", too: the record or the engine was changed")
    assert difference.startswith("accuracy: reason: '0.99 is at least 0.8' in the record, '0.9 is ")


def test_an_input_that_was_exchanged_is_named(decision: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("report.json").write_text("{}")
    Path("churn.yaml").unlink()
    assert run(["replay", "decision.json", "--format", "json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert (document["result"], document["decision"], document["replayed_decision"]) == (
        "inputs",
        "Approved",
        None,
    )
    thresholds, report = document["inputs"]
    assert thresholds["problem"] == "churn.yaml: there is no such file; check the path"
    assert report["problem"].startswith(
        "report.json has other bytes by now (SHA-256 44136fa355b3678a1146ad16f7e8649e"
    )
