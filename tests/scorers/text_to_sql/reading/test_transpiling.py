"""What SQL of one dialect means, run by the engine of another: the same rows, or a reason why not."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from scorers.text_to_sql.engines.databases import Databases, open_engine
from scorers.text_to_sql.engines.query_engine import QueryEngine, QueryLimits
from scorers.text_to_sql.reading.sql_reader import Way, write_for_engine
from scorers.text_to_sql.running.pair_scorer import PairScorer
from scorers.text_to_sql.verdicts.verdict import PairOutcome
from tests.scorers.text_to_sql.conftest import rows_of
from tests.scorers.text_to_sql.reading.transpiling_cases import COLUMNS, DIVISIONS_BY_ZERO, SALE, TABLES

INSERT = "INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?, ?)"
CASES = [
    pytest.param((dialect, engine), sql, rows, engine in refusing, id=f"{dialect} on {engine}: {sql}")
    for dialect, table in TABLES.items()
    for engine in ("sqlite", "duckdb")
    for sql, (rows, refusing) in table.items()
    if engine != dialect
]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, QueryEngine]]:
    folder = tmp_path_factory.mktemp("databases")
    with sqlite3.connect(folder / "sale_sqlite.sqlite") as connection:
        connection.execute(f"CREATE TABLE sale ({COLUMNS.format(text='TEXT', double='REAL')})")
        connection.executemany(INSERT, SALE)
    connection.close()
    with duckdb.connect(folder / "sale_duckdb.duckdb") as duck:
        duck.execute(f"CREATE TABLE sale ({COLUMNS.format(text='VARCHAR', double='DOUBLE')})")
        duck.executemany(INSERT, SALE)
    opened = {
        name: open_engine(Databases(str(folder)).find(f"sale_{name}"), QueryLimits())
        for name in ("sqlite", "duckdb")
    }
    yield opened
    for engine in opened.values():
        engine.close()


@pytest.mark.parametrize(("between", "sql", "rows", "refused"), CASES)
def test_a_text_means_what_it_means_in_its_dialect(
    engines: dict[str, QueryEngine],
    between: tuple[str, str],
    sql: str,
    rows: list[tuple[Any, ...]] | None,
    refused: bool,
) -> None:
    dialect, engine = between
    scorer = PairScorer(engines[engine], dialect=dialect)
    verdict = scorer.score("SELECT 1", sql)
    if refused:
        assert (verdict.verdict, verdict.correct) == (PairOutcome.TRANSPILATION_FAILURE, False)
        assert verdict.reason.startswith(f"cannot be transpiled to {engine}: ")
        return
    assert verdict.verdict in {PairOutcome.CORRECT, PairOutcome.WRONG_RESULT}, verdict.reason
    text = write_for_engine(sql, way=Way(dialect, engine, engines[engine].schema()))
    assert text is not None
    assert rows_of(engines[engine].run(text)) == rows, text


@pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
@pytest.mark.parametrize(
    ("dialect", "division"),
    [
        pytest.param(dialect, each, id=f"{dialect}: {each}")
        for dialect, all_ in DIVISIONS_BY_ZERO.items()
        for each in all_
    ],
)
def test_what_divides_by_zero_fails_where_the_dialect_does(
    engines: dict[str, QueryEngine], dialect: str, engine: str, division: str
) -> None:
    scorer = PairScorer(engines[engine], dialect=dialect)
    verdict = scorer.score("SELECT NULL", f"SELECT {division} FROM sale WHERE id = 1")
    assert (verdict.verdict, verdict.correct) == (PairOutcome.EXECUTION_ERROR, False)
    assert "division by zero" in verdict.reason.lower()
    assert scorer.score("SELECT 1", f"SELECT COUNT({division}) FROM sale WHERE id = 2").correct is True


@pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
def test_what_divides_by_zero_is_null_in_mysql(engines: dict[str, QueryEngine], engine: str) -> None:
    scorer = PairScorer(engines[engine], dialect="mysql")
    assert scorer.score("SELECT NULL", "SELECT units / (units - 3) FROM sale WHERE id = 1").correct is True


def test_what_cannot_be_carried_over_is_counted_with_its_reason(engines: dict[str, QueryEngine]) -> None:
    scorer = PairScorer(engines["sqlite"], dialect="postgres")
    verdict = scorer.score("SELECT 1", "SELECT MOD(7.5, 2)")
    assert (verdict.verdict, verdict.transpilation_failure, verdict.correct) == (
        PairOutcome.TRANSPILATION_FAILURE,
        True,
        False,
    )
    assert verdict.reason == "cannot be transpiled to sqlite: SQLite's remainder is one of integers"
    gold = scorer.score("SELECT MOD(7.5, 2)", "SELECT 1")
    assert (gold.verdict, gold.reason) == (PairOutcome.GOLD_ERROR, verdict.reason)


def test_a_function_that_nobody_has_is_the_prediction_s_own_error(engines: dict[str, QueryEngine]) -> None:
    verdict = PairScorer(engines["sqlite"], dialect="postgres").score("SELECT 1", "SELECT make_it_so(1)")
    assert (verdict.verdict, verdict.transpilation_failure) == (PairOutcome.EXECUTION_ERROR, False)
    assert verdict.reason == "no such function: MAKE_IT_SO"
