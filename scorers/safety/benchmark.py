"""Reading a benchmark's responses and writing its evidence: what all benchmarks do the same way."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field

from checks.errors import GovernanceError
from checks.measurements import Measurement
from checks.strict_json import JsonValue
from scorers.csv_files import COMMA
from scorers.evidence_writer import EvidenceWriter
from scorers.input_file import InputFile, open_input
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


class SafetyEvidence(Struct, frozen=True):
    """What came of a run: its measurements, the lines that were read, what they came to, and what to do about it.

    `counts` holds, by title, the number of responses by verdict or reason; `hints` are sentences.
    """

    measurements: tuple[Measurement, ...]
    responses: int
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


def read_responses(
    path: Path, read: Callable[[Fields, int], T], separator: str = COMMA
) -> tuple[list[T], InputFile]:
    """Return what `read` makes of each line (its fields, and its number) and which file was read.

    `separator` is the character between the cells of CSV.

    Raises:
        LinesError: naming every line for which `read` raises a GovernanceError, or that there is no line.
        GovernanceError: when the file cannot be read, or changed meanwhile.
    """
    found: list[T] = []

    def problem_in(line: Line) -> str | None:
        try:
            found.append(read(_fields(line), line.number))
        except GovernanceError as error:
            return str(error)
        return None

    with open_input(path) as source:
        check_lines(path, problem_in, separator)
    return found, source


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


def tell_apart(
    keys: Sequence[Hashable], results: Iterable[Mapping[str, JsonValue]]
) -> list[Mapping[str, JsonValue]]:
    """Return the lines of `results.jsonl`, with the number of the item where id and facets do not tell which it is.

    `keys` are equal for the repeats of one item. Who adds the lines up again needs to know which are.
    """
    lines = list(results)
    shown = [(line["id"], str(line.get("facets"))) for line in lines]
    pairs = set(zip(keys, shown, strict=True))
    if len(pairs) == len(set(keys)) == len(set(shown)):
        return lines
    numbers: dict[Hashable, int] = {}
    for key in keys:
        numbers.setdefault(key, len(numbers) + 1)
    return [{**line, "item": numbers[key]} for key, line in zip(keys, lines, strict=True)]


def write_evidence(
    output: Path,
    benchmark: str,
    responses: InputFile,
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
            **responses.provenance(benchmark, count),
            **provenance,
        }
        writer.finish(measurements, about)
    return SafetyEvidence(
        tuple(measurements), count, {title: of for title, of in counts.items() if of}, tuple(hints)
    )
