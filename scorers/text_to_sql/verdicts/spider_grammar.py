"""The part of SQL that Spider's exact set match understands, read as its published parser reads it.

Source of the definition: `process_sql.py` of Yu et al., "Spider: A Large-Scale Human-Labeled Dataset for Complex and
Cross-Domain Semantic Parsing and Text-to-SQL Task" (EMNLP 2018). A verdict of that benchmark depends on what the parser
refuses (CTEs, outer joins, aliases without AS, `<>`, `a=b` without spaces, …) and on what it passes over, so both are
kept: a query that the official parser refuses is `None` here.
"""

from scorers.text_to_sql.verdicts.spider_query import Column, Comparison, Operand, Query, Value
from scorers.text_to_sql.verdicts.spider_schema import SpiderSchema
from scorers.text_to_sql.verdicts.spider_words import tokenize

AGGREGATES = ("none", "max", "min", "count", "sum", "avg")
OPERATORS = ("none", "-", "+", "*", "/")
COMPARISONS = frozenset({"not", "between", "=", ">", "<", ">=", "<=", "!=", "in", "like", "is", "exists"})
CLAUSES = frozenset({"select", "from", "where", "group", "order", "limit", "intersect", "union", "except"})
JOINS = frozenset({"join", "on", "as"})
SET_OPERATIONS = ("intersect", "union", "except")
CLOSING = frozenset({")", ";"})
_END = ("",) * 5  # beyond the last word there are empty ones, more than any rule steps over
_BEHIND_FROM = frozenset({"where", "group", "having", "order", "limit"})
_BEFORE_NAMES = frozenset({"(", "distinct", *AGGREGATES})
_END_OF_CLAUSE = CLAUSES | CLOSING | {""}
_END_OF_OPERAND = CLAUSES | JOINS | {",", ")", "and", ""}

_Conditions = tuple[Comparison | str, ...]
_Clauses = tuple[_Conditions, tuple[Column, ...], _Conditions, tuple[str, tuple[Value, ...]] | None, bool]


class _RefusedError(Exception):
    """The official parser fails on this query."""


def parse_spider_sql(sql: str, schema: SpiderSchema) -> Query | None:
    """Return `sql` as Spider's parser reads it over `schema`, or `None` where that parser fails."""
    tokens = tokenize(sql)
    if tokens is None:
        return None
    try:
        return _Parser(tokens, schema, _find_aliases(tokens, schema)).read_query()
    except (_RefusedError, RecursionError):
        return None


def _find_aliases(tokens: list[str], schema: SpiderSchema) -> dict[str, str]:
    """Return which table or column every name after an AS means, wherever it is used; tables mean themselves."""
    if "as" not in tokens:
        return schema.names
    aliases = {}
    for index, word in enumerate(tokens):
        if word == "as":
            if index + 1 == len(tokens):
                raise _RefusedError
            aliases[tokens[index + 1]] = tokens[index - 1]
    if not aliases.keys().isdisjoint(schema.tables):
        raise _RefusedError
    return {**aliases, **schema.names}


