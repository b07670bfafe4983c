"""From the dialect that SQL is written in to the engine that runs it, without a change of meaning.

sqlglot writes the other dialect. What it writes alike although the dialects mean different things by it is written anew
here, by the types of the columns where they decide; what cannot be carried over is refused with its reason.
"""

import re
from collections.abc import Callable, Iterator

from sqlglot import exp, parse_one
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from scorers.text_to_sql.engines.execution import DIVISION_BY_ZERO
from scorers.text_to_sql.reading import Way
from scorers.text_to_sql.schema import Schema

_PRESTO = frozenset({"presto", "trino", "athena"})
_POSTGRES = frozenset({"postgres", "redshift", "materialize", "risingwave"})
# MySQL's and SQL Server's usual collations do not tell a from A either.
_LIKE_IGNORES_CASE = frozenset({"sqlite", "mysql", "tsql", "doris", "starrocks", "singlestore"})
_COMPARES_WITHOUT_CASE = _LIKE_IGNORES_CASE - {"sqlite"}
_WEEKS_ARE_ISO = frozenset(
    {*_PRESTO, *_POSTGRES, "duckdb", "spark", "spark2", "databricks", "hive", "snowflake"}
)
_FORMATS_OF_WORDS = frozenset({*_POSTGRES, "oracle", "snowflake", "redshift"})  # YYYY-MM, not %Y-%m
_DIRECTIVE = re.compile(r"%-?.")
_SQLITE_DIRECTIVES = frozenset(f"%{letter}" for letter in "YmdHMSjws%")
_MOMENTS = (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.DATETIME, exp.DataType.Type.TIMESTAMPNTZ)
_CAST_CUTS = frozenset({"sqlite", "spark", "spark2", "databricks", "hive", "tsql", "clickhouse"})
_CAST_ROUNDS_AWAY = _PRESTO | {"bigquery", "snowflake"}  # from zero, also halves of doubles
_AVERAGE_OF_INTEGERS_IS_ONE = frozenset({"tsql", "redshift"})
_PLUS_JOINS = frozenset({"tsql", "fabric"})
# What divides by 0 is NULL there; for the others it is an error.
_ZERO_DIVIDES = frozenset({"sqlite", "mysql", "spark", "spark2", "databricks", "hive", "doris", "starrocks"})
_FAILING_AT_ZERO = {"sqlite": f"{DIVISION_BY_ZERO}()", "duckdb": "ERROR('division by zero')"}
_SUNDAY_IS_0 = frozenset({*_POSTGRES, "duckdb", "snowflake"})
_MONDAY_IS_1 = _PRESTO
_INTEGERS = exp.DataType.INTEGER_TYPES
_EXACT_DAYS = frozenset({"DAY", "WEEK"})
_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400, "WEEK": 604_800}
_STRFTIME = {
    "YEAR": "%Y",
    "MONTH": "%m",
    "DAY": "%d",
    "HOUR": "%H",
    "MINUTE": "%M",
    "DOY": "%j",
    "DAYOFYEAR": "%j",
}
_DAY_OF_WEEK = frozenset({"DOW", "DAYOFWEEK", "DAY_OF_WEEK"})
_ISO_DAY_OF_WEEK = frozenset({"ISODOW", "DAYOFWEEKISO", "DAYOFWEEK_ISO"})
_TRUNCATED = {
    "YEAR": "DATE({}, 'start of year')",
    "MONTH": "DATE({}, 'start of month')",
    "QUARTER": "DATE({0}, 'start of month', '-' || ((CAST(STRFTIME('%m', {0}) AS INTEGER) - 1) % 3) || ' months')",
    "WEEK": "DATE({}, '-6 days', 'weekday 1')",
    "DAY": "DATE({})",
}
_TYPED = (exp.Div, exp.Mod, exp.Cast, exp.Round, exp.Avg, exp.Add, exp.Sub, exp.DateDiff, exp.TimestampDiff)


class NotTranspilableError(Exception):
    """The text cannot be carried over to the engine; the message says why."""


def transpile(query: exp.Expr, way: Way) -> str:
    """Return `query`, which was parsed in the dialect, as the engine is to be given it.

    Raises:
        NotTranspilableError: where it has no equivalent, or none that is known to mean the same.
    """
    try:
        tree = query.copy()
        if way.dialect in _COMPARES_WITHOUT_CASE or tree.find(*_TYPED):
            _annotate(tree, way)
        return _carried_tree(tree, way).sql(dialect=way.engine, unsupported_level=ErrorLevel.RAISE)
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
        known = MappingSchema(_types(way.schema), dialect=way.engine, normalize=False)
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


