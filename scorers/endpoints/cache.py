"""What endpoints said, kept by content: an interrupted run goes on where it stopped, a repeated run asks nothing."""

import hashlib
import json
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

from checks.errors import GovernanceError
from checks.strict_json import JsonValue


def content_key(*parts: JsonValue) -> bytes:
    """Return the SHA-256 of `parts` as canonical JSON: equal content has one key, on every machine."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class AnswerCache:
    """A SQLite file of answers, or with no path one in memory.

    Each answer is its own transaction in a write-ahead log, so a process that is killed loses none that it had put
    and leaves none half-written; several runs may use one file at once.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def __enter__(self) -> Self:
        try:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path or ":memory:", timeout=30, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, answer TEXT NOT NULL) WITHOUT ROWID"
            )
        except (OSError, sqlite3.Error) as error:
            raise GovernanceError(
                f"{self._path}: cannot be used as a cache ({error}); name another file with --cache"
            ) from error
        return self

    def get(self, key: bytes) -> JsonValue:
        """Return what is under `key`, `None` where nothing does."""
        row = self._connection.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, key: bytes, answer: JsonValue) -> None:
        """Keep `answer` under `key`; it is safe from a kill when this returns.

        Raises:
            GovernanceError: when the disk refuses it.
        """
        try:
            self._connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, json.dumps(answer, allow_nan=False))
            )
        except sqlite3.Error as error:
            raise GovernanceError(
                f"{self._path}: the cache cannot be written ({error}); free the disk or name another with --cache"
            ) from error

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()
