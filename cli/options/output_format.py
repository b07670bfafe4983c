"""How the answer of a command is printed: for people or as JSON, and whether with a chart."""

import json
import shutil
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

COLUMNS_WITHOUT_TERMINAL = 80


class Format(StrEnum):
    """How an answer is printed."""

    TEXT = "text"
    JSON = "json"


OutputFormat = Annotated[Format, typer.Option("--format", help="For people, or for programs.")]
Chart = Annotated[
    bool | None,
    typer.Option(
        "--chart/--no-chart", help="Draw a chart; by default only on a terminal.", show_default=False
    ),
]


def wants_chart(chart: bool | None) -> bool:
    """Return whether a chart is drawn: as asked for, or else where somebody looks at a terminal."""
    return sys.stdout.isatty() if chart is None else chart


def columns() -> int:
    """Return the width of the terminal, or what is usual where there is none."""
    if not sys.stdout.isatty():
        return COLUMNS_WITHOUT_TERMINAL
    return shutil.get_terminal_size((COLUMNS_WITHOUT_TERMINAL, 24)).columns


def is_ascii_only() -> bool:
    """Return whether the output's encoding lacks the characters that charts are drawn with."""
    try:
        "●┄┤⣿".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def print_json(document: Mapping[str, object]) -> None:
    """Print an answer for programs."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False, allow_nan=False)
    print()
