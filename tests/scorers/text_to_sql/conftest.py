"""Small databases and files of pairs for the text-to-SQL tests."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scorers.text_to_sql.engines.query_engine import QueryResult

WritePairs = Callable[..., Path]
SHOP = """
    CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, country TEXT);
    CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), amount REAL);
    CREATE VIEW large AS SELECT id, amount FROM purchase WHERE amount > 10;
    INSERT INTO customer VALUES (1, 'Ada', 'UK'), (2, 'Bob', 'US'), (3, 'Cid', 'US');
    INSERT INTO purchase VALUES (1, 1, 5.0), (2, 1, 15.0), (3, 2, 15.0);
"""


def rows_of(result: QueryResult) -> list[tuple[Any, ...]]:
    """The rows of a query that was answered."""
    assert result.table is not None, result.reason
    return list(result.table.rows)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with `shop.sqlite`: three customers and their purchases."""
    folder = tmp_path / "databases"
    folder.mkdir()
    connection = sqlite3.connect(folder / "shop.sqlite")
    connection.executescript(SHOP)
    connection.close()
    return folder


@pytest.fixture
def write_pairs(tmp_path: Path) -> WritePairs:
    """A function from dictionaries to a file of pairs; what a pair must have and does not say is filled in."""

    def write(*pairs: dict[str, Any]) -> Path:
        path = tmp_path / "predictions.jsonl"
        filled = (
            {"id": f"q{number}", "question": "?", "database": "shop", "gold_sql": "SELECT name FROM customer"}
            | pair
            for number, pair in enumerate(pairs, start=1)
        )
        path.write_text("".join(json.dumps(pair) + "\n" for pair in filled))
        return path

    return write


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return tmp_path / "evidence"
