"""One query, run for a person: its first rows, and nothing but a query that reads."""

import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from checks.errors import GovernanceError
from scorers.text_to_sql.engines.duckdb import DuckdbEngine
from scorers.text_to_sql.engines.query_engine import FailureKind, QueryFailedError, QueryLimits
from scorers.text_to_sql.running import first_rows
from scorers.text_to_sql.running.first_rows import (
    LONGEST_CELL,
    MOST_COLUMNS,
    NotShown,
    ShownRows,
    fetch_first_rows,
    show_first_rows,
)
from tests.scorers.text_to_sql.running.test_hostile_sql import (
    COUNT_WITHOUT_END,
    DUCKDB_FAILING_QUERIES,
    DUCKDB_STATEMENTS,
    contents,
)

LIMITS = QueryLimits(seconds=5, rows=3, memory=256 * 1024 * 1024)
# A text has two readers, sqlglot for its dialect and the engine: one of each kind that either must stop.
IN_PRESTO = [
    *("INSERT INTO customer VALUES (9, 'Eve')", "UPDATE customer SET name = 'Eve'", "DELETE FROM customer"),
    *("MERGE INTO customer USING other ON true WHEN MATCHED THEN DELETE", "TRUNCATE TABLE customer"),
    *("CREATE TABLE mine AS SELECT 1", "DROP TABLE customer", "ALTER TABLE customer ADD COLUMN x BIGINT"),
    *("SELECT 1; DELETE FROM customer", "SELECT 1; SELECT 2", "WITH x AS (SELECT 1) DELETE FROM customer"),
    *("CALL system.runtime.kill_query('x')", "GRANT SELECT ON customer TO PUBLIC", "SET SESSION x = 1"),
    *("EXPLAIN ANALYZE DELETE FROM customer", "PREPARE p FROM DELETE FROM customer", "EXECUTE p"),
    *("ATTACH '{folder}/new.duckdb' AS other", "COPY customer TO '{folder}/new.csv'", "INSTALL httpfs"),
    *("LOAD httpfs", "PRAGMA memory_limit = '100GB'", "EXPORT DATABASE '{folder}/dump'", "USE main"),
    *("SELECT * FROM read_csv('{folder}/secret')", "SELECT * FROM read_text('{folder}/secret')"),
    *('SELECT * FROM "{folder}/secret.csv"', "SELECT * FROM glob('{folder}/*')", "SELECT getenv('HOME')"),
    *("", ";", "-- nothing", "Here is your query!", "\0", "SELECT \0 FROM customer", "(" * 5_000),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    with duckdb.connect(folder / "shop.duckdb") as connection:
        connection.execute("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("INSERT INTO customer VALUES (1, 'Ada'), (2, 'Bob'), (3, NULL), (4, 'Eve')")
    (folder / "secret").write_text("top\nsecret\n")
    (folder / "secret.csv").write_text("top\nsecret\n")
    return folder


@pytest.fixture(scope="module")
def engine(lake: Path) -> Iterator[DuckdbEngine]:
    opened = DuckdbEngine(str(lake / "shop.duckdb"), LIMITS)
    yield opened
    opened.close()


def why_not(engine: DuckdbEngine, sql: str, dialect: str) -> str | None:
    """Why a text is not shown; `None` where it is."""
    try:
        show_first_rows(engine, sql, dialect)
    except QueryFailedError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("dialect", "statements"),
    [("presto", IN_PRESTO), ("duckdb", [*DUCKDB_STATEMENTS, *DUCKDB_FAILING_QUERIES])],
    ids=["presto", "duckdb"],
)
def test_nothing_but_one_query_that_reads_is_run(
    lake: Path, engine: DuckdbEngine, dialect: str, statements: list[str]
) -> None:
    before = contents(lake)
    reasons = {sql: why_not(engine, sql.format(folder=lake), dialect) for sql in statements}
    assert [sql for sql, reason in reasons.items() if not reason] == []
    assert contents(lake) == before


READS: dict[str, ShownRows] = {
    "SELECT name FROM customer WHERE id < 3 ORDER BY id": ShownRows(["name"], [["Ada"], ["Bob"]], False),
    "SELECT id, name FROM customer ORDER BY id": ShownRows(
        ["id", "name"], [[1, "Ada"], [2, "Bob"], [3, None]], True
    ),
    "SELECT id AS a, id AS a FROM customer WHERE id = 1": ShownRows(["a", "a"], [[1, 1]], False),
    "SELECT name FROM customer WHERE id > 9": ShownRows(["name"], [], False),
    "WITH x AS (SELECT 1 AS one) SELECT one FROM x;": ShownRows(["one"], [[1]], False),
    "VALUES (1), (2)": ShownRows(["col0"], [[1], [2]], False),
    "SELECT ';DROP TABLE customer' AS text -- DELETE": ShownRows(["text"], [[";DROP TABLE customer"]], False),
    "SELECT date '2025-06-30' AS day, true AS yes": ShownRows(["day", "yes"], [["2025-06-30", True]], False),
}


@pytest.mark.parametrize("sql", READS)
def test_a_query_that_reads_shows_its_first_rows(engine: DuckdbEngine, sql: str) -> None:
    assert show_first_rows(engine, sql, "presto") == READS[sql]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (2**53, str(2**53)),
        (-(2**53) + 1, -(2**53) + 1),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (0.1, 0.1),
        (Decimal("12.50"), 12.5),
        (Decimal("1234567890.123456789"), "1234567890.123456789"),
        (Decimal("NaN"), "NaN"),
        (b"\x00\xff", "00ff"),
        ([1, {"a": None}], "[1, {'a': None}]"),
        ("x" * (LONGEST_CELL + 1), "x" * LONGEST_CELL + "…"),
    ],
    ids=[
        *("long", "whole", "nan", "infinite", "double", "decimal", "digits", "no decimal", "bytes", "nested"),
        "text",
    ],
)
def test_a_value_is_shown_as_json_can_say_it(value: object, cell: object) -> None:
    assert first_rows._show_cell(value) == cell


