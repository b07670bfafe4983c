"""The predictions file: one pair of gold and predicted SQL a record, all of it checked before any is scored."""

import math
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Self, cast

from msgspec import Struct
from msgspec.json import Decoder, encode

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from scorers.csv_files import COMMA
from scorers.item_groups import MAX_GROUPS, facet_groups
from scorers.lines import Line, check_lines
from scorers.text_to_sql.engines.databases import Databases, DatabaseTarget

# What each field is called here, and by Spider, BIRD and the programs around them.
_NAMES = {
    "id": ("id", "question_id", "instance_id"),
    "question": ("question",),
    "database": ("database", "db_id", "db"),
    "gold_sql": ("gold_sql", "SQL", "query", "gold", "gold_query"),
    "predicted_sql": (
        *("predicted_sql", "pred_sql", "pred", "predicted", "prediction", "predicted_query", "generated_sql"),
    ),
}
_TEXTS = ("question", "database", "gold_sql", "predicted_sql")
_SHOWN_KEYS = 20
_KEPT_IN_MEMORY = 8 * 1024 * 1024

Facets = Mapping[str, str | int | bool | None]


class Pair(Struct, frozen=True, array_like=True):
    """One line: a question's gold SQL and what the model predicted.

    `latency_seconds` is how long the model took to answer, `facets` which groups the question belongs to.
    """

    id: str | int
    database: str
    gold_sql: str
    predicted_sql: str
    latency_seconds: float | None = None
    facets: Facets | None = None
    groups: tuple[str, ...] = ()
    question: str | None = None


def parse_pair(line: Line) -> Pair:
    """Return the pair on a line; unknown keys are passed over.

    Raises:
        GovernanceError: naming the key that is missing or is not what it must be.
    """
    keys = _find_keys(tuple(line.value))
    # Spider's files have no identity but the place of a pair.
    identity = line.value.get(keys["id"]) if "id" in keys else line.number
    if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
        raise GovernanceError("id: missing, or neither a text nor an integer")
    texts = {name: _read_text(line.value, name, keys[name]) for name in _TEXTS}
    facets = line.json("facets")
    groups = facet_groups(facets)
    question = line.value.get("question")
    return Pair(
        identity,
        texts["database"],
        texts["gold_sql"],
        texts["predicted_sql"],
        _read_latency(line),
        cast("Facets | None", facets),  # its groups were found
        groups,
        question if isinstance(question, str) else None,
    )


def _read_latency(line: Line) -> float | None:
    latency = line.json("latency_seconds")
    if latency is None:
        return None
    if isinstance(latency, bool) or not isinstance(latency, int | float) or not 0 <= latency < math.inf:
        raise GovernanceError("latency_seconds: not a number of seconds, 0 or more")
    return float(latency)


@lru_cache(maxsize=16)  # the records of a file have the same keys, or few sets of them
def _find_keys(keys: tuple[str, ...]) -> dict[str, str]:
    """Return which of a record's keys holds each field: the field's own name, else the one other name that is there.

    Raises:
        GovernanceError: with the whole mapping, where a field has no key or several.
    """
    found: dict[str, str] = {}
    for name, names in _NAMES.items():
        there = [key for key in names if key in keys]
        if len(there) > 1 and there[0] != name:
            raise GovernanceError(f"{name}: {' and '.join(there)} may both be it; call one of them {name}")
        if there:
            found[name] = there[0]
    missing = [name for name in _TEXTS if name not in found]
    if missing:
        raise GovernanceError(f"{', '.join(missing)}: missing; {_describe_mapping(keys)}")
    return found


def _describe_mapping(keys: tuple[str, ...]) -> str:
    """Say what a record is to hold and what this one does."""
    fields = [_describe_field(*names) for names in _NAMES.values()]
    shown = ", ".join(keys[:_SHOWN_KEYS])
    rest = f" and {len(keys) - _SHOWN_KEYS} more" if len(keys) > _SHOWN_KEYS else ""
    return f"a pair has {', '.join(fields)}; the keys here are {shown or '(none)'}{rest}; rename them"


def _describe_field(name: str, *other_names: str) -> str:
    return f"{name} (or {', '.join(other_names)})" if other_names else name


def _read_text(value: Mapping[str, JsonValue], name: str, key: str) -> str:
    text = value.get(key)
    if text is None and name == "predicted_sql":
        return ""  # the model gave nothing
    if not isinstance(text, str):
        raise GovernanceError(f"{key}: not a text")
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


_read_pair = Decoder(Pair).decode


class PredictionsFile:
    """A file of pairs, read once and never held in memory: what was checked is kept, on disk where it is much."""

    def __init__(self, path: Path, *, separator: str = COMMA) -> None:
        self._path, self._separator = path, separator

    def __enter__(self) -> Self:
        self._kept = tempfile.SpooledTemporaryFile(_KEPT_IN_MEMORY)
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def check(self, databases: Databases) -> tuple[int, dict[str, DatabaseTarget]]:
        """Return the number of pairs, and the databases that they use.

        Raises:
            LinesError: naming every line with a problem: what `parse_pair` refuses, an id that was there before, or a
                database that is not there.
        """
        targets: dict[str, DatabaseTarget] = {}
        groups: set[str] = set()
        with _SeenIds() as seen:

            def problem_in(line: Line) -> str | None:
                if seen.is_empty:
                    self._refuse_other_shape(line)
                try:
                    pair = parse_pair(line)
                    targets[pair.database] = databases.find(pair.database)
                    _bound_groups(groups, pair.groups)
                except GovernanceError as error:
                    return str(error)
                self._kept.write(encode(pair) + b"\n")
                before = seen.before(pair.id, line.number)
                return None if before is None else f'id: "{pair.id}" is on line {before} already'

            return check_lines(self._path, problem_in, self._separator), targets

    def _refuse_other_shape(self, line: Line) -> None:
        """Refuse the whole file by its first record; every other one would say the same."""
        try:
            _find_keys(tuple(line.value))
        except GovernanceError as error:
            raise GovernanceError(f"{self._path}:{line.number}: {error}") from error

    def pairs(self) -> Iterator[Pair]:
        """Return the pairs of the file, once it was checked."""
        self._kept.seek(0)
        return map(_read_pair, self._kept)


class _SeenIds:
    """The ids seen so far, on disk where they are many."""

    def __enter__(self) -> "_SeenIds":
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("CREATE TABLE ids (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._connection.execute("BEGIN")
        return self

    @property
    def is_empty(self) -> bool:
        """Whether no id was seen yet."""
        return not self._connection.total_changes

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
