"""Tables and columns that a query names and the schema does not have.

A column is unknown where no table in reach of it has it: its own query's tables, those of the queries around it, and
the select list's aliases. What cannot be known (table functions, unnested lists, pivots) is taken to have every column.
"""

from collections.abc import Iterator

from msgspec import Struct, field
from sqlglot import expressions as exp

from scorers.text_to_sql.reading.schema import Schema

_ROW_IDS = frozenset({"rowid", "oid", "_rowid_"})
_SYSTEM_TABLES = frozenset({"sqlite_master", "sqlite_schema", "sqlite_sequence", "sqlite_stat1", "dual"})
_SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog"})
_WITHOUT_COLUMNS = (
    exp.Lambda,
    exp.Literal,
    exp.Identifier,
    exp.DataType,
)  # a lambda's parameters look like columns
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Like, exp.ILike, exp.Glob, exp.Is)

Columns = frozenset[str] | None  # None: any column may be there


class _Scope(Struct):
    """The tables in reach of one query, by the names that it gives them."""

    sources: dict[str, Columns] = field(default_factory=dict)
    aliases: set[str] = field(default_factory=set)
    outer: "_Scope | None" = None

    def walk_outwards(self) -> Iterator["_Scope"]:
        scope: _Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def has_column(self, name: str) -> bool:
        return any(
            name in scope.aliases
            or any(columns is None or name in columns for columns in scope.sources.values())
            for scope in self.walk_outwards()
        )

    def find_columns(self, source: str) -> tuple[bool, Columns]:
        for scope in self.walk_outwards():
            if source in scope.sources:
                return True, scope.sources[source]
        return False, None


def find_unknown_names(query: exp.Expr, schema: Schema, *, sql: str, engine: str) -> list[str]:
    """Return the unknown tables and columns of `query`, each once, in the order of their appearance.

    `sql` is the text that `query` was parsed from. SQLite takes an unknown name in double quotes for a text; here it is
    one only where it is compared with a known column or passed to a function among others, and unknown elsewhere (in
    the select list, grouping, ordering, alone in an aggregate, or compared with a literal).
    """
    finder = _Finder(schema, sql if engine == "sqlite" else "")
    finder.look_through(query, None, {})
    return list(dict.fromkeys(finder.found))


