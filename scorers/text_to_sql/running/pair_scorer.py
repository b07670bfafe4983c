"""The verdict on one pair of gold and predicted SQL."""

import re
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from scorers.text_to_sql.engines.query_engine import FailureKind, QueryEngine, QueryResult
from scorers.text_to_sql.reading.plain_queries import is_plain_query
from scorers.text_to_sql.reading.schema import Schema
from scorers.text_to_sql.reading.sql_reader import (
    NO_SQL,
    Reading,
    Way,
    find_unknown_functions,
    read_sql,
    write_for_engine,
)
from scorers.text_to_sql.reading.statements import (
    cut_out_statement,
    find_unsafe_reason,
    is_blank,
    orders_rows,
    write_spider_text,
)
from scorers.text_to_sql.running.bounded_cache import BoundedCache
from scorers.text_to_sql.running.worker_state import Phase
from scorers.text_to_sql.verdicts.component_match import ComparableQuery, is_component_match
from scorers.text_to_sql.verdicts.result_match import ResultTable, is_bird_match, is_execution_match
from scorers.text_to_sql.verdicts.spider_grammar import parse_spider_sql
from scorers.text_to_sql.verdicts.spider_schema import make_spider_schema
from scorers.text_to_sql.verdicts.verdict import PairOutcome, PairVerdict

MEASURABLE_SECONDS = 0.001  # below a millisecond, a query's time is noise
_CACHED_CELLS = 300_000
_CELLS_OF_A_TEXT = 20  # what a query costs beside its result
_CACHED_TEXTS = 2_000
_CACHED_VERDICTS = 5_000
_LONGEST_REMEMBERED = 10_000  # characters


class _Gold(Struct, frozen=True):
    """A gold query that ran: its result unchanged, and as Spider's evaluator would run it."""

    plain: ResultTable
    spider: ResultTable
    seconds: float
    ordered: bool
    component: ComparableQuery | None


_Runs = tuple[QueryResult | None, QueryResult | None]  # unchanged, and as Spider's evaluator would run it


class ScoringMemory:
    """What was run and read once, by database and text, within bounds that hold for all databases together."""

    def __init__(self) -> None:
        self.executions: BoundedCache[tuple[str, str], QueryResult] = BoundedCache(
            _CACHED_CELLS, _count_cells
        )
        self.golds: BoundedCache[tuple[str, str], _Gold | str] = BoundedCache(
            _CACHED_CELLS, _count_gold_cells
        )
        self.readings: BoundedCache[tuple[str, str], Reading] = BoundedCache(_CACHED_TEXTS)
        self.components: BoundedCache[tuple[str, str], ComparableQuery | None] = BoundedCache(_CACHED_TEXTS)
        self.verdicts: BoundedCache[tuple[str, str, str], PairVerdict] = BoundedCache(_CACHED_VERDICTS)


