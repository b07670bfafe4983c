"""Figures under names of somebody's own, in no format: a flat file, `metrics`, a list of `{"name": …, "value": …}`.

The address is the path to a figure as it is: `accuracy` in `{"accuracy": 0.9}`, `metrics.accuracy` in
`{"metrics": {"accuracy": 0.9}}`, `macro avg.f1-score` in scikit-learn's `classification_report(output_dict=True)`,
`eval_accuracy` in `all_results.json` of Hugging Face's Trainer. An entry may have `samples`, a spread and `facets`, as
in an evaluation. Lists of objects without names are items, not figures.

It is the last of the readers: what another format is known by is not read as something else when it is incomplete.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from checks.evidence import ReportKind
from checks.measurements import Measurement
from checks.reports.evaluation import is_named_list, list_named_members, read_metric
from checks.reports.numbers import Node, make_gap, name_kind, why_not_a_number
from checks.reports.ragas import is_part as is_part_of_ragas
from checks.reports.reader import Reader
from checks.strict_json import JsonValue

FORMAT = "figures"

# What other formats are known by: with one of these, a file is a part of a report or a broken one.
_OF_OTHERS = {
    "fmeval": ("eval_name", "dataset_scores", "category_scores"),
    "Inspect": ("sample_reductions",),
    "lm-evaluation-harness": ("n-samples", "n-shot", "higher_is_better", "config_general"),
    "Model Monitor": ("violations", "monitoring_config", "numerical_statistics", "string_statistics"),
    "Clarify": ("kernel_shap", "global_shap_values", "value_or_threshold"),
    "a SageMaker model card": ("metric_data", "model_overview"),
    "Bedrock Evaluations": ("automatedEvaluationResult", "conversationTurns"),
    "Hugging Face's Trainer": ("log_history",),
}


def guess_tool(document: JsonValue) -> str | None:
    """Return the tool whose report `document` seems to be a part of, or a broken one; `None` when it is nobody's."""
    if isinstance(document, list):
        return next((tool for tool in map(guess_tool, document[:1]) if tool is not None), None)
    if not isinstance(document, Mapping):
        return None
    # A number is a figure, whatever its name; it takes more to be a part of a report.
    structures = [key for key, value in document.items() if why_not_a_number(value) is not None]
    named = (tool for tool, keys in _OF_OTHERS.items() if any(key in structures for key in keys))
    return next(named, None) or _guess_tool_by_structure(document)


def _guess_tool_by_structure(document: Mapping[str, JsonValue]) -> str | None:
    """Return the tool that writes something built like this, under names that anybody uses."""
    if is_part_of_ragas(document):
        return "RAGAS"
    if _has_items(document.get("features")):
        return "Model Monitor"
    if "explanations" in document and not isinstance(document["explanations"], str | int | float):
        return "Clarify"
    if any(_has_groups_of_clarify(value, _DEEPEST) for value in document.values()):
        return "Clarify"
    run, results = document.get("eval"), document.get("results")
    if isinstance(run, Mapping) and "task" in run:
        return "Inspect"
    is_harness = isinstance(results, Mapping) and any(_is_harness_task(task) for task in results.values())
    return "lm-evaluation-harness" if is_harness else None


def _has_groups_of_clarify(value: JsonValue, deepest: int) -> bool:
    """Whether groups of a facet, as Clarify writes them, are somewhere in `value`, at most so many levels down."""
    if isinstance(value, Mapping):
        return deepest > 0 and any(_has_groups_of_clarify(part, deepest - 1) for part in value.values())
    return isinstance(value, list) and any(
        isinstance(item, Mapping) and "value_or_threshold" in item for item in value
    )


_DEEPEST = 3


def _is_harness_task(task: JsonValue) -> bool:
    return isinstance(task, Mapping) and any("," in key for key in task)


def _has_items(value: JsonValue) -> bool:
    """Whether `value` is a list with objects that are no named figures."""
    return (
        isinstance(value, list)
        and not is_named_list(value)
        and any(isinstance(item, Mapping) for item in value)
    )


def recognises(document: JsonValue) -> bool:
    """Whether `document` has a figure under a name, and nothing of another format."""
    return guess_tool(document) is None and (
        is_named_list(document)
        or (isinstance(document, Mapping) and any(map(_has_figure, document.values())))
    )


def _has_figure(value: JsonValue) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_figure, value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return not _has_items(value) and any(map(_has_figure, value))
    return why_not_a_number(value) is None


def read(report: Node) -> Iterator[Measurement]:
    """Yield every figure, and every gap."""
    for name, entry in list_named_members(report):
        if _has_items(entry.value):
            yield make_gap(name, entry, "a list of items, not of figures")
        else:
            yield from read_metric(name, entry, None)


EXAMPLE = '{"model_metrics": {"accuracy": {"value": 0.9, "samples": 500}}}'
_NUMBER = r"(?a)\s*[-+]?[0-9]{1,20}(?:[.,][0-9]{1,20})?\s*%?\s*"
_MOST_KEYS = 5
_MOST_SHOWN = 40  # characters of one key


def why_unknown(document: JsonValue) -> str:
    """Return what is at the top of a document that no reader knows, and what to write instead."""
    tool = guess_tool(document)
    if tool is not None:
        return (
            f"not a report of a known format: {_describe_top(document)} is at the top, which is a part of what "
            f"{tool} writes, or a broken one; attach the whole file as it was written"
        )
    what = ": items, not figures" if isinstance(document, list) and document else ", and no figure"
    if isinstance(document, Mapping) and any(map(_is_number_in_quotes, document.values())):
        what = "; its figures are text, and a figure has no quotes"
    return (
        f"not a report of a known format: {_describe_top(document)} is at the top{what}; "
        f"write figures as {EXAMPLE}, addressed as model.accuracy"
    )


def _is_number_in_quotes(value: JsonValue) -> bool:
    return isinstance(value, str) and re.fullmatch(_NUMBER, value) is not None


def _describe_top(document: JsonValue) -> str:
    if isinstance(document, Mapping):
        return f"an object{_list_keys(document)}"
    if isinstance(document, list):
        first = document[0] if document else None
        of_what = f" of objects{_list_keys(first)}" if isinstance(first, Mapping) else ""
        return f"a list{of_what}" if document else "an empty list"
    return name_kind(document)


def _list_keys(value: Mapping[str, JsonValue]) -> str:
    if not value:
        return " without keys"
    shown = [f'"{key[:_MOST_SHOWN]}"' for key in list(value)[:_MOST_KEYS]]
    return f" with the keys {', '.join(shown)}" + (", …" if len(value) > _MOST_KEYS else "")


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
