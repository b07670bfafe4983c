"""Texts: which letters are told apart, how they are cut and joined."""

from collections.abc import Iterator

from sqlglot import expressions as exp

from scorers.text_to_sql.reading.dialects.typed_nodes import (
    POSTGRES,
    PRESTO,
    NotTranspilableError,
    Rule,
    fill_template,
    is_of,
    put_in_brackets,
)
from scorers.text_to_sql.reading.sql_reader import Way

# MySQL's and SQL Server's usual collations do not tell a from A either.
_LIKE_IGNORES_CASE = frozenset({"sqlite", "mysql", "tsql", "doris", "starrocks", "singlestore"})
COMPARES_WITHOUT_CASE = _LIKE_IGNORES_CASE - {"sqlite"}
_PLUS_JOINS = frozenset({"tsql", "fabric"})


def _rewrite_like(node: exp.Expr, way: Way) -> exp.Expr | None:
    """LIKE tells capitals from small letters in most dialects, and not in SQLite's and MySQL's."""
    ignores, engine_ignores = way.dialect in _LIKE_IGNORES_CASE, way.engine in _LIKE_IGNORES_CASE
    if ignores == engine_ignores:
        return None
    escape = node.parent.expression.name if isinstance(node.parent, exp.Escape) else None
    if ignores:
        return exp.ILike(this=node.this, expression=node.expression, negate=node.args.get("negate"))
    if not (isinstance(node.expression, exp.Literal) and way.engine == "sqlite"):
        raise NotTranspilableError(
            f"LIKE of a computed pattern tells capitals from small letters in {way.dialect}"
        )
    if escape is None and way.dialect not in PRESTO:
        escape = "\\"
    pattern = exp.Literal.string("".join(_write_glob(node.expression.name, escape)))
    glob = exp.Glob(this=put_in_brackets(node.this), expression=pattern)
    return exp.Not(this=glob) if node.args.get("negate") else glob


def _rewrite_escape(node: exp.Expr, _: Way) -> exp.Expr | None:
    return node.this if isinstance(node.this, (exp.Glob, exp.Not)) else None  # the pattern has its escapes


def _write_glob(pattern: str, escape: str | None) -> Iterator[str]:
    characters = iter(pattern)
    for character in characters:
        if character in "%_" and character != escape:
            yield "*" if character == "%" else "?"
            continue
        plain = next(characters, "") if character == escape else character
        yield f"[{plain}]" if plain and plain in "*?[" else plain


def _rewrite_substring(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Positions below 1: before the text for PostgreSQL, counted from its end for others, nothing at 0 for Presto."""
    start = node.args.get("start")
    if start is None or not (start.is_int or isinstance(start, exp.Neg)):
        return None
    position = int(start.to_py()) if start.is_int else -1
    rule, engine_rule = (
        _choose_rule_below_one(way.dialect, position),
        _choose_rule_below_one(way.engine, position),
    )
    if position >= 1 or rule == engine_rule:
        return None
    length = node.args.get("length")
    if rule == "before" and start.is_int and (length is None or length.is_int):
        rest = None if length is None else exp.Literal.number(max(0, int(length.to_py()) + position - 1))
        return exp.Substring(this=node.this, start=exp.Literal.number(1), length=rest)
    raise NotTranspilableError(f"SUBSTR from position {start.sql()} is another text in {way.dialect}")


def _rewrite_end_of_text(node: exp.Expr, way: Way) -> exp.Expr | None:
    """SQLite has no LEFT and RIGHT."""
    count = node.expression
    if way.engine != "sqlite" or not (count.is_int and int(count.to_py()) > 0):
        return None
    start = f"1, {count.name}" if isinstance(node, exp.Left) else f"-{count.name}"
    return fill_template(f"SUBSTR({{0}}, {start})", way, node.this)


def _rewrite_length(node: exp.Expr, way: Way) -> exp.Expr | None:
    """SQL Server's LEN does not count blanks at the end."""
    return exp.Length(this=exp.func("RTRIM", node.this.copy())) if way.dialect in _PLUS_JOINS else None


def _rewrite_plus(node: exp.Expr, way: Way) -> exp.Expr | None:
    """SQL Server's + joins texts; for SQLite it would be a sum of numbers."""
    if way.dialect not in _PLUS_JOINS:
        return None
    sides = (node.this, node.expression)
    if not any(is_of(side, *exp.DataType.TEXT_TYPES) for side in sides):
        return None
    node.type = exp.DataType.build("text")  # for what is around it
    if not all(is_of(side, *exp.DataType.TEXT_TYPES, exp.DataType.Type.NULL) for side in sides):
        raise NotTranspilableError(f"+ of a text and what may be a number in {way.dialect}")
    return exp.Paren(this=exp.DPipe(this=put_in_brackets(sides[0]), expression=put_in_brackets(sides[1])))


def _choose_rule_below_one(dialect: str, position: int) -> str:
    if dialect in POSTGRES:
        return "before"
    if position < 0:
        return "from the end"
    return "before" if dialect in {"sqlite", "duckdb"} else "nothing"


def _rewrite_concatenation(node: exp.Expr, way: Way) -> exp.Expr | None:
    if way.engine != "sqlite":
        return None
    skips_null = node.args.get("coalesce")
    parts = [put_in_brackets(part) for part in node.expressions]
    if skips_null:
        parts = [exp.Coalesce(this=part, expressions=[exp.Literal.string("")]) for part in parts]
    joined = parts[0]
    for part in parts[1:]:
        joined = exp.DPipe(this=joined, expression=part)
    return exp.Paren(this=joined)


def _rewrite_equality(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Compare texts without case where the dialect does."""
    if way.dialect not in COMPARES_WITHOUT_CASE:
        return None
    values = [node.this, *([node.expression] if isinstance(node, exp.Binary) else node.expressions)]
    if not all(is_of(value, *exp.DataType.TEXT_TYPES) for value in values):
        return None
    lowered = node.copy()
    for value in [
        lowered.this,
        *([lowered.expression] if isinstance(lowered, exp.Binary) else lowered.expressions),
    ]:
        value.replace(exp.Lower(this=value.copy()))
    return lowered


TEXT_RULES: tuple[Rule, ...] = (
    (exp.Like, _rewrite_like),
    (exp.Escape, _rewrite_escape),
    (exp.Substring, _rewrite_substring),
    ((exp.Left, exp.Right), _rewrite_end_of_text),
    (exp.Length, _rewrite_length),
    (exp.Add, _rewrite_plus),
    (exp.Concat, _rewrite_concatenation),
    ((exp.EQ, exp.NEQ, exp.In), _rewrite_equality),
)
