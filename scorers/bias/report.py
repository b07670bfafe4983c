"""The bias report: every pre-training and post-training metric of every facet, in Clarify's `analysis.json` format."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from msgspec import Struct

from checks.facets import group_facet
from checks.strict_json import JsonValue
from scorers.bias.columns import BiasError, Booleans, column_of
from scorers.bias.disparity import NOT_PROVIDED, Strata, conditional_disparity, read_strata
from scorers.bias.flip_test import flip_test, numeric_columns
from scorers.bias.metrics import POST_TRAINING, PRE_TRAINING, Counts, Undefined, Value
from scorers.bias.outcome import Positive, read_outcome
from scorers.bias.row_groups import Facet, Group, groups_of

PRE_TRAINING_KEY = "pre_training_bias_metrics"
POST_TRAINING_KEY = "post_training_bias_metrics"
DESCRIPTIONS = {
    "CDDL": "Conditional Demographic Disparity in Labels (CDDL)",
    "CDDPL": "Conditional Demographic Disparity in Predicted Labels (CDDPL)",
    "FT": "Flip Test (FT)",
    **{metric.name: metric.description for metric in (*PRE_TRAINING, *POST_TRAINING)},
}
PRE_TRAINING_NAMES = sorted(["CDDL", *(metric.name for metric in PRE_TRAINING)])
POST_TRAINING_NAMES = sorted(["CDDPL", "FT", *(metric.name for metric in POST_TRAINING)])
LEFT_OUT = Undefined("FT was left out of this run")

Measures = Mapping[str, Value]
OnFlipTest = Callable[[str, int, int], None]
"""Told a group's address (`column=value`), the members done and their number, as its flip test goes on."""


class Section(Struct, frozen=True):
    """One half of an `analysis.json`: its key, what its outcome is, and the metrics of a group (facet column, rows)."""

    key: str
    label: str
    positive: str
    measure: Callable[[str, Group], Measures]


def bias_report(
    table: pd.DataFrame,
    *,
    label: str,
    positive: Positive,
    facets: Iterable[Facet],
    predicted: str | None = None,
    group_variable: str | None = None,
    features: Sequence[str] | None = None,
    with_flip_test: bool = True,
    on_flip_test: OnFlipTest | None = None,
    on_remark: Callable[[str], None] | None = None,
) -> dict[str, JsonValue]:
    """Return Clarify's bias metrics for `table`, one row an individual, as the JSON of an `analysis.json`.

    Args:
        table: a column each for label, prediction, facets and features.
        label: the column of observed labels.
        positive: what makes a label positive; see `scorers.bias.outcome.read_outcome`.
        facets: the groups to compare with everyone else.
        predicted: the column of predicted labels; without it, only the pre-training metrics are in the report.
        group_variable: the column of strata for CDDL and CDDPL, which are undefined without it.
        features: the columns in which the flip test looks for neighbours; by default all columns of numbers but the
            facet's, the label and the prediction.
        with_flip_test: whether to compute FT, by far the slowest metric.
        on_flip_test: called as a flip test goes on.
        on_remark: told how labels and predictions were understood, where that may not be what was meant.

    A metric that has no value is there as `null` with its `error`, an infinite one as `"Infinity"`.

    Raises:
        BiasError: when the table does not hold what is asked for; the message names the way out.
    """
    if table.empty:
        raise BiasError("the table has no rows; there is nothing to compare")
    outcome = read_outcome(table, label, positive, predicted)
    if on_remark is not None:
        for remark in outcome.remarks:
            on_remark(remark)
    # What each group needs, so that it is read and checked once and not for every group.
    strata = NOT_PROVIDED if group_variable is None else read_strata(column_of(table, group_variable))
    candidates = flip_test_features(table, features)

    def flip(column: str, group: Group, predictions: Booleans) -> Value:
        if not with_flip_test:
            return LEFT_OUT
        used = [table[name] for name in candidates if name not in {label, predicted, column}]
        address = group_facet(column, group.name)
        advance = None if on_flip_test is None else lambda done, total: on_flip_test(address, done, total)
        return flip_test(used, group.rows, predictions, advance)

    def before(_column: str, group: Group) -> Measures:
        return pre_training(outcome.observed, group, strata)

    def after(column: str, group: Group) -> Measures:
        match outcome.predicted:
            case np.ndarray() as predictions:
                ft = flip(column, group, predictions)
                return {**post_training(outcome.observed, predictions, group, strata), "FT": ft}
            case reason:
                return dict.fromkeys(POST_TRAINING_NAMES, Undefined(str(reason)))

    # Clarify writes the section of after training first.
    sections = [Section(PRE_TRAINING_KEY, label, outcome.positive, before)]
    if predicted is not None:
        sections.insert(0, Section(POST_TRAINING_KEY, label, outcome.positive, after))
    return analysis_document(table, facets, sections)


