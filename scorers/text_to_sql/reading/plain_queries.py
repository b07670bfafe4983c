"""Queries so plain that SQLite's having run one is proof that sqlglot reads it as one query that only reads.

sqlglot takes longer over a text than SQLite does, and says of most no more than that it is valid. So a text is looked
over word by word first: it is plain where it begins with SELECT and has no words, signs and neighbours but those below,
which the two read alike. What SQLite refuses and all that is not plain is read in full.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

from sqlglot.dialects.sqlite import SQLite

_LONGEST = 4_000  # characters; the stacks of the two parsers end at different depths
_MOST_BRACKETS = 40
# ASCII letters alone are lowered, as both parsers do it. What matches nothing else is a token of one byte.
_TOKENS = re.compile(
    rb"""limit\s+[0-9]+|[a-z_][a-z0-9_]*(?:\.(?:[a-z_][a-z0-9_]*|\*))?|'(?:[^']|'')*'|"[^"]+"|[0-9]+(?:\.[0-9]+)?"""
    rb"""|[<>!]=|<>|--|/\*|[^\s]"""
)
_LIMIT = re.compile(rb"limit\s+[0-9]+")
_SHORT_NAME = re.compile(rb"[a-z][a-z]?[0-9]?")  # only such may follow a name as its alias without AS
_KINDS_OF_TEXTS = {
    "select": "select",
    "distinct": "distinct",
    "from": "from",
    "where": "condition",
    "having": "condition",
    "on": "on",
    "group": "sorting",
    "order": "sorting",
    "by": "by",
    "join": "join",
    "left": "left",
    "inner": "outer",
    "outer": "outer",
    "as": "as",
    "and": "and",
    "or": "and",
    "not": "not",
    "in": "in",
    "like": "like",
    "between": "between",
    "union": "union",
    "intersect": "union",
    "except": "union",
    "all": "all",
    "is": "is",
    "null": "null",
    "asc": "direction",
    "desc": "direction",
    "exists": "exists",
    **dict.fromkeys(("count", "sum", "avg", "min", "max"), "function"),
    **dict.fromkeys(("=", "<", ">", "<=", ">=", "!=", "<>"), "comparison"),
    **dict.fromkeys(("+", "-", "/"), "arithmetic"),
    "*": "star",
    ",": "comma",
    "(": "open",
    ")": "close",
    ";": "end",
}
_KINDS_OF_WORDS = {word.encode(): kind for word, kind in _KINDS_OF_TEXTS.items()}
_STARTS = ("name", "short name", "number", "text", "open", "function")  # of an operand
_STARTS_OF_CONDITION = (*_STARTS, "not", "exists")
_AFTER_CONDITION = (
    *("close", "comma", "end", "from", "condition", "on", "sorting", "limit", "join", "left", "outer", "as"),
    *("and", "union", "direction"),
)
_AFTER_OPERAND = (
    *_AFTER_CONDITION,
    *("not", "in", "like", "between", "is", "comparison", "arithmetic", "star"),
)
_LAST = frozenset(
    ("name", "short name", "number", "text", "quoted", "close", "end", "limit", "direction", "null")
)
_FOLLOWING: Mapping[str, tuple[str, ...]] = {
    "select": (*_STARTS, "distinct", "star", "all of a table"),
    "distinct": (*_STARTS, "star", "all of a table"),
    "from": ("name", "short name", "open"),
    "condition": _STARTS_OF_CONDITION,
    "on": _STARTS_OF_CONDITION,
    "sorting": ("by",),
    "by": _STARTS,
    "limit": ("close", "end"),
    "join": ("name", "short name", "open"),
    "left": ("join", "outer"),
    "outer": ("join",),
    "as": ("name", "short name"),
    "and": _STARTS_OF_CONDITION,
    "not": (*_STARTS_OF_CONDITION, "in", "like", "between", "null"),
    "in": ("open",),
    "like": ("text", "name", "short name", "quoted"),
    "between": _STARTS,
    "union": ("select", "all"),
    "all": ("select",),
    "is": ("null", "not"),
    "null": _AFTER_CONDITION,
    "direction": ("comma", "close", "limit", "end"),
    "exists": ("open",),
    "function": ("open",),
    "comparison": (*_STARTS, "quoted"),
    "arithmetic": _STARTS,
    "star": (*_STARTS, "comma", "close", "from"),
    "all of a table": ("comma", "from"),
    "comma": (*_STARTS, "star", "all of a table"),
    "open": (*_STARTS_OF_CONDITION, "star", "distinct", "select"),
    "close": (*_AFTER_OPERAND, "short name"),
    "name": (*_AFTER_OPERAND, "short name"),
    "short name": _AFTER_OPERAND,
    "number": _AFTER_OPERAND,
    "text": _AFTER_OPERAND,
    "quoted": _AFTER_CONDITION,
}
_NEIGHBOURS = frozenset((kind, after) for kind, kinds in _FOLLOWING.items() for after in kinds)
_CALCULATIONS_WITH_BRACKETS = {("close", "arithmetic"), ("close", "star")}
_LOOKED_FOR_BY_THE_PARSER = (*SQLite.Parser.NO_PAREN_FUNCTION_PARSERS, "SYMMETRIC", "ASYMMETRIC")
_NO_NAMES = frozenset(
    word.encode().lower()
    for words in (*SQLite.Tokenizer.KEYWORDS, *_LOOKED_FOR_BY_THE_PARSER)
    for word in words.split()
) | frozenset(_KINDS_OF_WORDS)