def test_a_result_too_wide_to_read_is_refused_with_the_way_out(engine: DuckdbEngine) -> None:
    columns = ", ".join(f"{number} AS c{number}" for number in range(MOST_COLUMNS + 1))
    refused = why_not(engine, f"SELECT {columns}", "presto")
    assert refused == "more than 100 columns; select those that you need"


def fetch(lake: Path, sql: str, *, seconds: float = 30, dialect: str = "presto") -> ShownRows | NotShown:
    limits = QueryLimits(seconds=seconds, rows=2, memory=256 * 1024 * 1024)
    return fetch_first_rows(sql, duckdb_file=str(lake / "shop.duckdb"), dialect=dialect, limits=limits)


def test_a_process_of_its_own_reads_a_result_without_end_no_further_than_asked(lake: Path) -> None:
    assert fetch(lake, "SELECT * FROM range(1000000000000) AS t(n)", dialect="duckdb") == ShownRows(
        ["n"], [[0], [1]], more=True
    )


def test_a_query_without_end_is_ended(lake: Path) -> None:
    assert fetch(lake, COUNT_WITHOUT_END, seconds=0.2) == NotShown(
        FailureKind.TIMEOUT, "stopped at the time limit of 0.2 s"
    )


@pytest.mark.parametrize("begun", ["", "print('{', flush=True); "], ids=["at once", "within its answer"])
def test_a_process_that_dies_of_it_costs_the_query_alone(
    lake: Path, monkeypatch: pytest.MonkeyPatch, begun: str
) -> None:
    program = f"{begun}import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    monkeypatch.setattr(first_rows, "_PROGRAM", program)
    reason = "the process that ran it ended; ask for less at once"
    assert fetch(lake, "SELECT 1") == NotShown(FailureKind.ERROR, reason)


def test_a_process_that_hears_no_limit_is_ended_from_outside(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_rows, "_GRACE_SECONDS", 0.2)
    monkeypatch.setattr(first_rows, "_PROGRAM", "import time; time.sleep(600)")
    assert fetch(lake, "SELECT 1", seconds=0.1) == NotShown(
        FailureKind.TIMEOUT, "stopped at the time limit of 0.1 s"
    )


def test_a_lake_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(GovernanceError, match=r"shop\.duckdb: cannot be opened as DuckDB"):
        fetch(tmp_path, "SELECT 1")