class PairScorer:
    """Scores pairs over one open database, which `memory` knows by its `name`."""

    def __init__(
        self,
        engine: QueryEngine,
        *,
        schema: Schema | None = None,
        dialect: str | None = None,
        extract: bool = False,
        keep_distinct: bool = False,
        enter: Callable[[Phase], None] = lambda _: None,
        memory: "ScoringMemory | None" = None,
        name: str = "",
    ) -> None:
        self._engine = engine
        self._schema = schema or engine.schema()
        self._spider_schema = make_spider_schema(self._schema)
        self._trusts_engine = schema is None  # on which names are unknown
        self._dialect = dialect or engine.dialect
        self._may_run_unread = schema is None and self._dialect == engine.dialect == "sqlite"
        self._way = Way(self._dialect, engine.dialect, engine.schema())
        self._extract = extract
        self._keep_distinct = keep_distinct
        self._enter = enter
        self._memory = memory or ScoringMemory()
        self._name = name

    def score(self, gold_sql: str, predicted_sql: str) -> PairVerdict:
        """Return the verdict; a gold query that fails is the data set's error and no verdict on the model."""
        key = (self._name, gold_sql, predicted_sql)
        keep = len(gold_sql) + len(predicted_sql) <= _LONGEST_REMEMBERED
        return self._memory.verdicts.get(key, lambda: self._score_answer(gold_sql, predicted_sql), keep=keep)

    def _score_answer(self, gold_sql: str, answer: str) -> PairVerdict:
        if not self._extract:
            return self._score(gold_sql, answer)
        # Imported here: its many patterns are compiled for those who ask for it.
        from scorers.text_to_sql.reading.answers import extract_sql  # noqa: PLC0415

        self._enter(Phase.READING)
        sql = extract_sql(answer, dialect=self._dialect)
        return replace(self._score(gold_sql, sql), extracted_sql=sql != answer)

    def _score(self, gold_sql: str, predicted_sql: str) -> PairVerdict:
        key = (self._name, gold_sql)
        gold = self._memory.golds.get(key, lambda: self._run_gold(gold_sql), keep=_is_short(gold_sql))
        if isinstance(gold, str):
            return PairVerdict(PairOutcome.GOLD_ERROR, gold)
        # First the text as it is, which BIRD compares and all other metrics are about; then as Spider would run it.
        reading, plain = self._read_and_run(predicted_sql)
        if plain is not None and self._is_lost_on_the_way(predicted_sql, plain):
            problem = f"cannot be transpiled to {self._engine.dialect}: {plain.reason}"
            reading, plain = replace(reading, untranspilable=True, problem=problem), None
        spider = None
        if reading.unsafe is None and not reading.untranspilable:
            spider = self._run_as_spider(predicted_sql, plain, Phase.PREDICTION)
        self._enter(Phase.COMPARING)
        component = None
        if reading.unsafe is None and gold.component is not None:
            component = self._read_components(predicted_sql)
        verdict = _judge_pair(gold, reading, component, (plain, spider))
        return self._trust_engine_on_names(verdict, predicted_sql, plain)

    def _read_and_run(self, sql: str) -> tuple[Reading, QueryResult | None]:
        """Return what `sql` is, and what running it unchanged came to, `None` where it must not be run.

        A plain query is run before it is read, under the guards of the engine: where it has a result, there is nothing
        to read.
        """
        self._enter(Phase.READING)
        if self._may_run_unread and is_plain_query(sql):
            result = self._run(sql, Phase.PREDICTION)
            if result.table is not None:
                return Reading(valid=True, unsafe=None, unknown=(), engine_sql=sql), result
        reading = self._read(sql)
        if reading.engine_sql is None:
            return reading, None
        return reading, self._run(reading.engine_sql, Phase.PREDICTION)

    def _is_lost_on_the_way(self, sql: str, plain: QueryResult) -> bool:
        """Whether the engine does not understand what was read in its dialect, but for functions that nobody knows."""
        if self._dialect == self._engine.dialect or plain.failure is not FailureKind.NOT_UNDERSTOOD:
            return False
        words = set(re.findall(r"\w+", plain.reason.lower()))
        return words.isdisjoint(find_unknown_functions(sql, self._dialect))

    def _trust_engine_on_names(
        self, verdict: PairVerdict, predicted_sql: str, plain: QueryResult | None
    ) -> PairVerdict:
        """Let the engine have the last word on names, where the schema is its own.

        SQLite's word does not count for names in double quotes, of which it takes unknown ones for texts.
        """
        if not self._trusts_engine or plain is None:
            return verdict
        if plain.failure is FailureKind.UNKNOWN_NAME:
            return replace(verdict, schema_hallucination=True)
        if plain.table is None or not verdict.unknown_names:
            return verdict
        unknown: tuple[str, ...] = ()
        if self._engine.dialect == "sqlite":
            unknown = tuple(name for name in verdict.unknown_names if f'"{name}"' in predicted_sql)
        return replace(verdict, unknown_names=unknown, schema_hallucination=bool(unknown))

    def _run_gold(self, sql: str) -> _Gold | str:
        """Run a gold query; return why it fails where it does."""
        engine_sql, problem = self._prepare_gold(sql)
        if engine_sql is None:
            return problem
        plain = self._run(engine_sql, Phase.GOLD)
        if plain.table is None:
            return plain.reason
        spider = self._run_as_spider(sql, plain, Phase.GOLD) or plain
        if spider.table is None:
            return f"it fails once DISTINCT is left out, see --keep-distinct: {spider.reason}"
        return _Gold(plain.table, spider.table, plain.seconds, orders_rows(sql), self._read_components(sql))

    def _prepare_gold(self, sql: str) -> tuple[str | None, str]:
        """Return what the engine is given for a gold query, or why nothing.

        sqlglot is not asked where there is nothing to transpile: it takes longer than all else, and says nothing about
        a gold query that the engine does not.
        """
        self._enter(Phase.READING)
        engine = self._engine.dialect
        if self._dialect != engine:
            reading = self._read(sql)
            return reading.engine_sql, reading.problem
        if is_blank(sql, engine=engine):
            return None, NO_SQL
        unsafe = find_unsafe_reason(sql, engine)
        return (sql, "") if unsafe is None else (None, unsafe)

    def _read(self, sql: str) -> Reading:
        def read() -> Reading:
            return read_sql(sql, way=self._way, schema=self._schema)

        self._enter(Phase.READING)
        key = (self._name, sql)
        return self._memory.readings.get(key, read, keep=_is_short(sql))

    def _read_components(self, sql: str) -> ComparableQuery | None:
        """Return `sql` as Spider's exact set match compares it, `None` where its parser refuses it."""

        def parse() -> ComparableQuery | None:
            query = parse_spider_sql(sql, self._spider_schema)
            return None if query is None else ComparableQuery(query, self._spider_schema)

        key = (self._name, sql)
        return self._memory.components.get(key, parse, keep=_is_short(sql))

    def _run(self, engine_sql: str, phase: Phase) -> QueryResult:
        def run() -> QueryResult:
            self._enter(phase)
            return self._engine.run(cut_out_statement(engine_sql, engine=self._engine.dialect))

        key = (self._name, engine_sql)
        return self._memory.executions.get(key, run, keep=_is_short(engine_sql))

    def _run_as_spider(self, sql: str, plain: QueryResult | None, phase: Phase) -> QueryResult | None:
        """Run the text that Spider's evaluator would, unless it is the same or the unchanged one must not run again."""
        text = write_spider_text(sql, engine=self._engine.dialect, keep_distinct=self._keep_distinct)
        if text == sql:
            return plain
        if plain is not None and plain.failure in {FailureKind.UNSAFE, FailureKind.TIMEOUT}:
            return plain
        engine_sql = write_for_engine(text, way=self._way)
        return self._run(engine_sql, phase) if engine_sql is not None else plain

    def close(self) -> None:
        """Let go of the database."""
        self._engine.close()


