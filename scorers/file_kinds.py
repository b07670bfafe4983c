"""What kind of file the user gave, told by its first bytes and not by its name."""

import codecs
from enum import Enum
from pathlib import Path

from checks.errors import GovernanceError
from scorers.input_file import READABLE, refuse_what_is_no_file

HEAD_BYTES = 4096
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class FileKind(Enum):
    """A kind of file that holds one record an item."""

    CSV = "CSV"
    JSON_LINES = "JSON Lines"
    JSON_ARRAY = "a JSON array"
    PARQUET = "Parquet"


def kind_of_file(path: Path) -> FileKind:
    """Return what kind of file `path` is: what is neither Parquet nor JSON is CSV.

    Raises:
        GovernanceError: when it cannot be opened, or is of a kind that is not read; the message says what to write.
    """
    refuse_what_is_no_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise GovernanceError(f"{path}: cannot be read ({error.strerror}); name {READABLE}") from error
    if head.startswith(b"PAR1"):
        return FileKind.PARQUET
    if reason := _why_not_read(head):
        raise GovernanceError(f"{path}: {reason}")
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"["):
        return FileKind.JSON_ARRAY
    return FileKind.JSON_LINES if text.startswith(b"{") or not text else FileKind.CSV


def _why_not_read(head: bytes) -> str | None:
    if head.startswith(UTF_16_MARKS) or b"\0" in head:
        return "not UTF-8 but UTF-16 or binary; save it as UTF-8"
    if head.startswith(b"PK\x03\x04"):
        return "an Excel workbook or another zip file; save the sheet as CSV in UTF-8"
    if head.startswith(b"\x1f\x8b"):
        return "compressed by gzip; unpack it first"
    return None
