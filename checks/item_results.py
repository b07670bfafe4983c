"""Item results: what each item of an evaluation came to, as scoring writes it beside a report, one line an item.

A line is a JSON object with an `id`, the item's scores and, where it is in groups, its `facets`:
`{"id": "q-17", "correct": true, "scores": {"rouge_l": 0.4}, "facets": {"region": "CA"}}`. Scores are numbers or
verdicts (`true`, `false`), by their own names or under `scores`; `null` is an item without a score.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from checks.catalogue.metric import without_gap
from checks.facets import group_facet
from checks.strict_json import JsonValue, ReportError, parse_report_json
from checks.text import shortened

RESULTS = "results.jsonl"  # what the file is called
MAX_ITEMS = 100_000
_LONGEST_ID = 100  # characters of one in a problem
_SCORES = "scores"


Scores = Mapping[str, float]  # of one item, by the names of their fields


class ItemResults(Struct, frozen=True):
    """The items behind a report by their ids, and which bytes they were read from.

    `groups` are the ids of the items of each group, called as facets are (`column=value`).
    `problem` says why they cannot be used; there are then none. `copy_uri` is where a copy of the bytes is kept.
    """

    uri: str
    sha256: str
    items: Mapping[str, Scores]
    groups: Mapping[str, Sequence[str]]
    version_id: str | None = None
    copy_uri: str | None = None
    problem: str | None = None

    def scores_of(self, metric: str, facet: str | None) -> Mapping[str, float]:
        """Return by id the score that each item of the group `facet` has by `metric`; none where nothing says it."""
        rule = _rule_for(metric)
        if rule is None:
            return {}
        concerned = self.items if facet is None else self.groups.get(facet, ())
        found = {name: rule.find(self.items[name]) for name in concerned}
        return {name: score for name, score in found.items() if score is not None}


class _Rule(Struct, frozen=True):
    """In which field of an item its score by a metric is: the first of `fields` that it has.

    A rate of what went wrong counts the items that are not `correct`: their score is 1 less the field.
    """

    fields: tuple[str, ...]
    is_of_the_wrong: bool = False

    def find(self, item: Scores) -> float | None:
        score = next((item[field] for field in self.fields if field in item), None)
        return 1.0 - score if self.is_of_the_wrong and score is not None else score


_CORRECT = _Rule(("correct",))
_WRONG = _Rule(("correct",), is_of_the_wrong=True)
_LATENCY = _Rule(("latency_seconds",))

_RULES: Mapping[str, _Rule] = {
    "text_to_sql.execution_accuracy": _CORRECT,
    "text_to_sql.execution_accuracy_bird": _Rule(("bird_match",)),
    "text_to_sql.valid_sql_rate": _Rule(("valid_sql",)),
    "text_to_sql.execution_error_rate": _Rule(("execution_error",)),
    "text_to_sql.timeout_rate": _Rule(("timeout",)),
    "text_to_sql.unsafe_sql_rate": _Rule(("unsafe",)),
    "text_to_sql.schema_hallucination_rate": _Rule(("schema_hallucination",)),
    "text_to_sql.transpilation_failure_rate": _Rule(("transpilation_failure",)),
    "text_to_sql.empty_gold_rate": _Rule(("empty_gold",)),
    "latency.mean_seconds": _LATENCY,
    "rag.latency_mean_seconds": _LATENCY,
    "feedback.mean_rating": _Rule(("rating",)),
    "bbq.accuracy": _CORRECT,
    "toxicity.toxic_rate": _WRONG,
    "toxicity.mean_toxicity": _Rule(("toxicity",)),
    "memorization.rate_above_limit": _WRONG,
}


def _rule_for(metric: str) -> _Rule | None:
    """Return where the items have their score by `metric`; a gap between groups is of no single item.

    A rule may be wrong about what others write: what the items come to is held against the report before it is used.
    """
    if without_gap(metric) != metric:
        return None
    if metric in _RULES:
        return _RULES[metric]
    name = metric.rpartition(".")[2]
    also = ("correct",) if name == "accuracy" else ()
    return _Rule((name, f"{_SCORES}.{name}", *also))


def read_item_results(
    uri: str, content: bytes, sha256: str, *, version_id: str | None = None, copy_uri: str | None = None
) -> ItemResults:
    """Read item results; whatever the bytes are, the result is a value, with a `problem` where they cannot be used."""
    items: dict[str, Scores] = {}
    groups: dict[str, list[str]] = {}
    problem = None
    try:
        for name, scores, facets in _read(content):
            items[name] = scores
            for group in facets:
                groups.setdefault(group, []).append(name)
    except (ReportError, RecursionError) as error:
        items.clear()
        groups.clear()
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return ItemResults(uri, sha256, items, groups, version_id, copy_uri, problem)


_Item = tuple[str, Scores, frozenset[str]]  # its id, its scores and its groups


def _read(content: bytes) -> Iterator[_Item]:
    ids: set[str] = set()
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        if len(ids) >= MAX_ITEMS:
            raise ReportError(f"more than {MAX_ITEMS:,} items")
        try:
            item = _read_item(parse_report_json(line))
        except ReportError as error:
            raise ReportError(f"line {number}: {error}") from error
        name = item[0]
        if name in ids:
            raise ReportError(f"line {number}: the id {shortened(name, _LONGEST_ID)} is there twice")
        ids.add(name)
        yield item


def _read_item(item: JsonValue) -> _Item:
    if not isinstance(item, Mapping):
        raise ReportError("not a JSON object")
    name = item.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int):
        raise ReportError("an item needs an id, a text or an integer")
    return str(name), dict(_read_scores(item)), frozenset(_read_groups(item.get("facets")))


def _read_scores(item: Mapping[str, JsonValue]) -> Iterator[tuple[str, float]]:
    yield from _read_numbers(item)
    nested = item.get(_SCORES)
    if isinstance(nested, Mapping):
        for name, score in _read_numbers(nested):
            yield f"{_SCORES}.{name}", score


def _read_numbers(fields: Mapping[str, JsonValue]) -> Iterator[tuple[str, float]]:
    for name, value in fields.items():
        if name == "id" or not isinstance(value, bool | int | float):
            continue
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ReportError(f"{name} is not a finite number")
        yield name, number


def _read_groups(facets: JsonValue) -> Iterator[str]:
    """Yield the groups that an item is in, called as scoring calls them; what names none is passed over."""
    for column, value in facets.items() if isinstance(facets, Mapping) else ():
        if isinstance(value, bool):
            yield group_facet(column, str(value).lower())
        elif isinstance(value, int):
            yield group_facet(column, value)
        elif isinstance(value, str):
            yield group_facet(column, value.strip())
