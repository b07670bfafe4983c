"""LookML read as a schema: which tables and columns its views are over, and which columns its explores join.

Views are taken with their refinements (`view: +name`) and `extends`. A view's table is its `sql_table_name`, or its own
name (derived tables are their view's name); its columns are what its fields' SQL takes from `${TABLE}`, a dimension
without SQL being its own column, and what a derived table puts out. The rules are those of Looker's reference
(https://cloud.google.com/looker/docs/reference/param-view-sql-table-name, …/param-explore-join-sql-on).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import lkml
import sqlglot
from msgspec import Struct
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from checks.errors import GovernanceError
from scorers.text_to_sql.reading.schema import ColumnPair, Schema, make_schema

Definition = dict[str, Any]

_COLUMN = re.compile(r'\$\{TABLE\}\s*\.\s*(?:"([^"]+)"|`([^`]+)`|\[([^\]]+)\]|(\w+))')
_FIELD = re.compile(r"\$\{(\w+)\.(\w+)\}")
_EQUALITY = re.compile(r"\$\{(\w+)\.(\w+)\}\s*=\s*\$\{(\w+)\.(\w+)\}")
_OTHER_TABLE = re.compile(r"\$\{(\w+)\.SQL_TABLE_NAME\}")
_TEMPLATE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|@\{\w+\}", re.DOTALL)
_FIELD_KINDS = ("dimensions", "dimension_groups", "measures", "filters", "parameters", "joins")


def read_lookml(paths: Iterable[Path]) -> Schema:
    """Return the schema of all views and explores in `paths`.

    Raises:
        GovernanceError: for a file that is not LookML, and for a view or explore that is used and nowhere defined.
    """
    views: dict[str, Definition] = {}
    explores: dict[str, Definition] = {}
    for kind, found in (("views", views), ("explores", explores)):
        for path, definition in _read_definitions(paths, kind):
            _add(path, kind, definition, found)
    resolved = {name: _extend(name, views, "view") for name in views}
    model = _LookmlModel(
        {name: view for name, view in resolved.items() if view.get("extension") != "required"}
    )
    keys = [
        pair
        for name in explores
        for pair in model.find_joined_columns(name, _extend(name, explores, "explore"))
    ]
    return make_schema(model.list_tables(), keys)


def _read_definitions(paths: Iterable[Path], kind: str) -> Iterator[tuple[Path, Definition]]:
    """Yield plain definitions before refinements, which may be in any file."""
    found: list[tuple[Path, Definition]] = []
    for path in paths:
        try:
            content = lkml.load(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError, OSError) as error:
            raise GovernanceError(f"{path}: cannot be read as LookML ({str(error).strip()[:200]})") from error
        found += [(path, definition) for definition in content.get(kind, [])]
    yield from sorted(found, key=lambda item: item[1]["name"].startswith("+"))


def _add(path: Path, kind: str, definition: Definition, found: dict[str, Definition]) -> None:
    name = definition["name"]
    if not name.startswith("+"):
        found[name] = definition
    elif name[1:] in found:
        found[name[1:]] = {**_merge(found[name[1:]], definition), "name": name[1:]}
    else:
        raise GovernanceError(f"{path}: {name} refines a {kind[:-1]} that no file defines; add its file")


def _merge(base: Definition, over: Definition) -> Definition:
    """Return `base` with what `over` says differently; fields are merged by name, key by key."""
    result = {**base, **over}
    for kind in _FIELD_KINDS:
        if kind in base and kind in over:
            fields = {field["name"]: field for field in base[kind]}
            for field in over[kind]:
                fields[field["name"]] = {**fields.get(field["name"], {}), **field}
            result[kind] = list(fields.values())
    return result


def _extend(name: str, known: Mapping[str, Definition], kind: str, below: tuple[str, ...] = ()) -> Definition:
    if name in below:
        raise GovernanceError(f"LookML {kind} {name}: extends itself ({' → '.join([*below, name])})")
    if name not in known:
        raise GovernanceError(
            f"LookML {kind} {below[-1]}: extends {name}, which no file defines; add its file"
        )
    definition = known[name]
    bases = [base for group in definition.get("extends__all", []) for base in group]
    result: Definition = {}
    for base in bases:
        inherited = _extend(base, known, kind, (*below, name))
        result = _merge(result, {key: value for key, value in inherited.items() if key != "extension"})
    return _merge(result, definition)


class _LookmlModel(Struct, frozen=True):
    views: Mapping[str, Definition]

    def list_tables(self) -> dict[str, list[str]]:
        """The columns of every table; views over one table add up."""
        tables: dict[str, dict[str, None]] = {}
        for name, view in self.views.items():
            columns = tables.setdefault(self.find_table(name).lower(), {})
            columns.update(dict.fromkeys(column.lower() for column in self._find_columns(view)))
        return {table: list(columns) for table, columns in tables.items()}

    def find_table(self, view_name: str, below: tuple[str, ...] = ()) -> str:
        """The table that a view is over, without its schema."""
        stated = self._find_view(view_name).get("sql_table_name")
        if stated is None or view_name in below:
            return view_name
        text = _TEMPLATE.sub(" ", stated).strip()
        if other := _OTHER_TABLE.search(text):
            return self.find_table(other.group(1), (*below, view_name))
        words = text.split()
        return words[-1].rpartition(".")[2].strip('"`[]') if words else view_name

    def _find_view(self, name: str) -> Definition:
        if name not in self.views:
            raise GovernanceError(f"LookML: the view {name} is used and no file defines it; add its file")
        return self.views[name]

    def _find_columns(self, view: Definition) -> Iterator[str]:
        for kind in ("dimensions", "dimension_groups", "measures"):
            for field in view.get(kind, []):
                if "sql" in field:
                    yield from _find_columns_in(field["sql"])
                elif kind != "measures":
                    yield field["name"]
        yield from _find_derived_columns(view.get("derived_table", {}))

    def find_joined_columns(self, name: str, explore: Definition) -> Iterator[ColumnPair]:
        """Yield the pairs of columns that an explore's joins equate, as `table.column`."""
        base = explore.get("view_name") or explore.get("from") or name
        views = {(explore.get("from") and name) or base: base}
        for join in explore.get("joins", []):
            views[join["name"]] = join.get("from", join["name"])
        for join in explore.get("joins", []):
            text = join.get("sql_on", "")
            for view in {view for view, _ in _FIELD.findall(text)}:
                self._find_view(views.get(view, view))
            for left, field, right, other in _EQUALITY.findall(text):
                yield from self._pair_columns(views.get(left, left), field, views.get(right, right), other)
            if "foreign_key" in join:
                view, _, field = join["foreign_key"].rpartition(".")
                joined = views[join["name"]]
                yield from self._pair_columns(
                    views.get(view, view) or base, field, joined, self._find_primary_key(joined)
                )

    def _find_primary_key(self, view: str) -> str:
        dimensions = self._find_view(view).get("dimensions", [])
        return next((field["name"] for field in dimensions if field.get("primary_key") == "yes"), "")

    def _pair_columns(self, left: str, field: str, right: str, other: str) -> Iterator[ColumnPair]:
        columns = [self._find_column(left, field), self._find_column(right, other)]
        if all(columns):
            yield f"{self.find_table(left)}.{columns[0]}", f"{self.find_table(right)}.{columns[1]}"

    def _find_column(self, view: str, field_name: str) -> str | None:
        """The one column behind a dimension; none where its SQL is more than a column."""
        for field in self._find_view(view).get("dimensions", []):
            if field["name"] == field_name:
                text = field.get("sql", f"${{TABLE}}.{field_name}").strip()
                match = _COLUMN.fullmatch(text)
                return next(filter(None, match.groups())) if match else None
        return None


def _find_columns_in(sql: str) -> Iterator[str]:
    for groups in _COLUMN.findall(sql):
        yield next(filter(None, groups))


def _find_derived_columns(derived: Definition) -> Iterator[str]:
    source = derived.get("explore_source", {})
    for kind in ("columns", "derived_columns"):
        for column in source.get(kind, []):
            yield column["name"]
    if "sql" in derived:
        text = _OTHER_TABLE.sub(r"\1", _TEMPLATE.sub(" ", derived["sql"]))
        try:
            query = sqlglot.parse_one(text, read="presto")
        except SqlglotError:
            return  # templates can leave no SQL behind; its dimensions still name its columns
        if isinstance(query, exp.Query):
            yield from (name for name in query.named_selects if name != "*")
