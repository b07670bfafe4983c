"""A threshold file as the people who write it should have it checked: parsed, and held against the catalogue.

The deployed gate only parses (`checks.threshold_file`): a file that was published before a doubt about it was known
goes on to be judged by.
"""

from dataclasses import dataclass

from checks.doubts import doubts_about
from checks.threshold_file import ThresholdFileError, parse_with_places, write_problems
from checks.thresholds import ThresholdFile
from checks.yaml_source import Path, Place, Problem, YamlSource

WARNING = "warning: "


@dataclass(frozen=True, slots=True)
class Examined:
    """A threshold file that can be used, and a line for each thing in it that probably says other than was meant."""

    file: ThresholdFile
    warnings: tuple[str, ...]


def examine_thresholds(content: bytes, source: str, *, strict: bool = False) -> Examined:
    """Parse the bytes of a threshold file and doubt what it says; `source` is what messages call it.

    Raises:
        ThresholdFileError: with what cannot be read; or else with what cannot be meant, and the warnings after it. With
            `strict`, what is a warning otherwise is such a problem.
    """
    file, places = parse_with_places(content, source)
    doubts = [(doubt, _make_problem(doubt.path, doubt.message, places)) for doubt in doubts_about(file)]
    refused = write_problems(source, [problem for doubt, problem in doubts if doubt.refused or strict])
    warnings = [problem for doubt, problem in doubts if not (doubt.refused or strict)]
    told = write_problems(source, warnings, WARNING)
    if refused:
        raise ThresholdFileError([*refused, *told])
    return Examined(file, tuple(told))


def _make_problem(path: Path, message: str, places: YamlSource) -> Problem:
    # Names out of the file are in messages, and may not steer a terminal.
    harmless = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in message)
    return Problem(places.values.get(path, Place(1, 1)), path, harmless)
