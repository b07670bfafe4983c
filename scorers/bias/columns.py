"""Columns read as Clarify reads them: their kind, the rows that hold a value, and the rows above a threshold.

Values given as text (on a command line) are compared in the column's own kind: `1` is the number 1 in a column of
numbers and the text "1" in a column of texts.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from checks.errors import GovernanceError

CONTINUOUS_SHARE = 0.05  # Clarify: integers with at least so many distinct values a row are continuous
SLICE = 1 << 18  # rows that are counted at a time, where counting takes many bytes a row
SHOWN_COLUMNS = 20
SHOWN_CELLS = 5

Booleans = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]
Scalar = str | int | float | bool


class BiasError(GovernanceError):
    """A table, a facet or a label that the bias metrics cannot be computed from; the message names the way out."""


class CellKind(Enum):
    """What the cells of one column are."""

    NUMBERS = "numbers"
    TRUTH_VALUES = "truth values"
    TEXTS = "texts"
    MIXED = "several types"


def kind_of(column: pd.Series) -> CellKind:
    """Return what the cells of `column` are, empty ones left aside."""
    dtype = column.cat.categories.dtype if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return CellKind.TRUTH_VALUES
    if pd.api.types.is_numeric_dtype(dtype):
        return CellKind.NUMBERS
    if not pd.api.types.is_object_dtype(dtype):
        return CellKind.TEXTS
    found = pd.api.types.infer_dtype(column, skipna=True)
    if found == "boolean":
        return CellKind.TRUTH_VALUES
    if found in {"integer", "floating", "decimal", "mixed-integer-float"}:
        return CellKind.NUMBERS
    return CellKind.MIXED if found.startswith("mixed") else CellKind.TEXTS


def column_of(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of `table`.

    Raises:
        BiasError: when there is none of that name, suggesting the nearest.
    """
    if name not in table.columns:
        raise BiasError(missing_column(name, [str(column) for column in table.columns]))
    return table[name]


def missing_column(name: str, columns: Sequence[str]) -> str:
    """Say that there is no column `name`, and which one may have been meant."""
    near = get_close_matches(name, columns, n=1)
    known = ", ".join(columns[:SHOWN_COLUMNS]) + (", …" if len(columns) > SHOWN_COLUMNS else "")
    return f'no column "{name}"; ' + (f'did you mean "{near[0]}"?' if near else f"there is {known}")


def examples(column: pd.Series) -> str:
    """Return the first few distinct cells of `column`, for a message."""
    cells = column.dropna().drop_duplicates().astype(str).drop_duplicates()
    return ", ".join(cells.iloc[:SHOWN_CELLS]) + (", …" if len(cells) > SHOWN_CELLS else "")


def distinct(column: pd.Series) -> tuple[npt.NDArray[np.int32], pd.Index]:
    """Return each row's position among the distinct values of `column` (-1 where it is empty), and these values.

    The values are in the order of appearance. It is `pandas.factorize`, slice by slice: its hash table takes forty
    bytes a row at once.
    """
    codes = np.empty(len(column), dtype=np.int32)
    values = column.iloc[:0]
    for start in range(0, len(column), SLICE):
        rows = slice(start, start + SLICE)
        part, found = pd.factorize(column.iloc[rows])
        known = pd.Index(values)
        positions = known.get_indexer(pd.Index(found))
        is_new = positions < 0
        positions[is_new] = len(known) + np.arange(is_new.sum())
        values = pd.concat([values, pd.Series(found[is_new], dtype=column.dtype)])
        codes[rows] = np.append(positions, -1)[part]  # -1, an empty cell, finds the last: -1
    return codes, pd.Index(values)


def is_continuous(column: pd.Series) -> bool:
    """Whether Clarify takes a single value for this column as a threshold (`series_datatype` of its library)."""
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(column.dtype):
        return False
    if pd.api.types.is_float_dtype(column.dtype):
        return True
    if not pd.api.types.is_integer_dtype(column.dtype) and not _holds_integers(column):
        return False
    return bool(column.nunique() >= CONTINUOUS_SHARE * max(column.count(), 1))


def holds_times(column: pd.Series) -> bool:
    """Whether the cells of `column` are points in time, or spans of it."""
    return column.dtype.kind in "Mm"


def _holds_integers(column: pd.Series) -> bool:
    if holds_times(column):
        return False
    try:
        column.astype("int64")
    except (TypeError, ValueError):
        return False
    return True


def rows_with(column: pd.Series, values: Sequence[Scalar], where: str) -> Booleans:
    """Return which cells of `column` are one of `values`; an empty cell is none of them.

    Raises:
        BiasError: when a value is not of the column's kind.
    """
    match kind_of(column):
        case CellKind.TRUTH_VALUES:
            wanted: list[Scalar] = [_truth(value, where) for value in values]
        case CellKind.NUMBERS:
            wanted = [_number(value, where) for value in values]
        case CellKind.TEXTS | CellKind.MIXED:
            wanted = [str(value) for value in values]
            if pd.api.types.is_object_dtype(column.dtype):  # dates and the like
                column = column.astype(str).where(column.notna())
    return column.isin(wanted).to_numpy(dtype=bool)


def _number(value: Scalar, where: str) -> int | float:
    if not isinstance(value, str):
        return value
    try:
        return number_from(value)
    except ValueError as error:
        raise BiasError(f'{where}: "{value}" is not a number, and the column holds numbers') from error


def number_from(text: str) -> int | float:
    """Return the number that `text` writes, an integer where it is one.

    Raises:
        ValueError: when it is none.
    """
    try:
        return int(text)
    except ValueError:
        return float(text)


def _truth(value: Scalar, where: str) -> bool:
    text = str(value).lower()
    if text in {"true", "1", "1.0"}:
        return True
    if text in {"false", "0", "0.0"}:
        return False
    raise BiasError(f'{where}: "{value}" is neither true nor false, and the column holds truth values')


def numbers_of(column: pd.Series, where: str) -> Numbers:
    """Return the cells of `column` as numbers, NaN where they are empty; integers stay integers.

    Raises:
        BiasError: when a cell is no number.
    """
    try:
        # of times, pandas would count the microseconds
        numbers = pd.to_numeric(column.astype(str) if holds_times(column) else column)
    except (TypeError, ValueError) as error:
        raise BiasError(
            f"{where}: a threshold needs numbers, and the column holds others ({examples(column)}); "
            "name values instead, such as '=VALUE'"
        ) from error
    return numbers.to_numpy(dtype=float, na_value=np.nan) if numbers.hasnans else numbers.to_numpy()


def interval_above(threshold: float) -> str:
    """Return "above the threshold" as an interval: `(0.5, inf)`.

    Clarify writes `(0.5, 0.99]`, up to the largest number of the data: an address that the next data set does not
    have.
    """
    return f"({threshold}, inf)"
