"""Dates and moments: their parts and differences, weeks and weekdays, and their formats."""

import re

from sqlglot import expressions as exp

from scorers.text_to_sql.reading.dialects.typed_nodes import (
    POSTGRES,
    PRESTO,
    NotTranspilableError,
    Rule,
    fill_template,
    is_of,
    is_temporal,
)
from scorers.text_to_sql.reading.sql_reader import Way

_WEEKS_ARE_ISO = frozenset(
    {*PRESTO, *POSTGRES, "duckdb", "spark", "spark2", "databricks", "hive", "snowflake"}
)
_FORMATS_OF_WORDS = frozenset({*POSTGRES, "oracle", "snowflake", "redshift"})  # YYYY-MM, not %Y-%m
_DIRECTIVE = re.compile(r"%-?.")
_SQLITE_DIRECTIVES = frozenset(f"%{letter}" for letter in "YmdHMSjws%")
_MOMENTS = (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.DATETIME, exp.DataType.Type.TIMESTAMPNTZ)
_SUNDAY_IS_0 = frozenset({*POSTGRES, "duckdb", "snowflake"})
_MONDAY_IS_1 = PRESTO
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


def _count_day_of_week(way: Way, value: exp.Expr, *, iso: bool) -> exp.Expr:
    """Return the number of the weekday of `value` as the dialect counts it: Sunday 0, Monday 1 or Sunday 1."""
    sunday = {"sqlite": "CAST(STRFTIME('%w', {0}) AS INTEGER)", "duckdb": "DAYOFWEEK({0})"}.get(
        way.engine, "EXTRACT(DOW FROM {0})"
    )
    if iso or way.dialect in _MONDAY_IS_1:
        monday = {"sqlite": f"({sunday} + 6) % 7 + 1", "duckdb": "ISODOW({0})"}
        return fill_template(monday.get(way.engine, "EXTRACT(ISODOW FROM {0})"), way, value)
    return fill_template(sunday if way.dialect in _SUNDAY_IS_0 else f"{sunday} + 1", way, value)


def _rewrite_weekday(node: exp.Expr, way: Way) -> exp.Expr | None:
    if way.engine not in {"sqlite", "duckdb", "postgres"}:
        return None
    return _count_day_of_week(way, node.this, iso=isinstance(node, exp.DayOfWeekIso))


def _rewrite_extract(node: exp.Expr, way: Way) -> exp.Expr | None:
    part = node.this.name.upper()
    if part.startswith("WEEK"):
        _refuse_other_weeks(node, way)
    if part in _DAY_OF_WEEK | _ISO_DAY_OF_WEEK and way.engine in {"sqlite", "duckdb", "postgres"}:
        return _count_day_of_week(way, node.expression, iso=part in _ISO_DAY_OF_WEEK)
    return _write_part_of_date(part, node.expression, way)


def _rewrite_part(node: exp.Expr, way: Way) -> exp.Expr | None:
    return _write_part_of_date(node.key.upper(), node.this, way)


def _write_part_of_date(part: str, value: exp.Expr, way: Way) -> exp.Expr | None:
    if way.engine != "sqlite":
        return None
    if part == "QUARTER":
        return fill_template("(CAST(STRFTIME('%m', {0}) AS INTEGER) + 2) / 3", way, value)
    if part not in _STRFTIME:
        raise NotTranspilableError(f"SQLite has no equal of the part {part} of a date")
    return fill_template(f"CAST(STRFTIME('{_STRFTIME[part]}', {{0}}) AS INTEGER)", way, value)


def _rewrite_truncation(node: exp.Expr, way: Way) -> exp.Expr | None:
    unit = _read_unit(node)
    if unit == "WEEK":
        _refuse_other_weeks(node, way)
    if way.engine != "sqlite":
        return None
    if unit not in _TRUNCATED:
        raise NotTranspilableError(f"SQLite has no equal of DATE_TRUNC to {unit}")
    return fill_template(_TRUNCATED[unit], way, node.this)


def _read_unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    return "DAY" if unit is None else unit.name.upper().removesuffix("S")


