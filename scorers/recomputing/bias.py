"""Bias: Clarify's metrics, computed again from the labels and predictions of items, or from which answers are right."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from checks.strict_json import JsonValue
from scorers.recomputing.item_lines import ItemsError, read_as, refuse_repeated
from scorers.recomputing.labels import LabelledLine
from scorers.recomputing.recomputed import Recomputed, ReportToRecompute

_SECTIONS = ("post_training_bias_metrics", "pre_training_bias_metrics")
_ABOVE = re.compile(r"\((?P<number>[^,]+), (?:Infinity|inf|∞)[\])]")
_MOST_GROUPS = 1_000


def recompute(report: ReportToRecompute) -> Recomputed:
    """Compute the bias metrics again, of the groups that the report names.

    FlipTest is not: the items have no features to search for neighbours in.
    """
    from scorers.bias.columns import BiasError  # noqa: PLC0415 - pandas, where there is bias to compute

    try:
        if all("correct" in item and "predicted" not in item for item in report.items):
            return Recomputed(document=_of_answers(report), how="computed again from the correct answers")
        return Recomputed(document=_of_labels(report), how="computed again from labels and predictions")
    except BiasError as error:
        raise ItemsError(str(error)) from error


def _of_answers(report: ReportToRecompute) -> Mapping[str, JsonValue]:
    from scorers.bias.results import read_results, results_report  # noqa: PLC0415
    from scorers.bias.row_groups import Facet, Values  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "results.jsonl")
        path.write_text("".join(json.dumps(item) + "\n" for item in report.items), encoding="utf-8")
        results = read_results(path)
    facets = [Facet(column, Values((name,))) for column, name in _list_groups(report.document)]
    return results_report(results, facets, _read_text(report.provenance.get("group_variable")))


def _of_labels(report: ReportToRecompute) -> Mapping[str, JsonValue]:
    import pandas as pd  # noqa: PLC0415

    from scorers.bias.report import bias_report  # noqa: PLC0415
    from scorers.bias.row_groups import Facet, Values, parse_positive  # noqa: PLC0415

    lines = read_as(LabelledLine, report.items)
    refuse_repeated(str(line.id) for line in lines)
    columns = dict.fromkeys(column for line in lines for column in line.facets)
    table = pd.DataFrame(
        {
            **{
                column: pd.Series([_to_cell(line.facets.get(column)) for line in lines]) for column in columns
            },
            "label": pd.Series([_to_cell(line.label) for line in lines]),
            "predicted": pd.Series([_to_cell(line.predicted) for line in lines]),
        }
    )
    section = next(
        (report.document[key] for key in _SECTIONS if isinstance(report.document.get(key), Mapping)), None
    )
    positive = section.get("label_value_or_threshold") if isinstance(section, Mapping) else None
    return bias_report(
        table,
        label="label",
        positive=parse_positive([str(positive)]),
        facets=[Facet(column, Values((name,))) for column, name in _list_groups(report.document)],
        predicted="predicted",
        group_variable=_read_text(report.provenance.get("group_variable")),
        with_flip_test=False,
    )


def _to_cell(value: object) -> str | None:
    """Return a cell as text, as the names of groups are."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list_groups(document: Mapping[str, JsonValue]) -> Sequence[tuple[str, str]]:
    """Return the columns and names of the groups that a report compares.

    Raises:
        ItemsError: it names none, too many, or one that a threshold makes, which the items' facets do not have.
    """
    found = list(dict.fromkeys(_find_groups(document)))
    if not found or len(found) > _MOST_GROUPS:
        raise ItemsError(
            f"the report compares {len(found):,} groups; score bias for up to {_MOST_GROUPS:,} of them"
        )
    for column, name in found:
        if _ABOVE.fullmatch(name):
            raise ItemsError(
                f"{column} {name}: groups above a number are not computed again; name groups by a facet"
            )
    return found


def _find_groups(document: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    for key in _SECTIONS:
        section = document.get(key)
        facets = section.get("facets") if isinstance(section, Mapping) else None
        for column, entries in facets.items() if isinstance(facets, Mapping) else ():
            for entry in entries if isinstance(entries, list) else ():
                name = entry.get("value_or_threshold") if isinstance(entry, Mapping) else None
                if isinstance(name, str):
                    yield column, name


def _read_text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None
