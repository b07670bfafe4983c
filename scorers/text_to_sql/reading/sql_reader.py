"""What one SQL text is, before it is run: valid or not, safe or not, and what the engine is to be given."""

from collections.abc import Sequence

from msgspec import Struct
from sqlglot import expressions as exp

from scorers.text_to_sql.reading.parsing import QUERIES, WRITES, parse_sql
from scorers.text_to_sql.reading.schema import Schema
from scorers.text_to_sql.reading.statements import find_unsafe_reason, is_blank
from scorers.text_to_sql.reading.unknown_names import find_unknown_names

NO_SQL = "there is no SQL in it"
_WRITING_WORDS = ("insert", "update", "delete", "merge", "into", "create")


class Reading(Struct, frozen=True):
    """One text as sqlglot and the lexer see it.

    `unsafe` says why it is not a single query that only reads. `engine_sql` is the text for the engine, or `None` with
    the reason in `problem`; `untranspilable` tells a text that parses and has no equivalent there.
    """

    valid: bool
    unsafe: str | None
    unknown: tuple[str, ...]
    engine_sql: str | None
    problem: str = ""
    untranspilable: bool = False
    empty: bool = False


class Way(Struct, frozen=True):
    """From the `dialect` of a text to the `engine` that runs it (both names of sqlglot), over a database's `schema`."""

    dialect: str
    engine: str
    schema: Schema


def read_sql(sql: str, *, way: Way, schema: Schema) -> Reading:
    """Read `sql`; names are looked up in `schema`, which may be another one than the database's."""
    dialect, engine = way.dialect, way.engine
    unsafe = find_unsafe_reason(sql, engine)
    if is_blank(sql, engine=engine):
        return Reading(False, unsafe, (), None, NO_SQL, empty=True)
    parsed = parse_sql(sql, dialect)
    trees, query = parsed.trees, parsed.query
    valid = bool(trees) and not any(_is_no_statement(tree) for tree in trees)
    if valid and unsafe is None:
        unsafe = _find_write(sql, trees)
    queries = [tree for tree in trees if isinstance(tree, exp.Query)]
    unknown = tuple(
        name for tree in queries for name in find_unknown_names(tree, schema, sql=sql, engine=dialect)
    )
    if unsafe is not None:
        return Reading(valid, unsafe, unknown, None, unsafe)
    if dialect == engine:
        return Reading(valid, None, unknown, sql)
    if query is None:
        return Reading(
            valid,
            None,
            unknown,
            None,
            f"not valid in the dialect {dialect}: {parsed.problem or 'it is no query'}",
        )
    return _read_transpiled(query, valid, unknown, way)


def write_for_engine(sql: str, *, way: Way) -> str | None:
    """Return `sql` as the engine is to be given it, or `None` where it cannot be transpiled."""
    if way.dialect == way.engine:
        return sql
    trees = parse_sql(sql, way.dialect).trees
    return _read_transpiled(trees[0], True, (), way).engine_sql if len(trees) == 1 else None


def find_unknown_functions(sql: str, dialect: str) -> frozenset[str]:
    """Return the functions of `sql` that sqlglot does not know in any dialect, in lower case."""
    calls = (call for tree in parse_sql(sql, dialect).trees for call in tree.find_all(exp.Anonymous))
    return frozenset(call.name.lower() for call in calls)


def _is_no_statement(tree: exp.Expr) -> bool:
    """Whether sqlglot read an expression on its own (it takes the text `hello` for a column) or gave up (`Command`)."""
    return isinstance(tree, (exp.Condition, exp.Alias, exp.Command)) and not isinstance(tree, exp.Query)


def _find_write(sql: str, trees: Sequence[exp.Expr]) -> str | None:
    if len(trees) > 1:
        return "several statements"
    (tree,) = trees
    if not isinstance(tree, QUERIES):
        return f"a statement that is not a query: {tree.key.upper()}"
    text = sql.lower()
    if not any(word in text for word in _WRITING_WORDS):  # looking through the tree takes longer
        return None
    found = tree.find(*WRITES)
    return None if found is None else f"a query that writes: {found.key.upper()}"


def _read_transpiled(query: exp.Expr, valid: bool, unknown: tuple[str, ...], way: Way) -> Reading:
    # sqlglot's optimiser is heavy, and only what is written in another dialect needs it.
    from scorers.text_to_sql.reading.dialects.typed_nodes import NotTranspilableError  # noqa: PLC0415
    from scorers.text_to_sql.reading.transpiling import transpile  # noqa: PLC0415

    try:
        text = transpile(query, way)
    except (NotTranspilableError, RecursionError) as error:
        problem = f"cannot be transpiled to {way.engine}: {error}"
        return Reading(valid, None, unknown, None, problem, untranspilable=True)
    return Reading(valid, None, unknown, text)