def _is_short(sql: str) -> bool:
    """Whether a text is of a length that queries have; a cache of long ones would have no bound."""
    return len(sql) <= _LONGEST_REMEMBERED


def _count_cells(execution: QueryResult) -> int:
    return 1 if execution.table is None else _count_table_cells(execution.table)


def _count_gold_cells(gold: _Gold | str) -> int:
    return 1 if isinstance(gold, str) else _count_table_cells(gold.plain) + _count_table_cells(gold.spider)


def _count_table_cells(table: ResultTable) -> int:
    return _CELLS_OF_A_TEXT + len(table.rows) * table.width


def _judge_pair(gold: _Gold, reading: Reading, component: ComparableQuery | None, run: _Runs) -> PairVerdict:
    plain = run[0]
    failure = plain.failure if plain else None
    # First: is it safe? What the engine refuses as unsafe is so, whatever its text says; nothing else counts then.
    refused = [each.reason for each in run if each and each.failure is FailureKind.UNSAFE]
    unsafe = reading.unsafe or next(iter(refused), None)
    table, spider_table = [each.table if each and unsafe is None else None for each in run]
    # Then: is it right? Each benchmark compares what its own evaluator would have run.
    correct = spider_table is not None and is_execution_match(gold.spider, spider_table, ordered=gold.ordered)
    bird = table is not None and is_bird_match(gold.plain, table)
    exact = None if gold.component is None else False
    if gold.component is not None and component is not None and unsafe is None:
        exact = is_component_match(gold.component, component)
    # Last: what is said of it.
    outcome, reason = PairOutcome.CORRECT, "the results are equal"
    if not correct:
        outcome, reason = _explain(gold, reading, plain, unsafe)
    return PairVerdict(
        outcome,
        reason,
        correct=correct,
        bird_match=bird,
        exact_set_match=exact,
        valid_sql=reading.valid,
        unsafe=unsafe is not None,
        execution_error=unsafe is None and (plain is None or failure in _ERRORS),
        timeout=failure is FailureKind.TIMEOUT,
        schema_hallucination=bool(reading.unknown),
        unknown_names=reading.unknown,
        transpilation_failure=reading.untranspilable,
        empty_gold=not gold.plain.rows,
        relative_execution_time=_divide_times(gold, plain) if correct else None,
    )


_ERRORS = {
    *(FailureKind.ERROR, FailureKind.UNKNOWN_NAME, FailureKind.NOT_UNDERSTOOD),
    *(FailureKind.OUT_OF_MEMORY, FailureKind.TOO_MANY_ROWS),
}
_OUTCOMES = {
    FailureKind.TIMEOUT: PairOutcome.TIMEOUT,
    FailureKind.TOO_MANY_ROWS: PairOutcome.TOO_MANY_ROWS,
    FailureKind.OUT_OF_MEMORY: PairOutcome.OUT_OF_MEMORY,
}


def _explain(
    gold: _Gold, reading: Reading, plain: QueryResult | None, unsafe: str | None
) -> tuple[PairOutcome, str]:
    if unsafe is not None:
        return PairOutcome.UNSAFE, unsafe
    if reading.untranspilable:
        return PairOutcome.TRANSPILATION_FAILURE, reading.problem
    if plain is None:
        return (PairOutcome.EMPTY if reading.empty else PairOutcome.EXECUTION_ERROR), reading.problem
    if plain.failure is not None:
        return _OUTCOMES.get(plain.failure, PairOutcome.EXECUTION_ERROR), plain.reason
    shape, gold_shape = _describe_shape(plain.table or gold.plain), _describe_shape(gold.plain)
    if shape != gold_shape:
        return PairOutcome.WRONG_RESULT, f"{shape} where the gold has {gold_shape}"
    return PairOutcome.WRONG_RESULT, f"other values or another order in {shape}"


def _describe_shape(table: ResultTable) -> str:
    return f"{len(table.rows)} rows of {table.width} columns"


def _divide_times(gold: _Gold, plain: QueryResult | None) -> float | None:
    if plain is None or plain.table is None:
        return None
    return max(plain.seconds, MEASURABLE_SECONDS) / max(gold.seconds, MEASURABLE_SECONDS)