def _rewrite_difference(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Presto's counts whole units that have passed, others' the boundaries between them."""
    unit, late, early = _read_unit(node), node.this, node.expression
    whole = way.dialect in PRESTO or isinstance(node, exp.TimestampDiff)
    if way.engine == "duckdb":
        if not whole or (
            unit == "DAY" and is_of(late, exp.DataType.Type.DATE) and is_of(early, exp.DataType.Type.DATE)
        ):
            return None
        return exp.Anonymous(
            this="DATE_SUB", expressions=[exp.Literal.string(unit.lower()), early.copy(), late.copy()]
        )
    if way.engine != "sqlite":
        raise NotTranspilableError(f"the difference of dates in {way.dialect} has no equal in {way.engine}")
    if whole and unit in _SECONDS:
        seconds = "(STRFTIME('%s', {0}) - STRFTIME('%s', {1}))"
        return fill_template(f"{seconds} / {_SECONDS[unit]}", way, late, early)
    if unit == "DAY":
        return fill_template("CAST(JULIANDAY(DATE({0})) - JULIANDAY(DATE({1})) AS INTEGER)", way, late, early)
    raise NotTranspilableError(f"SQLite has no equal of a difference in {unit}")


def _rewrite_arithmetic(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Dates are texts in SQLite: sums and differences of them need functions, and months other ones than it has."""
    if way.engine != "sqlite":
        return None
    left, right = node.this, node.expression
    sign = "-" if isinstance(node, (exp.Sub, exp.DateSub)) else "+"
    if isinstance(right, exp.Interval):
        return _move_moment(left, sign, right.this, _read_unit(right), way)
    if isinstance(node, (exp.DateAdd, exp.DateSub)):
        return _move_moment(left, sign, right, _read_unit(node), way)
    if is_temporal(left) and is_temporal(right):
        if (
            is_of(left, exp.DataType.Type.DATE)
            and is_of(right, exp.DataType.Type.DATE)
            and way.dialect in POSTGRES
        ):
            return fill_template("CAST(JULIANDAY({0}) - JULIANDAY({1}) AS INTEGER)", way, left, right)
        raise NotTranspilableError("SQLite has no difference of moments")
    if is_temporal(left):
        return _move_moment(left, sign, right, "DAY", way)
    return None


def _move_moment(moment: exp.Expr, sign: str, amount: exp.Expr | None, unit: str, way: Way) -> exp.Expr:
    number = "" if amount is None else amount.name
    if isinstance(amount, exp.Neg):
        number, sign = amount.this.name, {"+": "-", "-": "+"}[sign]
    words = number.split()
    if len(words) == 2:  # noqa: PLR2004  '3 days'
        number, unit = words[0], words[1].upper().removesuffix("S")
    if unit not in _SECONDS or not number.isdigit():
        raise NotTranspilableError(f"SQLite has no equal of adding {unit} to a date")
    function = "DATE" if unit in _EXACT_DAYS and is_of(moment, exp.DataType.Type.DATE) else "DATETIME"
    if function == "DATETIME" and not is_temporal(moment):
        raise NotTranspilableError("whether it is a date or a moment that days are added to is not known")
    days = f"{sign}{int(number) * 7} DAY" if unit == "WEEK" else f"{sign}{number} {unit}"
    return fill_template(f"{function}({{0}}, '{days}')", way, moment)


def _check_format(node: exp.Expr, way: Way) -> exp.Expr | None:
    """Refuse formats that the engine would write differently, or unchanged, or for which SQLite gives NULL."""
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


def _refuse_other_weeks(_: exp.Expr, way: Way) -> exp.Expr | None:
    if way.dialect not in _WEEKS_ARE_ISO:
        raise NotTranspilableError(f"the weeks of {way.dialect} begin otherwise")
    return None


def _rewrite_cast_to_moment(node: exp.Expr, way: Way) -> exp.Expr | None:
    """SQLite would read a number at the beginning of the text."""
    if way.engine == "sqlite" and node.args["to"].is_type(*_MOMENTS):
        return exp.Anonymous(this="DATETIME", expressions=[node.this.copy()])
    return None


DATE_RULES: tuple[Rule, ...] = (
    (exp.Cast, _rewrite_cast_to_moment),
    ((exp.DayOfWeek, exp.DayOfWeekIso), _rewrite_weekday),
    (exp.Extract, _rewrite_extract),
    ((exp.Year, exp.Month, exp.Day, exp.Quarter), _rewrite_part),
    ((exp.TimestampTrunc, exp.DateTrunc), _rewrite_truncation),
    (exp.TimeToStr, _check_format),
    ((exp.Week, exp.WeekOfYear), _refuse_other_weeks),
    ((exp.DateDiff, exp.TimestampDiff), _rewrite_difference),
    ((exp.Add, exp.Sub, exp.DateAdd, exp.DateSub), _rewrite_arithmetic),
)
