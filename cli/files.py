"""Files that the user names: evidence and threshold files, each found and read."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from checks.errors import GovernanceError
from checks.evidence import Document, Evidence, Report
from checks.reports import MAX_REPORT_BYTES, REPORT_PATTERNS, EvidenceReader, is_report_file, unread
from checks.threshold_examination import Examined, examine_thresholds
from checks.threshold_file import MAX_BYTES, ThresholdFileError
from disk.errors import FileTooLarge
from disk.reading import read_bounded
from disk.walking import files_below

THRESHOLD_SUFFIXES = (".yaml", ".yml")


def report_files(paths: Iterable[Path]) -> list[Path]:
    """Return the report files that `paths` name, each once: files as they are, of a folder every `*.json` below it.

    Logs of Inspect, `*.eval`, and `*_output.jsonl` of Bedrock Evaluations count as well. Hidden files and folders are
    left out, as when evidence is uploaded: scoring keeps unfinished work there.

    Raises:
        GovernanceError: a folder holds no report, or something that cannot be looked at.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _reports_below(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _reports_below(folder: Path) -> list[Path]:
    files = [file for file in files_below(folder) if is_report_file(file.name)]
    if not files:
        raise GovernanceError(
            f"{folder}: no report ({REPORT_PATTERNS}) in this folder; name the folder that scoring wrote to"
        )
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
    try:
        return reader.read(uri, lambda: Document(uri, read_bounded(file, max_bytes=MAX_REPORT_BYTES)))
    except FileTooLarge as error:
        # As in AWS: it was opened, and no report is that large. That is a finding, not a failure to look.
        return unread(uri, str(error))


def threshold_files(paths: Iterable[Path]) -> list[Path]:
    """Return the threshold files that `paths` name: files as they are, of a folder every `*.yaml` and `*.yml` below.

    Raises:
        GovernanceError: a folder holds none, or something that cannot be looked at.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        files = [path]
        if path.is_dir():
            below = files_below(path, hidden=True)
            files = [file for file in below if file.name.lower().endswith(THRESHOLD_SUFFIXES)]
            if not files:
                raise GovernanceError(f"{path}: no *.yaml or *.yml in this folder; name a threshold file")
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def read_thresholds(paths: Sequence[Path], *, strict: bool = False) -> list[Examined]:
    """Parse every threshold file of `paths` and hold it against the catalogue of metrics.

    Raises:
        ThresholdFileError: with the problems of all files at once, and then their warnings; with `strict`, warnings are
            problems.
        GovernanceError: a file cannot be read.
    """
    examined, problems = [], []
    for file in threshold_files(paths):
        try:
            content = read_bounded(file, max_bytes=MAX_BYTES)
            examined.append(examine_thresholds(content, file.as_posix(), strict=strict))
        except ThresholdFileError as error:
            problems += error.problems
    if problems:
        warnings = [warning for one in examined for warning in one.warnings]
        raise ThresholdFileError([*problems, *warnings])
    return examined
