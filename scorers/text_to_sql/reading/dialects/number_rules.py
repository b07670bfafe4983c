"""Numbers: how they divide, round, are cast and compared with 0."""

from sqlglot import expressions as exp

from scorers.text_to_sql.reading.dialects.typed_nodes import (
    INTEGERS,
    POSTGRES,
    PRESTO,
    NotTranspilableError,
    Rule,
    fill_template,
    is_integer,
    is_known,
    is_of,
    put_in_brackets,
)
from scorers.text_to_sql.reading.engine_functions import DIVISION_BY_ZERO
from scorers.text_to_sql.reading.sql_reader import Way

_CAST_CUTS = frozenset({"sqlite", "spark", "spark2", "databricks", "hive", "tsql", "clickhouse"})
_CAST_ROUNDS_AWAY = PRESTO | {"bigquery", "snowflake"}  # from zero, also halves of doubles
_AVERAGE_OF_INTEGERS_IS_ONE = frozenset({"tsql", "redshift"})
# What divides by 0 is NULL there; for the others it is an error.
_ZERO_DIVIDES = frozenset({"sqlite", "mysql", "spark", "spark2", "databricks", "hive", "doris", "starrocks"})
_FAILING_AT_ZERO = {"sqlite": f"{DIVISION_BY_ZERO}()", "duckdb": "ERROR('division by zero')"}


