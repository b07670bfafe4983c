"""Statements that must not do what they try to: refused, with the file system and the database bytes unchanged."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scorers.text_to_sql.engines.databases import Databases, open_engine
from scorers.text_to_sql.engines.query_engine import FailureKind, QueryLimits
from scorers.text_to_sql.running.pair_scorer import PairScorer
from scorers.text_to_sql.score import TextToSqlSettings, score_text_to_sql
from scorers.text_to_sql.verdicts.verdict import PairOutcome
from tests.scorers.text_to_sql.conftest import WritePairs, rows_of

pytestmark = pytest.mark.usefixtures("lent_fork_server")

LIMITS = QueryLimits(seconds=0.5, rows=1_000, memory=256 * 1024 * 1024)
COUNT_WITHOUT_END = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"

SQLITE_STATEMENTS = [
    "INSERT INTO customer VALUES (9, 'Eve', 'XX')",
    "UPDATE customer SET name = 'Eve'",
    "DELETE FROM customer",
    "DELETE FROM nosuch",
    "REPLACE INTO customer VALUES (1, 'Eve', 'XX')",
    "DROP TABLE customer",
    "CREATE TABLE mine (x)",
    "CREATE TEMP TABLE mine (x)",
    "CREATE VIRTUAL TABLE mine USING fts5(x)",
    "ALTER TABLE customer RENAME TO mine",
    "WITH x AS (SELECT 1) DELETE FROM customer",
    "WITH x AS (SELECT 1) INSERT INTO customer SELECT 9, 'Eve', 'XX' FROM x",
    "ATTACH DATABASE '{folder}/new.sqlite' AS other",
    "/* harmless */ ATTACH '{folder}/new.sqlite' AS other",
    "VACUUM INTO '{folder}/copy.sqlite'",
    "VACUUM",
    "PRAGMA journal_mode = WAL",
    "PRAGMA user_version = 7",
    "PRAGMA writable_schema = ON",
    "PRAGMA query_only = OFF",
    "PRAGMA table_info(customer)",
    "SELECT * FROM pragma_journal_mode('wal')",
    "SELECT * FROM pragma_user_version",
    "SELECT * FROM pragma_database_list",
    "PRAGMA data_version",
    "INSERT INTO note VALUES ('new')",
    "INSERT INTO note (note) VALUES ('optimize')",
    "DELETE FROM note_content",
    "SELECT load_extension('{folder}/evil.so')",
    "SELECT \"load_extension\"('{folder}/evil.so')",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT a",
    "ANALYZE",
    "REINDEX",
    "EXPLAIN SELECT 1",
    "SELECT 1; DROP TABLE customer",
    "SELECT 1; -- \n SELECT 2",
    "SELECT ';'; DELETE FROM customer",
    ";DELETE FROM customer",
    "SELECT 1; I hope this helps!",
]

SQLITE_FAILING_QUERIES = [
    "SELECT readfile('{folder}/secret')",
    "SELECT writefile('{folder}/new', 'x')",
    "SELECT * FROM csv('{folder}/secret')",
    "SELECT edit('x', 'touch {folder}/new')",
    "SELECT zeroblob(2000000000)",
]

DUCKDB_STATEMENTS = [
    "INSERT INTO customer VALUES (9, 'Eve')",
    "DELETE FROM customer",
    "DROP TABLE customer",
    "CREATE TABLE mine (x INT)",
    "CREATE TEMP TABLE mine AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "ATTACH '{folder}/new.duckdb' AS other",
    "COPY customer TO '{folder}/new.csv'",
    "COPY (SELECT 1) TO '{folder}/new.parquet'",
    "COPY customer FROM '{folder}/secret'",
    "EXPORT DATABASE '{folder}/dump'",
    "IMPORT DATABASE '{folder}/dump'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{folder}/evil.duckdb_extension'",
    "SET memory_limit = '100GB'",
    "SET enable_external_access = true",
    "RESET memory_limit",
    "PRAGMA memory_limit = '100GB'",
    "PRAGMA table_info('customer')",
    "CALL pragma_version()",
    "CHECKPOINT",
    "USE main",
    "DETACH shop",
    "SELECT 1; SELECT 2",
    "CREATE TEMP TABLE mine AS PIVOT customer ON name USING count(*)",
    "INSERT INTO customer SELECT 9, 'Eve' FROM (PIVOT customer ON name USING count(*)) RETURNING id",
    "COPY (PIVOT customer ON name USING count(*)) TO '{folder}/new.csv'",
    "PIVOT customer ON name USING count(*); SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "SUMMARIZE '{folder}/secret.csv'",
    "SELECT * FROM read_csv('{folder}/secret')",
    "SELECT * FROM read_text('{folder}/secret')",
    "SELECT * FROM read_blob('{folder}/*')",
    "SELECT * FROM read_parquet('{folder}/secret')",
    "SELECT * FROM read_json('{folder}/secret')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM sniff_csv('{folder}/secret')",
    "SELECT * FROM '{folder}/secret.csv'",
    "FROM '{folder}/secret.csv'",
]

DUCKDB_FAILING_QUERIES = [
    "SELECT * FROM local_variable",
    "SELECT getenv('HOME')",
    "SELECT * FROM sqlite_scan('{folder}/shop.sqlite', 'customer')",
    "SELECT * FROM postgres_scan('host=localhost', 'public', 't')",
]


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def duck(tmp_path: Path) -> Path:
    folder = tmp_path / "databases"
    folder.mkdir()
    with duckdb.connect(folder / "shop.duckdb") as connection:
        connection.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("INSERT INTO customer VALUES (1, 'Ada'), (2, 'Bob')")
    return folder


def check_harmless(folder: Path, statements: Iterable[str], expected: Any) -> None:
    (folder / "secret").write_text("top\nsecret\n")
    (folder / "secret.csv").write_text("top\nsecret\n")
    before = contents(folder)
    engine = open_engine(Databases(str(folder)).find("shop"), LIMITS)
    scorer = PairScorer(engine)
    verdicts = {}
    for statement in statements:
        verdict = scorer.score("SELECT name FROM customer", statement.format(folder=folder))
        verdicts[statement] = (verdict.verdict, verdict.unsafe, verdict.correct or verdict.bird_match)
    still = scorer.score("SELECT name FROM customer ", "SELECT name FROM customer")
    scorer.close()
    assert verdicts == dict.fromkeys(statements, expected)
    assert still.correct  # the connection lives, and sees what it saw
    assert contents(folder) == before


def test_sqlite_refuses_what_is_not_a_single_query(shop: Path) -> None:
    check_harmless(shop, SQLITE_STATEMENTS, (PairOutcome.UNSAFE, True, False))


def test_sqlite_knows_no_function_that_reaches_out(shop: Path) -> None:
    check_harmless(shop, SQLITE_FAILING_QUERIES, (PairOutcome.EXECUTION_ERROR, False, False))


def test_duckdb_refuses_what_is_not_a_single_query_that_only_reads(duck: Path) -> None:
    check_harmless(duck, DUCKDB_STATEMENTS, (PairOutcome.UNSAFE, True, False))


def test_duckdb_sees_no_file_variable_or_extension(duck: Path) -> None:
    check_harmless(duck, DUCKDB_FAILING_QUERIES, (PairOutcome.EXECUTION_ERROR, False, False))


@pytest.mark.parametrize(
    "statement", ["DELETE FROM customer", "PRAGMA user_version = 3", "ATTACH ':memory:' AS m"]
)
def test_sqlite_itself_refuses_what_the_text_check_would_let_through(shop: Path, statement: str) -> None:
    """The engine's own lock holds without the check of the text before it."""
    before = contents(shop)
    engine = open_engine(Databases(str(shop)).find("shop"), LIMITS)
    assert engine.run(statement).failure is FailureKind.UNSAFE
    engine.close()
    assert contents(shop) == before