def _types(schema: Schema) -> dict[str, object]:
    return {
        table: {column: schema.types.get(table, {}).get(column, "unknown") for column in columns}
        for table, columns in schema.tables.items()
        if columns
    }


def _carried_tree(tree: exp.Expr, way: Way) -> exp.Expr:
    """Carry over every node, inner ones first, so that what is written around them holds what they became."""
    for node in reversed(list(tree.walk())):
        carried = _carried(node, way)
        if carried is node:
            continue
        carried.type = node.type
        if node is tree:
            tree = carried
        else:
            node.replace(carried)
    return tree


def _carried(node: exp.Expr, way: Way) -> exp.Expr:
    """Return a node that means for the engine what `node` means in the dialect, written by sqlglot."""
    for kind, rule in _RULES:
        if isinstance(node, kind):
            carried = rule(node, way)
            if carried is not None:
                return carried
    return node


def _is(node: exp.Expr, *kinds: object) -> bool:
    return node.type is not None and node.type.this in kinds


def _is_known(node: exp.Expr) -> bool:
    return node.type is not None and not _is(node, exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL)


def _is_integer(node: exp.Expr) -> bool:
    return _is(node, *_INTEGERS)


def _is_temporal(node: exp.Expr) -> bool:
    return _is(node, *exp.DataType.TEMPORAL_TYPES)


def _template(text: str, way: Way, *parts: exp.Expr) -> exp.Expr:
    """Return a tree of the engine's own SQL, with `parts` in the places of its braces."""
    names = [f"__part_{number}" for number, _ in enumerate(parts)]
    tree = parse_one(text.format(*names), read=way.engine)
    given = dict(zip(names, parts, strict=True))

    def filled(node: exp.Expr) -> exp.Expr:
        part = given.get(node.name) if isinstance(node, exp.Column) else None
        return node if part is None else _in_brackets(part)

    return exp.Paren(this=tree.transform(filled))


def _in_brackets(part: exp.Expr) -> exp.Expr:
    return exp.Paren(this=part.copy()) if isinstance(part, exp.Binary) else part.copy()


