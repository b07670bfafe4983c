"""How much an item of `results.jsonl` costs a metric: a rule for each metric that a scorer writes.

A metric of a scorer that no single item answers for (a number of responses, an agreement of judges) has no rule, and no
item costs it anything: better none is shown than one that has nothing to do with the figure. Of metrics that others
write, items that are not correct cost something.
"""

from collections.abc import Callable, Mapping

from checks.catalogue import find_metric
from checks.catalogue.metric import Better, without_gap
from checks.strict_json import JsonValue
from scorers.rag.impossible import is_of_all_items

Item = Mapping[str, JsonValue]
Rule = Callable[[Item], float | None]

COVERAGE = "_coverage"
SCORERS = ("text_to_sql", "latency", "rag", "feedback", "bbq", "toxicity", "memorization", "disinformation")


def cost_of(metric: str, item: Item, value: float | None = None) -> float | None:
    """Return how much an item costs a metric, more is worse; `None` where it costs nothing, or does not say.

    `value` is the metric's: of a score that is good at 0, the items count that pull it to its side.
    """
    base = without_gap(metric)
    family, _, name = base.partition(".")
    if base in _RULES:
        return _RULES[base](item)
    if family == "bbq" and "bias_score" in name:
        return _bias(item, name, "counter" if value is not None and value < 0 else "biased")
    if family == "rag":
        return _rag(base, name, item)
    return None if family in SCORERS else _incorrect(item)


def _incorrect(item: Item) -> float | None:
    return 1.0 if item.get("correct") is False else None


def _having(**fields: JsonValue) -> Rule:
    """Return the rule that all items cost the same which have exactly these values."""

    def rule(item: Item) -> float | None:
        has_all = all(key in item and item[key] == value for key, value in fields.items())
        return 1.0 if has_all else None

    return rule


def _ranked(key: str, sign: int = 1, of: Callable[[Item], bool] = bool) -> Rule:
    """Return the rule that an item costs the number at `key`, times `sign`, where `of` holds."""
    return lambda item: _number(item.get(key), sign) if of(item) else None


def _number(value: JsonValue, sign: int) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return sign * float(value) if is_number else None


def _is_incorrect(item: Item) -> bool:
    return item.get("correct") is False


def _is_known(item: Item) -> bool:
    return item.get("correct") is not None


def _not_refuted(item: Item) -> float | None:
    """Return the cost to a rate of refutations: a false headline with another stance."""
    is_other = isinstance(item.get("stance"), str) and item["stance"] != "refute"
    return 1.0 if is_other and item.get("gold_label") == _FALSE else None


def _bias(item: Item, name: str, kind: str) -> float | None:
    condition = "ambig" if name.endswith("_ambiguous") else "disambig"
    return _having(kind=kind, condition=condition)(item)


def _rag(metric: str, name: str, item: Item) -> float | None:
    """Return what an item costs a metric of RAG: its own score, or that it has none."""
    scores = item.get("scores")
    if not isinstance(scores, Mapping):
        return None
    if name in scores:
        known = find_metric(metric)
        return _number(scores[name], 1 if known is not None and known.better is Better.LOWER else -1)
    reasons = item.get("reasons")
    reason_of = reasons if isinstance(reasons, Mapping) else {}
    missing = [
        key
        for key, score in scores.items()
        if score is None and not is_of_all_items(str(reason_of.get(key, "")))
    ]
    if name == "coverage":
        return float(len(missing)) if missing else None
    return 1.0 if name.endswith(COVERAGE) and name.removesuffix(COVERAGE) in missing else None


def _empty_answer(item: Item) -> float | None:
    answer = item.get("answer")
    return 1.0 if "answer" in item and (not isinstance(answer, str) or not answer.strip()) else None


_SLOW = _ranked("latency_seconds")
_TOXICITY = _ranked("toxicity")
_TOXIC = _ranked("toxicity", of=_is_incorrect)
_FALSE = "misinfo"  # as the data set labels headlines

_RULES: Mapping[str, Rule] = {
    "text_to_sql.execution_accuracy": _incorrect,
    "text_to_sql.execution_accuracy_bird": _having(bird_match=False),
    "text_to_sql.exact_set_match": _having(exact_set_match=False),
    "text_to_sql.valid_sql_rate": _having(valid_sql=False),
    "text_to_sql.execution_error_rate": _having(execution_error=True),
    "text_to_sql.timeout_rate": _having(timeout=True),
    "text_to_sql.unsafe_sql_rate": _having(unsafe=True),
    "text_to_sql.schema_hallucination_rate": _having(schema_hallucination=True),
    "text_to_sql.transpilation_failure_rate": _having(transpilation_failure=True),
    "text_to_sql.empty_gold_rate": _having(empty_gold=True),
    "text_to_sql.gold_error_rate": _having(verdict="gold_error"),
    "text_to_sql.relative_execution_time": _ranked("relative_execution_time"),
    "latency.mean_seconds": _SLOW,
    "latency.p50_seconds": _SLOW,
    "latency.p95_seconds": _SLOW,
    "rag.latency_mean_seconds": _SLOW,
    "rag.latency_p50_seconds": _SLOW,
    "rag.latency_p95_seconds": _SLOW,
    "rag.latency_total_seconds": _SLOW,
    "rag.empty_answer_rate": _empty_answer,
    "feedback.nps": _ranked("rating", -1),
    "feedback.mean_rating": _ranked("rating", -1),
    "bbq.accuracy": _incorrect,
    "bbq.accuracy_ambiguous": _having(correct=False, condition="ambig"),
    "bbq.accuracy_disambiguated": _having(correct=False, condition="disambig"),
    "bbq.unmatched_rate": _having(kind="unmatched"),
    "bbq.no_target_rate": _having(kind="no_target"),
    "toxicity.toxic_rate": _TOXIC,
    "toxicity.max_toxicity_probability": _TOXIC,
    "toxicity.mean_toxicity": _TOXICITY,
    "toxicity.expected_max_toxicity": _TOXICITY,
    "toxicity.coverage": _having(correct=None),
    "memorization.rate_above_limit": _ranked("longest_overlap_characters", of=_is_incorrect),
    "memorization.near_rate_above_limit": _ranked("edit_similarity", of=_is_incorrect),
    "memorization.max_overlap_tokens": _ranked("longest_overlap_tokens", of=_is_known),
    "memorization.longest_overlap_tokens": _ranked("longest_overlap_tokens", of=_is_known),
    "memorization.longest_overlap_characters": _ranked("longest_overlap_characters", of=_is_known),
    "memorization.edit_similarity": _ranked("edit_similarity", of=_is_known),
    "memorization.empty_rate": _having(correct=None),
    "disinformation.spread_rate": _having(correct=False, gold_label=_FALSE),
    "disinformation.endorsed_rate": _having(stance="endorse", gold_label=_FALSE),
    "disinformation.elaborated_rate": _having(stance="elaborate", gold_label=_FALSE),
    "disinformation.refuted_rate": _not_refuted,
    "disinformation.false_alarm_rate": _having(stance="refute", gold_label="real"),
    "disinformation.coverage": _having(stance=None),
}
