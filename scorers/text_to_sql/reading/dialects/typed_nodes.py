"""What the rules of all dialects are made of: nodes whose types are known, and the engine's own SQL around them."""

from collections.abc import Callable

from sqlglot import expressions as exp
from sqlglot import parse_one

from scorers.text_to_sql.reading.sql_reader import Way

Rule = tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Callable[[exp.Expr, Way], exp.Expr | None]]
"""Nodes, and what returns one that means for the engine what such a node means in the dialect.

It returns `None` where sqlglot writes the node right, and raises `NotTranspilableError` where nothing is known to mean
the same.
"""

PRESTO = frozenset({"presto", "trino", "athena"})
POSTGRES = frozenset({"postgres", "redshift", "materialize", "risingwave"})
INTEGERS = exp.DataType.INTEGER_TYPES


class NotTranspilableError(Exception):
    """The text cannot be carried over to the engine; the message says why."""


def is_of(node: exp.Expr, *kinds: object) -> bool:
    """Return whether the type of `node` is known, and one of `kinds`."""
    return node.type is not None and node.type.this in kinds


def is_known(node: exp.Expr) -> bool:
    """Return whether a type of `node` is known."""
    return node.type is not None and not is_of(node, exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL)


def is_integer(node: exp.Expr) -> bool:
    """Return whether `node` is known to be an integer."""
    return is_of(node, *INTEGERS)


def is_temporal(node: exp.Expr) -> bool:
    """Return whether `node` is known to be a date, a time or a moment."""
    return is_of(node, *exp.DataType.TEMPORAL_TYPES)


def fill_template(text: str, way: Way, *parts: exp.Expr) -> exp.Expr:
    """Return a tree of the engine's own SQL, with `parts` in the places of its braces."""
    names = [f"__part_{number}" for number, _ in enumerate(parts)]
    tree = parse_one(text.format(*names), read=way.engine)
    given = dict(zip(names, parts, strict=True))

    def filled(node: exp.Expr) -> exp.Expr:
        part = given.get(node.name) if isinstance(node, exp.Column) else None
        return node if part is None else put_in_brackets(part)

    return exp.Paren(this=tree.transform(filled))


def put_in_brackets(part: exp.Expr) -> exp.Expr:
    """Return a copy of `part` that keeps together wherever it is put."""
    return exp.Paren(this=part.copy()) if isinstance(part, exp.Binary) else part.copy()
