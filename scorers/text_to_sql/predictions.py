"""The predictions file: one pair of gold and predicted SQL a line, all of it checked before any is scored."""

import hashlib
import math
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from checks.errors import GovernanceError
from checks.reports.strict_json import JsonValue
from scorers.facets import MAX_GROUPS, facet_groups
from scorers.lines import BadLine, Line, check_lines, read_lines
from scorers.text_to_sql.databases import Databases, Target

_TEXTS = ("question", "database", "gold_sql", "predicted_sql")


@dataclass(frozen=True, slots=True)
class Pair:
    """One line: a question's gold SQL and what the model predicted.

    `latency_seconds` is how long the model took to answer, `facets` which groups the question belongs to.
    """

    id: str | int
    database: str
    gold_sql: str
    predicted_sql: str
    latency_seconds: float | None = None
    facets: Mapping[str, JsonValue] | None = None
    groups: tuple[str, ...] = ()


def parse_pair(line: Line) -> Pair:
    """Return the pair on a line; unknown keys are passed over.

    Raises:
        GovernanceError: naming the key that is missing or is not what it must be.
    """
    value = line.value
    identity = value.get("id")
    if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
        raise GovernanceError("id: missing, or neither a text nor an integer")
    texts = {key: _text(value, key) for key in _TEXTS}
    latency = value.get("latency_seconds")
    if latency is not None and (
        isinstance(latency, bool) or not isinstance(latency, int | float) or not 0 <= latency < math.inf
    ):
        raise GovernanceError("latency_seconds: not a number of seconds, 0 or more")
    facets = value.get("facets")
    groups = facet_groups(facets)
    return Pair(
        identity,
        texts["database"],
        texts["gold_sql"],
        texts["predicted_sql"],
        None if latency is None else float(latency),
        facets if isinstance(facets, Mapping) else None,
        groups,
    )


def _text(value: Mapping[str, JsonValue], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str):
        raise GovernanceError(f"{key}: {'not a text' if key in value else 'missing'}")
    return text


def _bound_groups(known: set[str], groups: tuple[str, ...]) -> None:
    """Add `groups` to those known, while they are few enough to be groups."""
    for group in groups:
        if group not in known:
            if len(known) == MAX_GROUPS:
                raise GovernanceError(
                    f"facets: {group} is one group too many ({MAX_GROUPS:,} at most); "
                    "leave out columns that identify a single question"
                )
            known.add(group)


class PredictionsFile:
    """A file of pairs, read as often as needed and never held in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, databases: Databases) -> tuple[int, dict[str, Target]]:
        """Return the number of pairs, and the databases that they use.

        Raises:
            LinesError: naming every line with a problem: what `parse_pair` refuses, an id that was there before, or a
                database that is not there.
        """
        targets: dict[str, Target] = {}
        groups: set[str] = set()
        with _Seen() as seen:

            def problem_in(line: Line) -> str | None:
                try:
                    pair = parse_pair(line)
                    targets[pair.database] = databases.find(pair.database)
                    _bound_groups(groups, pair.groups)
                except GovernanceError as error:
                    return str(error)
                before = seen.before(pair.id, line.number)
                return None if before is None else f'id: "{pair.id}" stands on line {before} already'

            return check_lines(self._path, problem_in), targets

    def sha256(self) -> str:
        """Return the SHA-256 of the bytes."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def pairs(self) -> Iterator[Pair]:
        """Yield the pairs of a file that was checked."""
        for line in read_lines(self._path):
            if isinstance(line, BadLine):
                raise GovernanceError(
                    f"{self._path}:{line.number}: the file changed while it was being scored"
                )
            yield parse_pair(line)


class _Seen:
    """The ids seen so far, on disk where they are many."""

    def __enter__(self) -> "_Seen":
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("CREATE TABLE ids (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._connection.execute("BEGIN")
        return self

    def before(self, identity: str | int, line: int) -> int | None:
        """Note an id and return the line that had it, if any had."""
        try:
            self._connection.execute("INSERT INTO ids VALUES (?, ?)", (str(identity), line))
        except sqlite3.IntegrityError:
            found = self._connection.execute("SELECT line FROM ids WHERE id = ?", (str(identity),)).fetchone()
            return int(found[0])
        return None

    def __exit__(self, *_: object) -> None:
        self._connection.close()
