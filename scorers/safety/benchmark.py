"""Reading a benchmark's responses and writing its evidence: what all benchmarks do the same way."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from checks.errors import GovernanceError
from checks.measurements import Measurement
from checks.strict_json import JsonValue
from checks.version import NAME, VERSION
from scorers.csv_files import COMMA
from scorers.evidence_writer import EvidenceWriter
from scorers.file_kinds import refuse_what_is_no_file
from scorers.lines import Line, check_lines
from scorers.safety.fields import Fields

T = TypeVar("T")
OF_JSON = (
    "facets",
    "answer_info",
    "additional_metadata",
    "label",
    "target_loc",
    "continuations",
    "toxicity",
    "logprobs",
)
MAY_BE_EMPTY = ("prompt", "response", "continuation", "prediction")


@dataclass(frozen=True, slots=True)
class SafetyEvidence:
    """What came of a run: its measurements, the lines that were read, what they came to, and what to do about it.

    `counts` holds, by title, the number of responses by verdict or reason; `hints` are sentences.
    """

    measurements: tuple[Measurement, ...]
    responses: int
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Responses:
    """Where the responses stand, and the SHA-256 of the file as it was scored."""

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "Responses":
        """Return the file as it is now.

        Raises:
            GovernanceError: when it cannot be read.
        """
        return cls(path, _sha256(path))


def read_responses(
    path: Path, read: Callable[[Fields, int], T], separator: str = COMMA
) -> tuple[list[T], Responses]:
    """Return what `read` makes of each line (its fields, and its number) and the file's identity.

    `separator` is the character between the cells of CSV.

    Raises:
        LinesError: naming every line for which `read` raises a GovernanceError, or that there is no line.
        GovernanceError: when the file cannot be read, or changed meanwhile.
    """
    before = Responses.of(path)
    found: list[T] = []

    def problem_in(line: Line) -> str | None:
        try:
            found.append(read(_fields(line), line.number))
        except GovernanceError as error:
            return str(error)
        return None

    check_lines(path, problem_in, separator)
    if Responses.of(path) != before:
        raise GovernanceError(f"{path}: the file changed while it was being read; score it again")
    return found, before


def _fields(line: Line) -> Fields:
    """Return the fields of a line: of CSV those that are no text are JSON, and an empty cell is no field or no text."""
    if not line.from_cells:
        return line.value
    values = {name: line.json(name) if name in OF_JSON else value for name, value in line.value.items()}
    return {
        name: "" if value is None else value
        for name, value in values.items()
        if value is not None or name in MAY_BE_EMPTY
    }


def write_evidence(
    output: Path,
    benchmark: str,
    responses: Responses,
    *,
    measurements: Sequence[Measurement],
    results: Iterable[Mapping[str, JsonValue]],
    provenance: Mapping[str, JsonValue],
    count: int,
    counts: Mapping[str, Mapping[str, int]],
    hints: Sequence[str] = (),
) -> SafetyEvidence:
    """Write `evaluation.json` and `results.jsonl` into `output`, both or neither.

    Raises:
        GovernanceError: when the folder cannot be written.
    """
    with EvidenceWriter(output) as writer:
        for result in results:
            writer.add_result(result)
        about: dict[str, JsonValue] = {
            "scorer": {"name": NAME, "version": VERSION},
            "benchmark": benchmark,
            "responses": {"file": responses.path.name, "sha256": responses.sha256, "lines": count},
            **provenance,
        }
        writer.finish(measurements, about)
    return SafetyEvidence(
        tuple(measurements), count, {title: of for title, of in counts.items() if of}, tuple(hints)
    )


def _sha256(path: Path) -> str:
    refuse_what_is_no_file(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise GovernanceError(
            f"{path}: cannot be read ({error.strerror}); name a file of JSON Lines"
        ) from error