SQLITE_READS: dict[str, list[tuple[Any, ...]]] = {
    "SELECT c.name, j.value FROM customer AS c, json_each('[1]') AS j WHERE c.id = 1": [("Ada", 1)],
    "SELECT count(*) FROM json_tree('{\"a\": [1, 2]}') WHERE atom IS NOT NULL": [(2,)],
    "SELECT name FROM pragma_table_info('customer')": [("id",), ("name",), ("country",)],
    "SELECT \"table\" FROM pragma_foreign_key_list('purchase')": [("customer",)],
    "SELECT body FROM note WHERE note MATCH 'golf'": [("plays golf",)],
    "SELECT highlight(note, 0, '<', '>') FROM note('golf') ORDER BY bm25(note)": [("plays <golf>",)],
    "SELECT body FROM old_note WHERE body MATCH 'golf'": [("plays golf",)],
    "SELECT c0 FROM note_content": [("plays golf",)],
    "SELECT id FROM box WHERE low < 5": [(1,)],
    "VALUES (1), (2)": [(1,), (2,)],
    "WITH a(x) AS (VALUES (1)) SELECT x FROM a": [(1,)],
}
DUCKDB_READS: dict[str, list[tuple[Any, ...]]] = {
    "PIVOT customer ON name USING count(*)": [(1, 1, 0), (2, 0, 1)],
    "PIVOT customer ON name IN ('Ada') USING count(*)": [(1, 1), (2, 0)],
    "WITH p AS (PIVOT customer ON name USING count(*)) SELECT count(*) FROM p": [(2,)],
    "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b": [("a", 1), ("b", 2)],
    "FROM customer SELECT name": [("Ada",), ("Bob",)],
    "FROM customer": [(1, "Ada"), (2, "Bob")],
    "TABLE customer": [(1, "Ada"), (2, "Bob")],
    "SHOW TABLES": [("customer",)],
    "SELECT column_name FROM (DESCRIBE customer)": [("id",), ("name",)],
    "SELECT column_name FROM (SUMMARIZE customer)": [("id",), ("name",)],
    "SELECT * FROM range(2)": [(0,), (1,)],
    "SELECT name FROM pragma_table_info('customer')": [("id",), ("name",)],
}


