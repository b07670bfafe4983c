"""`governance thresholds init`: where the file goes, what is refused, and that it is the file that checks then take."""

import json
from pathlib import Path

import pytest

from checks.starter_file import starter_file
from checks.tasks import Task
from cli.main import run

EVALUATION = {"text_to_sql_metrics": {"execution_accuracy": {"value": 0.9, "samples": 300}}}
INIT = ["thresholds", "init", "--task", "text-to-sql", "--group", "askdata"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "evaluation.json").write_text(json.dumps(EVALUATION))
    return tmp_path


def test_the_file_is_all_that_stdout_gets(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(INIT) == 0
    assert capsys.readouterr() == (starter_file(Task.TEXT_TO_SQL, "askdata"), "")


def test_a_file_is_written_is_valid_and_approves_the_evidence_it_was_made_of(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*INIT, "--evidence", "evidence", "-o", "askdata.yaml"]) == 0
    told = "written to askdata.yaml; check it with: governance thresholds validate askdata.yaml\n"
    assert capsys.readouterr() == ("", told)
    assert (
        "at_least: 0.86\n    confidence: 0.95\n    min_samples: 300" in (folder / "askdata.yaml").read_text()
    )
    assert run(["thresholds", "validate", "--strict", "askdata.yaml"]) == 0
    assert run(["check", "askdata.yaml", "--evidence", "evidence"]) == 0


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine.yaml").write_text("mine")
    assert run([*INIT, "-o", "mine.yaml"]) == 2
    told = "error: mine.yaml: is there already; give --force to replace it, or another name\n"
    assert capsys.readouterr() == ("", told)
    assert (folder / "mine.yaml").read_text() == "mine"
    assert run([*INIT, "-o", "mine.yaml", "--force"]) == 0
    assert (folder / "mine.yaml").read_text() == starter_file(Task.TEXT_TO_SQL, "askdata")


def test_a_link_that_leads_nowhere_is_there_too(folder: Path) -> None:
    (folder / "link.yaml").symlink_to(folder / "elsewhere.yaml")
    assert run([*INIT, "-o", "link.yaml"]) == 2
    assert not (folder / "elsewhere.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["--task", "forecast", "--group", "g"], "'forecast' is not one of 'rag'", id="unknown task"
        ),
        pytest.param(["--task", "rag", "--group", "my_model"], "my_model", id="name with an underscore"),
        pytest.param(["--task", "rag", "--group", "llm-*"], "llm-*", id="pattern"),
        pytest.param(["--task", "rag", "--group", ""], "--group: an empty argument", id="no name"),
        pytest.param(["--task", "rag", "--group", "g", "-e", "nowhere"], "nowhere", id="no such folder"),
        pytest.param(["--task", "rag", "--group", "g", "-e", "empty"], "empty: no report", id="empty folder"),
        pytest.param(
            ["--task", "rag", "--group", "g", "-e", "broken"], "no report can be read", id="no report"
        ),
        pytest.param(
            ["--task", "rag", "--group", "g", "-e", "evidence"],
            "has measured none of the metrics that a rag file starts from: it has text_to_sql.execution_accuracy",
            id="evidence of another kind",
        ),
        pytest.param(
            ["--task", "rag", "--group", "g", "-o", "evidence", "--force"], "evidence: ", id="a folder"
        ),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty").mkdir()
    (folder / "broken").mkdir()
    (folder / "broken" / "evaluation.json").write_text("{")
    before = sorted(folder.rglob("*"))
    assert run(["thresholds", "init", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err
    assert sorted(folder.rglob("*")) == before


def test_a_report_that_cannot_be_read_is_named_and_the_others_count(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "evidence" / "broken.json").write_text("{")
    assert run([*INIT, "-e", "evidence"]) == 0
    out, err = capsys.readouterr()
    assert "Measured: 0.9, 300 samples." in out
    assert err.startswith("warning: evidence/broken.json: ")
