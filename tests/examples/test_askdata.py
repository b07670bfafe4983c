"""The AskData example: its questions can be answered, and its predictions are what its systems write."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

import predict
from aws import clients
from cli.main import run
from make_database import make_database

ROOT = Path(__file__).resolve().parents[2]
ASKDATA = ROOT / "examples" / "askdata"
SPLITS = {"development": 31, "test": 123}


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class ConverseHandler(BaseHTTPRequestHandler):
    """Answers Bedrock's Converse with one query, if the prompt holds the schema and the question."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = request["messages"][0]["content"][0]["text"]
        known = "mailing_addresses:" in prompt and "Question: How many customers are there?" in prompt
        text = "SELECT count(*) FROM customers" if known else "no schema, or no question"
        answer = {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
            "metrics": {"latencyMs": 1},
        }
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any, **named: Any) -> None:
        """Say nothing."""


@pytest.fixture
def converse_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), ConverseHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("askdata") / "askdata.duckdb"
    make_database(path)
    return path


def answer(patch: pytest.MonkeyPatch, database: Path, output: Path, *words: str | Path) -> None:
    """Let a system answer as `predict.py` does with these words, in this process."""
    named = ["--database", database, "-o", output, *words]
    patch.setattr(sys, "argv", ["predict.py", *map(str, named)])
    predict.main()


def test_the_database_has_the_same_bytes_at_every_run(database: Path, tmp_path: Path) -> None:
    """Made by two processes, under two names: evidence names the database by the SHA-256 of its bytes."""
    again = tmp_path / "under another name.duckdb"
    subprocess.run([sys.executable, ASKDATA / "make_database.py", again], check=True, capture_output=True)
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (database, again)}
    assert len(digests) == 1
    with duckdb.connect(str(again), read_only=True) as connection:
        for table in ("customers", "mailing_addresses", "messages", "calls", "billing"):
            [(rows,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
            assert rows > 500


@pytest.mark.parametrize("split", SPLITS)
def test_every_gold_query_is_presto_that_answers_with_rows(database: Path, split: str) -> None:
    questions = read_lines(ASKDATA / f"questions_{split}.jsonl")
    assert len(questions) == SPLITS[split]
    with duckdb.connect(str(database), read_only=True) as connection:
        for question in questions:
            [sql] = sqlglot.transpile(question["gold_sql"], read="presto", write="duckdb")
            rows = connection.execute(sql).fetchall()
            assert rows, question
            assert rows not in ([(None,)], [(0,)]), question


def test_questions_have_ids_of_their_own_difficulties_and_facets() -> None:
    questions = [q for split in SPLITS for q in read_lines(ASKDATA / f"questions_{split}.jsonl")]
    assert len({q["id"] for q in questions}) == len({q["question"] for q in questions}) == len(questions)
    assert {q["facets"]["difficulty"] for q in questions} == {"easy", "medium", "hard", "extra"}
    # A question about the whole country has no region: only the three states are compared with each other.
    assert {q["facets"].get("region") for q in questions} == {None, "CA", "NY", "TX"}
    assert {q["facets"]["subject"] for q in questions} == {
        *("billing", "calls", "customers", "mailing_addresses", "messages")
    }


@pytest.mark.parametrize("version", ["version-1", "version-2", "version-3"])
def test_predictions_answer_every_test_question(version: str) -> None:
    questions = read_lines(ASKDATA / "questions_test.jsonl")
    predictions = read_lines(ASKDATA / version / "predictions.jsonl")
    assert [
        {key: value for key, value in p.items() if key not in {"predicted_sql", "latency_seconds"}}
        for p in predictions
    ] == questions
    assert all(p["latency_seconds"] >= 0 for p in predictions)


@pytest.mark.parametrize(
    ("system", "version"),
    [("field-retrieval", "version-2"), ("semantic-layer", "version-3"), ("smollm2", "version-1")],
)
def test_the_predictions_are_what_the_systems_write(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, version: str
) -> None:
    """The language model answers its first questions only: it takes a second for each."""
    some = 2 if system == "smollm2" else SPLITS["test"]
    expected = read_lines(ASKDATA / version / "predictions.jsonl")[:some]
    questions = tmp_path / "questions.jsonl"
    lines = (ASKDATA / "questions_test.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    questions.write_text("".join(lines[:some]), encoding="utf-8")
    output = tmp_path / "predictions.jsonl"
    answer(monkeypatch, database, output, "--system", system, "--questions", questions)
    assert [p["predicted_sql"] for p in read_lines(output)] == [p["predicted_sql"] for p in expected]


def test_bedrock_needs_a_model(database: Path, tmp_path: Path) -> None:
    command = [ASKDATA / "predict.py", "--system", "bedrock", "--database", database, "-o", tmp_path / "out"]
    refused = subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert refused.returncode != 0
    assert "--model-id" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "out").exists()


def test_bedrock_answers_through_converse(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, converse_server: str
) -> None:
    """The system that an account would run, against a loopback server that speaks Converse."""
    questions = tmp_path / "questions.jsonl"
    first = (ASKDATA / "questions_test.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[0]
    questions.write_text(first, encoding="utf-8")
    output = tmp_path / "predictions.jsonl"
    for name, value in {
        "AWS_ENDPOINT_URL": converse_server,
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    clients.bedrock_runtime_client.cache_clear()
    named = ("--system", "bedrock", "--model-id", "amazon.nova-pro-v1:0")
    answer(monkeypatch, database, output, *named, "--questions", questions)
    clients.bedrock_runtime_client.cache_clear()
    [prediction] = read_lines(output)
    assert prediction["predicted_sql"] == "SELECT count(*) FROM customers"


@pytest.mark.parametrize("version", ["version-1", "version-2", "version-3"])
def test_scoring_the_predictions_gives_the_evidence(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """All but what a clock measures."""
    monkeypatch.chdir(ROOT)
    predictions = str(ASKDATA / version / "predictions.jsonl")
    command = ["score", "text-to-sql", predictions, "--databases", str(database.parent)]
    command += ["--schema", "examples/askdata/lookml", "--dialect", "presto", "-o", str(tmp_path)]
    command += ["--workers", "1"]  # starting each takes longer than all pairs
    assert run(command) == 0

    def verdicts(folder: Path) -> list[dict[str, Any]]:
        lines = read_lines(folder / "results.jsonl")
        return [{k: v for k, v in line.items() if k != "relative_execution_time"} for line in lines]

    def rates(folder: Path) -> dict[str, Any]:
        evaluation = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
        metrics = evaluation["text_to_sql_metrics"]
        return {name: metric for name, metric in metrics.items() if "relative_execution_time" not in name}

    evidence = ASKDATA / version / "evidence"
    assert verdicts(tmp_path) == verdicts(evidence)
    assert rates(tmp_path) == rates(evidence)
