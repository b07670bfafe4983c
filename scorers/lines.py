"""Reading records, one an item: JSON Lines, a JSON array, CSV or Parquet, told by content, problems named by line.

JSON Lines, CSV and Parquet are streamed; a JSON array is held in memory.
"""

import datetime
import decimal
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from checks.errors import GovernanceError
from checks.strict_json import JsonValue, ReportError, parse_strict_json
from scorers.csv_files import COMMA, csv_columns, csv_rows, width_problem
from scorers.file_kinds import FileKind, kind_of_file

MAX_LINE_BYTES = 16 * 1024 * 1024
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
SHOWN_PROBLEMS = 20
BATCH_ROWS = 1_000


class Line(Struct, frozen=True):
    """One record; `number` counts lines from 1, in a JSON array and in Parquet the records.

    In a record `from_cells`, out of CSV, every value is text, or `None` for an empty cell.
    """

    number: int
    value: dict[str, JsonValue]
    from_cells: bool = False

    def json(self, name: str) -> JsonValue:
        """Return the field `name` where it is to be no text: of a CSV cell, the number, list or object it writes."""
        value = self.value.get(name)
        if not (self.from_cells and isinstance(value, str)):
            return value
        try:
            return parse_strict_json(value.encode())
        except ReportError:
            return value


class BadLine(Struct, frozen=True):
    """One line that holds no record, and why."""

    number: int
    reason: str


class LinesError(GovernanceError):
    """A file of records that cannot be used; `problems` holds one `file:line: reason` each."""

    def __init__(self, problems: list[str], unshown: int = 0) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([*problems, *([f"and {unshown:,} more problems"] if unshown else [])]))


def read_lines(path: Path, separator: str | None = None) -> Iterator[Line | BadLine]:
    """Yield each record of `path`, in order; `separator` is the character between the cells of CSV: `None` is a
    comma that the user has no option to change.

    Raises:
        GovernanceError: when the file cannot be opened or read, or is of no kind that holds records.
    """
    match kind_of_file(path):
        case FileKind.JSON_LINES:
            yield from _json_lines(path)
        case FileKind.JSON_ARRAY:
            yield from _json_array(path)
        case FileKind.CSV:
            yield from _csv(path, separator)
        case FileKind.PARQUET:
            yield from _parquet(path)


def _json_lines(path: Path) -> Iterator[Line | BadLine]:
    try:
        with path.open("rb") as file:
            number = 0
            is_first = True
            while content := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(content) > MAX_LINE_BYTES:
                    yield BadLine(number, f"longer than {MAX_LINE_BYTES:,} bytes; one object a line")
                    return
                if content.isspace():
                    continue
                line = _parse(number, content.rstrip())
                if is_first and isinstance(line, BadLine):
                    _refuse_one_document(path)
                is_first = False
                yield line
    except OSError as error:
        raise GovernanceError(
            f"{path}: cannot be read ({error.strerror}); name a file of JSON Lines"
        ) from error


def _refuse_one_document(path: Path) -> None:
    """Refuse a file that is one indented JSON document, of which every line would be a problem of its own."""
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        return
    try:
        parse_strict_json(path.read_bytes())
    except ReportError:
        return
    raise GovernanceError(
        f"{path}: one JSON object over several lines; write one object a line, or an array of objects"
    )


def _parse(number: int, content: bytes) -> Line | BadLine:
    try:
        value = parse_strict_json(content)
    except ReportError as error:
        return BadLine(number, str(error))
    return _record(number, value)


def _record(number: int, value: JsonValue) -> Line | BadLine:
    if not isinstance(value, dict):
        return BadLine(number, "not a JSON object; write one object a line")
    return Line(number, value)


def _json_array(path: Path) -> Iterator[Line | BadLine]:
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise GovernanceError(
                f"{path}: a JSON array of more than {MAX_DOCUMENT_BYTES:,} bytes; write one object a line"
            )
        records = parse_strict_json(path.read_bytes())
    except OSError as error:
        raise GovernanceError(f"{path}: cannot be read ({error.strerror}); name a JSON array") from error
    except ReportError as error:
        raise GovernanceError(
            f"{path}: begins as a JSON array and is none: {error}; write an array of objects, or one object a line"
        ) from error
    if isinstance(records, list):
        for number, value in enumerate(records, start=1):
            yield _record(number, value)


def _csv(path: Path, separator: str | None) -> Iterator[Line | BadLine]:
    columns = csv_columns(path, separator)
    rows = csv_rows(path, separator or COMMA)
    next(rows, None)  # the header
    for row in rows:
        if problem := width_problem(len(row.cells), len(columns)):
            yield BadLine(row.line, problem)
            continue
        cells = zip(columns, row.cells, strict=True)
        # A column without a name is the index that pandas writes.
        yield Line(row.line, {name: cell or None for name, cell in cells if name}, from_cells=True)


def _parquet(path: Path) -> Iterator[Line]:
    try:
        import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and for this kind of file alone
    except ImportError as error:
        raise GovernanceError(
            f'{path}: reading Parquet needs pyarrow; install "sagemaker-model-governance[scoring]", or write CSV'
        ) from error
    try:
        number = 0
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                for row in batch.to_pylist():
                    number += 1
                    yield Line(number, {str(name): _plain(cell) for name, cell in row.items()})
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise GovernanceError(f"{path}: cannot be read as Parquet ({str(error).strip()})") from error


def _plain(cell: Any) -> JsonValue:
    """Return a cell as JSON has it; NaN is how pandas writes an empty one."""
    match cell:
        case float() if math.isnan(cell):
            return None
        case list() | tuple():
            return [_plain(part) for part in cell]
        case dict():
            return {str(name): _plain(part) for name, part in cell.items()}
        case datetime.date() | datetime.time() | decimal.Decimal() | bytes():
            return str(cell)
        case _:
            value: JsonValue = cell
            return value


def check_lines(path: Path, problem_in: Callable[[Line], str | None], separator: str | None = None) -> int:
    """Return how many records `path` has, after asking `problem_in` about each of them.

    Raises:
        LinesError: naming every line that is no record or that has a problem (the first 20, and how many more),
            or that the file has no line at all.
    """
    problems: list[str] = []
    lines = bad = 0
    for line in read_lines(path, separator):
        lines += 1
        reason = line.reason if isinstance(line, BadLine) else problem_in(line)
        if reason is not None:
            bad += 1
            if len(problems) < SHOWN_PROBLEMS:
                problems.append(f"{path}:{line.number}: {reason}")
    if problems:
        raise LinesError(problems, bad - len(problems))
    if not lines:
        raise LinesError([f"{path}: no lines; there is nothing to score"])
    return lines
