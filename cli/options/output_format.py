"""How the answer of a command is printed: for people or as JSON, and whether with a chart."""

import codecs
import json
import re
import shutil
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

COLUMNS_WITHOUT_TERMINAL = 80
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class Format(StrEnum):
    """How an answer is printed."""

    TEXT = "text"
    JSON = "json"


class DecisionFormat(StrEnum):
    """How a decision is printed: for people, as its JSON, or as one of `checks.outputs.OUTPUTS`."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"


class AuditFormat(StrEnum):
    """How the entries of an audit are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class ImpactFormat(StrEnum):
    """How the impact of a change is printed: for people, for programs, for a pull request, or as a page with charts."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


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
    print_json_text(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_json_text(text: str) -> None:
    """Print JSON as it is, but with escapes for all that is not ASCII where the output's encoding is not UTF-8.

    Programs read JSON as UTF-8, whatever the locale of the one that wrote it.
    """
    encoding = codecs.lookup(sys.stdout.encoding or "utf-8").name
    # Outside of strings JSON has ASCII alone, so that every other character may be written as an escape.
    is_plain = encoding == "utf-8" or text.isascii()
    sys.stdout.write(text if is_plain else _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text))
