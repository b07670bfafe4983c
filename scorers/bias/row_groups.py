"""Facets: which rows of a table are the group that is compared with everyone else."""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd
from msgspec import Struct

from scorers.bias.columns import (
    BiasError,
    Booleans,
    CellKind,
    Scalar,
    column_of,
    distinct,
    examples,
    interval_above,
    is_continuous,
    kind_of,
    missing_column,
    number_from,
    numbers_of,
    rows_with,
)
from scorers.bias.spelling import denoted, spellings
from scorers.item_groups import MAX_GROUPS

MAX_NUMBERS = 20  # distinct values up to which a column of numbers may be taken value by value
MAX_COMPARED = 1_000  # values that are looked through for one that may have been meant
OTHER_FACET = re.compile(r"\w[^=>]*[=>]")
NO_GROUP = "nan"  # the library's name for the empty cells of a facet


class Values(Struct, frozen=True):
    """The rows whose cell is one of `values`."""

    values: tuple[Scalar, ...]


class Above(Struct, frozen=True):
    """The rows whose cell is a number greater than `threshold`."""

    threshold: float


class Facet(Struct, frozen=True):
    """A column and the group in it that is compared with everyone else; without a group, each value in turn."""

    column: str
    group: Values | Above | None = None


class Group(Struct, frozen=True):
    """One group of a facet: its name as Clarify writes `value_or_threshold`, and its rows."""

    name: str
    rows: Booleans


def parse_facet(text: str, columns: Sequence[str]) -> Facet:
    """Read `COLUMN`, `COLUMN=VALUE,…` or `COLUMN>NUMBER`, where COLUMN is one of `columns`.

    A value that holds a comma is in double quotes.

    Raises:
        BiasError: when it is none of these.
    """
    if text in columns:
        return Facet(text)
    splits = [index for index, character in enumerate(text) if character in "=>"]
    for index in splits:
        if (column := text[:index].strip()) in columns:
            return Facet(column, _parse_group(text[index], text[index + 1 :], f"facet {text}"))
    name = text[: splits[0]] if splits else text
    raise BiasError(f"facet {text}: {missing_column(name, columns)}")


def parse_positive(texts: Sequence[str]) -> Values | Above | tuple[str, ...]:
    """Read the values of `--positive`: `=VALUE` is a category, `>NUMBER` a threshold, and a plain value is taken as
    Clarify takes it. A `>` before anything but a number is part of the label, as in `>50K`.

    Raises:
        BiasError: when a threshold is beside other values.
    """
    thresholds = [text for text in texts if text.startswith(">") and _is_number(text[1:])]
    if thresholds and len(texts) > 1:
        raise BiasError(f"positive {thresholds[0]}: a threshold is alone; name one threshold, or values")
    if thresholds:
        return Above(number_from(thresholds[0][1:]))
    if any(text.startswith("=") for text in texts):
        return Values(tuple(text.removeprefix("=") for text in texts))
    return tuple(texts)


def _parse_group(operator: str, text: str, where: str) -> Values | Above:
    if operator == ">":
        if not _is_number(text):
            raise BiasError(
                f'{where}: "{text}" is not a number; a threshold reads COLUMN>NUMBER, and the group is what is greater'
            )
        return Above(number_from(text))
    try:
        values = tuple(next(csv.reader([text], skipinitialspace=True, strict=True), []))
    except csv.Error as error:
        raise BiasError(f'{where}: a double quote without its end; write COLUMN="VALUE, VALUE"') from error
    values = tuple(value.strip() for value in values)
    if "" in values or not values:
        raise BiasError(f"{where}: an empty value; write COLUMN=VALUE or COLUMN=VALUE,VALUE")
    return Values(values)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(number_from(text))
    except ValueError:
        return False


def groups_of(table: pd.DataFrame, facet: Facet) -> Iterator[Group]:
    """Yield the groups of `facet` in `table`; every value in turn, in the order of appearance, where none is given.

    Raises:
        BiasError: when the column is missing or of mixed types, a value does not fit its type, or there are so many
            values that the column is no grouping.
    """
    column = column_of(table, facet.column)
    where = f"facet {facet.column}"
    if kind_of(column) is CellKind.MIXED:
        raise BiasError(f"{where}: cells of several types ({examples(column)}); give the column one type")
    match facet.group:
        case Above(threshold):
            rows = numbers_of(column, where) > threshold
            if not rows.any():
                raise BiasError(f"{where}>{threshold}: no row is above it; the largest is {column.max()}")
            yield Group(interval_above(threshold), rows)
        case Values(values):
            _refuse_absent(column, values, where)
            yield Group(",".join(map(str, values)), rows_with(column, values, where))
        case None:
            yield from _each_value(column, where)


def _refuse_absent(column: pd.Series, values: Sequence[Scalar], where: str) -> None:
    """Refuse values that no row holds: the figures would be of a smaller group than was asked for, or of none."""
    absent = [str(value) for value in values if not rows_with(column, [value], where).any()]
    if not absent:
        return
    reason = f'{where}: no row holds "{absent[0]}"; the column holds {examples(column)}'
    known = [str(cell) for cells in spellings(column).values() for cell in cells][:MAX_COMPARED]
    same = [name for name in known if denoted(name) == denoted(absent[0])]
    if near := same or get_close_matches(absent[0], known, n=1):
        reason += f'; did you mean "{near[0]}"?'
    if OTHER_FACET.match(absent[0]):
        reason += (
            "; a facet is about one column: for rows in two groups at once, add a column that joins the two"
        )
    raise BiasError(reason)


def other_spellings(column: pd.Series, values: Sequence[Scalar]) -> list[str]:
    """Return the texts of `column` that differ from one of `values` in case or spaces only, and are not named."""
    if kind_of(column) is not CellKind.TEXTS:
        return []
    named, held = {str(value) for value in values}, spellings(column)
    return [str(cell) for value in values for cell in held.get(denoted(value), ()) if str(cell) not in named]


def several_spellings(column: pd.Series) -> list[list[str]]:
    """Return the texts of `column` that differ from each other in case or spaces only, those of one value together."""
    if kind_of(column) is not CellKind.TEXTS:
        return []
    return [[str(cell) for cell in cells] for cells in spellings(column).values() if len(cells) > 1]


def _each_value(column: pd.Series, where: str) -> Iterator[Group]:
    codes, values = distinct(column)
    if len(values) > MAX_NUMBERS and is_continuous(column):
        raise BiasError(
            f"{where}: {len(values):,} different numbers; give a threshold, such as '{column.name}>{values[0]}', "
            f"or the values of the group, such as '{column.name}={values[0]}'"
        )
    if len(values) > MAX_GROUPS:
        raise BiasError(
            f"{where}: {len(values):,} different values, more than the {MAX_GROUPS:,} that are compared one by one; "
            f"name the group, such as '{column.name}={values[0]}'"
        )
    for code, value in enumerate(values):
        yield Group(str(value), codes == code)
    if (codes < 0).any():
        yield Group(NO_GROUP, np.zeros(len(column), dtype=bool))  # as the library: a group without rows