def check_reads(folder: Path, sql: str, rows: list[tuple[Any, ...]]) -> None:
    """The query is safe, valid, correct beside itself, and names nothing unknown."""
    engine = open_engine(
        Databases(str(folder)).find("shop"), QueryLimits(seconds=30)
    )  # time is not what this is about
    execution, verdict = engine.run(sql), PairScorer(engine).score(sql, sql)
    engine.close()
    assert execution.reason == ""
    assert sorted(rows_of(execution), key=str) == sorted(rows, key=str)
    assert (verdict.verdict, verdict.unsafe, verdict.unknown_names) == (PairOutcome.CORRECT, False, ())


@pytest.mark.parametrize("sql", SQLITE_READS, ids=list(SQLITE_READS))
def test_sqlite_answers_what_only_reads(shop: Path, sql: str) -> None:
    """Table-valued functions, full-text tables of both kinds and R-trees included."""
    connection = sqlite3.connect(shop / "shop.sqlite")
    connection.executescript(
        "CREATE VIRTUAL TABLE note USING fts5(body); INSERT INTO note VALUES ('plays golf');"
        "CREATE VIRTUAL TABLE old_note USING fts4(body); INSERT INTO old_note VALUES ('plays golf');"
        "CREATE VIRTUAL TABLE box USING rtree(id, low, high); INSERT INTO box VALUES (1, 0, 1);"
    )
    connection.close()
    before = contents(shop)
    check_reads(shop, sql, SQLITE_READS[sql])
    assert contents(shop) == before


@pytest.mark.parametrize("sql", DUCKDB_READS, ids=list(DUCKDB_READS))
def test_duckdb_answers_what_only_reads(duck: Path, sql: str) -> None:
    check_reads(duck, sql, DUCKDB_READS[sql])


RUN_WITHIN_LIMIT = """
import sys
from scorers.text_to_sql.engines.databases import Databases, open_engine
from scorers.text_to_sql.engines.query_engine import QueryLimits

engine = open_engine(Databases(sys.argv[1]).find("shop"), QueryLimits(seconds=0.2))
execution = engine.run(sys.argv[2])
after = engine.run("SELECT 1")
print(execution.failure, execution.reason, after.table.rows, sep="|", flush=True)
engine.close()
"""


@pytest.mark.parametrize(
    "sql", [COUNT_WITHOUT_END, "SELECT count(*) FROM {cross}"], ids=["recursion", "cross join"]
)
@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_the_time_limit_ends_a_running_query(request: pytest.FixtureRequest, kind: str, sql: str) -> None:
    """In a process that the test can end: an engine without a limit hears neither signals nor the end of a test."""
    folder = request.getfixturevalue({"sqlite": "shop", "duckdb": "duck"}[kind])
    cross = ", ".join(f"customer AS c{number}" for number in range(40))
    command = [sys.executable, "-c", RUN_WITHIN_LIMIT, str(folder), sql.format(cross=cross)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except subprocess.TimeoutExpired:
        pytest.fail("nothing ended the query at its time limit")
    assert run.stdout == "timeout|stopped at the time limit of 0.2 s|[(1,)]\n"


def test_a_query_that_runs_without_end_is_counted_as_what_it_is(
    shop: Path, write_pairs: WritePairs, tmp_path: Path
) -> None:
    """By the engine's own limit, well before the watchdog's grace is over; as a prediction and as gold."""
    path = write_pairs(
        {"predicted_sql": COUNT_WITHOUT_END},
        {"gold_sql": COUNT_WITHOUT_END, "predicted_sql": "SELECT 1"},
        {"predicted_sql": "SELECT name FROM customer"},
    )
    settings = TextToSqlSettings(time_limit_seconds=0.2, workers=1)
    summary = score_text_to_sql(path, shop, tmp_path / "evidence", settings)
    lines = [json.loads(line) for line in (tmp_path / "evidence" / "results.jsonl").read_text().splitlines()]
    stopped = "stopped at the time limit of 0.2 s"
    assert [(line["verdict"], line["reason"], line.get("timeout")) for line in lines] == [
        ("timeout", stopped, True),
        ("gold_error", stopped, None),
        ("correct", "the results are equal", False),
    ]
    # A process that the watchdog replaced would not know whether the gold is empty.
    assert lines[0]["empty_gold"] is False
    assert summary.outcomes == {"timeout": 1, "gold_error": 1, "correct": 1}


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_rows_are_bounded(request: pytest.FixtureRequest, kind: str) -> None:
    folder = request.getfixturevalue({"sqlite": "shop", "duckdb": "duck"}[kind])
    engine = open_engine(Databases(str(folder)).find("shop"), LIMITS)
    rows = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < {n}) SELECT x FROM r"
    assert len(rows_of(engine.run(rows.format(n=1_000)))) == 1_000
    execution = engine.run(rows.format(n=1_001))
    engine.close()
    assert (execution.failure, execution.reason) == (FailureKind.TOO_MANY_ROWS, "more than 1,000 rows")


