"""Values spelt in several ways: `yes` and `Yes`, 1 and 1.0, True, "true" and 1.

A value that is named without `=` is found by what it denotes, where that is unambiguous: where a column holds no two
spellings of it.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorers.bias.columns import BiasError, Booleans, CellKind, Scalar, holds_times, kind_of, rows_with

PLAIN_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]*)?")  # 007 is a code
TRUTH_WORDS = {"true": "1", "false": "0"}


def denoted(value: Scalar) -> str:
    """Return one spelling for all the ways to write `value`: truth values are 1 and 0, case and spaces are nothing."""
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    text = str(value).strip().casefold()
    if not PLAIN_NUMBER.fullmatch(text):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() else repr(number)


def spellings(column: pd.Series) -> Mapping[str, Sequence[Scalar]]:
    """Return the distinct cells of `column` by what they denote; texts are truth values where all of them are."""
    cells: dict[str, list[Scalar]] = defaultdict(list)
    for cell in column.dropna().drop_duplicates():
        cells[denoted(cell)].append(cell)
    if cells and cells.keys() <= TRUTH_WORDS.keys():
        return {TRUTH_WORDS[word]: found for word, found in cells.items()}
    return cells


def rows_denoting(column: pd.Series, values: Sequence[Scalar], where: str) -> Booleans:
    """Return which cells of `column` denote one of `values`, however they are spelt.

    Raises:
        BiasError: when a value is not of the column's kind, or the column holds it in several spellings.
    """
    kind = kind_of(column)
    if kind is CellKind.NUMBERS:
        return rows_with(column, as_numbers(column, values), where)
    if kind is not CellKind.TEXTS or holds_times(column) or pd.api.types.is_object_dtype(column.dtype):
        return rows_with(column, values, where)
    held = spellings(column)
    named = {str(value) for value in values}
    wanted: list[Scalar] = []
    for value in values:
        found = held.get(_sought(value, held), [])
        others = [str(cell) for cell in found if str(cell) not in named]
        if others and len(found) > 1:
            raise BiasError(
                f'{where}: the column spells "{value}" in several ways ({", ".join(map(str, found))}); name them all, '
                f"write them alike, or name exactly one as '={found[0]}'"
            )
        wanted += found
    return rows_with(column, wanted, where)


def _sought(value: Scalar, held: Mapping[str, Sequence[Scalar]]) -> str:
    word = denoted(value)
    return word if word in held else TRUTH_WORDS.get(word, word)


def as_numbers(column: pd.Series, values: Sequence[Scalar]) -> Sequence[Scalar]:
    """Return `values` with true and false as 1 and 0, where the column holds nothing else."""
    has_words = any(denoted(value) in TRUTH_WORDS for value in values)
    if not has_words or kind_of(column) is not CellKind.NUMBERS or not column.dropna().isin([0, 1]).all():
        return values
    return [TRUTH_WORDS.get(denoted(value), value) for value in values]
