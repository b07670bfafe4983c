"""What kind of text a prediction is, and the texts that the two benchmarks' definitions run."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

OTHER_KEYWORDS = re.compile(
    r"""abort|alter|analy[sz]e|attach|begin|call|checkpoint|close|cluster|comment|commit|copy|create|deallocate|declare
    |delete|desc|describe|detach|discard|do|drop|end|exec|execute|explain|export|fetch|grant|handler|import|insert
    |install|kill|listen|load|lock|merge|move|notify|optimize|pragma|prepare|reassign|refresh|reindex|release|rename
    |repair|replace|reset|revoke|rollback|savepoint|security|set|show|start|summarize|truncate|unlisten|unload|update
    |upsert|use|vacuum""",
    re.VERBOSE,
)

# What DuckDB answers with rows and without a change, as it says itself.
_QUERIES_OF_AN_ENGINE = {"duckdb": frozenset({"desc", "describe", "show", "summarize"})}

# One alternative a kind of token; an unterminated string or comment runs to the end, as engines read it.
_TOKENS = r"""
    (?P<space>\s+)
  | (?P<comment>--[^\n]*|{comment})
  | (?P<quoted>{quoted}'(?:[^']|'')*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z))
  | (?P<word>[^\W\d][\w$]*)
  | (?P<semicolon>;)
  | (?P<other>.)
"""
_FLAT_COMMENT = r"/\*.*?(?:\*/|\Z)"
_BACKTICKS = r"`(?:[^`]|``)*(?:`|\Z)|"
_BRACKETS = r"\[[^\]]*(?:\]|\Z)|"
_DOLLARS = r"\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)|"
_ESCAPES = r"[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)|"
_DEEPEST_COMMENT = 8


def _make_nested_comment(depth: int) -> str:
    """A pattern of comments that hold comments, as PostgreSQL and DuckDB read them.

    At each character one alternative matches at most, so that nothing is tried twice: possessive quantifiers, which
    would say so, match wrongly in Python 3.11 before 3.11.5.
    """
    if depth == 1:
        return r"/\*(?:(?!\*/).)*(?:\*/|\Z)"
    return rf"/\*(?:{_make_nested_comment(depth - 1)}|(?!\*/|/\*).)*(?:\*/|\Z)"


@cache  # compiled for the engine that is there: one takes as long as several pairs
def _make_lexer(engine: str) -> re.Pattern[str]:
    quoted, comment = _BACKTICKS + _DOLLARS, _FLAT_COMMENT
    if engine == "sqlite":
        quoted = _BRACKETS + _BACKTICKS
    elif engine in {"duckdb", "postgres"}:
        quoted, comment = _ESCAPES + _DOLLARS, _make_nested_comment(_DEEPEST_COMMENT)
    return re.compile(_TOKENS.format(quoted=quoted, comment=comment), re.VERBOSE | re.DOTALL)


# Behind one of these, a semicolon may be part of a comment, or of a name or text that an engine quotes in its own way.
_MAY_HOLD_A_SEMICOLON = re.compile(r"""--|/\*|["`\[$\\]""")
_SELECT = "select"  # and whatever word begins so, which is none of the statements above
_YEAR_OF_TODAY = re.compile(r"YEAR\s*\(\s*CURDATE\s*\(\s*\)\s*\)\s*", re.IGNORECASE)


def split_tokens(sql: str, *, engine: str) -> Iterator[tuple[str, str]]:
    """Yield `(kind, text)` for every token of `sql`; the texts join to `sql` again.

    SQLite quotes names in brackets; other engines quote strings in dollars, and some nest comments.
    """
    for match in _make_lexer(engine).finditer(sql):
        kind = match.lastgroup or "other"
        yield ("quoted" if kind == "tag" else kind), match.group()


@lru_cache(maxsize=4096)
def find_unsafe_reason(sql: str, engine: str) -> str | None:
    """Say why `sql` is not one query that only reads, as far as its text shows; `None` where it may be.

    Text that is no statement at all (prose, nothing) is not unsafe but invalid, and gives `None`.
    """
    first = None
    ended = False
    only_last = sql.find(";") in {-1, len(sql.rstrip()) - 1}  # then nothing can follow, and one look will do
    if only_last and sql[: len(_SELECT)].lower() == _SELECT:
        return None
    for kind, text in split_tokens(sql, engine=engine):
        if kind in {"space", "comment"} or text == "(":
            continue
        if kind == "semicolon":
            ended = first is not None  # one before the statement ends none
            continue
        if ended:
            return "several statements, or text after the first"
        if first is None:
            first = text.lower() if kind == "word" else text
            if OTHER_KEYWORDS.fullmatch(first) and first not in _QUERIES_OF_AN_ENGINE.get(engine, ()):
                return f"a statement that is not a query: {first.upper()}"
            if only_last:
                return None
    return None


def cut_out_statement(sql: str, *, engine: str) -> str:
    """Return `sql` without the semicolons, and comments beside them, around its only statement.

    Some engines, and the libraries in front of them, take what follows a semicolon for another statement.
    """
    place = sql.find(";")
    if place == -1:
        return sql
    # Most texts have one semicolon, at their end and plainly outside of all else: then no token need be looked at.
    is_last = place == len(sql.rstrip()) - 1
    if is_last and sql.count("'") % 2 == 0 and not _MAY_HOLD_A_SEMICOLON.search(sql):
        return sql[:place].strip() or sql
    parts = list(split_tokens(sql, engine=engine))
    meant = [index for index, (kind, _) in enumerate(parts) if kind not in {"space", "comment", "semicolon"}]
    if not meant:
        return sql
    return "".join(text for _, text in parts[meant[0] : meant[-1] + 1])


def is_blank(sql: str, *, engine: str) -> bool:
    """Whether `sql` has no token but space, comments and semicolons."""
    if sql[:1].isalpha():
        return False
    return all(kind in {"space", "comment", "semicolon"} for kind, _ in split_tokens(sql, engine=engine))


def write_spider_text(sql: str, *, engine: str, keep_distinct: bool) -> str:
    """Return the text that Spider's execution match runs for `sql`.

    As in taoyds/test-suite-sql-eval (`exec_eval.py`): `> =`, `< =` and `! =` become one word wherever they are, the
    year of today's date becomes 2020, and unless `keep_distinct` every word DISTINCT is left out, in `COUNT(DISTINCT
    x)` too. Different here: `IS [NOT] DISTINCT FROM` and `DISTINCT ON` keep theirs, which is an operator's name and
    not a quantifier; the official evaluator makes a syntax error of them.
    """
    joined = sql.replace("> =", ">=").replace("< =", "<=").replace("! =", "!=")
    lowered = joined.lower()
    if "curdate" in lowered:
        joined = _YEAR_OF_TODAY.sub("2020", joined)
    if keep_distinct or "distinct" not in lowered:
        return joined
    return _drop_distinct(joined, engine)


def _drop_distinct(sql: str, engine: str) -> str:
    parts = list(split_tokens(sql, engine=engine))
    words = [
        (index, text.lower()) for index, (kind, text) in enumerate(parts) if kind not in {"space", "comment"}
    ]
    following = [text for _, text in words[1:]] + [""]
    dropped = {
        index
        for (index, text), after in zip(words, following, strict=True)
        if text == "distinct" and after not in {"from", "on"}
    }
    return "".join(text for index, (_, text) in enumerate(parts) if index not in dropped)


def orders_rows(gold_sql: str) -> bool:
    """Whether the order of rows counts: `order by` is anywhere in the gold text, as Spider's evaluator reads it."""
    return "order by" in gold_sql.lower()
