"""SQLite files: opened read-only, under an authoriser that lets SELECT through and nothing else."""

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from checks.errors import GovernanceError
from scorers.text_to_sql.engines.query_engine import (
    FailureKind,
    QueryFailedError,
    QueryLimits,
    QueryResult,
    make_rows_error,
    make_time_error,
    time_query,
)
from scorers.text_to_sql.reading.engine_functions import DIVISION_BY_ZERO
from scorers.text_to_sql.reading.schema import ColumnPair, Schema, make_schema

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
# Table-valued functions that only read. SQLite declares one at its first use, which the authoriser would see as a write
# to the schema; so each is used once before the authoriser is there.
_TABLE_FUNCTIONS = (
    *("json_each", "json_tree", "pragma_table_info", "pragma_table_xinfo", "pragma_table_list"),
    *("pragma_index_list", "pragma_index_info", "pragma_index_xinfo", "pragma_foreign_key_list"),
)
# What those functions ask, and what full-text tables ask before each read (without an argument it sets nothing).
_READING_PRAGMAS = frozenset(
    {
        *(name.removeprefix("pragma_") for name in _TABLE_FUNCTIONS if name.startswith("pragma_")),
        "data_version",
    }
)
_FORBIDDEN_FUNCTIONS = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_INSTRUCTIONS_BETWEEN_CHECKS = 20_000  # of SQLite's virtual machine: well below a millisecond
_MAX_VALUE_BYTES = 64 * 1024 * 1024
_WAL_VERSION = b"\x02\x02"
_SECONDS_FOR_A_LOCK = 2.0


