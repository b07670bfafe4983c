from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scorers.text_to_sql.engines.databases import Databases, open_engine
from scorers.text_to_sql.engines.query_engine import QueryEngine, QueryLimits, QueryResult
from scorers.text_to_sql.reading.schema import Schema
from scorers.text_to_sql.running.pair_scorer import PairScorer
from scorers.text_to_sql.running.worker_state import Phase
from scorers.text_to_sql.verdicts.verdict import PairOutcome
from tests.counted_work import count_calls


class CountingEngine:
    """A real engine that counts how often each text is run."""

    def __init__(self, engine: QueryEngine) -> None:
        self._engine = engine
        self.runs: Counter[str] = Counter()
        self.dialect = engine.dialect

    def run(self, sql: str) -> QueryResult:
        self.runs[sql] += 1
        return self._engine.run(sql)

    def schema(self) -> Schema:
        return self._engine.schema()

    def close(self) -> None:
        self._engine.close()


@pytest.fixture
def engine(shop: Path) -> Iterator[CountingEngine]:
    counting = CountingEngine(open_engine(Databases(str(shop)).find("shop"), QueryLimits()))
    yield counting
    counting.close()


def test_gold_and_identical_predictions_run_once(engine: CountingEngine) -> None:
    scorer = PairScorer(engine)
    gold, predicted = "SELECT name FROM customer", "SELECT DISTINCT name FROM customer"
    for _ in range(3):
        for gold_sql in (gold, "SELECT id FROM customer"):
            for predicted_sql in (predicted, gold):
                scorer.score(gold_sql, predicted_sql)
    assert engine.runs == {
        gold: 1,
        "SELECT id FROM customer": 1,
        predicted: 1,
        "SELECT  name FROM customer": 1,  # as Spider's evaluator runs it
    }


def test_unsafe_sql_never_reaches_the_engine(engine: CountingEngine) -> None:
    verdict = PairScorer(engine).score("SELECT name FROM customer", "DELETE FROM customer")
    assert verdict.verdict is PairOutcome.UNSAFE
    assert engine.runs == {"SELECT name FROM customer": 1}


def test_each_phase_is_told_before_it_begins(engine: CountingEngine) -> None:
    phases: list[Phase] = []
    PairScorer(engine, enter=phases.append).score("SELECT name FROM customer", "SELECT id FROM customer")
    assert phases == [Phase.READING, Phase.GOLD, Phase.READING, Phase.PREDICTION, Phase.COMPARING]


@pytest.mark.parametrize(
    ("gold", "predicted", "verdict", "reason"),
    [
        (
            "SELECT count(DISTINCT name, id) FROM customer",
            "SELECT 1",
            PairOutcome.GOLD_ERROR,
            "wrong number of arguments to function count()",
        ),
        (
            "SELECT 1; SELECT 2",
            "SELECT 1",
            PairOutcome.GOLD_ERROR,
            "several statements, or text after the first",
        ),
        ("SELECT 1", "SELECT 1; SELECT 2", PairOutcome.UNSAFE, "several statements, or text after the first"),
        ("SELECT 1 WHERE 0", "", PairOutcome.EMPTY, "there is no SQL in it"),
        ("SELECT 1 WHERE 0", "-- none", PairOutcome.EMPTY, "there is no SQL in it"),
        (
            "SELECT 1",
            "SELECT 2",
            PairOutcome.WRONG_RESULT,
            "other values or another order in 1 rows of 1 columns",
        ),
        (
            "SELECT 1",
            "SELECT 1 WHERE 0",
            PairOutcome.WRONG_RESULT,
            "0 rows of 0 columns where the gold has 1 rows of 1 columns",
        ),
    ],
)
def test_verdicts_say_why(
    engine: CountingEngine, gold: str, predicted: str, verdict: PairOutcome, reason: str
) -> None:
    found = PairScorer(engine).score(gold, predicted)
    assert (found.verdict, found.reason) == (verdict, reason)


def test_keep_distinct_lets_distinct_count(engine: CountingEngine) -> None:
    gold, predicted = "SELECT country FROM customer", "SELECT DISTINCT country FROM customer"
    assert PairScorer(engine).score(gold, predicted).correct is True
    assert PairScorer(engine, keep_distinct=True).score(gold, predicted).correct is False


def test_a_write_inside_a_query_is_found_by_reading_it(engine: CountingEngine) -> None:
    """Where the engine would have to be trusted: other engines allow writes in WITH."""
    sql = "WITH gone AS (DELETE FROM customer RETURNING *) SELECT * FROM gone"
    verdict = PairScorer(engine, dialect="postgres").score("SELECT 1", sql)
    assert (verdict.verdict, verdict.reason) == (PairOutcome.UNSAFE, "a query that writes: DELETE")


@pytest.mark.parametrize(
    ("predicted", "runs", "parsed"),
    [
        ("SELECT id FROM customer", 2, 0),
        ('SELECT id FROM customer WHERE name = "Ada"', 2, 0),
        ("SELECT id FROM nosuch", 2, 1),
        ("SELECT lower(name) FROM customer", 2, 1),
        ("DELETE FROM customer", 1, 1),
    ],
    ids=["plain", "plain with a text in double quotes", "plain and refused", "not plain", "unsafe"],
)
def test_a_plain_query_that_ran_is_not_parsed_and_nothing_is_run_twice(
    engine: CountingEngine, predicted: str, runs: int, parsed: int
) -> None:
    scorer = PairScorer(engine)
    calls = count_calls(lambda: scorer.score("SELECT name FROM customer", predicted))
    assert (sum(engine.runs.values()), calls["parse_sql"]) == (runs, parsed)


@pytest.mark.parametrize(
    ("predicted", "reduced"),
    [
        ("SELECT name FROM customer WHERE id = 1 ;", 0),
        ("SELECT name FROM customer WHERE id = 2", 2),
        ("SELECT amount FROM purchase", 0),
    ],
    ids=["read alike", "another literal", "another table"],
)
def test_components_are_looked_for_where_what_was_read_does_not_tell(
    engine: CountingEngine, predicted: str, reduced: int
) -> None:
    scorer = PairScorer(engine)
    calls = count_calls(lambda: scorer.score("SELECT name FROM customer WHERE id = 1", predicted))
    assert calls["_normalise"] == reduced


@pytest.mark.parametrize(
    ("gold", "predicted", "most"),
    [
        ("SELECT name, id FROM customer", "SELECT name, id FROM customer ;", 240),
        ("SELECT name FROM customer WHERE id > 1;", "SELECT id FROM customer WHERE name = 'Eve';", 355),
    ],
    ids=["alike", "other"],
)
def test_calls_of_functions_for_a_pair_that_is_new(
    engine: CountingEngine, gold: str, predicted: str, most: int
) -> None:
    """Of two plain queries; what is read or compared again, or token by token, is noticed here."""
    scorer = PairScorer(engine)
    scorer.score(f"{gold} ", f"{predicted} ")  # what Python remembers of types is known from here on
    calls = count_calls(lambda: scorer.score(gold, predicted))
    assert sum(calls.values()) < most
    assert calls["_write_with_type"] == 0