class _Parser:
    """Reads tokens from left to right; beyond the last one every word is empty."""

    def __init__(self, tokens: list[str], schema: SpiderSchema, aliases: dict[str, str]) -> None:
        self._tokens, self._schema, self._aliases = [*tokens, *_END], schema, aliases
        self._go_to(0)

    def _go_to(self, position: int) -> None:
        self._position, self._word = position, self._tokens[position]

    def _step(self) -> None:
        self._position += 1
        self._word = self._tokens[self._position]

    def _skip(self, word: str) -> bool:
        """Step over `word` if it is next, and say whether it was."""
        if self._word != word:
            return False
        self._step()
        return True

    def _need(self, word: str) -> None:
        if not self._skip(word):
            raise _RefusedError

    @property
    def _at_end_of_clause(self) -> bool:
        return self._word in _END_OF_CLAUSE

    def read_query(self) -> Query:
        block = self._skip("(")
        start = self._position
        tables, joins, scope = self._read_from()
        end_of_from = self._position
        self._go_to(start)
        distinct, select = self._read_select(scope)
        self._go_to(end_of_from)
        where, group_by, having, order_by, limited = self._read_clauses(scope)
        self._skip_semicolons()
        if block:
            self._need(")")
        self._skip_semicolons()
        operation = None
        if self._word in SET_OPERATIONS:
            operator = self._word
            self._step()
            operation = (operator, self.read_query())
        return Query(tables, joins, select, distinct, where, group_by, having, order_by, limited, operation)

    def _read_clauses(self, scope: list[str]) -> _Clauses:
        """Read what may follow FROM."""
        if self._word not in _BEHIND_FROM:
            return (), (), (), None, False
        where = self._read_conditions(scope) if self._skip("where") else ()
        group_by = self._read_group_by(scope)
        having = self._read_conditions(scope) if self._skip("having") else ()
        return where, group_by, having, self._read_order_by(scope), self._read_limit()

    def _skip_semicolons(self) -> None:
        while self._skip(";"):
            pass

    def _read_from(self) -> tuple[tuple[str | Query, ...], tuple[Comparison | str, ...], list[str]]:
        """Read the first FROM after here, which is another query's where SELECT holds a subquery."""
        try:
            self._go_to(self._tokens.index("from", self._position) + 1)
        except ValueError as error:
            raise _RefusedError from error
        tables: list[str | Query] = []
        joins: list[Comparison | str] = []
        scope: list[str] = []
        while self._word:
            block = self._skip("(")
            if self._word == "select":
                tables.append(self.read_query())
            else:
                self._skip("join")
                scope.append(self._read_table())
                tables.append(scope[-1])
            if self._skip("on"):
                conditions = self._read_conditions(scope)
                joins += ["and", *conditions] if joins else conditions
            if block:
                self._need(")")
            if self._at_end_of_clause:
                break
        return tuple(tables), tuple(joins), scope

    def _read_table(self) -> str:
        table = self._aliases.get(self._word)
        if table not in self._schema.tables:
            raise _RefusedError
        self._step()
        if self._skip("as"):
            self._step()
        return table

    def _read_select(self, scope: list[str]) -> tuple[bool, tuple[tuple[str, Value], ...]]:
        self._need("select")
        distinct = self._skip("distinct")
        selected = []
        while self._word and self._word not in CLAUSES:
            aggregate = "none"
            if self._word in AGGREGATES:
                aggregate = self._word
                self._step()
            selected.append((aggregate, self._read_value(scope)))
            self._skip(",")
        return distinct, tuple(selected)

    def _read_value(self, scope: list[str]) -> Value:
        block = self._skip("(")
        left, operator, right = self._read_column(scope), "none", None
        if self._word in OPERATORS:
            operator = self._word
            self._step()
            right = self._read_column(scope)
        if block:
            self._need(")")
        return Value(operator, left, right)

    def _read_column(self, scope: list[str]) -> Column:
        if (
            self._word not in _BEFORE_NAMES
        ):  # as most columns are: it is looked at once, not for each of these
            return Column("none", self._read_name(scope), False)
        block = self._skip("(")
        if self._word in AGGREGATES:
            aggregate = self._word
            self._step()
            self._need("(")
            distinct = self._skip("distinct")
            name = self._read_name(scope)
            self._need(")")
            return Column(aggregate, name, distinct)  # a block stays open: the official parser leaves it so
        distinct = self._skip("distinct")
        name = self._read_name(scope)
        if block:
            self._need(")")
        return Column("none", name, distinct)

    def _read_name(self, scope: list[str]) -> str:
        word = self._word
        self._step()
        if word == "*":
            return word
        if "." in word:
            qualifier, _, column = word.partition(".")
            table = self._aliases.get(qualifier, "")
            if column not in self._schema.tables.get(table, ()):
                raise _RefusedError
            return f"{table}.{column}"
        for table in scope:
            if word in self._schema.tables[table]:
                return f"{table}.{word}"
        raise _RefusedError

    def _read_conditions(self, scope: list[str]) -> _Conditions:
        conditions: list[Comparison | str] = []
        while self._word:
            value = self._read_value(scope)
            negated = self._skip("not")
            comparison = self._word
            if comparison not in COMPARISONS:
                raise _RefusedError
            self._step()
            first, second = self._read_operand(scope), None
            if comparison == "between":
                self._need("and")
                second = self._read_operand(scope)
            conditions.append(Comparison(negated, comparison, value, first, second))
            if self._at_end_of_clause or self._word in JOINS:
                break
            if self._word in {"and", "or"}:
                conditions.append(self._word)
                self._step()
        return tuple(conditions)

    def _read_operand(self, scope: list[str]) -> Operand:
        start = self._position
        block = self._skip("(")
        operand: Operand
        if self._word == "select":
            operand = self.read_query()
        elif '"' in self._word:
            operand = self._word
            self._step()
        else:
            operand = self._read_number_or_column(start, scope)
        if block:
            self._need(")")
        return operand

    def _read_number_or_column(self, start: int, scope: list[str]) -> float | Column:
        """Read a number; or a column, passing over all that follows it up to a comma, bracket, AND or clause."""
        try:
            number = float(self._word)
        except ValueError:
            pass
        else:
            self._step()
            return number
        end = self._position
        while self._tokens[end] not in _END_OF_OPERAND:
            end += 1
        column = _Parser(self._tokens[start:end], self._schema, self._aliases)._read_column(scope)
        self._go_to(end)
        return column

    def _read_group_by(self, scope: list[str]) -> tuple[Column, ...]:
        if not self._skip("group"):
            return ()
        self._need("by")
        columns = []
        while not self._at_end_of_clause:
            columns.append(self._read_column(scope))
            if not self._skip(","):
                break
        return tuple(columns)

    def _read_order_by(self, scope: list[str]) -> tuple[str, tuple[Value, ...]] | None:
        if not self._skip("order"):
            return None
        self._need("by")
        direction = "asc"
        values: list[Value] = []
        while not self._at_end_of_clause:
            values.append(self._read_value(scope))
            if self._word in {"asc", "desc"}:
                direction = self._word  # the last one counts for all
                self._step()
            if not self._skip(","):
                break
        return direction, tuple(values)

    def _read_limit(self) -> bool:
        if not self._skip("limit"):
            return False
        if not self._word:
            raise _RefusedError
        self._step()  # its number does not count
        return True
