"""What commands print wherever it goes: to a locale that is not UTF-8, a pipe that is closed, a narrow terminal."""

import json
import os
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cli.options import output_format

ROOT = Path(__file__).parents[2]
THRESHOLDS = """\
name: Kündigung
applies_to: {model_package_groups: [churn]}
checks:
  - {name: Trefferquote ≥ Ziel, why: "Für 𝔸lle.", metric: binary_classification.accuracy, at_least: 0.9}
"""
REPORT = {"binary_classification_metrics": {"accuracy": {"value": 0.5, "standard_deviation": "NaN"}}}
WAITED = """
import sys
from cli.work import wait
from cli.exit_codes import ExitCode
from cli.lookup.waiting import Result, Waited
from cli.entry import main

wait.wait_for = lambda arns, **_: tuple(Waited(arn, Result.REJECTED, ExitCode.REJECTED, 1.0) for arn in arns)
main()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("churn.yaml").write_text(THRESHOLDS, encoding="utf-8")
    Path("evidence").mkdir()
    Path("evidence/evaluation.json").write_text(json.dumps(REPORT))
    return tmp_path


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "utf-16"])
def test_json_is_utf_8_whatever_the_locale(folder: Path, encoding: str) -> None:
    command = [
        sys.executable,
        "-m",
        "model_governance",
        "check",
        "churn.yaml",
        "-e",
        "evidence",
        "--format",
        "json",
    ]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, env=environment, capture_output=True, check=False)
    # A locale is a superset of ASCII, but for the wide one, in which every program there would read.
    text = result.stdout.decode("utf-16" if encoding == "utf-16" else "utf-8")
    assert (result.returncode, result.stderr) == (1, b"")
    found = json.loads(text)
    assert found["thresholds"]["name"] == "Kündigung"
    assert (found["findings"][0]["check"], found["findings"][0]["why"]) == (
        "Trefferquote ≥ Ziel",
        "Für 𝔸lle.",
    )
    assert text.isascii() is (encoding != "utf-8")


def test_json_for_a_program_that_reads_a_stream_without_an_encoding_is_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output_format.print_json({"name": "für 𝔸"})
    assert capsys.readouterr().out == '{\n  "name": "für 𝔸"\n}\n'


COMMANDS = {
    "checked": ("check churn.yaml -e evidence", 1),
    "scored": ("score text-to-sql pairs.jsonl --databases shop.sqlite -o scored", 0),
    "bad input": ("check nothing.yaml -e evidence", 2),
}
PAIR = {"question": "One?", "database": "shop", "gold_sql": "SELECT 1", "predicted_sql": "SELECT 1"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_as_ever_where_streams_are_closed(folder: Path, name: str) -> None:
    """As under a supervisor or behind `>&-`: what goes into such a stream is lost, and nothing else."""
    (folder / "pairs.jsonl").write_text(json.dumps({"id": "one", **PAIR}))
    sqlite3.connect(folder / "shop.sqlite").execute("CREATE TABLE customer (name)").connection.close()
    arguments, code = COMMANDS[name]
    command = f"{shlex.quote(sys.executable)} -m model_governance {arguments}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ends = {
        closed: subprocess.run(
            ["bash", "-c", f"{command} {closed}"], env=environment, capture_output=True, check=False
        )
        for closed in ("", "<&- >&-", "<&- >&- 2>&-")
    }
    assert {closed: (end.returncode, end.stdout) for closed, end in ends.items()} == {
        "": (code, ends[""].stdout),
        "<&- >&-": (code, b""),
        "<&- >&- 2>&-": (code, b""),
    }
    assert [b"Traceback" in end.stderr for end in ends.values()] == [False] * 3
    assert ends["<&- >&-"].stderr.count(b"\n") == ends[""].stderr.count(b"\n")
    assert ends["<&- >&- 2>&-"].stderr == b""


@pytest.mark.parametrize("output", [[], ["--format", "json"]], ids=["text", "json"])
def test_wait_exits_with_its_code_where_the_reader_has_closed_the_pipe(output: list[str]) -> None:
    """As in `governance wait … | head -1`; here the reader is gone before anything is written."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", WAITED, "wait", "arn:one", "arn:two", *output]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (1, b"")
