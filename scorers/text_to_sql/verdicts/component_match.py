"""Spider's exact set match: two queries have the same components, whatever their literals.

Source of the definition: `evaluation.py` of Yu et al., "Spider" (EMNLP 2018), with its defaults: literals and DISTINCT
do not count, columns that foreign keys equate are one column. Each component of SELECT, WHERE and GROUP BY is compared
as a bag, HAVING and ORDER BY as they stand, LIMIT by its presence.
"""

from collections import Counter
from collections.abc import Hashable

from scorers.text_to_sql.verdicts.spider_query import (
    Column,
    Comparison,
    Operand,
    Query,
    Value,
)
from scorers.text_to_sql.verdicts.spider_schema import SpiderSchema

Conditions = tuple[Comparison | str, ...]


def is_component_match(gold: Query, predicted: Query) -> bool:
    """Whether two normalised queries have the same components."""
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
    return operator == other_operator and is_component_match(query, other)


def _list_keywords(query: Query) -> set[str]:
    every = (query.joins, query.where, query.having)
    conditions = [unit for part in every for unit in part[::2] if isinstance(unit, Comparison)]
    present = {
        "where": bool(query.where),
        "group": bool(query.group_by),
        "having": bool(query.having),
        "order": query.order_by is not None,
        "limit": query.limited,
        "or": any("or" in part[1::2] for part in every),
        "not": any(condition.negated for condition in conditions),
        "in": any(condition.operator == "in" for condition in conditions),
        "like": any(condition.operator == "like" for condition in conditions),
    }
    return {keyword for keyword, is_there in present.items() if is_there}


def normalise(query: Query, schema: SpiderSchema) -> Query:
    """Return `query` with what does not count taken out: literals, DISTINCT, and which of equated columns is named.

    As the official evaluator does it, subqueries in FROM keep all of it, and subqueries in conditions lose their
    literals only.
    """
    tables = {table for table in query.tables if isinstance(table, str)}
    renamed = {
        column: representative
        for column, representative in schema.representatives.items()
        if column.partition(".")[0] in tables
    }
    return _normalise_query(query, renamed)


def _drop_literals(query: Query) -> Query:
    operation = query.set_operation
    return query._replace(
        joins=_drop_literals_of_conditions(query.joins),
        where=_drop_literals_of_conditions(query.where),
        having=_drop_literals_of_conditions(query.having),
        set_operation=operation and (operation[0], _drop_literals(operation[1])),
    )


def _drop_literals_of_conditions(conditions: Conditions) -> Conditions:
    return tuple(
        unit._replace(first=_keep_subquery(unit.first), second=_keep_subquery(unit.second))
        if isinstance(unit, Comparison)
        else unit
        for unit in conditions
    )


def _keep_subquery(operand: Operand) -> Query | None:
    return _drop_literals(operand) if isinstance(operand, Query) else None


def _normalise_query(query: Query, renamed: dict[str, str]) -> Query:
    def column(old: Column) -> Column:
        return Column(old.aggregate, renamed.get(old.name, old.name), None)

    def value(old: Value) -> Value:
        return Value(old.operator, column(old.left), old.right and column(old.right))

    def conditions(old: Conditions) -> Conditions:
        return tuple(
            Comparison(
                unit.negated,
                unit.operator,
                value(unit.value),
                _keep_subquery(unit.first),
                _keep_subquery(unit.second),
            )
            if isinstance(unit, Comparison)
            else unit
            for unit in old
        )

    order_by, operation = query.order_by, query.set_operation
    return Query(
        query.tables,
        conditions(query.joins),
        tuple((aggregate, value(selected)) for aggregate, selected in query.select),
        None,
        conditions(query.where),
        tuple(column(grouped) for grouped in query.group_by),
        conditions(query.having),
        order_by and (order_by[0], tuple(value(ordered) for ordered in order_by[1])),
        query.limited,
        operation and (operation[0], _normalise_query(operation[1], renamed)),
    )