class SqliteEngine:
    """One SQLite file, held in one read transaction: what it holds cannot change while it is scored."""

    dialect = "sqlite"

    def __init__(self, location: str, limits: QueryLimits) -> None:
        self._limits, self._deadline = limits, float("inf")
        try:
            self._connection = self._open(Path(location))
            self._schema = self._read_schema()
        except sqlite3.Error as error:
            raise GovernanceError(f"{location}: {_explain_open_error(error)}") from error
        self._guard()

    def _open(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path.resolve()))}?mode=ro{'&immutable=1' if _is_settled_wal(path) else ''}",
            uri=True,
            isolation_level=None,
            timeout=_SECONDS_FOR_A_LOCK,
            cached_statements=16,
        )
        for setting in ("temp_store = MEMORY", "trusted_schema = OFF", "query_only = ON"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        return connection

    def _guard(self) -> None:
        for name in _TABLE_FUNCTIONS:
            with suppress(sqlite3.OperationalError):  # a SQLite that was built without it
                self._connection.execute(f"SELECT 1 FROM {name} LIMIT 0")  # noqa: S608  a name of this file
        for limit, value in (
            (sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES),
            (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
            (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
        ):
            self._connection.setlimit(limit, value)
        self._connection.create_function(DIVISION_BY_ZERO, 0, _divided_by_zero)
        self._connection.set_authorizer(_authorise)
        self._connection.set_progress_handler(self._is_late, _INSTRUCTIONS_BETWEEN_CHECKS)

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def schema(self) -> Schema:
        """Tables, columns and foreign keys as the file declares them, read when it was opened."""
        return self._schema

    def _read_schema(self) -> Schema:
        listed = self._connection.execute(
            "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"
        ).fetchall()
        tables: dict[str, list[str]] = {}
        types: dict[str, dict[str, str]] = {}
        primary: dict[str, list[str]] = {}
        keys: list[ColumnPair] = []
        for name, _ in listed:
            rows = self._list_columns(name)
            tables[name] = [column for column, _, _ in rows]
            types[name] = {column: kind for column, kind, _ in rows}
            primary[name.lower()] = [column for column, _, position in rows if position]
        for name, _ in listed:
            for table, column, target in self._connection.execute(
                'SELECT "table", "from", "to" FROM pragma_foreign_key_list(?)', (name,)
            ):
                to = target or next(iter(primary.get(table.lower(), [])), None)
                if to is not None:
                    keys.append((f"{name}.{column}", f"{table}.{to}"))
        return make_schema(tables, keys, [name for name, kind in listed if kind == "view"], types)

    def _list_columns(self, table: str) -> list[tuple[str, str, int]]:
        """Names, with their types and positions in the primary key; none for a view or virtual table that is broken."""
        try:
            return self._connection.execute(
                "SELECT name, type, pk FROM pragma_table_xinfo(?)", (table,)
            ).fetchall()
        except sqlite3.OperationalError:
            return []

    def run(self, sql: str) -> QueryResult:
        """Run one query within the limits."""
        self._deadline = time.monotonic() + self._limits.seconds
        try:
            return time_query(self._fetch_rows, sql)
        finally:
            self._deadline = float("inf")

    def _fetch_rows(self, sql: str) -> list[tuple[object, ...]]:
        try:
            try:
                rows = self._fetch(sql)
            except sqlite3.OperationalError as error:
                if "Could not decode to UTF-8" not in str(error):
                    raise
                rows = self._fetch_undecodable(sql)
        except MemoryError as error:
            raise QueryFailedError(FailureKind.OUT_OF_MEMORY, "out of memory") from error
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            raise self._classify(error) from error
        if len(rows) > self._limits.rows:
            raise make_rows_error(self._limits)
        return rows

    def _fetch(self, sql: str) -> list[tuple[object, ...]]:
        cursor = self._connection.execute(sql)
        try:
            return cursor.fetchmany(self._limits.rows + 1)
        finally:
            cursor.close()

    def _fetch_undecodable(self, sql: str) -> list[tuple[object, ...]]:
        """Leave out the bytes that are not UTF-8, as Spider's evaluator does."""
        self._connection.text_factory = lambda content: content.decode(errors="ignore")
        try:
            return self._fetch(sql)
        finally:
            self._connection.text_factory = str

    def _classify(self, error: Exception) -> QueryFailedError:
        reason = str(error)
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT:
            return make_time_error(self._limits)
        if code == sqlite3.SQLITE_AUTH or reason.startswith("not authorized"):
            return QueryFailedError(FailureKind.UNSAFE, f"it does more than read: {reason}")
        if code == sqlite3.SQLITE_NOMEM:
            return QueryFailedError(FailureKind.OUT_OF_MEMORY, "out of memory")
        if reason.startswith(("no such column", "no such table")):
            return QueryFailedError(FailureKind.UNKNOWN_NAME, reason)
        if reason.startswith("no such function") or reason.endswith("syntax error"):
            return QueryFailedError(FailureKind.NOT_UNDERSTOOD, reason)
        # There is one function that is not SQLite's own.
        is_zero = reason == "user-defined function raised exception"
        return QueryFailedError(FailureKind.ERROR, "division by zero" if is_zero else reason)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _authorise(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action in _READING:  # nearly all that is asked
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        is_allowed = (second or "").lower() not in _FORBIDDEN_FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        is_allowed = first in _READING_PRAGMAS and not (first == "data_version" and second is not None)
    else:
        is_allowed = False
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _divided_by_zero() -> None:
    raise ZeroDivisionError


def _is_settled_wal(path: Path) -> bool:
    """Whether the file is in WAL mode with nothing in its log: opened plainly, SQLite would make files beside it."""
    with path.open("rb") as file:
        header = file.read(20)
    log = path.with_name(path.name + "-wal")
    return header[18:20] == _WAL_VERSION and not (log.exists() and log.stat().st_size)


def _explain_open_error(error: sqlite3.Error) -> str:
    reason = str(error)
    if "locked" in reason or "busy" in reason:
        return "locked by another process; end what writes to it, or score a copy"
    return f"cannot be opened as SQLite ({reason}); name a folder of SQLite or DuckDB files"
