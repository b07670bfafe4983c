"""A query as Spider's exact set match sees it: the values that `spider_grammar` reads and `component_match` compares.

Columns are named `table.column`, tables `table`, and `*` is itself, all in lower case.
"""

from msgspec import Struct


class Column(Struct, frozen=True, gc=False):
    """A column, perhaps aggregated."""

    aggregate: str
    name: str
    distinct: bool | None


class Value(Struct, frozen=True, gc=False):
    """One column, or two with an operator between them."""

    operator: str
    left: Column
    right: Column | None


class Comparison(Struct, frozen=True, gc=False):
    """One comparison; an operand is a literal, a column, a subquery, or absent."""

    negated: bool
    operator: str
    value: Value
    first: "Operand"
    second: "Operand"


class Query(Struct, frozen=True, gc=False):
    """A parsed query: `joins`, `where` and `having` alternate conditions with `and` or `or`."""

    tables: tuple["str | Query", ...]
    joins: tuple[Comparison | str, ...]
    select: tuple[tuple[str, Value], ...]
    distinct: bool | None
    where: tuple[Comparison | str, ...]
    group_by: tuple[Column, ...]
    having: tuple[Comparison | str, ...]
    order_by: tuple[str, tuple[Value, ...]] | None
    limited: bool
    set_operation: "tuple[str, Query] | None"


Operand = str | float | Column | Query | None
