"""RAGAS results: rows, columns and means."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from checks.evidence import Document
from checks.measurements import Measured, Measurement, Source, Support, Unmeasured
from checks.reports import read_report

SOURCE = Source("ragas.json")


def read(document: object) -> tuple[Measurement, ...]:
    content = document if isinstance(document, str) else json.dumps(document)
    report = read_report(Document("ragas.json", content.encode()))
    assert (report.format, report.problem) == ("ragas", None)
    return report.measurements


ROWS = [
    {"user_input": "q1", "retrieved_contexts": ["c"], "response": "a", "faithfulness": 1.0, "my_score": 3},
    {"user_input": "q2", "retrieved_contexts": ["c"], "response": "b", "faithfulness": 0.5, "my_score": 3},
    {"user_input": "q3", "retrieved_contexts": ["c"], "response": "b", "faithfulness": 0.0, "my_score": 3},
]
EXPECTED = (
    Measured("rag.faithfulness", 0.5, SOURCE, samples=3, support=Support(standard_deviation=0.5)),
    Measured("rag.my_score", 3.0, SOURCE, samples=3, support=Support(standard_deviation=0.0)),
)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(ROWS, id="rows"),
        pytest.param([{k: r[k] for k in ("faithfulness", "my_score")} for r in ROWS], id="scores"),
    ],
)
def test_rows_give_means_with_their_spread(document: object) -> None:
    assert read(document) == EXPECTED


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda table: table.to_json(), id="columns"),
        pytest.param(lambda table: table.to_json(orient="records"), id="records"),
        pytest.param(lambda table: table.to_dict("list"), id="dictionary of lists"),
    ],
)
def test_tables_of_pandas_give_them_too(write: Callable[[Any], object]) -> None:
    import pandas as pd  # noqa: PLC0415 - takes seconds, and every worker collects this file

    assert read(write(pd.DataFrame(ROWS))) == EXPECTED


def test_what_ragas_itself_writes() -> None:
    """The output of `EvaluationResult.to_pandas().to_json()` of ragas 0.4.3, as it came."""
    columns = (
        '{"user_input":{"0":"q","1":"q","2":"q"},"retrieved_contexts":{"0":["c"],"1":["c"],"2":["c"]},'
        '"response":{"0":"a","1":"a","2":"a"},"reference":{"0":"r","1":"r","2":"r"},'
        '"faithfulness":{"0":1.0,"1":null,"2":0.5},"factual_correctness(mode=f1)":{"0":0.5,"1":0.5,"2":0.5}}'
    )
    unscored, faithfulness, correctness = read(columns)
    reason = "1 of 3 rows have no score (row 1: null, without a reason)"
    assert unscored == Unmeasured("rag.faithfulness", reason, SOURCE)
    assert isinstance(faithfulness, Measured) and isinstance(correctness, Measured)
    assert (faithfulness.metric, faithfulness.value, faithfulness.samples) == ("rag.faithfulness", 0.75, 2)
    assert (correctness.metric, correctness.value, correctness.samples) == (
        "rag.factual_correctness(mode=f1)",
        0.5,
        3,
    )


def test_means_are_taken_as_they_are() -> None:
    assert read(
        {"answer_relevancy": 0.9, "latency": 76.59, "factual_correctness(mode=f1)": None, "model": "m"}
    ) == (
        Measured("rag.answer_relevancy", 0.9, Source("ragas.json", "/answer_relevancy")),
        Measured("rag.latency", 76.59, Source("ragas.json", "/latency")),
        Unmeasured(
            "rag.factual_correctness(mode=f1)",
            "null, without a reason",
            Source("ragas.json", "/factual_correctness(mode=f1)"),
        ),
        Unmeasured("rag.model", 'the text "m" where a number belongs', Source("ragas.json", "/model")),
    )


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        (None, "null, without a reason"),
        ("NaN", '"NaN" is not a finite number'),
        ("0.9", 'the text "0.9" where a number belongs'),
        (True, "a boolean where a number belongs"),
    ],
)
def test_rows_without_a_score_are_not_dropped_in_silence(missing: object, why: str) -> None:
    rows = [*ROWS[:2], {**ROWS[2], "faithfulness": missing}]
    unmeasured, measured, _ = read(rows)
    assert unmeasured == Unmeasured("rag.faithfulness", f"1 of 3 rows have no score (row 2: {why})", SOURCE)
    assert isinstance(measured, Measured)
    assert (measured.value, measured.samples) == (0.75, 2)


def test_a_row_that_lacks_the_metric_has_no_score() -> None:
    unmeasured, _ = read([{"faithfulness": 1.0}, {"faithfulness": 0.0}, {"user_input": "q"}])
    assert unmeasured == Unmeasured(
        "rag.faithfulness", "1 of 3 rows have no score (row 2: null, without a reason)", SOURCE
    )


def test_a_metric_that_no_row_has_is_unmeasured() -> None:
    (unmeasured,) = read([{"faithfulness": None}, {"faithfulness": None}])
    assert isinstance(unmeasured, Unmeasured)


def test_one_row_has_no_spread_and_is_no_proportion() -> None:
    assert read([{"faithfulness": 0.5}]) == (Measured("rag.faithfulness", 0.5, SOURCE, samples=1),)


def test_ids_positions_and_tokens_are_no_scores() -> None:
    rows = [{"id": 1, "row_index": 0, "total_tokens": 120, "faithfulness": 0.5, "note": "by hand"}] * 2
    found = {m.metric: m.reason for m in read(rows) if isinstance(m, Unmeasured)}
    no_score = "an id, a position or a count of tokens is no score"
    unscored = "2 of 2 rows have no score (row 0: the text "
    assert found.keys() == {"rag.id", "rag.row_index", "rag.total_tokens", "rag.note"}
    assert {found["rag.id"], found["rag.row_index"], found["rag.total_tokens"]} == {no_score}
    assert found["rag.note"].startswith(unscored)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([{"id": 1, "exact_match": 1, "tokens": 9}], id="items of another evaluator"),
        pytest.param([{"question": "q", "answer": "a", "exact_match": 1}], id="with a question"),
        pytest.param({"accuracy": 0.9, "exact_match": 0.8}, id="a flat file"),
        pytest.param({"exact_match": [1, 0], "tokens": [9, 8]}, id="columns"),
        pytest.param([{"faithfulness": 0.9}, None], id="a row that is none"),
        pytest.param({"faithfulness": [0.9], "model": "m"}, id="a column beside a text"),
    ],
)
def test_a_name_that_others_use_too_does_not_make_a_table_of_ragas(document: object) -> None:
    assert "ragas" not in read_report(Document("r.json", json.dumps(document).encode())).format


def test_a_common_name_counts_beside_the_column_of_ragas() -> None:
    rows = [{"user_input": "q", "exact_match": 1}, {"user_input": "r", "exact_match": 0}]
    assert [m.metric for m in read(rows)] == ["rag.exact_match"]


def test_scores_that_overflow_are_unmeasured() -> None:
    (unmeasured,) = read([{"faithfulness": 1e308}, {"faithfulness": 1e308}, {"faithfulness": -1e308}])
    assert isinstance(unmeasured, Unmeasured)
    assert "too large" in unmeasured.reason
