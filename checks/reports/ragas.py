"""RAGAS results: the scores row by row, or their means.

Read are a list of rows (`to_json(orient="records")`, `EvaluationResult.scores`), a table by columns (`to_json()` of
pandas, a dictionary of lists), and a dictionary of means. Addressed as `rag.<metric>`. Out of rows come the mean,
the number of scored rows and their standard deviation (of the sample); rows without a score are an `Unmeasured` of
the same metric, so that a check on it is not passed in silence by the rows that happened to be scored.

It takes more than a name that others use too, such as `exact_match`, to make a table one of RAGAS: a metric that is
RAGAS' own, or the column `user_input`. Ids, positions and token counts are no scores.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from checks import exact
from checks.evidence import ReportKind
from checks.measurements import Measured, Measurement, Source, Support, Unmeasured
from checks.reports.numbers import Node, find_error_beside, read_measurement, to_number, why_not_a_number
from checks.reports.reader import Reader
from checks.strict_json import JsonValue, ReportError

FORMAT = "ragas"

INPUTS = frozenset(
    {
        "user_input",
        "retrieved_contexts",
        "reference_contexts",
        "retrieved_context_ids",
        "reference_context_ids",
        "response",
        "multi_responses",
        "reference",
        "rubrics",
        "rubric",
        "persona_name",
        "query_style",
        "query_length",
        "synthesizer_name",
        "question",
        "answer",
        "contexts",
        "ground_truth",
        "ground_truths",
        "reference_tool_calls",
        "reference_topics",
    }
)

# The names of the metrics in ragas 0.1 to 0.4; a mode in brackets may follow one.
METRICS = frozenset(
    {
        "agent_goal_accuracy",
        "answer_accuracy",
        "answer_correctness",
        "answer_relevancy",
        "answer_similarity",
        "aspect_critic",
        "bleu_score",
        "chrf_score",
        "context_entity_recall",
        "context_precision",
        "context_precision_with_reference",
        "context_precision_without_reference",
        "context_recall",
        "context_relevance",
        "context_relevancy",
        "context_utilization",
        "data_compare_score",
        "domain_specific_rubrics",
        "exact_match",
        "factual_correctness",
        "faithfulness",
        "faithfulness_with_hhem",
        "id_based_context_precision",
        "id_based_context_recall",
        "instance_rubrics",
        "instance_specific_rubrics",
        "llm_context_precision_with_reference",
        "llm_context_precision_without_reference",
        "llm_sql_equivalence_with_reference",
        "multi_modal_faithfulness",
        "multi_modal_relevance",
        "noise_sensitivity",
        "non_llm_context_precision_with_reference",
        "non_llm_context_recall",
        "non_llm_string_similarity",
        "nv_accuracy",
        "nv_context_relevance",
        "nv_response_groundedness",
        "quoted_spans_alignment",
        "response_groundedness",
        "rouge_score",
        "rubrics_score_with_reference",
        "rubrics_score_without_reference",
        "semantic_similarity",
        "sql_semantic_equivalence",
        "string_present",
        "summary_score",
        "tool_call_accuracy",
        "tool_call_f1",
        "topic_adherence",
    }
)

# Names that tables of other tools have as well.
COMMON = frozenset(
    {
        "answer_accuracy",
        "answer_similarity",
        "bleu_score",
        "chrf_score",
        "exact_match",
        "rouge_score",
        "semantic_similarity",
        "string_present",
        "summary_score",
        "tool_call_accuracy",
        "tool_call_f1",
    }
)
OWN_COLUMN = "user_input"
# Words in the names of columns that count or number something.
NO_SCORE = frozenset({"id", "ids", "idx", "index", "row", "seed", "timestamp", "token", "tokens"})

MAX_CELLS = 2_000_000

Column = Mapping[str, JsonValue]


def recognises(document: JsonValue) -> bool:
    """Whether `document` is rows, columns or means with a metric of RAGAS."""
    columns = _read_columns(document)
    if columns is not None:
        return _has_own_metric(columns) or (OWN_COLUMN in columns and any(map(_is_metric, columns)))
    if not isinstance(document, Mapping):
        return False
    return _has_own_metric(name for name, mean in document.items() if not isinstance(mean, (Mapping, list)))


def read(report: Node) -> Iterator[Measurement]:
    """Yield the mean of every metric, and what could not be measured."""
    columns = _read_columns(report.value)
    if columns is None:
        for name, node in report.members():
            yield read_measurement(f"rag.{name}", node)
        return
    errors = _find_errors(columns)
    for name, column in columns.items():
        if _is_metric(name) or name not in INPUTS:
            yield from _read_mean(name, column, errors, report.source)


def _find_errors(columns: Mapping[str, Column]) -> Mapping[str, str]:
    """Return the error of each row that states one: no score of that row counts."""
    stated = ((row, find_error_beside({"error": given})) for row, given in columns.get("error", {}).items())
    return {row: error for row, error in stated if error is not None}


def _is_metric(name: str) -> bool:
    return name.partition("(")[0].strip() in METRICS


def _has_own_metric(names: Iterable[str]) -> bool:
    """Whether one of the names is a metric that only RAGAS has."""
    return any(_is_metric(name) and name.partition("(")[0].strip() not in COMMON for name in names)


def is_part(document: Mapping[str, JsonValue]) -> bool:
    """Whether an object has a metric of RAGAS under its name, and neither as a mean nor as a figure with a value."""
    return _has_own_metric(
        name
        for name, given in document.items()
        if isinstance(given, list) or (isinstance(given, Mapping) and "value" not in given)
    )


def _read_columns(document: JsonValue) -> dict[str, Column] | None:
    """Return a table as columns from row to value, or `None` when `document` is not a table."""
    if isinstance(document, list) and document:
        objects = [row for row in document if isinstance(row, Mapping)]
        if len(objects) < len(document):
            return None
        names = dict.fromkeys(name for row in objects for name in row)
        _require_dense(len(names), len(objects))
        return {name: {str(i): row.get(name) for i, row in enumerate(objects)} for name in names}
    if isinstance(document, Mapping) and document:
        columns = {name: _read_column(value) for name, value in document.items()}
        rows = {row for column in columns.values() if column is not None for row in column}
        if all(column is not None for column in columns.values()):
            _require_dense(len(columns), len(rows))
            return {name: {row: (column or {}).get(row) for row in rows} for name, column in columns.items()}
    return None


def _require_dense(columns: int, rows: int) -> None:
    """Refuse a table whose cells, written out, are far more than the document holds."""
    if columns * rows > MAX_CELLS:
        raise ReportError(
            f"a table of {columns:,} columns and {rows:,} rows has more than {MAX_CELLS:,} cells"
        )


def _read_column(value: JsonValue) -> Column | None:
    if isinstance(value, Mapping):
        return value if all(row.isdecimal() for row in value) else None
    return {str(index): item for index, item in enumerate(value)} if isinstance(value, list) else None


def _read_mean(name: str, column: Column, errors: Mapping[str, str], source: Source) -> Iterator[Measurement]:
    metric = f"rag.{name}"
    if not _is_metric(name) and NO_SCORE & set(name.lower().split("_")):
        yield Unmeasured(metric, "an id, a position or a count of tokens is no score", source)
        return
    reasons = {row: errors.get(row) or why_not_a_number(value) for row, value in column.items()}
    scores = [to_number(value) for row, value in column.items() if reasons[row] is None]
    unscored = [f"row {row}: {reason}" for row, reason in reasons.items() if reason is not None]
    if unscored:
        reason = f"{len(unscored)} of {len(column)} rows have no score ({_list_first(unscored)})"
        yield Unmeasured(metric, reason, source)
    if scores:
        yield measure_mean(metric, scores, source)


def _list_first(reasons: Sequence[str]) -> str:
    return "; ".join(sorted(reasons)[:3]) + (" and so on" if reasons[3:] else "")


def measure_mean(metric: str, scores: Sequence[float], source: Source) -> Measurement:
    """Return the mean of the scores of items, with their number and their standard deviation (of the sample)."""
    try:
        mean = exact.mean(scores)
        squares = math.fsum((score - mean) * (score - mean) for score in scores)
    except OverflowError:
        mean = squares = math.inf
    if not math.isfinite(mean) or not math.isfinite(squares):
        return Unmeasured(metric, "the scores are too large for their mean and spread to be doubles", source)
    if len(scores) == 1:
        return Measured(metric, mean, source, samples=1)
    spread = math.sqrt(squares / (len(scores) - 1))
    return Measured(metric, mean, source, samples=len(scores), support=Support(standard_deviation=spread))


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
