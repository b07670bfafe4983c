"""Files that the user names: evidence and threshold files read, output written whole or not at all."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from checks.errors import GovernanceError
from checks.evidence import Document, Evidence, Report
from checks.reports import REPORT_SUFFIXES, EvidenceReader
from checks.threshold_file import ThresholdFileError, parse_thresholds
from checks.thresholds import ThresholdFile

THRESHOLD_SUFFIXES = (".yaml", ".yml")


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        GovernanceError: it cannot be read; the message says why.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise GovernanceError(
            f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        ) from error


def report_files(paths: Iterable[Path]) -> list[Path]:
    """Return the report files that `paths` name, each once: files as they are, of a folder every `*.json` below it.

    Logs of Inspect, `*.eval`, count as well. Hidden files and folders are left out, as when evidence is uploaded:
    scoring keeps unfinished work there.

    Raises:
        GovernanceError: a path does not exist, or a folder holds no report.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _reports_below(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _reports_below(folder: Path) -> list[Path]:
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.name.lower().endswith(REPORT_SUFFIXES)
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    if not files:
        raise GovernanceError(f"{folder}: no *.json in this folder; name the folder that scoring wrote to")
    return files


def read_evidence(paths: Iterable[Path]) -> Evidence:
    """Read the reports at `paths` (see `report_files`); what a report holds is for the checks to judge.

    Raises:
        GovernanceError: a file or folder cannot be read.
    """
    reader = EvidenceReader()
    return Evidence(tuple(_read_report(reader, file) for file in report_files(paths)))


def _read_report(reader: EvidenceReader, file: Path) -> Report:
    uri = file.as_posix()
    return reader.read(uri, lambda: Document(uri, read_bytes(file)))


def threshold_files(paths: Iterable[Path]) -> list[Path]:
    """Return the threshold files that `paths` name: files as they are, of a folder every `*.yaml` and `*.yml` below.

    Raises:
        GovernanceError: a folder holds none.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        files = [path]
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.name.lower().endswith(THRESHOLD_SUFFIXES))
            if not files:
                raise GovernanceError(f"{path}: no *.yaml or *.yml in this folder; name a threshold file")
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def read_thresholds(paths: Sequence[Path]) -> list[ThresholdFile]:
    """Parse every threshold file of `paths`.

    Raises:
        ThresholdFileError: with the problems of all files at once.
        GovernanceError: a file cannot be read.
    """
    parsed, problems = [], []
    for file in threshold_files(paths):
        try:
            parsed.append(parse_thresholds(read_bytes(file), file.as_posix()))
        except ThresholdFileError as error:
            problems += error.problems
    if problems:
        raise ThresholdFileError(problems)
    return parsed


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that whoever looks sees the old file or the new one, never a part.

    Raises:
        GovernanceError: it cannot be written; the old file is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
            temporary = Path(folder) / path.name
            temporary.write_bytes(content)
            temporary.replace(path)
    except OSError as error:
        raise GovernanceError(
            f"{path}: cannot be written ({error.strerror}); name another file with -o"
        ) from error
