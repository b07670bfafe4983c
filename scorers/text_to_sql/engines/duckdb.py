"""DuckDB files: opened read-only, without access to other files, extensions or its own configuration."""

import threading
import time

import duckdb

from checks.errors import GovernanceError
from scorers.text_to_sql.engines.process_memory import measure_resident_bytes
from scorers.text_to_sql.engines.query_engine import (
    FailureKind,
    FirstRows,
    QueryFailedError,
    QueryLimits,
    QueryResult,
    make_comparable,
    make_rows_error,
    make_time_error,
    time_query,
)
from scorers.text_to_sql.reading.schema import Schema, make_schema
from scorers.text_to_sql.reading.statements import find_unsafe_reason
from scorers.text_to_sql.verdicts.result_match import Row

_CHUNK = 1_000  # rows
_RESULTS_OF_A_PIVOT = [
    duckdb.ExpectedResultType.CHANGED_ROWS,
    duckdb.ExpectedResultType.QUERY_RESULT,
    duckdb.ExpectedResultType.NOTHING,
]
_KEY_COLUMNS = """
    SELECT table_name, constraint_column_names, referenced_table, referenced_column_names
    FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY' AND NOT contains(table_name, '"')
"""


class DuckdbEngine:
    """One DuckDB file, under DuckDB's own locks; a thread interrupts what runs beyond the time limit."""

    dialect = "duckdb"

    def __init__(self, location: str, limits: QueryLimits) -> None:
        self._limits = limits
        try:
            self._connection = duckdb.connect(location, read_only=True, config=_make_configuration(limits))
            self._schema = self._read_schema()
        except duckdb.Error as error:
            raise GovernanceError(f"{location}: {_explain_open_error(error)}") from error
        self._alarm = _Alarm(self._connection)

    def schema(self) -> Schema:
        """Tables, columns and foreign keys of the file, read when it was opened."""
        return self._schema

    def _read_schema(self) -> Schema:
        tables: dict[str, list[str]] = {}
        types: dict[str, dict[str, str]] = {}
        for table, column, kind in self._connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE NOT internal ORDER BY table_oid, column_index"
        ).fetchall():
            tables.setdefault(table, []).append(column)
            types.setdefault(table, {})[column] = kind
        views = self._connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        keys = [
            (f"{table}.{column}", f"{target}.{referenced}")
            for table, columns, target, targets in self._connection.execute(_KEY_COLUMNS).fetchall()
            for column, referenced in zip(columns, targets, strict=True)
        ]
        return make_schema(tables, keys, [view for (view,) in views], types)

    def run(self, sql: str) -> QueryResult:
        """Run one query within the limits."""
        return time_query(self._fetch_rows, sql)

    def _fetch_rows(self, sql: str) -> list[Row]:
        rows = self._fetch_guarded(sql)
        if len(rows) > self._limits.rows:
            raise make_rows_error(self._limits)
        return make_comparable(rows)

    def fetch_first(self, sql: str) -> FirstRows:
        """Run one query within the limits, and return no more rows than they allow, with the columns' names.

        Raises:
            QueryFailedError: for anything that the query does.
        """
        rows = self._fetch_guarded(sql)
        columns = [str(column[0]) for column in self._connection.description or ()]
        return FirstRows(columns, rows[: self._limits.rows], more=len(rows) > self._limits.rows)

    def _fetch_guarded(self, sql: str) -> list[tuple[object, ...]]:
        """Return all rows, or a few more than the limit."""
        try:
            self._refuse_other_statements(sql)
            self._alarm.set(time.monotonic() + self._limits.seconds)
            try:
                return self._fetch(sql)
            finally:
                self._alarm.set(None)
        except MemoryError as error:
            raise QueryFailedError(FailureKind.OUT_OF_MEMORY, "out of memory") from error
        except (duckdb.Error, RuntimeError, ValueError, OverflowError) as error:
            raise self._classify(error) from error

    def _fetch(self, sql: str) -> list[tuple[object, ...]]:
        """Fetch by chunks: DuckDB's own limit holds for each of them, this process's for what they add up to."""
        most = measure_resident_bytes() + self._limits.memory
        result = self._connection.execute(sql)
        rows: list[tuple[object, ...]] = []
        while len(rows) <= self._limits.rows:
            chunk = result.fetchmany(_CHUNK)
            if not chunk:
                return rows
            rows += chunk
            if measure_resident_bytes() > most:
                raise MemoryError
        return rows

    def _refuse_other_statements(self, sql: str) -> None:
        statements = self._connection.extract_statements(sql)
        kinds = [statement.type for statement in statements]
        if kinds == [duckdb.StatementType.MULTI] and _is_pivot(sql, statements[0]):
            return
        if kinds != [duckdb.StatementType.SELECT]:
            names = ", ".join(kind.name for kind in kinds) or "none"
            raise QueryFailedError(FailureKind.UNSAFE, f"not a single query; its statements: {names}")

    def _classify(self, error: Exception) -> QueryFailedError:
        reason = str(error).partition("\n")[0]
        failure = FailureKind.ERROR
        match error:
            case duckdb.InterruptException():
                return make_time_error(self._limits)
            case duckdb.PermissionException():
                failure, reason = FailureKind.UNSAFE, f"it does more than read: {reason}"
            case duckdb.OutOfMemoryException():
                failure = FailureKind.OUT_OF_MEMORY
            case duckdb.CatalogException() if reason.startswith("Catalog Error: Table with name"):
                failure = FailureKind.UNKNOWN_NAME
            case duckdb.BinderException() if (
                "Referenced column" in reason or "does not have a column" in reason
            ):
                failure = FailureKind.UNKNOWN_NAME
            case duckdb.ParserException():
                failure = FailureKind.NOT_UNDERSTOOD
            case duckdb.CatalogException() if "Function with name" in reason:
                failure = FailureKind.NOT_UNDERSTOOD
        return QueryFailedError(failure, reason)

    def close(self) -> None:
        """Close the file and end the thread."""
        self._alarm.stop()
        self._connection.close()


