"""Queries that need no reading: what SQLite has run of them is valid, one and safe for sqlglot too."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorers.text_to_sql.engines.databases import Databases, open_engine
from scorers.text_to_sql.engines.query_engine import QueryLimits
from scorers.text_to_sql.predictions import PredictionsFile
from scorers.text_to_sql.reading import plain_queries
from scorers.text_to_sql.reading.plain_queries import is_plain_query
from scorers.text_to_sql.reading.schema import make_schema
from scorers.text_to_sql.reading.sql_reader import Way, read_sql

SCHEMA = make_schema({"singer": ["id", "name", "age"], "t1": ["id", "a"]})
WORDS = {
    "name": ("singer", "name", "singer.age", "id"),
    "short name": ("t1", "a"),
    "number": ("1", "2.5"),
    "text": ("'x'", "'it''s -- ; x'"),
    "quoted": ('"x"', '"name"', '"it is -- ; x"'),
    "all of a table": ("t1.*", "singer.*"),
    "limit": ("limit 2",),
}
PLAIN = {
    "all": "SELECT * FROM singer",
    "semicolon": "select name, age from singer;",
    "join": "SELECT T1.a FROM t1 AS T1 JOIN singer ON T1.id = singer.id",
    "outer join": "SELECT * FROM singer s LEFT OUTER JOIN t1 ON t1.id = s.id WHERE t1.id IS NULL",
    "groups": "SELECT name, count(*) AS c FROM singer GROUP BY name HAVING count(*) >= 2 ORDER BY c DESC LIMIT 1",
    "distinct": "SELECT COUNT(DISTINCT name) FROM singer",
    "set operation": "SELECT id FROM singer EXCEPT SELECT id FROM t1",
    "subquery": "SELECT name FROM singer WHERE id NOT IN (SELECT id FROM t1) OR age > (SELECT avg(age) FROM singer)",
    "subquery in FROM": "SELECT x.id FROM (SELECT id FROM t1) AS x, singer WHERE x.id BETWEEN 1 AND 2",
    "quoted text that is compared": 'SELECT name FROM singer WHERE name = "x" AND age > 1 OR name LIKE "%; DROP é"',
    "quoted name that is compared": 'SELECT t1.a FROM t1 WHERE t1.id != "a" ORDER BY t1.a = "x" DESC',
    "text with anything in it": "SELECT name FROM singer WHERE name LIKE '%; DROP TABLE x -- ''é'",
}
NOT_PLAIN = {
    "empty": "",
    "prose": "here it is: SELECT 1",
    "a write": "DELETE FROM singer",
    "several statements": "SELECT 1; SELECT 2",
    "a write behind it": "SELECT 1; DROP TABLE singer",
    "comment": "SELECT 1 -- ; DELETE FROM singer",
    "block comment": "SELECT 1 /* */",
    "double quotes": 'SELECT "name" FROM singer',
    "double quotes before a comparison": 'SELECT name FROM singer WHERE "x" = name',
    "double quotes in a function": 'SELECT name FROM singer GROUP BY name HAVING count("x") = 1',
    "double quotes in a list": 'SELECT name FROM singer WHERE name IN ("x")',
    "double quotes after BETWEEN": 'SELECT name FROM singer WHERE name BETWEEN "a" AND "b"',
    "double quotes in double quotes": 'SELECT name FROM singer WHERE name = "a""b"',
    "double quotes of nothing": 'SELECT name FROM singer WHERE name = ""',
    "double quotes and a calculation": 'SELECT name FROM singer WHERE name = "x" + 1',
    "double quotes that do not end": 'SELECT name FROM singer WHERE name = "x',
    "brackets": "SELECT [name] FROM singer",
    "function": "SELECT load_extension('x')",
    "quoted function": "SELECT min ('x') FROM pragma_user_version()",
    "schema": "SELECT * FROM main.singer.id",
    "parameter": "SELECT ?",
    "with": "WITH x AS (SELECT 1) SELECT * FROM x",
    "case": "SELECT CASE WHEN 1 THEN 2 END",
    "alias that is a text": "SELECT name 'x' FROM singer",
    "ON without JOIN": "SELECT * FROM singer, t1 ON singer.id = t1.id",
    "comparison before AND": "SELECT id FROM t1 WHERE a BETWEEN 1 > 1 AND 2",
    "BETWEEN without its end": "SELECT id FROM t1 WHERE a BETWEEN 1",
    "calculation with a condition": "SELECT id IN (1) + 0 FROM t1",
    "word of its end": "SELECT * FROM singer like",
    "letter that becomes a k": "SELECT name FROM singer WHERE name li\u212ae 'x'",
    "not ASCII": "SELECT é FROM singer",
    "too deep": "SELECT " + "(" * 60 + "1" + ")" * 60,
    "too long": "SELECT " + "1, " * 2_000 + "1",
    "lone surrogate": "SELECT \ud800",
}  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:")
    opened.executescript("CREATE TABLE singer (id INTEGER, name TEXT, age INTEGER); CREATE TABLE t1 (id, a)")
    yield opened
    opened.close()


def is_run(connection: sqlite3.Connection, sql: str) -> bool:
    try:
        connection.execute(sql).fetchmany(5)
    except (sqlite3.Error, sqlite3.Warning):
        return False
    return True


def is_read_as_one_query(sql: str) -> bool:
    reading = read_sql(sql, way=Way("sqlite", "sqlite", SCHEMA), schema=SCHEMA)
    # Of names without quotes the engine has the last word.
    made_up = [name for name in reading.unknown if f'"{name}"' in sql]
    return reading.valid and reading.unsafe is None and reading.engine_sql == sql and not made_up


@pytest.mark.parametrize("sql", PLAIN.values(), ids=PLAIN)
def test_what_is_plain_runs_and_is_read_as_one_query(connection: sqlite3.Connection, sql: str) -> None:
    assert is_plain_query(sql)
    assert is_run(connection, sql)
    assert is_read_as_one_query(sql)


@pytest.mark.parametrize("sql", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_not_plain(sql: str) -> None:
    assert not is_plain_query(sql)


def walk(steps: list[int]) -> str:
    """Return a text of plain words, each chosen among those that may follow the one before."""
    known = {kind: tuple(word for word, its in plain_queries._KINDS_OF_TEXTS.items() if its == kind)
             for kind in plain_queries._FOLLOWING}  # fmt: skip
    kind, text, depth = "select", ["select"], 0
    for step in steps:
        kinds = [
            each for each in plain_queries._FOLLOWING[kind] if each != "end" and (depth or each != "close")
        ]
        if not kinds:
            break
        kind = kinds[step % len(kinds)]
        words = WORDS.get(kind) or known[kind]
        text.append(words[step // len(kinds) % len(words)])
        depth += (kind == "open") - (kind == "close")
    return " ".join([*text, *")" * depth])


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=14))
@settings(max_examples=300, deadline=None)
def test_whatever_plain_text_sqlite_runs_is_read_as_one_query(
    connection: sqlite3.Connection, steps: list[int]
) -> None:
    sql = walk(steps)
    if is_plain_query(sql) and is_run(connection, sql):
        assert is_read_as_one_query(sql)


def test_most_predictions_of_published_systems_are_plain_and_no_verdict_on_their_texts_changes(
    shared_data: Callable[[str], Path],
) -> None:
    spider = shared_data("spider")
    databases = Databases(str(spider / "databases"))
    with PredictionsFile(spider / "pairs_with_official_verdicts.jsonl") as file:
        file.check(databases)
        pairs = list(file.pairs())
    engines = {
        name: open_engine(databases.find(name), QueryLimits()) for name in {pair.database for pair in pairs}
    }
    plain = [pair for pair in pairs if is_plain_query(pair.predicted_sql)]
    different = []
    for pair in plain:
        engine = engines[pair.database]
        if engine.run(pair.predicted_sql).table is not None:
            way = Way("sqlite", "sqlite", engine.schema())
            reading = read_sql(pair.predicted_sql, way=way, schema=engine.schema())
            if (reading.valid, reading.unsafe, reading.unknown) != (True, None, ()):
                different.append(pair.predicted_sql)
    for engine in engines.values():
        engine.close()
    assert different == []
    assert len(plain) > 0.95 * len(pairs)
