"""Tables of predictions, told by content: CSV, Parquet or JSON; the columns that are asked for, and no others."""

import csv
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa

from checks.strict_json import JsonValue
from scorers.bias.columns import BiasError, CellKind, kind_of
from scorers.csv_files import COMMA, csv_columns, csv_rows, width_problem
from scorers.file_kinds import FileKind, kind_of_file
from scorers.lines import BadLine, read_lines

EMPTY = ("", "NaN", "nan")
EMPTY_NUMBER = (*EMPTY, "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "?")
TRUTH = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}


class Table:
    """A file with one row an individual. Of CSV and Parquet nothing is read but the column names until `load`."""

    def __init__(self, path: Path, separator: str = COMMA) -> None:
        """Open the table at `path`; `separator` is the character between the cells of CSV.

        Raises:
            GovernanceError: when there is none, or it is of a kind that is not read.
            BiasError: when it is empty, or two columns have one name.
        """
        self.path, self._separator = path, separator
        self._records: list[dict[str, JsonValue]] = []
        self._kind = kind_of_file(path)
        try:
            self.columns = self._names()
        except (OSError, pa.ArrowInvalid) as error:
            raise self._unreadable(error) from error
        if not self.columns:
            raise BiasError(f"{path}: empty; there is nothing to compare")
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise BiasError(f"{path}: the column {', '.join(twice)} is there twice; give each its own name")

    def load(self, columns: Sequence[str], *, categories: Collection[str]) -> pd.DataFrame:
        """Read `columns`; in `categories` only an empty cell is empty, in the others also NA, null and the like.

        (In a column of regions, NA is North America.) Spaces around a cell are no part of it.

        Raises:
            GovernanceError: when the file is not the table that its first line announces.
        """
        empty = {name: EMPTY if name in categories else EMPTY_NUMBER for name in columns}
        try:
            match self._kind:
                case FileKind.PARQUET:
                    table = self._load_parquet(columns)
                case FileKind.CSV:
                    table = self._load_csv(columns, empty)
                case FileKind.JSON_LINES | FileKind.JSON_ARRAY:
                    table = self._load_records(columns)
        except (OSError, ValueError, pa.ArrowException, csv.Error) as error:
            raise self._unreadable(error) from error
        if table.empty:
            raise BiasError(f"{self.path}: a header and no rows; there is nothing to compare")
        for name in columns:
            table[name] = _without_spaces(table[name], empty[name])
        return table

    def _names(self) -> list[str]:
        match self._kind:
            case FileKind.PARQUET:
                import pyarrow.parquet as pq  # noqa: PLC0415 - for this kind of file alone

                return [str(name) for name in pq.ParquetFile(self.path).schema_arrow.names]
            case FileKind.CSV:
                return csv_columns(self.path, self._separator)
            case FileKind.JSON_LINES | FileKind.JSON_ARRAY:
                for line in read_lines(self.path):
                    if isinstance(line, BadLine):
                        raise BiasError(f"{self.path}:{line.number}: {line.reason}")
                    self._records.append(line.value)
                return list(dict.fromkeys(name for record in self._records for name in record))

    def _load_csv(self, columns: Sequence[str], empty: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
        self._check_widths()
        table = self._read_csv(columns, empty)
        changing = [name for name in columns if kind_of(table[name]) is CellKind.MIXED]
        if (
            changing
        ):  # pandas reads by the chunk, to save memory; a code such as 7 or 9X is to be text throughout
            table[changing] = self._read_csv(changing, empty, dtype="str")
        return table

    def _check_widths(self) -> None:
        """Refuse a line with more or fewer cells than the header: pandas would cut or fill it in silence."""
        width = len(self.columns)
        for row in csv_rows(self.path, self._separator):
            if problem := width_problem(len(row.cells), width):
                raise BiasError(f"{self.path}:{row.line}: {problem}")

    def _read_csv(
        self,
        columns: Sequence[str],
        empty: Mapping[str, tuple[str, ...]],
        dtype: Literal["str"] | None = None,
    ) -> pd.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            return pd.read_csv(
                self.path,
                sep=self._separator,
                header=0,
                names=self.columns,  # as in the file, without the spaces around them
                usecols=list(columns),
                encoding="utf-8-sig",
                dtype=dtype,
                keep_default_na=False,
                na_values={name: empty[name] for name in columns},
            )

    def _load_parquet(self, columns: Sequence[str]) -> pd.DataFrame:
        import pyarrow.parquet as pq  # noqa: PLC0415 - as above

        table = pq.read_table(self.path, columns=list(columns))
        frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True, ignore_metadata=True)
        return frame

    def _load_records(self, columns: Sequence[str]) -> pd.DataFrame:
        cells = {name: [record.get(name) for record in self._records] for name in columns}
        for name, values in cells.items():
            if any(isinstance(value, (list, dict)) for value in values):
                raise BiasError(
                    f"{self.path}: {name} holds lists or objects; write each value into a column of its own"
                )
        return pd.DataFrame(cells)

    def _unreadable(self, error: Exception) -> BiasError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).strip()
        return BiasError(
            f"{self.path}: cannot be read as a table ({reason}); it is to be a CSV file in UTF-8 with a header line, "
            "a Parquet file, or JSON with one object a row"
        )


def _without_spaces(column: pd.Series, empty: Collection[str]) -> pd.Series:
    """Return a column of texts without the spaces around them, read anew as numbers or truth values if it is such."""
    if not isinstance(column.dtype, pd.StringDtype):
        return column
    stripped = column.str.strip()
    if stripped.equals(column):
        return column
    stripped = stripped.mask(stripped.isin(list(empty)))
    held = stripped.dropna()
    if len(held) and held.isin(list(TRUTH)).all():
        return stripped.astype(object).map(TRUTH, na_action="ignore")
    try:
        return pd.to_numeric(stripped)
    except ValueError:
        return stripped
