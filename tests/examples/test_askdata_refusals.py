"""What a user may get wrong at each program of AskData: one message that says where and what, and the exit code 2."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import export_ratings
import ingest
import make_database
import measure_retrieval
import predict
import register
import run_askdata
import submit
from assistant.context import Context
from checks.errors import GovernanceError

Refusal = Callable[[Callable[[], None], list[str]], str]

CONFIGURATION = str(run_askdata.FIRST)
PREDICT = ["--system", "bedrock", "--model-id", "m", "-o", "new/out.jsonl", "--questions"]
REGISTER = ["--configuration", CONFIGURATION, "--evidence-bucket", "bucket", "--evidence"]
FILES = {
    "empty": b"",
    "binary": bytes(range(256)),
    "broken.jsonl": b'{"question": "How many?"}\n{"question": \n',
    "keyless.jsonl": b'{"query": "How many?"}\n',
    "number.jsonl": b'{"question": 3}\n',
    "twice.jsonl": b'{"question": "a", "question": "b"}\n',
    "unknown.jsonl": b'{"question": "How many?", "gold_sql": "SELECT * FROM nowhere"}\n',
    "good.jsonl": b'{"question": "How many?"}\n',
    "deep/evaluation.json": b"[" * 100_000,
    "other/evaluation.json": b"[]",
    "folder/kept": b"",
}


@pytest.mark.parametrize(
    ("program", "words", "message"),
    [
        pytest.param(submit.main, ["missing.yaml"], "missing.yaml: there is no such file", id="no file"),
        pytest.param(submit.main, ["folder"], "folder: a folder, not a file", id="a folder"),
        pytest.param(submit.main, [CONFIGURATION], "ASKDATA_GROUP, ASKDATA_DECISIONS_BUCKET", id="settings"),
        pytest.param(ingest.main, ["--configuration", "binary"], "binary: not UTF-8", id="no text"),
        pytest.param(ingest.main, ["--configuration", CONFIGURATION], "ASKDATA_DATABASE_URL: not", id="URL"),
        pytest.param(predict.main, [*PREDICT, "missing"], "missing: ", id="no questions"),
        pytest.param(predict.main, [*PREDICT, "folder"], "folder: ", id="a folder of questions"),
        pytest.param(predict.main, [*PREDICT, "empty"], "empty: no lines", id="empty questions"),
        pytest.param(predict.main, [*PREDICT, "binary"], "binary", id="binary questions"),
        pytest.param(predict.main, [*PREDICT, "broken.jsonl"], "broken.jsonl:2: ", id="a broken line"),
        pytest.param(predict.main, [*PREDICT, "keyless.jsonl"], "keyless.jsonl:1: question: no", id="no key"),
        pytest.param(predict.main, [*PREDICT, "number.jsonl"], "number.jsonl:1: question: no", id="a number"),
        pytest.param(predict.main, [*PREDICT, "twice.jsonl"], '"question" is there twice', id="a key twice"),
        pytest.param(
            predict.main, ["--system", "bedrock", "-o", "x"], "--system bedrock needs --model-id", id="model"
        ),
        pytest.param(
            predict.main, ["--system", "assistant", "-o", "x"], "needs --configuration", id="configuration"
        ),
        pytest.param(
            predict.main, [*PREDICT, "good.jsonl", "-o", "folder"], "folder: a folder, and only", id="output"
        ),
        pytest.param(
            predict.main, [*PREDICT, "good.jsonl", "-o", "empty/x"], "empty/x: ", id="output below a file"
        ),
        pytest.param(
            predict.main,
            ["--system", "semantic-layer", "--database", "binary", "-o", "x"],
            "binary: cannot be opened (",
            id="no database",
        ),
        pytest.param(make_database.main, ["folder"], "folder: a folder, and only a file", id="lake"),
        pytest.param(make_database.main, ["empty/lake"], "empty/lake: ", id="lake below a file"),
        pytest.param(make_database.main, ["pipe"], "pipe: a named pipe, and only", id="lake in a pipe"),
        pytest.param(
            register.main, [*REGISTER, "folder"], "evaluation.json: there is no such", id="evidence"
        ),
        pytest.param(
            register.main, [*REGISTER, "deep"], "evaluation.json: cannot be read (nested", id="deep"
        ),
        pytest.param(register.main, [*REGISTER, "other"], "about nothing that it names", id="about nothing"),
        pytest.param(export_ratings.main, ["0" * 64, "-o", "x"], "ASKDATA_TABLE: not set", id="table"),
        pytest.param(run_askdata.main, ["--port", "0"], "port 0: not the number of one port", id="port 0"),
        pytest.param(run_askdata.main, ["--port", "99999"], "port 99999: no port has", id="no port"),
    ],
)
def test_what_cannot_be_done_is_one_message_and_exit_code_2(
    program: Callable[[], None], words: list[str], message: str, project: Path, refusal: Refusal
) -> None:
    before = list_files(project)
    told = refusal(program, words)
    assert told.startswith("error: ")
    assert message in told
    assert list_files(project) == before


def test_a_digest_that_is_none_is_told_before_the_table_is_asked(
    project: Path, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKDATA_TABLE", "table")
    told = refusal(export_ratings.main, ["configuration-1", "-o", str(project / "x")])
    assert told.startswith("error: configuration-1: not the SHA-256 of a configuration")


def test_gold_sql_that_reads_no_view_is_named(project: Path) -> None:
    needs = measure_retrieval.find_views(NoRetrieval(), project / "unknown.jsonl")
    with pytest.raises(GovernanceError, match=r'"How many\?": its gold_sql reads nowhere; write'):
        next(needs)


class NoRetrieval:
    """What is not asked."""

    def retrieve(self, question: str) -> Context:
        raise AssertionError(question)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with files that are wrong, and an environment without settings."""
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    os.mkfifo(tmp_path / "pipe")
    for name in ("GROUP", "DECISIONS_BUCKET", "DATABASE_URL", "TABLE", "LAKE"):
        monkeypatch.delenv(f"ASKDATA_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    # The other systems look into a lake, which takes seconds to make.
    monkeypatch.setattr(predict, "make_database", lambda _path: None)
    return tmp_path


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refusal:
    """Run a program that ends with 2, and return what it says."""

    def run(program: Callable[[], None], words: list[str]) -> str:
        monkeypatch.setattr(sys, "argv", ["program", *words])
        with pytest.raises(SystemExit) as ended:
            program()
        assert ended.value.code == 2
        return capsys.readouterr().err

    return run


def list_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))
