"""Database servers, by a SQLAlchemy URL: one transaction a query, rolled back whatever it did.

On PostgreSQL the transaction is read-only and bounded by the server. On a server that the user vouches for, the rights
of the URL's user hold a query back, and the time limit is the worker's.
"""

import re

import sqlalchemy
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlglot import Dialect

from checks.errors import GovernanceError
from scorers.text_to_sql.engines.query_engine import (
    FailureKind,
    QueryFailedError,
    QueryLimits,
    QueryResult,
    make_comparable,
    make_rows_error,
    make_time_error,
    time_query,
)
from scorers.text_to_sql.reading.schema import Schema, make_schema
from scorers.text_to_sql.reading.statements import find_unsafe_reason, split_tokens
from scorers.text_to_sql.verdicts.result_match import Row

# What can leave the transaction, reach files or other sessions, or run a text as SQL behind the transaction's guard.
_FORBIDDEN_NAMES = re.compile(
    r"""set_config|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_notify
    |pg_logical_emit_message|pg_(try_)?advisory\w*|pg_create_restore_point|pg_switch_wal
    |(query|cursor|table|schema|database)_to_xml\w*|into
    |pg_(read|ls|write|file|stat_file)\w*|lo_\w+|dblink\w*""",
    re.VERBOSE,
)
_DIALECTS = {"postgresql": "postgres", "mariadb": "mysql", "mssql": "tsql", "awsathena": "athena"}
_UNDEFINED = frozenset({"42P01", "42703"})  # SQLSTATE: no such table, no such column
_NOT_ALLOWED = frozenset({"25006", "42501"})  # SQLSTATE: read-only transaction, insufficient privilege
_NOT_UNDERSTOOD = frozenset({"42601", "42883"})  # SQLSTATE: syntax error, no such function
_QUERY_CANCELLED = "57014"
_OUT_OF_MEMORY = "53200"


class ServerEngine:
    """One database of a server; `dialect` is sqlglot's name of what it speaks."""

    def __init__(self, location: str, limits: QueryLimits) -> None:
        url = make_url(location)
        self.dialect = _find_dialect(url)
        self._is_postgresql = self.dialect == "postgres"
        self._limits = limits
        self._name = url.render_as_string(hide_password=True)
        try:
            self._engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.StaticPool)
            self._schema = self._read_schema()
            with self._engine.connect() as connection:
                self._demote = self._is_postgresql and self._is_superuser(connection)
        except (SQLAlchemyError, ImportError) as error:
            raise GovernanceError(
                f"{self._name}: cannot be opened ({_take_first_line(error)}); check the URL, the server and its driver"
            ) from error

    def schema(self) -> Schema:
        """Tables, columns and foreign keys of the default schema, read when the database was opened."""
        return self._schema

    def _read_schema(self) -> Schema:
        inspector = sqlalchemy.inspect(self._engine)
        views = inspector.get_view_names()
        columns = {name: inspector.get_columns(name) for name in [*inspector.get_table_names(), *views]}
        tables = {name: [column["name"] for column in listed] for name, listed in columns.items()}
        types = {
            name: {column["name"]: str(column["type"]) for column in listed}
            for name, listed in columns.items()
        }
        keys = []
        for table in [name for name in tables if name not in views]:
            for key in inspector.get_foreign_keys(table):
                for column, target in zip(key["constrained_columns"], key["referred_columns"], strict=True):
                    keys.append((f"{table}.{column}", f"{key['referred_table']}.{target}"))
        return make_schema(tables, keys, views, types)

    def _is_superuser(self, connection: Connection) -> bool:
        """Whether the server would let this role read and write the server's files."""
        query = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        return bool(connection.exec_driver_sql(query).scalar())

    def run(self, sql: str) -> QueryResult:
        """Run one query within the limits, in a transaction of its own."""
        return time_query(self._fetch_rows, sql)

    def _fetch_rows(self, sql: str) -> list[Row]:
        problem = find_unsafe_reason(sql, self.dialect) or _find_forbidden_name(sql, self.dialect)
        if problem:
            raise QueryFailedError(FailureKind.UNSAFE, problem)
        try:
            with self._engine.connect() as connection, connection.begin() as transaction:
                try:
                    self._guard(connection)
                    result = connection.execution_options(
                        stream_results=True, no_parameters=True, max_row_buffer=1000
                    ).exec_driver_sql(sql)
                    rows = [tuple(row) for row in result.fetchmany(self._limits.rows + 1)]
                    result.close()
                finally:
                    transaction.rollback()
        except MemoryError as error:
            raise QueryFailedError(FailureKind.OUT_OF_MEMORY, "out of memory") from error
        except (SQLAlchemyError, ValueError, OverflowError) as error:
            raise self._classify(error) from error
        if len(rows) > self._limits.rows:
            raise make_rows_error(self._limits)
        return make_comparable(rows)

    def _guard(self, connection: Connection) -> None:
        if not self._is_postgresql:
            return
        milliseconds = max(1, round(self._limits.seconds * 1000))
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
        if self._demote:
            connection.exec_driver_sql("SET LOCAL ROLE pg_read_all_data")

    def _classify(self, error: Exception) -> QueryFailedError:
        reason = _take_first_line(error)
        original = error.orig if isinstance(error, DBAPIError) else None
        state = getattr(original, "sqlstate", None)
        if state == _QUERY_CANCELLED:
            return make_time_error(self._limits)
        if state == _OUT_OF_MEMORY:
            return QueryFailedError(FailureKind.OUT_OF_MEMORY, reason)
        if state in _NOT_ALLOWED or "data-modifying" in reason:  # in WITH, below a cursor
            return QueryFailedError(FailureKind.UNSAFE, f"it does more than read: {reason}")
        if state in _UNDEFINED:
            return QueryFailedError(FailureKind.UNKNOWN_NAME, reason)
        if state in _NOT_UNDERSTOOD:
            return QueryFailedError(FailureKind.NOT_UNDERSTOOD, reason)
        return QueryFailedError(FailureKind.ERROR, reason)

    def close(self) -> None:
        """Close the connection."""
        self._engine.dispose()


def _find_dialect(url: URL) -> str:
    backend = url.get_backend_name()
    dialect = _DIALECTS.get(backend, backend)
    if Dialect.get(dialect) is None:  # pyrefly: ignore[bad-argument-type]  # a method of its metaclass
        raise GovernanceError(
            f"--databases: sqlglot knows no dialect of {backend}, so its SQL cannot be checked before it runs; "
            "score on PostgreSQL, SQLite or DuckDB, with --dialect for what the SQL is written in"
        )
    return dialect


def _find_forbidden_name(sql: str, engine: str) -> str | None:
    if 'u&"' in sql.lower():
        return "a name written in Unicode escapes"
    for kind, text in split_tokens(sql, engine=engine):
        name = text.strip('"`').lower()
        if kind in {"word", "quoted"} and not text.startswith("'") and _FORBIDDEN_NAMES.fullmatch(name):
            return f"it may do more than read: {name}"
    return None


def _take_first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