def _division(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Integers divide to an integer where the dialect says so; the types, or the values, tell which they are."""
    if way.engine == "sqlite":
        return _division_of_sqlite(node, way)
    if way.engine == "postgres":
        return None
    if not node.args.get("typed"):
        return _with_divisor_checked(node, way)
    left, right = node.this, node.expression
    if _is_integer(left) and _is_integer(right):
        # DuckDB's own division of integers cuts off, as the dialects' do.
        return (
            exp.IntDiv(this=_in_brackets(left), expression=_in_brackets(right))
            if way.engine == "duckdb"
            else None
        )
    is_fraction = _is_fraction(node)
    node = _with_divisor_checked(node, way)
    if is_fraction or way.engine != "duckdb":
        return _untyped(node, _in_brackets(left)) if is_fraction else node
    integers = "('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'INTEGER_LITERAL')"
    return _template(
        f"CASE WHEN TYPEOF({{0}}) IN {integers} AND TYPEOF({{1}}) IN {integers} THEN TRUNC({{0}} / {{1}}) "
        "ELSE {0} / {1} END",
        way,
        left,
        node.expression,
    )


def _division_of_sqlite(node: exp.Expr, way: Way) -> exp.Expr:
    divided = _with_divisor_checked(node, way)
    if not (node.args.get("typed") and _is_fraction(node)):
        return divided
    # SQLite keeps 4.00 of a DECIMAL column as the integer 4.
    return _untyped(divided, exp.cast(_in_brackets(divided.this), "REAL"))


def _is_fraction(node: exp.Expr) -> bool:
    return any(_is_known(each) and not _is_integer(each) for each in (node.this, node.expression))


def _with_divisor_checked(node: exp.Expr, way: Way) -> exp.Expr:
    """Return a copy that fails at a divisor of 0 where the dialect does: SQLite gives NULL, DuckDB infinity."""
    copy, divisor = node.copy(), node.expression
    is_never_zero = isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.name) != 0
    failure = _FAILING_AT_ZERO.get(way.engine)
    if way.dialect in _ZERO_DIVIDES or failure is None or is_never_zero or isinstance(divisor, exp.Nullif):
        return copy
    checked = _template(f"CASE WHEN {{0}} = 0 THEN {failure} ELSE {{0}} END", way, divisor)
    checked.type = divisor.type
    copy.set("expression", checked)
    return copy


def _untyped(node: exp.Expr, left: exp.Expr) -> exp.Expr:
    return exp.Div(
        this=left, expression=_in_brackets(node.expression), typed=False, safe=node.args.get("safe")
    )


def _remainder(node: exp.Expr, way: Way) -> exp.Expr | None:
    if way.engine == "sqlite" and way.dialect != "sqlite":
        for each in (node.this, node.expression):
            if _is_known(each) and not _is_integer(each):
                raise NotTranspilableError("SQLite's remainder is one of integers")
        return _with_divisor_checked(node, way)
    return None


def _average(node: exp.Expr, way: Way) -> exp.Expr | None:
    if way.dialect in _AVERAGE_OF_INTEGERS_IS_ONE and not (
        _is_known(node.this) and not _is_integer(node.this)
    ):
        raise NotTranspilableError(f"AVG of integers is an integer in {way.dialect}")
    return None


def _cast(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Where one side cuts off and the other rounds, say which."""
    inner = node.this
    if isinstance(node, exp.TryCast) and way.engine == "sqlite":
        raise NotTranspilableError("SQLite has no cast that gives NULL for what is no number")
    if not node.args["to"].is_type(*_INTEGERS) or _is_integer(inner) or _is(inner, exp.DataType.Type.BOOLEAN):
        return None
    cuts, engine_cuts = way.dialect in _CAST_CUTS, way.engine in _CAST_CUTS
    if isinstance(inner, (exp.Round, exp.Trunc, exp.Floor, exp.Ceil)):
        return None
    if cuts == engine_cuts:
        # DuckDB rounds halves of doubles to the even number.
        rounds_away = way.dialect in _CAST_ROUNDS_AWAY and way.engine == "duckdb"
        is_other = rounds_away and _is(inner, *exp.DataType.REAL_TYPES)
        return exp.cast(exp.Round(this=inner.copy()), node.args["to"]) if is_other else None
    if not cuts:
        rounded = (
            _round_half_even(inner, way)
            if way.dialect in _POSTGRES and _is_double(inner)
            else exp.Round(this=inner.copy())
        )
        return exp.cast(rounded, node.args["to"])
    if _is(inner, *exp.DataType.REAL_TYPES):
        return exp.cast(exp.Trunc(this=inner.copy()), node.args["to"])
    return None


def _round(node: exp.Expr, way: Way) -> exp.Expr | None:
    """PostgreSQL rounds halves of doubles to the even number; the others, and decimals, away from zero."""
    if not _is_double(node.this) or node.args.get("decimals"):
        return None
    from_postgres, to_postgres = way.dialect in _POSTGRES, way.engine == "postgres"
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
    return _is(node, exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT) and not is_literal


def _round_half_even(value: exp.Expr, way: Way) -> exp.Expr:
    """SQLite rounds halves away from zero; twice the rounded half of such a value is the even number beside it."""
    return _template(
        "CASE WHEN ABS({0} - CAST({0} AS INTEGER)) = 0.5 THEN 2 * ROUND({0} / 2) ELSE ROUND({0}) END",
        way,
        value,
    )


def _like(node: exp.Expr, way: Way) -> exp.Expr | None:
    """LIKE tells capitals from small letters in most dialects, and not in SQLite's and MySQL's."""
    ignores, engine_ignores = way.dialect in _LIKE_IGNORES_CASE, way.engine in _LIKE_IGNORES_CASE
    if ignores == engine_ignores:
        return None
    escape = node.parent.expression.name if isinstance(node.parent, exp.Escape) else None
    if ignores:
        return exp.ILike(this=node.this, expression=node.expression, negate=node.args.get("negate"))
    if not (isinstance(node.expression, exp.Literal) and way.engine == "sqlite"):
        raise NotTranspilableError(
            f"LIKE of a computed pattern tells capitals from small letters in {way.dialect}"
        )
    if escape is None and way.dialect not in _PRESTO:
        escape = "\\"
    pattern = exp.Literal.string("".join(_glob(node.expression.name, escape)))
    glob = exp.Glob(this=_in_brackets(node.this), expression=pattern)
    return exp.Not(this=glob) if node.args.get("negate") else glob


def _escape(node: exp.Expr, _: Way) -> exp.Expr | None:
    return node.this if isinstance(node.this, (exp.Glob, exp.Not)) else None  # the pattern has its escapes


def _glob(pattern: str, escape: str | None) -> Iterator[str]:
    characters = iter(pattern)
    for character in characters:
        if character in "%_" and character != escape:
            yield "*" if character == "%" else "?"
            continue
        plain = next(characters, "") if character == escape else character
        yield f"[{plain}]" if plain and plain in "*?[" else plain


def _substring(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Positions below 1: before the text for PostgreSQL, counted from its end for others, nothing at 0 for Presto."""
    start = node.args.get("start")
    if start is None or not (start.is_int or isinstance(start, exp.Neg)):
        return None
    position = int(start.to_py()) if start.is_int else -1
    rule, engine_rule = _below_one(way.dialect, position), _below_one(way.engine, position)
    if position >= 1 or rule == engine_rule:
        return None
    length = node.args.get("length")
    if rule == "before" and start.is_int and (length is None or length.is_int):
        rest = None if length is None else exp.Literal.number(max(0, int(length.to_py()) + position - 1))
        return exp.Substring(this=node.this, start=exp.Literal.number(1), length=rest)
    raise NotTranspilableError(f"SUBSTR from position {start.sql()} is another text in {way.dialect}")


def _end_of_text(node: exp.Expr, way: Way) -> exp.Expr | None:
    """SQLite has no LEFT and RIGHT."""
    count = node.expression
    if way.engine != "sqlite" or not (count.is_int and int(count.to_py()) > 0):
        return None
    start = f"1, {count.name}" if isinstance(node, exp.Left) else f"-{count.name}"
    return _template(f"SUBSTR({{0}}, {start})", way, node.this)


def _length(node: exp.Expr, way: Way) -> exp.Expr | None:
    """SQL Server's LEN does not count blanks at the end."""
    return exp.Length(this=exp.func("RTRIM", node.this.copy())) if way.dialect in _PLUS_JOINS else None


def _joined(node: exp.Expr, way: Way) -> exp.Expr | None:
    """SQL Server's + joins texts; for SQLite it would be a sum of numbers."""
    if way.dialect not in _PLUS_JOINS:
        return None
    sides = (node.this, node.expression)
    if not any(_is(side, *exp.DataType.TEXT_TYPES) for side in sides):
        return None
    node.type = exp.DataType.build("text")  # for what stands around it
    if not all(_is(side, *exp.DataType.TEXT_TYPES, exp.DataType.Type.NULL) for side in sides):
        raise NotTranspilableError(f"+ of a text and what may be a number in {way.dialect}")
    return exp.Paren(this=exp.DPipe(this=_in_brackets(sides[0]), expression=_in_brackets(sides[1])))


def _below_one(dialect: str, position: int) -> str:
    if dialect in _POSTGRES:
        return "before"
    if position < 0:
        return "from the end"
    return "before" if dialect in {"sqlite", "duckdb"} else "nothing"


def _logarithm(node: exp.Expr, way: Way) -> exp.Expr | None:
    # sqlglot reads Presto's LOG(base, x) the other way round; LOG2 and LOG10 it reads right.
    if way.dialect in _PRESTO and node.expression is not None and node.this.name not in {"2", "10"}:
        return exp.Log(this=node.expression, expression=node.this)
    return None


def _concatenation(node: exp.Expr, way: Way) -> exp.Expr | None:
    if way.engine != "sqlite":
        return None
    skips_null = node.args.get("coalesce")
    parts = [_in_brackets(part) for part in node.expressions]
    if skips_null:
        parts = [exp.Coalesce(this=part, expressions=[exp.Literal.string("")]) for part in parts]
    joined = parts[0]
    for part in parts[1:]:
        joined = exp.DPipe(this=joined, expression=part)
    return exp.Paren(this=joined)


def _day_of_week(way: Way, value: exp.Expr, *, iso: bool) -> exp.Expr:
    """Return the number of the weekday of `value` as the dialect counts it: Sunday 0, Monday 1 or Sunday 1."""
    sunday = {"sqlite": "CAST(STRFTIME('%w', {0}) AS INTEGER)", "duckdb": "DAYOFWEEK({0})"}.get(
        way.engine, "EXTRACT(DOW FROM {0})"
    )
    if iso or way.dialect in _MONDAY_IS_1:
        monday = {"sqlite": f"({sunday} + 6) % 7 + 1", "duckdb": "ISODOW({0})"}
        return _template(monday.get(way.engine, "EXTRACT(ISODOW FROM {0})"), way, value)
    return _template(sunday if way.dialect in _SUNDAY_IS_0 else f"{sunday} + 1", way, value)


def _weekday_function(node: exp.Expr, way: Way) -> exp.Expr | None:
    if way.engine not in {"sqlite", "duckdb", "postgres"}:
        return None
    return _day_of_week(way, node.this, iso=isinstance(node, exp.DayOfWeekIso))


def _extract(node: exp.Expr, way: Way) -> exp.Expr | None:
    part = node.this.name.upper()
    if part.startswith("WEEK"):
        _week(node, way)
    if part in _DAY_OF_WEEK | _ISO_DAY_OF_WEEK and way.engine in {"sqlite", "duckdb", "postgres"}:
        return _day_of_week(way, node.expression, iso=part in _ISO_DAY_OF_WEEK)
    return _part_of_date(part, node.expression, way)


def _part_function(node: exp.Expr, way: Way) -> exp.Expr | None:
    return _part_of_date(node.key.upper(), node.this, way)


def _part_of_date(part: str, value: exp.Expr, way: Way) -> exp.Expr | None:
    if way.engine != "sqlite":
        return None
    if part == "QUARTER":
        return _template("(CAST(STRFTIME('%m', {0}) AS INTEGER) + 2) / 3", way, value)
    if part not in _STRFTIME:
        raise NotTranspilableError(f"SQLite has no equal of the part {part} of a date")
    return _template(f"CAST(STRFTIME('{_STRFTIME[part]}', {{0}}) AS INTEGER)", way, value)


def _truncation(node: exp.Expr, way: Way) -> exp.Expr | None:
    unit = _unit(node)
    if unit == "WEEK":
        _week(node, way)
    if way.engine != "sqlite":
        return None
    if unit not in _TRUNCATED:
        raise NotTranspilableError(f"SQLite has no equal of DATE_TRUNC to {unit}")
    return _template(_TRUNCATED[unit], way, node.this)


def _unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    return "DAY" if unit is None else unit.name.upper().removesuffix("S")


def _difference(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Presto's counts whole units that have passed, others' the boundaries between them."""
    unit, late, early = _unit(node), node.this, node.expression
    whole = way.dialect in _PRESTO or isinstance(node, exp.TimestampDiff)
    if way.engine == "duckdb":
        if not whole or (
            unit == "DAY" and _is(late, exp.DataType.Type.DATE) and _is(early, exp.DataType.Type.DATE)
        ):
            return None
        return exp.Anonymous(
            this="DATE_SUB", expressions=[exp.Literal.string(unit.lower()), early.copy(), late.copy()]
        )
    if way.engine != "sqlite":
        raise NotTranspilableError(f"the difference of dates in {way.dialect} has no equal in {way.engine}")
    if whole and unit in _SECONDS:
        seconds = "(STRFTIME('%s', {0}) - STRFTIME('%s', {1}))"
        return _template(f"{seconds} / {_SECONDS[unit]}", way, late, early)
    if unit == "DAY":
        return _template("CAST(JULIANDAY(DATE({0})) - JULIANDAY(DATE({1})) AS INTEGER)", way, late, early)
    raise NotTranspilableError(f"SQLite has no equal of a difference in {unit}")


def _arithmetic(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Dates are texts in SQLite: sums and differences of them need functions, and months other ones than it has."""
    if way.engine != "sqlite":
        return None
    left, right = node.this, node.expression
    sign = "-" if isinstance(node, (exp.Sub, exp.DateSub)) else "+"
    if isinstance(right, exp.Interval):
        return _moved(left, sign, right.this, _unit(right), way)
    if isinstance(node, (exp.DateAdd, exp.DateSub)):
        return _moved(left, sign, right, _unit(node), way)
    if _is_temporal(left) and _is_temporal(right):
        if (
            _is(left, exp.DataType.Type.DATE)
            and _is(right, exp.DataType.Type.DATE)
            and way.dialect in _POSTGRES
        ):
            return _template("CAST(JULIANDAY({0}) - JULIANDAY({1}) AS INTEGER)", way, left, right)
        raise NotTranspilableError("SQLite has no difference of moments")
    if _is_temporal(left):
        return _moved(left, sign, right, "DAY", way)
    return None


def _moved(moment: exp.Expr, sign: str, amount: exp.Expr | None, unit: str, way: Way) -> exp.Expr:
    number = "" if amount is None else amount.name
    if isinstance(amount, exp.Neg):
        number, sign = amount.this.name, {"+": "-", "-": "+"}[sign]
    words = number.split()
    if len(words) == 2:  # noqa: PLR2004  '3 days'
        number, unit = words[0], words[1].upper().removesuffix("S")
    if unit not in _SECONDS or not number.isdigit():
        raise NotTranspilableError(f"SQLite has no equal of adding {unit} to a date")
    function = "DATE" if unit in _EXACT_DAYS and _is(moment, exp.DataType.Type.DATE) else "DATETIME"
    if function == "DATETIME" and not _is_temporal(moment):
        raise NotTranspilableError("whether it is a date or a moment that days are added to is not known")
    days = f"{sign}{int(number) * 7} DAY" if unit == "WEEK" else f"{sign}{number} {unit}"
    return _template(f"{function}({{0}}, '{days}')", way, moment)


def _formatted(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Refuse formats that the engine would write otherwise, or as they stand, or for which SQLite gives NULL."""
    format_ = node.args.get("format")
    if not (isinstance(format_, exp.Literal) and format_.is_string):
        raise NotTranspilableError("the format of a date is computed")
    directives = set(_DIRECTIVE.findall(format_.name))
    if way.dialect in _FORMATS_OF_WORDS:
        # PostgreSQL's names of months and days are filled up with blanks; letters that are left are directives that
        # sqlglot does not know.
        left = _DIRECTIVE.sub("", format_.name)
        if directives & {"%A", "%B"} or any(letter.isalpha() for letter in left):
            raise NotTranspilableError(f"no equal of a date format of {way.dialect} is known")
    if way.engine == "sqlite" and not directives <= _SQLITE_DIRECTIVES:
        unknown = ", ".join(sorted(directives - _SQLITE_DIRECTIVES))
        raise NotTranspilableError(f"SQLite has no {unknown} in the format of a date")
    return None


def _week(_: exp.Expr, way: Way) -> exp.Expr | None:
    if way.dialect not in _WEEKS_ARE_ISO:
        raise NotTranspilableError(f"the weeks of {way.dialect} begin otherwise")
    return None


def _moment(node: exp.Expr, way: Way) -> exp.Expr | None:
    """SQLite would read a number at the beginning of the text."""
    if way.engine == "sqlite" and node.args["to"].is_type(*_MOMENTS):
        return exp.Anonymous(this="DATETIME", expressions=[node.this.copy()])
    return None


def _equality(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Compare texts without case where the dialect does."""
    if way.dialect not in _COMPARES_WITHOUT_CASE:
        return None
    values = [node.this, *([node.expression] if isinstance(node, exp.Binary) else node.expressions)]
    if not all(_is(value, *exp.DataType.TEXT_TYPES) for value in values):
        return None
    lowered = node.copy()
    for value in [
        lowered.this,
        *([lowered.expression] if isinstance(lowered, exp.Binary) else lowered.expressions),
    ]:
        value.replace(exp.Lower(this=value.copy()))
    return lowered


_Rule = Callable[[exp.Expr, Way], exp.Expr | None]
_RULES: list[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], _Rule]] = [
    (exp.Div, _division),
    (exp.Mod, _remainder),
    (exp.Avg, _average),
    (exp.Cast, _cast),
    (exp.Cast, _moment),
    (exp.Round, _round),
    (exp.Like, _like),
    (exp.Escape, _escape),
    (exp.Substring, _substring),
    ((exp.Left, exp.Right), _end_of_text),
    (exp.Length, _length),
    (exp.Add, _joined),
    (exp.Log, _logarithm),
    (exp.Concat, _concatenation),
    ((exp.DayOfWeek, exp.DayOfWeekIso), _weekday_function),
    (exp.Extract, _extract),
    ((exp.Year, exp.Month, exp.Day, exp.Quarter), _part_function),
    ((exp.TimestampTrunc, exp.DateTrunc), _truncation),
    (exp.TimeToStr, _formatted),
    ((exp.Week, exp.WeekOfYear), _week),
    ((exp.EQ, exp.NEQ, exp.In), _equality),
    ((exp.DateDiff, exp.TimestampDiff), _difference),
    ((exp.Add, exp.Sub, exp.DateAdd, exp.DateSub), _arithmetic),
]
