"""The outcome: which rows have a positive label, and which are predicted to."""

from collections.abc import Iterator, Sequence

import pandas as pd
from msgspec import Struct

from scorers.bias.columns import (
    BiasError,
    Booleans,
    CellKind,
    Scalar,
    column_of,
    examples,
    interval_above,
    is_continuous,
    kind_of,
    numbers_of,
    rows_with,
)
from scorers.bias.predictions import refuse_other_labels
from scorers.bias.row_groups import Above, Values
from scorers.bias.spelling import as_numbers, rows_denoting

BINARY = 2

Positive = Values | Above | Sequence[Scalar]


class Labels(Struct, frozen=True):
    """Positive labels by row, and how Clarify writes what is positive (`label_value_or_threshold`).

    `predicted` is `None` without predictions, or the reason where no prediction is positive. `remarks` say how labels
    and predictions were understood, where that may not be what the user meant.
    """

    label: str
    positive: str
    observed: Booleans
    predicted: Booleans | str | None
    remarks: tuple[str, ...] = ()


def read_outcome(table: pd.DataFrame, label: str, positive: Positive, predicted: str | None) -> Labels:
    """Read the outcome columns of `table`.

    A plain sequence of values is taken as Clarify takes it: several values are categories; a single one is a
    threshold where the column is continuous, except that one of two values, where there are no more, is always a
    category (the library takes 0 and 1 in up to 40 rows for a continuous label, and then finds no label above 1).
    Plain values are found however labels and predictions spell them; `Values` only as they are written.

    Raises:
        BiasError: when a column is missing, has empty cells or several types, no row is positive anywhere, or the
            predictions are no labels: scores, or spelt apart from them.
    """
    column = _complete(table, label, "label")
    predictions = None if predicted is None else _complete(table, predicted, "predicted label")
    group = _group(column, predictions, positive)
    as_written = isinstance(positive, Values)
    observed = _positive_rows(column, group, f"label {label}", as_written=as_written)
    remarks = list(_on_threshold(column, predictions, group, positive))
    told = None
    if predictions is not None:
        if isinstance(group, Values):
            remarks += refuse_other_labels(column, predictions)
        told = _predicted_rows(predictions, group, column, positive)
    if not observed.any() and (told is None or isinstance(told, str)):
        raise BiasError(
            f"label {label}: no row is positive ({_described(group)}); the column holds {examples(column)}; "
            "several values are named one by one, with spaces between them"
        )
    return Labels(label, _written(group), observed, told, tuple(remarks))


def _on_threshold(
    labels: pd.Series, predictions: pd.Series | None, group: Values | Above, positive: Positive
) -> Iterator[str]:
    """Say where a plain value was taken as a threshold, as Clarify does."""
    if not isinstance(group, Above) or isinstance(positive, Above):
        return
    yield (
        f"label {labels.name}: numbers of many values, so those above {group.threshold} are positive, as in Clarify; "
        f"--positive '={group.threshold}' takes it as a category"
    )
    if predictions is not None and _cuts(labels) and pd.api.types.is_float_dtype(predictions.dtype):
        yield (
            f"predicted label {predictions.name}: cut to integers before they are compared, as in Clarify; "
            f"--positive '>{group.threshold}' compares them as they are"
        )


def _complete(table: pd.DataFrame, name: str, role: str) -> pd.Series:
    column = column_of(table, name)
    empty = column.isna()
    if empty.any():
        first = int(empty.to_numpy().argmax()) + 1
        raise BiasError(
            f"{role} {name}: {int(empty.sum()):,} empty cells, the first in data row {first:,}; "
            "fill them or leave those rows out, since an empty label is neither positive nor negative"
        )
    if kind_of(column) is CellKind.MIXED:
        raise BiasError(
            f"{role} {name}: cells of several types ({examples(column)}); give the column one type"
        )
    return column


def _group(column: pd.Series, predictions: pd.Series | None, positive: Positive) -> Values | Above:
    if isinstance(positive, Above):
        return positive
    if isinstance(positive, Values):
        values = positive.values
    else:
        values = tuple(as_numbers(column, tuple(positive)))
        if len(values) == 1 and is_continuous(column):
            threshold = _as_threshold(values[0], column)
            if not _is_one_of_two(threshold, column, predictions):
                return Above(threshold)
        _refuse_numbers_among_texts(column, values)
    if not values:
        raise BiasError(f"label {column.name}: no positive value; name at least one")
    return Values(values)


def _as_threshold(value: Scalar, column: pd.Series) -> float:
    try:
        number = pd.to_numeric(value)
    except (TypeError, ValueError) as error:
        raise BiasError(
            f'label {column.name}: it holds numbers ({examples(column)}), and "{value}" is none; '
            "name one of them, or a threshold such as '>0.5'"
        ) from error
    return number.item() if hasattr(number, "item") else number


def _is_one_of_two(value: float, column: pd.Series, predictions: pd.Series | None) -> bool:
    """Whether `value` is one of at most two labels, or of at most two labels and predictions together."""
    labels = column.drop_duplicates()
    both = labels if predictions is None else pd.concat([labels, predictions.drop_duplicates()])
    return any(
        len(cells) <= BINARY and bool((pd.to_numeric(cells, errors="coerce") == value).any())
        for cells in (labels, both.drop_duplicates())
    )


def _refuse_numbers_among_texts(column: pd.Series, values: Sequence[Scalar]) -> None:
    """Refuse a label such as 0, 1, unknown: "not 1" would count the unknown ones as negative."""
    if (
        kind_of(column) is not CellKind.TEXTS
        or pd.to_numeric(pd.Series(values), errors="coerce").isna().all()
    ):
        return
    texts = column.drop_duplicates()
    strays = texts[pd.to_numeric(texts, errors="coerce").isna()]
    if 0 < len(strays) < len(texts):
        raise BiasError(
            f"label {column.name}: numbers and texts in one column ({examples(strays)}); leave those rows out, "
            f"or write the positive value as '={values[0]}' to count every other text as negative"
        )


def _positive_rows(column: pd.Series, group: Values | Above, where: str, *, as_written: bool) -> Booleans:
    match group:
        case Above(threshold):
            return numbers_of(column, where) > threshold
        case Values(values):
            return (rows_with if as_written else rows_denoting)(column, values, where)


def _predicted_rows(
    predictions: pd.Series, group: Values | Above, labels: pd.Series, positive: Positive
) -> Booleans | str:
    """Return which predictions are positive, or the reason why none is.

    Under a threshold that Clarify would find in a plain value, integer labels cut the predictions to integers, as its
    library casts them; a threshold that is named as such is held against the predictions as they are.
    """
    where = f"predicted label {predictions.name}"
    if isinstance(group, Above) and not isinstance(positive, Above) and _cuts(labels):
        rows = numbers_of(predictions, where).astype(int) > group.threshold
    else:
        rows = _positive_rows(predictions, group, where, as_written=isinstance(positive, Values))
    if rows.any():
        return rows
    return (
        f"No positive predicted labels in set: {predictions.name} holds {examples(predictions)}, "
        f"and positive is {_described(group)}"
    )


def _cuts(labels: pd.Series) -> bool:
    return bool(pd.api.types.is_integer_dtype(labels.dtype))


def _described(group: Values | Above) -> str:
    match group:
        case Above(threshold):
            return f"greater than {threshold}"
        case Values(values):
            return ",".join(map(str, values))


def _written(group: Values | Above) -> str:
    match group:
        case Above(threshold):
            return interval_above(threshold)
        case Values(values):
            return ",".join(map(str, values))