@lru_cache(maxsize=4096)  # names come again and again; a file may have no end of literals
def _find_kind(token: bytes) -> str:
    known = _KINDS_OF_WORDS.get(token)
    if known is not None:
        return known
    first = token[:1]
    if first == b"'":
        return "text" if len(token) > 1 else "other"
    if first == b'"':
        return "quoted" if len(token) > 1 else "other"
    if first.isdigit():
        return "number"
    if not first.isalpha() and first != b"_":
        return "other"
    return _find_kind_of_name(token)


def _find_kind_of_name(token: bytes) -> str:
    if _LIMIT.fullmatch(token):
        return "limit"
    table, _, column = token.partition(b".")
    parts = {table, column} - {b"*"}
    if not parts.isdisjoint(_NO_NAMES):
        return "other"
    if column == b"*":
        return "all of a table"
    return "short name" if _SHORT_NAME.fullmatch(token) else "name"


def is_plain_query(sql: str) -> bool:
    """Whether SQLite's having run `sql` proves that it is one query, valid for sqlglot too, that only reads.

    What is in double quotes is plain on the right of a comparison alone: there it is a text where no column has that
    name, and never one that is made up.
    """
    if len(sql) > _LONGEST or sql.count("(") > _MOST_BRACKETS:
        return False
    tokens = _TOKENS.findall(sql.encode(errors="surrogatepass").lower())
    if not tokens or tokens[0] != b"select":
        return False
    kinds = [*map(_find_kind, tokens)]
    neighbours = set(pairwise(kinds))
    if kinds[-1] not in _LAST or not neighbours <= _NEIGHBOURS:
        return False
    # What neighbours do not tell: SQLite calculates with what IN says, takes ON behind a comma in FROM, and compares
    # between BETWEEN and its AND.
    if "in" in kinds and not neighbours.isdisjoint(_CALCULATIONS_WITH_BRACKETS):
        return False
    if not all(kinds[place + 2 : place + 3] == ["and"] for place in _find_places("between", kinds)):
        return False
    return all(_follows_join(kinds[:place]) for place in _find_places("on", kinds))


def _find_places(kind: str, kinds: list[str]) -> list[int]:
    return [place for place, each in enumerate(kinds) if each == kind] if kind in kinds else []


def _follows_join(before: list[str]) -> bool:
    """Whether the last of these is a table after JOIN, perhaps with another name."""
    last = before[-4:]
    return "join" in last and "comma" not in last
