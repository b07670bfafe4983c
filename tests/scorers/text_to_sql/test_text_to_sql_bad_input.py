"""What stops a run: one message, exit code 2, and the evidence that was there left as it was."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checks.errors import GovernanceError
from scorers.text_to_sql.score import TextToSqlSettings, score_text_to_sql
from tests.scorers.text_to_sql.conftest import WritePairs

pytestmark = pytest.mark.usefixtures("lent_fork_server")

ONE_PROCESS = TextToSqlSettings(workers=1)
PAIR = {"id": "a", "question": "?", "database": "shop", "gold_sql": "SELECT 1", "predicted_sql": "SELECT 1"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([b""], r"predictions\.jsonl: no lines; there is nothing to score"),
        ([b"{"], r":1: not JSON"),
        ([b'{"id": "\xff"}'], r":1: not UTF-8 \(byte 8\)"),
        ([{**PAIR, "id": None}], r":1: id: missing, or neither a text nor an integer"),
        ([{key: PAIR[key] for key in PAIR if key != "gold_sql"}], r":1: gold_sql: missing"),
        ([{**PAIR, "predicted_sql": 1}], r":1: predicted_sql: not a text"),
        ([{**PAIR, "gold_sql": None}], r":1: gold_sql: not a text"),
        ([{**PAIR, "latency_seconds": -1}], r":1: latency_seconds: not a number of seconds"),
        ([{**PAIR, "latency_seconds": "1"}], r":1: latency_seconds: not a number of seconds"),
        ([{**PAIR, "facets": ["CA"]}], r":1: facets: not a mapping"),
        ([PAIR, {**PAIR, "id": "b"}, PAIR], r':3: id: "a" is on line 1 already'),
        ([{**PAIR, "id": 1}, {**PAIR, "id": "1"}], r':2: id: "1" is on line 1 already'),
        (
            [{**PAIR, "database": "nosuch"}],
            r':1: no database "nosuch" in .*databases; a file nosuch\.sqlite or',
        ),
        ([{**PAIR, "database": "../databases/shop"}], r':1: no database "\.\./databases/shop"'),
        ([{**PAIR, "predicted_sql": "\ud800"}], r":1: half of a surrogate pair"),
        ([{**PAIR, "gold_sql": "SELECT nosuch"}], r"no gold query runs, .*\n  a: no such column: nosuch"),
        ([{**PAIR, "gold_sql": "DELETE FROM customer"}], r"\n  a: a statement that is not a query: DELETE"),
        ([{**PAIR, "gold_sql": ""}], r"\n  a: there is no SQL in it"),
    ],
)
def test_what_cannot_be_scored_is_one_message_and_no_evidence(
    shop: Path, tmp_path: Path, evidence: Path, lines: list[bytes] | list[dict[str, Any]], message: str
) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(
        b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    )
    evidence.mkdir()
    (evidence / "evaluation.json").write_text("the last one")
    with pytest.raises(GovernanceError, match=message):
        score_text_to_sql(path, shop, evidence, ONE_PROCESS)
    assert [child.name for child in evidence.iterdir()] == ["evaluation.json"]
    assert (evidence / "evaluation.json").read_text() == "the last one"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b'{"db_id": "shop", "question": "?", "query": "SELECT 1"}\n' * 3,
            "predictions.jsonl:1: predicted_sql: missing; a pair has id (or question_id, instance_id), question, "
            "database (or db_id, db), gold_sql (or SQL, query, gold, gold_query), predicted_sql (or pred_sql, pred, "
            "predicted, prediction, predicted_query, generated_sql); the keys here are db_id, question, query; "
            "rename them",
        ),
        (
            json.dumps(
                {**{key: PAIR[key] for key in PAIR if key != "gold_sql"}, "SQL": "a", "query": "b"}
            ).encode(),
            "predictions.jsonl:1: gold_sql: SQL and query may both be it; call one of them gold_sql",
        ),
        (
            json.dumps(PAIR).encode("utf-16"),
            "predictions.jsonl: not UTF-8 but UTF-16 or binary; save it as UTF-8",
        ),
        (
            json.dumps(PAIR, indent=2).encode(),
            "predictions.jsonl: one JSON object over several lines; write one object a line, or an array of objects",
        ),
        (
            b"id;question;database;gold_sql;predicted_sql\na;?;shop;SELECT 1;SELECT 1\n",
            'predictions.jsonl:1: one column only, id;question;database;gold_sql;predicted_sql; is the separator ";"? '
            "Give --separator ';'",
        ),
    ],
    ids=["other keys", "two keys for one", "UTF-16", "one document", "semicolons"],
)
def test_a_file_of_another_shape_is_one_sentence(
    shop: Path, tmp_path: Path, evidence: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_bytes(content)
    with pytest.raises(GovernanceError) as caught:
        score_text_to_sql(path, shop, evidence, ONE_PROCESS)
    assert str(caught.value) == f"{tmp_path}/{message}"


def test_all_problems_of_a_file_are_named_at_once(shop: Path, tmp_path: Path, evidence: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_text(
        "\n".join([json.dumps({**PAIR, "database": "nosuch"}), "[]", json.dumps({**PAIR, "id": ""})])
    )
    with pytest.raises(GovernanceError) as caught:
        score_text_to_sql(path, shop, evidence, ONE_PROCESS)
    assert [line.partition(f"{path}:")[2][:2] for line in str(caught.value).splitlines()] == [
        "1:",
        "2:",
        "3:",
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("shop.sqlite", b"not a database, this one", "neither a SQLite nor a DuckDB file"),
        ("shop.sqlite", b"SQLite format 3\x00" + b"x" * 200, r"shop\.sqlite: cannot be opened as SQLite"),
        ("shop.duckdb", b"\x00" * 8 + b"DUCK" + b"x" * 200, r"shop\.duckdb: cannot be opened as DuckDB"),
    ],
)
def test_a_broken_database_is_one_message(
    tmp_path: Path, write_pairs: WritePairs, name: str, content: bytes, message: str
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / name).write_bytes(content)
    with pytest.raises(GovernanceError, match=message):
        score_text_to_sql(
            write_pairs({"predicted_sql": "SELECT 1"}), folder, tmp_path / "evidence", ONE_PROCESS
        )
    assert not (tmp_path / "evidence").exists()


def test_two_databases_of_one_name_are_refused(shop: Path, write_pairs: WritePairs, evidence: Path) -> None:
    (shop / "shop.duckdb").write_bytes(b"")
    with pytest.raises(GovernanceError, match='more than one database "shop": '):
        score_text_to_sql(write_pairs({"predicted_sql": "SELECT 1"}), shop, evidence, ONE_PROCESS)


def test_a_locked_database_stops_the_run_before_it_begins(
    shop: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    writer = sqlite3.connect(shop / "shop.sqlite", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(
        GovernanceError, match=r"shop\.sqlite: locked by another process; end what writes to it"
    ):
        score_text_to_sql(write_pairs({"predicted_sql": "SELECT 1"}), shop, evidence, ONE_PROCESS)
    writer.close()
    assert not evidence.exists() or not list(evidence.iterdir())


def test_a_locked_duckdb_file_stops_the_run_before_it_begins(
    tmp_path: Path, write_pairs: WritePairs, evidence: Path
) -> None:
    folder = tmp_path / "duck"
    folder.mkdir()
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, str(folder / "shop.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(
            GovernanceError, match=r"shop\.duckdb: locked by another process; end what writes"
        ):
            score_text_to_sql(write_pairs({"predicted_sql": "SELECT 1"}), folder, evidence, ONE_PROCESS)
        writer.stdin.close()
    assert not evidence.exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (TextToSqlSettings(workers=0), "workers: 0 is not above 0"),
        (TextToSqlSettings(time_limit_seconds=float("nan")), "time_limit_seconds: nan is not above 0"),
        (TextToSqlSettings(dialect="prosto"), "--dialect: Unknown dialect 'prosto'. Did you mean presto?"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    shop: Path, write_pairs: WritePairs, evidence: Path, settings: TextToSqlSettings, message: str
) -> None:
    with pytest.raises(GovernanceError) as caught:
        score_text_to_sql(write_pairs({"predicted_sql": "SELECT 1"}), shop, evidence, settings)
    assert str(caught.value) == message


def test_databases_that_are_not_there_are_one_message(
    write_pairs: WritePairs, evidence: Path, tmp_path: Path
) -> None:
    with pytest.raises(GovernanceError, match="no such folder or file; name the databases with --databases"):
        score_text_to_sql(
            write_pairs({"predicted_sql": "SELECT 1"}), tmp_path / "absent", evidence, ONE_PROCESS
        )
