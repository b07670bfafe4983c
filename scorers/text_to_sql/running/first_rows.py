"""One query, run for a person who wants to see its first rows: in a fresh process, under the guards of scoring.

`fetch_first_rows` starts the process and ends it where it does not end by itself; `main` is what the process does. They
speak JSON: the parent unpickles nothing that comes from there.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from checks.errors import GovernanceError
from scorers.text_to_sql.engines.process_memory import RESERVED_BY_DUCKDB, bound_resources
from scorers.text_to_sql.engines.query_engine import FailureKind, FirstRows, QueryFailedError, QueryLimits
from scorers.text_to_sql.reading.parsing import MAX_RECURSION
from scorers.text_to_sql.reading.sql_reader import Way, read_sql
from scorers.text_to_sql.reading.statements import cut_out_statement
from scorers.text_to_sql.running.harmless_environment import make_harmless_environment

if TYPE_CHECKING:
    from scorers.text_to_sql.engines.duckdb import DuckdbEngine

MOST_COLUMNS = 100
LONGEST_CELL = 1_000  # characters
_GRACE_SECONDS = 20.0  # beyond the time limit: for the start of a process on a busy machine
_DIGITS_OF_A_FLOAT = 15
_PROGRAM = f"from {__name__} import main; main()"

Cell = str | int | float | bool | None


class ShownRows(Struct, frozen=True):
    """The first rows of a result; `more` says whether it goes on. Values without a form in JSON are texts."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    more: bool


class NotShown(Struct, frozen=True):
    """A query that was not run, or came to nothing, and why."""

    failure: FailureKind
    reason: str


def fetch_first_rows(
    sql: str, *, duckdb_file: str, dialect: str, limits: QueryLimits
) -> ShownRows | NotShown:
    """Run `sql`, written in `dialect`, on a DuckDB file, and return as many of its rows as `limits` allow.

    Only a single query that reads is run, by the same rules by which scoring runs predicted SQL.

    Raises:
        GovernanceError: the file cannot be opened as a database, or no process can be started.
    """
    request = {"sql": sql, "file": duckdb_file, "dialect": dialect, "limits": asdict(limits)}
    try:
        ended = subprocess.run(  # noqa: S603  this interpreter, this package
            [sys.executable, "-P", "-c", _PROGRAM],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=make_harmless_environment(),
            timeout=limits.seconds + _GRACE_SECONDS,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return NotShown(FailureKind.TIMEOUT, f"stopped at the time limit of {limits.seconds:g} s")
    except OSError as error:
        raise GovernanceError(
            f"no process can be started to run the query ({error}); try again later"
        ) from error
    if ended.returncode != 0:  # what it has written by then may be a part
        return NotShown(FailureKind.ERROR, "the process that ran it ended; ask for less at once")
    return _read_answer(json.loads(ended.stdout))


def _read_answer(answer: Mapping[str, Any]) -> ShownRows | NotShown:
    if "error" in answer:
        raise GovernanceError(answer["error"])
    if "failure" in answer:
        return NotShown(FailureKind(answer["failure"]), answer["reason"])
    return ShownRows(answer["columns"], answer["rows"], answer["more"])


def answer_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what came of one request; see `fetch_first_rows`."""
    limits = QueryLimits(**request["limits"])
    try:
        return asdict(_run_guarded(request["sql"], request["file"], request["dialect"], limits))
    except QueryFailedError as error:
        return asdict(NotShown(error.failure, error.reason))
    except GovernanceError as error:
        return {"error": str(error)}


def _run_guarded(sql: str, file: str, dialect: str, limits: QueryLimits) -> ShownRows:
    from scorers.text_to_sql.engines.duckdb import DuckdbEngine  # noqa: PLC0415  its library is the process's alone

    engine = DuckdbEngine(file, limits)
    try:
        return show_first_rows(engine, sql, dialect)
    finally:
        engine.close()


def show_first_rows(engine: "DuckdbEngine", sql: str, dialect: str) -> ShownRows:
    """Run `sql`, written in `dialect`, within the limits of an open engine.

    Raises:
        QueryFailedError: it is not a single query that reads, or it came to nothing.
    """
    # First the text: only one query that reads, in what the engine understands. Then the engine looks itself.
    way = Way(dialect, engine.dialect, engine.schema())
    reading = read_sql(sql, way=way, schema=engine.schema())
    if reading.engine_sql is None:
        failure = FailureKind.NOT_UNDERSTOOD if reading.unsafe is None else FailureKind.UNSAFE
        raise QueryFailedError(failure, reading.problem)
    return _show(engine.fetch_first(cut_out_statement(reading.engine_sql, engine=engine.dialect)))


def _show(first: FirstRows) -> ShownRows:
    if len(first.columns) > MOST_COLUMNS:
        raise QueryFailedError(
            FailureKind.ERROR, f"more than {MOST_COLUMNS} columns; select those that you need"
        )
    rows = [[_show_cell(value) for value in row] for row in first.rows]
    return ShownRows([_shorten(name) for name in first.columns], rows, first.more)


def _show_cell(value: object) -> Cell:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**53:  # others lose digits in JavaScript
        return value
    if isinstance(value, float) and value - value == 0:  # neither infinite nor NaN, which JSON lacks
        return value
    if (
        isinstance(value, Decimal)
        and value.is_finite()
        and len(value.as_tuple().digits) <= _DIGITS_OF_A_FLOAT
    ):
        return float(value)
    return _shorten(value.hex() if isinstance(value, bytes) else str(value))


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + "…"


def main() -> None:
    """Answer one request, with bounded memory and no file to write."""
    request = json.loads(sys.stdin.buffer.read())
    sys.setrecursionlimit(MAX_RECURSION)
    from scorers.text_to_sql.engines import duckdb  # noqa: F401, PLC0415  now: its code is not to count against the bound

    bound_resources(request["limits"]["memory"] + RESERVED_BY_DUCKDB)
    sys.stdout.write(json.dumps(answer_request(request)))