class _Finder:
    def __init__(self, schema: Schema, sqlite_text: str) -> None:
        self._schema, self._sqlite_text = schema, sqlite_text
        self.found: list[str] = []

    def look_through(self, node: exp.Expr, outer: _Scope | None, ctes: dict[str, Columns]) -> Columns:
        """Look through one query and return the names of its columns."""
        ctes = self._add_ctes(node, outer, ctes)
        if isinstance(node, exp.Subquery):
            return self._look_through_brackets(node, outer, ctes)
        if isinstance(node, exp.SetOperation):
            columns = self.look_through(node.this, outer, ctes)
            other = self.look_through(node.expression, outer, ctes)
            scope = _Scope({"": None if columns is None or other is None else columns | other}, outer=outer)
            self._walk_parts(node, ("order", "limit", "offset"), scope, ctes)
            return columns
        if isinstance(node, exp.Select):
            return self._look_through_select(node, outer, ctes)
        return None

    def _look_through_brackets(
        self, node: exp.Subquery, outer: _Scope | None, ctes: dict[str, Columns]
    ) -> Columns:
        columns = self.look_through(node.this, outer, ctes)
        self._walk_parts(node, ("order", "limit", "offset"), _Scope({"": columns}, outer=outer), ctes)
        return columns

    def _add_ctes(self, node: exp.Expr, outer: _Scope | None, ctes: dict[str, Columns]) -> dict[str, Columns]:
        clause = node.args.get("with_")
        if clause is None:
            return ctes
        known = dict(ctes)
        for cte in clause.expressions:
            name = cte.alias.lower()
            named = frozenset(column.name.lower() for column in cte.args["alias"].columns)
            if clause.recursive:
                known[name] = named or None
            columns = self.look_through(cte.this, outer, known)
            known[name] = named or columns
        return known

    def _look_through_select(
        self, node: exp.Select, outer: _Scope | None, ctes: dict[str, Columns]
    ) -> Columns:
        scope = _Scope(outer=outer)
        joins = node.args.get("joins") or []
        tables = [node.args["from_"].this] if node.args.get("from_") else []
        for source in [*tables, *(join.this for join in joins), *(node.args.get("laterals") or [])]:
            self._add_source(source, scope, ctes)
        scope.aliases = {selected.alias.lower() for selected in node.expressions if selected.alias}
        for join in joins:
            self._check_join(join, scope, ctes)
        for selected in node.expressions:
            self._check_quoted_column(selected.unalias(), scope)
            self._walk(selected, scope, ctes)
        self._walk_parts(
            node,
            ("distinct", "where", "group", "having", "qualify", "windows", "order", "limit"),
            scope,
            ctes,
        )
        return self._name_output(node, scope)

    def _check_join(self, join: exp.Join, scope: _Scope, ctes: dict[str, Columns]) -> None:
        self._walk_parts(join, ("on",), scope, ctes)
        for shared in join.args.get("using") or []:
            if not scope.has_column(shared.name.lower()):
                self.found.append(shared.name)

    def _add_source(self, source: exp.Expr, scope: _Scope, ctes: dict[str, Columns]) -> None:
        """Add one table, subquery or function of FROM to `scope`."""
        columns: Columns = None
        name = source.alias_or_name.lower()
        if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Table):
            self._add_source(source.this, scope, ctes)
            return
        if isinstance(source, exp.Table):
            columns = self._find_columns(source, ctes)
        elif isinstance(source, exp.Subquery):
            columns = self.look_through(source, scope, ctes)
        else:
            self._walk(source, scope, ctes)
        alias = source.args.get("alias")
        if isinstance(alias, exp.TableAlias) and alias.columns:
            renamed = frozenset(column.name.lower() for column in alias.columns)
            columns = (
                None
                if columns is None and isinstance(source, exp.Table)
                else renamed | (columns or frozenset())
            )
        scope.sources[name or f"#{len(scope.sources)}"] = None if source.args.get("pivots") else columns
        for join in source.args.get("joins") or []:  # of a join in brackets
            self._add_source(join.this, scope, ctes)
            self._check_join(join, scope, ctes)

    def _find_columns(self, table: exp.Table, ctes: dict[str, Columns]) -> Columns:
        if not isinstance(table.this, exp.Identifier):
            return None  # a table function
        name = table.name.lower()
        if not table.db and name in ctes:
            return ctes[name]
        if name in self._schema.columns:
            return self._schema.columns[name] | _ROW_IDS
        if name not in _SYSTEM_TABLES and table.db.lower() not in _SYSTEM_SCHEMAS:
            self.found.append(table.name)
        return None

    def _name_output(self, node: exp.Select, scope: _Scope) -> Columns:
        names: set[str] = set()
        for selected in node.expressions:
            if not selected.is_star:
                names.add(selected.alias_or_name.lower())
                continue
            starred = (
                [scope.find_columns(selected.table.lower())[1]]
                if isinstance(selected, exp.Column)
                else scope.sources.values()
            )
            for columns in starred:
                if columns is None:
                    return None
                names |= columns
        return frozenset(names)

    def _walk_parts(
        self, node: exp.Expr, parts: tuple[str, ...], scope: _Scope, ctes: dict[str, Columns]
    ) -> None:
        for part in parts:
            value = node.args.get(part)
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, exp.Group):
                    for grouped in child.expressions:
                        self._check_quoted_column(grouped, scope)
                if isinstance(child, exp.Expr):
                    self._walk(child, scope, ctes)

    def _walk(self, node: exp.Expr, scope: _Scope, ctes: dict[str, Columns]) -> None:
        """Look at every column below `node`, and into its subqueries."""
        if isinstance(node, exp.Query):
            self.look_through(node, scope, ctes)
            return
        if isinstance(node, exp.Column):
            self._check_column(node, scope)
            return
        if isinstance(node, exp.Comprehension):
            self._walk_comprehension(node, scope, ctes)
            return
        if isinstance(node, _WITHOUT_COLUMNS):
            return
        self._check_quoted_operand(node, scope)
        for value in node.args.values():
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, exp.Expr):
                    self._walk(child, scope, ctes)

    def _walk_comprehension(self, node: exp.Comprehension, scope: _Scope, ctes: dict[str, Columns]) -> None:
        """Look through DuckDB's `[this FOR x IN list IF condition]`, where `x` is an item of the list."""
        self._walk(node.args["iterator"], scope, ctes)
        names = {identifier.name.lower() for identifier in node.expression.find_all(exp.Identifier)}
        inner = _Scope(aliases=names, outer=scope)
        self._walk_parts(node, ("this", "condition"), inner, ctes)

    def _check_column(self, column: exp.Column, scope: _Scope) -> None:
        name, table = column.name.lower(), column.table.lower()
        if isinstance(column.this, exp.Star):
            name = ""
        if not table:
            if name and not scope.has_column(name) and not self._may_be_text(column):
                self.found.append(column.name)
            return
        is_source, columns = scope.find_columns(table)
        if is_source:
            if name and columns is not None and name not in columns:
                self.found.append(f"{column.table}.{column.name}")
        elif not scope.has_column(table):  # otherwise a field of a structure
            self.found.append(f"{column.table}.{column.name}")

    def _may_be_text(self, column: exp.Column) -> bool:
        return bool(self._sqlite_text) and column.this.quoted and f'"{column.name}"' in self._sqlite_text

    def _check_quoted_column(self, node: object, scope: _Scope) -> None:
        """Report a quoted name where a column must be, although SQLite would take it for a text."""
        if (
            isinstance(node, exp.Column)
            and not node.table
            and not isinstance(node.this, exp.Star)
            and self._may_be_text(node)
            and not scope.has_column(node.name.lower())
        ):
            self.found.append(node.name)

    def _check_quoted_operand(self, node: exp.Expr, scope: _Scope) -> None:
        if not self._sqlite_text:
            return
        if isinstance(node, (exp.AggFunc, exp.Ordered, exp.Between, exp.In)) or (
            isinstance(node, _COMPARISONS) and isinstance(node.expression, (exp.Literal, exp.Null))
        ):
            self._check_quoted_column(node.this, scope)
