"""What tables and columns there are: the values that live databases, DDL and LookML are read into."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, field

ColumnPair = tuple[str, str]


class Schema(Struct, frozen=True, dict=True):
    """Tables with their columns, all names in lower case and without catalogue or schema.

    `foreign_keys` are pairs of `table.column`; `views` names the tables that are views. `types` are the columns' types
    as the database writes them, where it is known what they are.
    """

    tables: Mapping[str, tuple[str, ...]]
    foreign_keys: tuple[ColumnPair, ...] = ()
    views: frozenset[str] = frozenset()
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def columns(self) -> dict[str, frozenset[str]]:
        """The columns of each table as a set."""
        return {table: frozenset(columns) for table, columns in self.tables.items()}

    def as_json(self) -> dict[str, Any]:
        """Return the schema for another process."""
        return {
            "tables": {table: list(columns) for table, columns in self.tables.items()},
            "foreign_keys": [list(pair) for pair in self.foreign_keys],
            "views": sorted(self.views),
        }


def read_schema_json(value: Mapping[str, Any]) -> Schema:
    """Read back `Schema.as_json`."""
    return make_schema(
        value["tables"], [(left, right) for left, right in value["foreign_keys"]], value["views"]
    )


def make_schema(
    tables: Mapping[str, Iterable[str]],
    foreign_keys: Iterable[ColumnPair] = (),
    views: Iterable[str] = (),
    types: Mapping[str, Mapping[str, str]] | None = None,
) -> Schema:
    """Return a schema, every name in lower case."""
    return Schema(
        {table.lower(): tuple(column.lower() for column in columns) for table, columns in tables.items()},
        tuple((left.lower(), right.lower()) for left, right in foreign_keys),
        frozenset(view.lower() for view in views),
        {table.lower(): _lower_types(columns) for table, columns in (types or {}).items()},
    )


def _lower_types(columns: Mapping[str, str]) -> dict[str, str]:
    """Return the types of the columns that have one."""
    return {column.lower(): kind for column, kind in columns.items() if kind}
