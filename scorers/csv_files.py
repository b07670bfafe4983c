"""Reading CSV: a header line and one record a row, streamed, every row as wide as the header."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from checks.errors import GovernanceError

COMMA = ","
SEPARATORS = (",", ";", "\t", "|")
SHOWN_HEADER = 60


class CsvRow(NamedTuple):
    """The cells of one row, and the line in which it begins, counting from 1; the header is row 1."""

    line: int
    cells: list[str]


def csv_columns(path: Path, separator: str | None = None) -> list[str]:
    """Return the names in the header line of `path`, without spaces around them; none where the file is empty.

    `separator` `None` is a comma that the user has no option to change.

    Raises:
        GovernanceError: when the file is no CSV in UTF-8, a name is there twice, or another character separates.
    """
    for row in csv_rows(path, separator or COMMA):
        columns = [name.strip() for name in row.cells]
        _refuse_other_separator(path, columns, separator)
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            raise GovernanceError(
                f'{path}: the column "{", ".join(twice)}" is there twice; give each its own name'
            )
        return columns
    return []


def csv_rows(path: Path, separator: str = COMMA) -> Iterator[CsvRow]:
    """Yield the header and every row of `path` that is not blank.

    Raises:
        GovernanceError: when the file cannot be read, is not in UTF-8, or its quotes are broken.
    """
    if len(separator) != 1:
        raise GovernanceError(f'--separator "{separator}": name one character, such as ";" or a tab')
    with _named(path), path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        begins = 1
        for cells in reader:
            if cells:
                yield CsvRow(begins, cells)
            begins = reader.line_num + 1


def width_problem(cells: int, columns: int) -> str | None:
    """Say that a row is wider or narrower than the header, of which one cannot tell what belongs where."""
    if cells == columns:
        return None
    return f"{cells} cells, and the header has {columns}; a cell that holds the separator is in double quotes"


def _refuse_other_separator(path: Path, columns: list[str], separator: str | None) -> None:
    if len(columns) != 1:
        return
    for other in SEPARATORS:
        if other != (separator or COMMA) and other in columns[0]:
            shown = "a tab" if other == "\t" else f'"{other}"'
            typed = "$'\\t'" if other == "\t" else f"'{other}'"
            header = columns[0][:SHOWN_HEADER].replace("\t", " ")
            way_out = "Save it with commas" if separator is None else f"Give --separator {typed}"
            raise GovernanceError(f"{path}:1: one column only, {header}; is the separator {shown}? {way_out}")


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn what reading raises into errors that name the file and the way out."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise GovernanceError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except csv.Error as error:
        raise GovernanceError(f"{path}: not CSV ({error}); quote cells as RFC 4180 does") from error
    except OSError as error:
        raise GovernanceError(f"{path}: cannot be read ({error.strerror}); name a CSV file") from error