def _is_pivot(sql: str, statement: duckdb.Statement) -> bool:
    """Whether DuckDB made several statements out of one PIVOT: a type in memory of the values it finds, and a query.

    Their kinds of result tell such a query from a statement that stores what a PIVOT finds, as does the first word.
    """
    results = statement.expected_result_type
    return results == _RESULTS_OF_A_PIVOT and find_unsafe_reason(sql, DuckdbEngine.dialect) is None


class _Alarm(threading.Thread):
    """Interrupts a connection when the time that was set has come."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(daemon=True)
        self._connection = connection
        self._condition = threading.Condition()
        self._due: float | None = None
        self._stopped = False
        self.start()

    def set(self, due: float | None) -> None:
        """Set the time (of the monotonic clock), or none."""
        with self._condition:
            wake = self._due is None
            self._due = due
            if wake:
                self._condition.notify()

    def stop(self) -> None:
        """End the thread."""
        with self._condition:
            self._stopped = True
            self._condition.notify()

    def run(self) -> None:
        """Wait for the time; look again where it was put off."""
        with self._condition:
            while not self._stopped:
                if self._due is None:
                    self._condition.wait()
                elif (left := self._due - time.monotonic()) > 0:
                    self._condition.wait(left)
                else:
                    self._connection.interrupt()
                    self._due = time.monotonic() + 0.05  # again, should the engine not have heard


def _make_configuration(limits: QueryLimits) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "enable_external_access": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",  # otherwise `SELECT * FROM df` reads this process's variables
        "memory_limit": f"{limits.memory // 2 // 1024} KiB",
        "temp_directory": "",  # otherwise large sorts write beside the database
        "threads": "1",
        "lock_configuration": "true",
    }


def _explain_open_error(error: duckdb.Error) -> str:
    reason = str(error).partition("\n")[0]
    if "lock" in reason.lower():
        return "locked by another process; end what writes to it, or score a copy"
    return f"cannot be opened as DuckDB ({reason}); name a folder of SQLite or DuckDB files"
