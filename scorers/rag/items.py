"""The responses to score."""

import math
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from scorers.csv_files import COMMA
from scorers.item_groups import MAX_GROUPS, facet_groups
from scorers.lines import Line, LinesError, check_lines
from scorers.rag.columns import RagFields, fields_of, mapping_for


class RagItem(Struct, frozen=True):
    """One question and what the RAG system did with it. `latency_seconds` is the system's time to answer."""

    id: str
    question: str
    contexts: tuple[str, ...]
    answer: str
    reference: str | None = None
    reference_contexts: tuple[str, ...] = ()
    latency_seconds: float | None = None
    facets: Mapping[str, JsonValue] = field(default_factory=dict)
    groups: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether the field `name` holds any text."""
        value = getattr(self, name)
        texts = value if isinstance(value, tuple) else (value,)
        return any(text and not text.isspace() for text in texts)


def read_items(path: Path, separator: str = COMMA) -> list[RagItem]:
    """Return the items of a file; where no row has an id, an item's id is the number of its row.

    `separator` is the character between the cells of CSV.

    Raises:
        LinesError: naming every row that cannot be used, with the reason, or that there is none. Where columns are
            missing from the first row, that and the names under which columns are read, and no more.
        GovernanceError: when a facet has so many groups that it names items; said before anything is asked.
    """
    reading = _Reading(path)
    check_lines(path, reading.problem_in, separator)
    items = reading.items
    groups = {group for item in items.values() for group in item.groups}
    if len(groups) > MAX_GROUPS:
        raise GovernanceError(
            f"{path}: facets: more than {MAX_GROUPS:,} groups; leave out columns that identify a single item"
        )
    return list(items.values())


class _Reading:
    """What was read of one file so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows = 0
        self._numbered = False
        self._first_lines: dict[str, int] = {}
        self.items: dict[str, RagItem] = {}

    def problem_in(self, line: Line) -> str | None:
        """Take in the item of a line; say what is wrong with it where it is none."""
        self._rows += 1
        try:
            fields = self._fields(line)
            item = _item(fields, self._identity(fields))
        except LinesError:
            raise
        except GovernanceError as error:
            return str(error)
        if item.id in self.items:
            return f'id: "{item.id}" is on line {self._first_lines[item.id]} already; ids tell items apart'
        self.items[item.id], self._first_lines[item.id] = item, line.number
        return None

    def _fields(self, line: Line) -> RagFields:
        """Return the fields of a row that has all columns.

        Raises:
            LinesError: for the first row: what it lacks all rows lack, and that is said once, with the whole mapping.
            GovernanceError: for a later one.
        """
        fields = fields_of(line)
        missing = fields.missing()
        if missing and self._rows == 1:
            raise LinesError([f"{self._path}:{line.number}: {mapping_for(line)}"])
        if missing:
            raise GovernanceError(f"{', '.join(missing)}: missing")
        return fields

    def _identity(self, fields: RagFields) -> str:
        given = fields.values.get("id")
        if self._rows == 1:
            self._numbered = given is None
        if self._numbered:
            if given is not None:
                raise GovernanceError("id: the rows before this one have none; give every row an id, or none")
            return str(self._rows)
        if isinstance(given, int) and not isinstance(given, bool):
            given = str(given)
        if not isinstance(given, str) or not given.strip():
            raise GovernanceError("id: missing or empty; every row has an id of its own, or none has one")
        return given


def _item(fields: RagFields, identity: str) -> RagItem:
    question = _text(fields, "question")
    if not question.strip():
        raise GovernanceError(f"{fields.columns['question']}: empty; there is nothing to judge the answer by")
    facets = fields.values.get("facets")
    return RagItem(
        id=identity,
        question=question,
        contexts=_texts(fields, "contexts"),
        answer=_text(fields, "answer"),
        reference=_reference(fields),
        reference_contexts=()
        if fields.values.get("reference_contexts") is None
        else _texts(fields, "reference_contexts"),
        latency_seconds=_latency(fields.values.get("latency_seconds")),
        groups=facet_groups(facets),
        facets=facets if isinstance(facets, Mapping) else {},
    )


def _text(fields: RagFields, name: str) -> str:
    text = fields.values[name]
    if not isinstance(text, str):
        raise GovernanceError(f"{fields.columns[name]}: not a text")
    return text


def _texts(fields: RagFields, name: str) -> tuple[str, ...]:
    texts, column = fields.values[name], fields.columns[name]
    if not isinstance(texts, list):
        raise GovernanceError(
            f'{column}: not a list of texts; write a JSON list, as ["…", "…"], in a cell of CSV as well, '
            "and [] where nothing was retrieved"
        )
    found: list[str] = []
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise GovernanceError(f"{column}[{index}]: not a text")
        found.append(text)
    return tuple(found)


def _reference(fields: RagFields) -> str | None:
    """Return the one reference, which older formats put into a list."""
    given = fields.values.get("reference")
    if isinstance(given, list):
        if len(given) > 1:
            raise GovernanceError(
                f"{fields.columns['reference']}: {len(given)} references; one is scored, so keep one"
            )
        given = given[0] if given else None
    if given is not None and not isinstance(given, str):
        raise GovernanceError(f"{fields.columns['reference']}: not a text")
    return given


def _latency(value: JsonValue) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise GovernanceError("latency_seconds: not a number of seconds that is 0 or more")
    return float(value)
