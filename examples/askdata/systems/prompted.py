"""A substitute for a language model: the rules of `semantic_layer`, which know nothing but the prompt they are sent.

The tables, their columns and joins are those of the LookML in the prompt, and nothing else: what was not retrieved, or
is not shown by the prompt, it cannot know. The business's terms are those that the instructions list. It is no language
model: instructions in other words change nothing, and it does not read the conversation so far.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import duckdb
import lkml
from duckdb import DuckDBPyConnection

from systems.catalog import Catalog, make_catalog
from systems.semantic_layer import SemanticLayer
from systems.terms import Term, read_terms

_DATA = re.compile(r"<(question|history|views|models)>\n(.*?)\n</\1>", re.DOTALL)
_ASKS_FOR_SQL = re.compile(r"\bSQL\b")
_COLUMN_TYPES = {"number": "DOUBLE", "date": "DATE", "time": "TIMESTAMP", "yesno": "BOOLEAN"}
_TOP_LEVEL = re.compile(r"^(?=(?:view|explore): )", re.MULTILINE)
_KEPT = 64  # what was read of prompts: reading LookML takes longer than writing a query

NO_SQL = "I can help with that. What would you like to know?"
NO_QUESTION = "There is no question."
NO_TABLES = "I was shown no tables that I could query for this."


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the messages of a conversation ask: instructions and question, and the LookML that they show."""

    instructions: str
    question: str
    lookml: str


def read_prompt(messages: Sequence[Mapping[str, str]]) -> Prompt:
    """Read the messages of a chat completion: what is between the prompt's tags is data, the rest instructions."""
    text = "\n\n".join(message["content"] for message in messages)
    data: dict[str, list[str]] = {}
    for name, content in _DATA.findall(text):
        data.setdefault(name, []).append(content)
    lookml = [*data.get("views", []), *data.get("models", [])]
    return Prompt(_DATA.sub("", text), "\n".join(data.get("question", [])).strip(), "\n".join(lookml))


class Substitute:
    """Answers conversations; the rules of the last contexts are kept, with a database each, for as long as it lives."""

    def __init__(self) -> None:
        self._make_rules = lru_cache(maxsize=_KEPT)(_make_rules)

    def answer(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Answer a conversation: SQL where the prompt asks for it and shows tables, else a sentence."""
        prompt = read_prompt(messages)
        if not _ASKS_FOR_SQL.search(prompt.instructions):
            return NO_SQL
        if not prompt.question:
            return NO_QUESTION
        # In one order, so that the same files have the same rules in whichever order they were retrieved.
        pieces = tuple(sorted(_TOP_LEVEL.split(prompt.lookml)))
        rules = self._make_rules(pieces, tuple(read_terms(prompt.instructions)))
        return NO_TABLES if rules is None else rules.predict(prompt.question)


def _make_rules(pieces: tuple[str, ...], terms: tuple[Term, ...]) -> SemanticLayer | None:
    catalog = make_catalog(filter(None, map(_parse, pieces)))
    return SemanticLayer(catalog, _make_empty_database(catalog), terms) if catalog.fields else None


@lru_cache(maxsize=_KEPT)
def _parse(text: str) -> Mapping[str, Any] | None:
    """Return one view or explore; a prompt may show what is no LookML, and then that alone is not known."""
    try:
        document: Mapping[str, Any] = lkml.load(text)
    except SyntaxError:
        return None
    return document


def _make_empty_database(catalog: Catalog) -> DuckDBPyConnection:
    """Return a database with the tables that the LookML describes, and no rows: enough to plan a query."""
    database = duckdb.connect(":memory:", config={"enable_external_access": "false", "threads": "1"})
    for view, table in catalog.tables.items():
        columns = ", ".join(_list_columns(catalog, view))
        if columns:
            database.execute(f"CREATE TABLE {_quote(table)} ({columns})")
    return database


def _list_columns(catalog: Catalog, view: str) -> Iterator[str]:
    kinds = {dimension.sql: dimension.kind for dimension in catalog.dimensions(view) if dimension.sql}
    for column, kind in kinds.items():
        yield f"{_quote(column)} {_COLUMN_TYPES.get(kind, 'VARCHAR')}"


def _quote(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
