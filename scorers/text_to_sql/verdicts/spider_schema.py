"""A database's schema as Spider's exact set match sees it.

Source of the definition: `evaluation.py` of the Spider benchmark (`build_foreign_key_map`).
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

from msgspec import Struct, field

from scorers.text_to_sql.reading.schema import ColumnPair, Schema


class SpiderSchema(Struct, frozen=True, dict=True):
    """The tables with their columns, and which column is compared instead of those that foreign keys equate with it."""

    tables: dict[str, frozenset[str]]
    representatives: dict[str, str] = field(default_factory=dict)

    @cached_property
    def representatives_by_table(self) -> dict[str, dict[str, str]]:
        """The same by the table of the column that is not compared: every query asks for its tables."""
        found: dict[str, dict[str, str]] = {}
        for column, representative in self.representatives.items():
            found.setdefault(column.partition(".")[0], {})[column] = representative
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """The tables, each by its own name."""
        return {table: table for table in self.tables}


def make_spider_schema(schema: Schema) -> SpiderSchema:
    """Return `schema` without its views, and with one column for those that foreign keys equate."""
    tables = {table: columns for table, columns in schema.columns.items() if table not in schema.views}
    names = [f"{table}.{column}" for table, columns in schema.tables.items() for column in columns]
    order = {name: number for number, name in enumerate(names)}
    return SpiderSchema(tables, _choose_representatives(schema.foreign_keys, order))


def _choose_representatives(pairs: Iterable[ColumnPair], order: Mapping[str, int]) -> dict[str, str]:
    """Map each column in a foreign key to the first column of its group.

    A pair joins the first group that has either column, and groups are never merged, as in the official
    `build_foreign_key_map`.
    """
    groups: list[set[str]] = []
    for pair in pairs:
        if not order.keys() >= set(pair):
            continue
        group = next((group for group in groups if not group.isdisjoint(pair)), None)
        if group is None:
            groups.append(group := set())
        group.update(pair)
    return {column: min(group, key=order.__getitem__) for group in groups for column in group}