def _rewrite_division(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Integers divide to an integer where the dialect says so; the types, or the values, tell which they are."""
    if way.engine == "sqlite":
        return _rewrite_division_for_sqlite(node, way)
    if way.engine == "postgres":
        return None
    if not node.args.get("typed"):
        return _check_divisor(node, way)
    left, right = node.this, node.expression
    if is_integer(left) and is_integer(right):
        # DuckDB's own division of integers cuts off, as the dialects' do.
        return (
            exp.IntDiv(this=put_in_brackets(left), expression=put_in_brackets(right))
            if way.engine == "duckdb"
            else None
        )
    is_fraction = _is_fraction(node)
    node = _check_divisor(node, way)
    if is_fraction or way.engine != "duckdb":
        return _drop_type(node, put_in_brackets(left)) if is_fraction else node
    integers = "('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'INTEGER_LITERAL')"
    return fill_template(
        f"CASE WHEN TYPEOF({{0}}) IN {integers} AND TYPEOF({{1}}) IN {integers} THEN TRUNC({{0}} / {{1}}) "
        "ELSE {0} / {1} END",
        way,
        left,
        node.expression,
    )


def _rewrite_division_for_sqlite(node: exp.Expr, way: Way) -> exp.Expr:
    divided = _check_divisor(node, way)
    if not (node.args.get("typed") and _is_fraction(node)):
        return divided
    # SQLite keeps 4.00 of a DECIMAL column as the integer 4.
    return _drop_type(divided, exp.cast(put_in_brackets(divided.this), "REAL"))


def _is_fraction(node: exp.Expr) -> bool:
    return any(is_known(each) and not is_integer(each) for each in (node.this, node.expression))


def _check_divisor(node: exp.Expr, way: Way) -> exp.Expr:
    """Return a copy that fails at a divisor of 0 where the dialect does: SQLite gives NULL, DuckDB infinity."""
    copy, divisor = node.copy(), node.expression
    is_never_zero = isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.name) != 0
    failure = _FAILING_AT_ZERO.get(way.engine)
    if way.dialect in _ZERO_DIVIDES or failure is None or is_never_zero or isinstance(divisor, exp.Nullif):
        return copy
    checked = fill_template(f"CASE WHEN {{0}} = 0 THEN {failure} ELSE {{0}} END", way, divisor)
    checked.type = divisor.type
    copy.set("expression", checked)
    return copy


def _drop_type(node: exp.Expr, left: exp.Expr) -> exp.Expr:
    return exp.Div(
        this=left, expression=put_in_brackets(node.expression), typed=False, safe=node.args.get("safe")
    )


def _rewrite_remainder(node: exp.Expr, way: Way) -> exp.Expr | None:
    if way.engine == "sqlite" and way.dialect != "sqlite":
        for each in (node.this, node.expression):
            if is_known(each) and not is_integer(each):
                raise NotTranspilableError("SQLite's remainder is one of integers")
        return _check_divisor(node, way)
    return None


def _check_average(node: exp.Expr, way: Way) -> exp.Expr | None:
    if way.dialect in _AVERAGE_OF_INTEGERS_IS_ONE and not (is_known(node.this) and not is_integer(node.this)):
        raise NotTranspilableError(f"AVG of integers is an integer in {way.dialect}")
    return None


def _rewrite_cast(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Where one side cuts off and the other rounds, say which."""
    inner = node.this
    if isinstance(node, exp.TryCast) and way.engine == "sqlite":
        raise NotTranspilableError("SQLite has no cast that gives NULL for what is no number")
    if not node.args["to"].is_type(*INTEGERS) or is_integer(inner) or is_of(inner, exp.DataType.Type.BOOLEAN):
        return None
    cuts, engine_cuts = way.dialect in _CAST_CUTS, way.engine in _CAST_CUTS
    if isinstance(inner, (exp.Round, exp.Trunc, exp.Floor, exp.Ceil)):
        return None
    if cuts == engine_cuts:
        # DuckDB rounds halves of doubles to the even number.
        rounds_away = way.dialect in _CAST_ROUNDS_AWAY and way.engine == "duckdb"
        is_other = rounds_away and is_of(inner, *exp.DataType.REAL_TYPES)
        return exp.cast(exp.Round(this=inner.copy()), node.args["to"]) if is_other else None
    if not cuts:
        rounded = (
            _round_half_even(inner, way)
            if way.dialect in POSTGRES and _is_double(inner)
            else exp.Round(this=inner.copy())
        )
        return exp.cast(rounded, node.args["to"])
    if is_of(inner, *exp.DataType.REAL_TYPES):
        return exp.cast(exp.Trunc(this=inner.copy()), node.args["to"])
    return None


def _rewrite_round(node: exp.Expr, way: Way) -> exp.Expr | None:
    """PostgreSQL rounds halves of doubles to the even number; the others, and decimals, away from zero."""
    if not _is_double(node.this) or node.args.get("decimals"):
        return None
    from_postgres, to_postgres = way.dialect in POSTGRES, way.engine == "postgres"
    if from_postgres == to_postgres:
        return None
    if from_postgres and way.engine == "duckdb":
        return exp.func("ROUND_EVEN", node.this.copy(), exp.Literal.number(0))
    if from_postgres and way.engine == "sqlite":
        return _round_half_even(node.this, way)
    raise NotTranspilableError("ROUND of a double takes halves another way")


def _is_double(node: exp.Expr) -> bool:
    # sqlglot takes literals with a point for doubles; they are decimals.
    is_literal = isinstance(node, exp.Literal) or isinstance(node.this, exp.Literal)
    return is_of(node, exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT) and not is_literal


def _round_half_even(value: exp.Expr, way: Way) -> exp.Expr:
    """SQLite rounds halves away from zero; twice the rounded half of such a value is the even number beside it."""
    return fill_template(
        "CASE WHEN ABS({0} - CAST({0} AS INTEGER)) = 0.5 THEN 2 * ROUND({0} / 2) ELSE ROUND({0}) END",
        way,
        value,
    )


def _rewrite_logarithm(node: exp.Expr, way: Way) -> exp.Expr | None:
    # sqlglot reads Presto's LOG(base, x) the other way round; LOG2 and LOG10 it reads right.
    if way.dialect in PRESTO and node.expression is not None and node.this.name not in {"2", "10"}:
        return exp.Log(this=node.expression, expression=node.this)
    return None


NUMBER_RULES: tuple[Rule, ...] = (
    (exp.Div, _rewrite_division),
    (exp.Mod, _rewrite_remainder),
    (exp.Avg, _check_average),
    (exp.Cast, _rewrite_cast),
    (exp.Round, _rewrite_round),
    (exp.Log, _rewrite_logarithm),
)
