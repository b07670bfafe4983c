"""From the dialect that SQL is written in to the engine that runs it, without a change of meaning.

sqlglot writes the other dialect. What it writes alike although the dialects mean different things by it is written anew
by the rules in `dialects/`, by the types of the columns where they decide; what cannot be carried over is refused with
its reason.
"""

from sqlglot import expressions as exp
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from scorers.text_to_sql.reading.dialects.date_rules import DATE_RULES
from scorers.text_to_sql.reading.dialects.number_rules import NUMBER_RULES
from scorers.text_to_sql.reading.dialects.text_rules import COMPARES_WITHOUT_CASE, TEXT_RULES
from scorers.text_to_sql.reading.dialects.typed_nodes import NotTranspilableError
from scorers.text_to_sql.reading.schema import Schema
from scorers.text_to_sql.reading.sql_reader import Way

_RULES = (*NUMBER_RULES, *TEXT_RULES, *DATE_RULES)
_TYPED = (exp.Div, exp.Mod, exp.Cast, exp.Round, exp.Avg, exp.Add, exp.Sub, exp.DateDiff, exp.TimestampDiff)


def transpile(query: exp.Expr, way: Way) -> str:
    """Return `query`, which was parsed in the dialect, as the engine is to be given it.

    Raises:
        NotTranspilableError: where it has no equivalent, or none that is known to mean the same.
    """
    try:
        tree = query.copy()
        if way.dialect in COMPARES_WITHOUT_CASE or tree.find(*_TYPED):
            _annotate(tree, way)
        return _carry_tree(tree, way).sql(dialect=way.engine, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise NotTranspilableError(str(error).partition("\n")[0]) from error
    except (NotTranspilableError, RecursionError):
        raise
    except Exception as error:  # a defect of the generator is no defect of the prediction, but must be seen
        raise NotTranspilableError(type(error).__name__) from error


def _annotate(tree: exp.Expr, way: Way) -> None:
    """Set the types of the nodes of `tree` that are known.

    Names are resolved on a copy, so that the text that runs is not the resolved one; marks bring the types back.
    """
    nodes = dict(enumerate(tree.walk()))
    for number, node in nodes.items():
        node.meta["number"] = number
    try:
        known = MappingSchema(_list_types(way.schema), dialect=way.engine, normalize=False)
        copy = qualify(
            tree.copy(),
            schema=known,
            dialect=way.dialect,
            expand_stars=False,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        annotated = annotate_types(copy, schema=known, dialect=way.dialect)
    except (SqlglotError, ValueError, KeyError, TypeError, AttributeError):
        annotated = tree.copy()  # no types, then; what depends on them is refused
    found: dict[int, set[exp.DataType]] = {}
    for node in annotated.walk():
        if "number" in node.meta and node.type is not None:
            found.setdefault(node.meta["number"], set()).add(node.type)
    for number, node in nodes.items():
        types = found.get(number, set())
        if isinstance(node, (exp.Left, exp.Right)):  # sqlglot does not know it
            types = {exp.DataType.build("text")}
        node.type = next(iter(types)) if len(types) == 1 else exp.DataType.build("unknown")


def _list_types(schema: Schema) -> dict[str, object]:
    listed: dict[str, object] = {}
    for table, columns in schema.tables.items():
        types = schema.types.get(table, {})
        if columns:  # sqlglot refuses a table without any
            listed[table] = {column: types.get(column, "unknown") for column in columns}
    return listed


def _carry_tree(tree: exp.Expr, way: Way) -> exp.Expr:
    """Carry over every node, inner ones first, so that what is written around them holds what they became."""
    for node in reversed(list(tree.walk())):
        carried = _carry_node(node, way)
        if carried is node:
            continue
        carried.type = node.type
        if node is tree:
            tree = carried
        else:
            node.replace(carried)
    return tree


def _carry_node(node: exp.Expr, way: Way) -> exp.Expr:
    """Return a node that means for the engine what `node` means in the dialect, written by sqlglot."""
    for kind, rule in _RULES:
        if isinstance(node, kind):
            carried = rule(node, way)
            if carried is not None:
                return carried
    return node
