"""Spider's exact set match: two queries have the same components, whatever their literals.

Source of the definition: `evaluation.py` of Yu et al., "Spider" (EMNLP 2018), with its defaults: literals and DISTINCT
do not count, columns that foreign keys equate are one column. Each component of SELECT, WHERE and GROUP BY is compared
as a bag, HAVING and ORDER BY in their order, LIMIT by its presence.
"""

from collections import Counter
from collections.abc import Hashable
from functools import cached_property

from msgspec.structs import replace

from scorers.text_to_sql.verdicts.spider_query import (
    Column,
    Comparison,
    Operand,
    Query,
    Value,
)
from scorers.text_to_sql.verdicts.spider_schema import SpiderSchema

Conditions = tuple[Comparison | str, ...]


class ComparableQuery:
    """A query as Spider's parser read it over a schema, and what of it counts, found where a comparison asks for it."""

    def __init__(self, query: Query, schema: SpiderSchema) -> None:
        self.query, self._schema = query, schema

    @cached_property
    def counted(self) -> Query:
        """The query without what does not count."""
        return _normalise(self.query, self._schema)


def is_component_match(gold: ComparableQuery, predicted: ComparableQuery) -> bool:
    """Whether two queries over one schema have the same components."""
    # Most pairs are told by what was read: they are equal with all that does not count, or ask other tables.
    if gold.query == predicted.query:
        return True
    if not _is_same_bag(gold.query.tables, predicted.query.tables):
        return False
    return _have_same_components(gold.counted, predicted.counted)


def _have_same_components(gold: Query, predicted: Query) -> bool:
    return (
        _is_same_bag(gold.select, predicted.select)
        and _is_same_bag(gold.where[::2], predicted.where[::2])
        and set(gold.where[1::2]) == set(predicted.where[1::2])
        and _do_groups_match(gold, predicted)
        and _do_orders_match(gold, predicted)
        and _is_same_bag(gold.tables, predicted.tables)
        and _do_set_operations_match(gold, predicted)
        and _list_keywords(gold) == _list_keywords(predicted)
    )


def _is_same_bag(left: tuple[Hashable, ...], right: tuple[Hashable, ...]) -> bool:
    return left == right or (len(left) == len(right) and Counter(left) == Counter(right))


def _do_groups_match(gold: Query, predicted: Query) -> bool:
    if not gold.group_by and not predicted.group_by:
        return True
    names = [[column.name for column in query.group_by] for query in (gold, predicted)]
    return names[0] == names[1] and gold.having == predicted.having


def _do_orders_match(gold: Query, predicted: Query) -> bool:
    if gold.order_by is None and predicted.order_by is None:
        return True
    return gold.order_by == predicted.order_by and gold.limited == predicted.limited


def _do_set_operations_match(gold: Query, predicted: Query) -> bool:
    if gold.set_operation is None or predicted.set_operation is None:
        return gold.set_operation is predicted.set_operation
    operator, query = gold.set_operation
    other_operator, other = predicted.set_operation
    return operator == other_operator and _have_same_components(query, other)


def _list_keywords(query: Query) -> set[str]:
    every = (query.joins, query.where, query.having)
    units = [unit for part in every for unit in part[::2]]
    comparisons = [unit for unit in units if isinstance(unit, Comparison)]
    operators = {comparison.operator for comparison in comparisons}
    present = {
        "where": bool(query.where),
        "group": bool(query.group_by),
        "having": bool(query.having),
        "order": query.order_by is not None,
        "limit": query.limited,
        "or": any("or" in part[1::2] for part in every),
        "not": any(comparison.negated for comparison in comparisons),
        "in": "in" in operators,
        "like": "like" in operators,
    }
    return {keyword for keyword, is_there in present.items() if is_there}


def _normalise(query: Query, schema: SpiderSchema) -> Query:
    """Return `query` with what does not count taken out: literals, DISTINCT, and which of equated columns is named.

    As the official evaluator does it, subqueries in FROM keep all of it, and subqueries in conditions lose their
    literals only.
    """
    renamed: dict[str, str] = {}
    for table in query.tables:
        if isinstance(table, str):
            renamed |= schema.representatives_by_table.get(table, {})
    return _normalise_query(query, renamed)


def _drop_literals(query: Query) -> Query:
    operation = query.set_operation
    return replace(
        query,
        joins=_drop_literals_of_conditions(query.joins),
        where=_drop_literals_of_conditions(query.where),
        having=_drop_literals_of_conditions(query.having),
        set_operation=operation and (operation[0], _drop_literals(operation[1])),
    )


def _drop_literals_of_conditions(conditions: Conditions) -> Conditions:
    return tuple(unit if isinstance(unit, str) else _drop_literals_of_comparison(unit) for unit in conditions)


def _drop_literals_of_comparison(comparison: Comparison) -> Comparison:
    first, second = _keep_subquery(comparison.first), _keep_subquery(comparison.second)
    return Comparison(comparison.negated, comparison.operator, comparison.value, first, second)


def _keep_subquery(operand: Operand) -> Query | None:
    return _drop_literals(operand) if isinstance(operand, Query) else None


def _normalise_query(query: Query, renamed: dict[str, str]) -> Query:
    def rename_column(old: Column) -> Column:
        return Column(old.aggregate, renamed.get(old.name, old.name), None)

    def rename_value(old: Value) -> Value:
        return Value(old.operator, rename_column(old.left), old.right and rename_column(old.right))

    def rename_comparison(old: Comparison) -> Comparison:
        first, second = _keep_subquery(old.first), _keep_subquery(old.second)
        return Comparison(old.negated, old.operator, rename_value(old.value), first, second)

    def rename_conditions(old: Conditions) -> Conditions:
        return tuple(unit if isinstance(unit, str) else rename_comparison(unit) for unit in old)

    order_by, operation = query.order_by, query.set_operation
    if order_by is not None:
        direction, values = order_by
        order_by = direction, tuple(map(rename_value, values))
    if operation is not None:
        # The other query's columns are renamed by this one's tables, as the official evaluator does it.
        operator, other = operation
        operation = operator, _normalise_query(other, renamed)
    return Query(
        query.tables,
        rename_conditions(query.joins),
        tuple((aggregate, rename_value(selected)) for aggregate, selected in query.select),
        None,  # DISTINCT does not count
        rename_conditions(query.where),
        tuple(map(rename_column, query.group_by)),
        rename_conditions(query.having),
        order_by,
        query.limited,
        operation,
    )
