"""The rows of a result as a table that the screen draws."""

from typing import Any

import pandas as pd

from scorers.text_to_sql.running.first_rows import Cell, ShownRows


def make_frame(shown: ShownRows) -> pd.DataFrame:
    """Return the rows as a frame whose columns each have one type, and names that are all different."""
    names = _tell_apart([name or "(no name)" for name in shown.columns])
    columns = {name: _unite([row[position] for row in shown.rows]) for position, name in enumerate(names)}
    return pd.DataFrame(columns)


def _tell_apart(names: list[str]) -> list[str]:
    """Number the names that come more than once, as in `n`, `n (2)`."""
    taken: set[str] = set()
    result = []
    for name in names:
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name} ({number})"
        taken.add(free)
        result.append(free)
    return result


def _unite(cells: list[Cell]) -> "pd.Series[Any]":
    """Return a column of whole numbers, of numbers or of booleans where all cells are, else of texts."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {int}:
        return pd.Series(cells, dtype="Int64")
    if kinds and kinds <= {int, float}:
        return pd.Series(cells, dtype="Float64")
    if kinds == {bool}:
        return pd.Series(cells, dtype="boolean")
    return pd.Series([None if cell is None else str(cell) for cell in cells], dtype="string")
