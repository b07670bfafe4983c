"""Evidence in a local folder, before it is uploaded: which files it is, and whether they are still the same."""

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from aws.evidence_errors import EvidenceChangedError, EvidenceError, EvidenceTooLargeError
from checks.report_files import MANIFEST, REPORT_PATTERNS, is_report_file
from checks.reports import MAX_REPORT_BYTES, READERS
from disk.reading import read_bounded
from disk.walking import files_below

MOST_NAMED = 5  # files that are none of those looked for
_ONCE_MORE = "let scoring end, then begin again"


def evidence_files(directory: Path) -> dict[str, Path]:
    """Return what is evidence in a local folder, by its path below it: every file that is not hidden, sorted.

    The manifest of an earlier registration is none.

    Raises:
        EvidenceError: there is no report among them, or one that is larger than any is read.
        DiskError: `directory` or something below it cannot be looked at.
    """
    below = {path.relative_to(directory).as_posix(): path for path in files_below(directory)}
    files = {name: path for name, path in below.items() if path.name != MANIFEST}
    sizes = {path: path.stat().st_size for path in files.values() if is_report_file(path.name)}
    if not sizes:
        raise EvidenceError(
            f"{directory}: there is no report ({REPORT_PATTERNS}) in it; {_say_what_is_there(files)}"
        )
    for path, size in sizes.items():
        if size > MAX_REPORT_BYTES:
            raise EvidenceTooLargeError(_too_large(str(path), size))
    return files


def _say_what_is_there(files: Collection[str]) -> str:
    """Say what a folder without reports holds, and what would be recognised in it."""
    named = ", ".join(list(files)[:MOST_NAMED])
    more = ", …" if len(files) > MOST_NAMED else ""
    holds = f"it holds {named}{more}" if files else "it is empty"
    formats = ", ".join(reader.format for reader in READERS)
    return (
        f"{holds}. Name the folder that scoring wrote to; what is recognised there are reports of these formats: "
        f"{formats}"
    )


def expected_files(directory: Path, expected: Mapping[str, str] | None) -> dict[str, Path]:
    """Return what `evidence_files` does; raises `EvidenceChangedError` where it is not what `expected` names."""
    files = evidence_files(directory)
    if expected is None:
        return files
    changed = sorted(files.keys() ^ expected.keys())
    if changed:
        came = "came" if changed[0] in files else "went"
        raise EvidenceChangedError(f"{directory / changed[0]}: {came} meanwhile; {_ONCE_MORE}")
    return files


def require_unchanged(path: Path, digest: str, expected: str | None) -> None:
    """Refuse a file whose SHA-256 is another than `expected`, where one is; raises `EvidenceChangedError`."""
    if expected not in (None, digest):
        raise EvidenceChangedError(
            f"{path}: its SHA-256 was {expected} when it was looked at, and is {digest} now; {_ONCE_MORE}"
        )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a local file of evidence in hexadecimal; a report is read as far as one may be.

    Raises:
        EvidenceError: it cannot be read.
        DiskError: the same, of a report.
    """
    if is_report_file(path.name):
        return hashlib.sha256(read_bounded(path, max_bytes=MAX_REPORT_BYTES)).hexdigest()
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error


def _too_large(uri: str, size: int) -> str:
    return f"{uri}: {size:,} bytes, and at most {MAX_REPORT_BYTES:,} are read; split it"
