"""Where the checks of a decision are written, in threshold files that are here."""

from collections.abc import Mapping

from checks.decision_record import DecisionRecord
from checks.thresholds import Origin, ThresholdFile
from cli.lookup.threshold_sets import compile_named, read_threshold_files


def find_origins(place: str | None, record: DecisionRecord | None) -> Mapping[str, Origin]:
    """Return the places of the record's checks by their names, in the file at `place` that decided; of none, nothing.

    The file is known by its digest, else by its name: lines may have moved since.

    Raises:
        GovernanceError: the files at `place` cannot be read, or one of them is wrong.
    """
    if place is None or record is None or record.thresholds is None:
        return {}
    decided = record.thresholds
    files = compile_named(read_threshold_files([place]))
    same = [file for file in files if file.sha256 == decided.sha256]
    called_so = [file for file in files if file.name == decided.name]
    return next((origins_of(file) for file in (*same, *called_so)), {})


def origins_of(file: ThresholdFile) -> Mapping[str, Origin]:
    """Return where each check of `file` is written, by the names of the checks."""
    return {check.name: file.origin_of(place) for place, check in enumerate(file.checks)}