def test_each_bad_query_costs_its_own_line(shop: Path, write_pairs: WritePairs, tmp_path: Path) -> None:
    """Bombs on time, rows, memory and the parser's stack, through the processes that run them."""
    bombs = {
        COUNT_WITHOUT_END: {"timeout"},
        "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x FROM r": {"too_many_rows"},
        "SELECT randomblob(60000000) FROM " + ", ".join(f"customer AS c{number}" for number in range(9)): {
            "out_of_memory",
            "worker_crash",
        },
        "SELECT 1" + " UNION SELECT 1" * 20_000: {"execution_error", "worker_crash"},
        "SELECT " + "(" * 50_000 + "1" + ")" * 50_000: {"execution_error", "worker_crash"},
        "SELECT '\x00'": {"execution_error", "wrong_result"},
        "\ufffd\u0000": {"execution_error", "empty"},
    }
    good = {"predicted_sql": "SELECT name FROM customer"}
    pairs = [pair for bomb in bombs for pair in (good, {"predicted_sql": bomb})]
    settings = TextToSqlSettings(time_limit_seconds=1, memory_limit_mb=256, workers=2)
    before = contents(shop)
    score_text_to_sql(write_pairs(*pairs), shop, tmp_path / "evidence", settings)
    results = [
        json.loads(line)["verdict"]
        for line in (tmp_path / "evidence" / "results.jsonl").read_text().splitlines()
    ]
    assert results[::2] == ["correct"] * len(bombs)
    assert [verdict in allowed for verdict, allowed in zip(results[1::2], bombs.values(), strict=True)] == [
        True
    ] * len(bombs), results
    assert contents(shop) == before


def test_duckdb_is_bounded_in_memory_without_touching_the_disk_or_crashing(
    duck: Path, write_pairs: WritePairs, tmp_path: Path
) -> None:
    """Harmless queries around the bombs show that the process lives on with memory to work in."""
    numbers = "(SELECT unnest(range(100000)) AS i)"
    bombs = {
        f"SELECT list(a.i) FROM {numbers} AS a, {numbers} AS b": "out_of_memory",
        "SELECT repeat('x', 3000000000)": "out_of_memory",
        f"SELECT string_agg(repeat('x', 100000)) FROM {numbers}": "out_of_memory",
        f"SELECT repeat('x', 100000) || i FROM {numbers}": "out_of_memory",
        f"SELECT i FROM {numbers} ORDER BY random()": "wrong_result",
    }
    good = {"predicted_sql": "SELECT name FROM customer"}
    pairs = [pair for bomb in bombs for pair in ({"predicted_sql": bomb}, good)]
    settings = TextToSqlSettings(time_limit_seconds=20, memory_limit_mb=256, workers=1)
    before = contents(duck)
    score_text_to_sql(write_pairs(*pairs), duck, tmp_path / "evidence", settings)
    lines = (tmp_path / "evidence" / "results.jsonl").read_text().splitlines()
    verdicts = [json.loads(line)["verdict"] for line in lines]
    assert verdicts[::2] == list(bombs.values())
    assert verdicts[1::2] == ["correct"] * len(bombs)
    assert contents(duck) == before
    assert [path.name for path in duck.iterdir()] == ["shop.duckdb"]


def test_a_database_in_wal_mode_is_read_without_making_files(shop: Path) -> None:
    connection = sqlite3.connect(shop / "shop.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    before = contents(shop)
    engine = open_engine(Databases(str(shop)).find("shop"), LIMITS)
    assert rows_of(engine.run("SELECT count(*) FROM customer")) == [(3,)]
    assert contents(shop) == before
    engine.close()