def flip_test_features(table: pd.DataFrame, features: Sequence[str] | None) -> list[str]:
    """Return the columns that a flip test may search: `features`, or by default every column of numbers.

    The facet, the label and the prediction are left out later, as they differ by facet.

    Raises:
        BiasError: when a feature is no column of `table`.
    """
    if features is None:
        return numeric_columns(table)
    return [str(column_of(table, name).name) for name in features]


def analysis_document(
    table: pd.DataFrame, facets: Iterable[Facet], sections: Iterable[Section]
) -> dict[str, JsonValue]:
    """Return the `analysis.json` that holds every section's metrics of every group of every facet."""
    entries: dict[str, dict[str, list[JsonValue]]] = {section.key: {} for section in sections}
    for facet in dict.fromkeys(facets):
        for group in groups_of(table, facet):
            for section in sections:
                entry = _entry(group.name, section.measure(facet.column, group))
                entries[section.key].setdefault(facet.column, []).append(entry)
    document: dict[str, JsonValue] = {"version": "1.0"}
    for section in sections:
        document[section.key] = {
            "label": section.label,
            "facets": entries[section.key],
            "label_value_or_threshold": section.positive,
        }
    return document


def pre_training(observed: Booleans, group: Group, strata: Strata | Undefined) -> dict[str, Value]:
    """Return the metrics of the labels alone; all arrays have the shape (rows,)."""
    rest, members = _counts(observed, observed, group.rows)
    values = {metric.name: metric.value(rest, members) for metric in PRE_TRAINING}
    return {**values, "CDDL": conditional_disparity(group.rows, observed, strata)}


def post_training(
    observed: Booleans, predicted: Booleans, group: Group, strata: Strata | Undefined
) -> dict[str, Value]:
    """Return the metrics of the predictions, FT excepted; all arrays have the shape (rows,)."""
    rest, members = _counts(observed, predicted, group.rows)
    values = {metric.name: metric.value(rest, members) for metric in POST_TRAINING}
    return {**values, "CDDPL": conditional_disparity(group.rows, predicted, strata)}


def _counts(observed: Booleans, predicted: Booleans, group: Booleans) -> tuple[Counts, Counts]:
    """Count the rows of everyone else and of the group."""
    tallies = np.array(
        [
            np.count_nonzero(rows & observations & predictions)
            for rows in (~group, group)
            for observations in (~observed, observed)
            for predictions in (~predicted, predicted)
        ]
    )
    rest, members = (
        Counts(
            true_negatives=int(part[0]),
            false_positives=int(part[1]),
            false_negatives=int(part[2]),
            true_positives=int(part[3]),
        )
        for part in (tallies[:4], tallies[4:])
    )
    return rest, members


def _entry(name: str, measures: Measures) -> JsonValue:
    return {
        "value_or_threshold": name,
        "metrics": [_metric(metric, measures[metric]) for metric in sorted(measures)],
    }


def _metric(name: str, value: Value) -> JsonValue:
    described: dict[str, JsonValue] = {"name": name, "description": DESCRIPTIONS[name]}
    if isinstance(value, Undefined):
        return {**described, "value": None, "error": value.reason}
    if math.isinf(value):
        return {**described, "value": "Infinity" if value > 0 else "-Infinity"}
    return {**described, "value": value}
