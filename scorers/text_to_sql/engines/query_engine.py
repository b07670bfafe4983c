"""What running one query comes to, and what every engine promises."""

import math
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from scorers.text_to_sql.reading.schema import Schema
from scorers.text_to_sql.verdicts.result_match import ResultTable, Row


class FailureKind(StrEnum):
    """Why a query has no result."""

    ERROR = "execution_error"
    UNKNOWN_NAME = "unknown_name"
    NOT_UNDERSTOOD = "not_understood"  # its syntax, or a function that the engine does not have
    UNSAFE = "unsafe"
    TIMEOUT = "timeout"
    TOO_MANY_ROWS = "too_many_rows"
    OUT_OF_MEMORY = "out_of_memory"


class QueryResult(Struct, frozen=True):
    """A query's result, or why it has none; `seconds` is the time that the engine took, rows fetched."""

    seconds: float
    table: ResultTable | None = None
    failure: FailureKind | None = None
    reason: str = ""


class FirstRows(Struct, frozen=True):
    """The first rows of a result with the names of its columns, for a person; `more` says whether it goes on."""

    columns: Sequence[str]
    rows: Sequence[tuple[object, ...]]
    more: bool


class QueryLimits(Struct, frozen=True):
    """Bounds on one query: time in seconds, rows of its result, memory in bytes."""

    seconds: float = 30.0
    rows: int = 100_000
    memory: int = 1024 * 1024 * 1024


class QueryEngine(Protocol):
    """One open database, which no query can change.

    Files go through `SqliteEngine` and `DuckdbEngine`, servers through `ServerEngine`.
    """

    dialect: str

    def schema(self) -> Schema:
        """Read the tables, columns and foreign keys."""

    def run(self, sql: str) -> QueryResult:
        """Run one query within the limits. Never raises for anything that the query does."""

    def close(self) -> None:
        """Let go of the database."""


class QueryFailedError(Exception):
    """A query came to nothing; how is `failure`, why is `reason`."""

    def __init__(self, failure: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.failure, self.reason = failure, reason


def time_query(fetch_rows: Callable[[str], list[Row]], sql: str) -> QueryResult:
    """Return what `fetch_rows` gives for `sql`, or why it failed, with the seconds that it took."""
    started = time.perf_counter()
    try:
        rows = fetch_rows(sql)
    except QueryFailedError as error:
        return QueryResult(time.perf_counter() - started, failure=error.failure, reason=error.reason)
    return QueryResult(time.perf_counter() - started, ResultTable(rows))


def make_rows_error(limits: QueryLimits) -> QueryFailedError:
    """The failure of a result beyond the bound."""
    return QueryFailedError(FailureKind.TOO_MANY_ROWS, f"more than {limits.rows:,} rows")


def make_time_error(limits: QueryLimits) -> QueryFailedError:
    """The failure of a query beyond the time limit."""
    return QueryFailedError(FailureKind.TIMEOUT, f"stopped at the time limit of {limits.seconds:g} s")


def make_comparable(rows: Iterable[tuple[object, ...]]) -> list[Row]:
    """Return rows whose values compare and hash as numbers, texts and moments do, for engines with richer types."""
    return [tuple(map(_simplify, row)) for row in rows]


def _simplify_number(value: float | Decimal) -> int | float:
    if math.isnan(value):
        return math.nan  # one object, which containers take to equal itself
    if isinstance(value, float) or math.isinf(value) or value != value.to_integral_value():
        return float(value)
    return int(value)


def _simplify(value: object) -> Hashable:
    """Decimals become integers or doubles, NaN equals itself, lists and structures become tuples."""
    if isinstance(value, float | Decimal):
        return _simplify_number(value)
    if isinstance(value, dict):
        return tuple((str(key), _simplify(inner)) for key, inner in value.items())
    if isinstance(value, (list, tuple, set)):
        return tuple(_simplify(inner) for inner in value)
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    return value if isinstance(value, Hashable) else repr(value)
