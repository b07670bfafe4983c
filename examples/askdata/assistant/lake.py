"""The data lake that an analyst's query runs on: read-only, one query at a time, by the guards of the scorer."""

from pathlib import Path

from scorers.text_to_sql.engines.query_engine import QueryLimits
from scorers.text_to_sql.running.first_rows import NotShown, ShownRows, fetch_first_rows

DIALECT = "presto"  # of the SQL; the file understands another, so it is transpiled as for scoring
ROWS = 200
SECONDS = 10.0
MEMORY = 512 * 1024 * 1024


class Lake:
    """A DuckDB file as `make_database.py` writes it.

    A query runs `seconds` at most, and shows `rows` rows at most.
    """

    def __init__(self, database: Path, *, rows: int = ROWS, seconds: float = SECONDS) -> None:
        self._database = database
        self._limits = QueryLimits(seconds=seconds, rows=rows, memory=MEMORY)

    def run(self, sql: str) -> ShownRows | NotShown:
        """Run one query that reads, in a process of its own; anything else is not run.

        Raises:
            GovernanceError: the database is not there.
        """
        return fetch_first_rows(sql, duckdb_file=str(self._database), dialect=DIALECT, limits=self._limits)
