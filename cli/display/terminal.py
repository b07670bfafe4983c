"""What every command prints with: bounded consoles, and texts and numbers as they are shown; light to import."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TextIO

from rich.console import Console
from rich.text import Text

from checks.text import without_format_marks

UNBOUNDED = 100_000  # columns: a pipe has no edge to wrap at


def number_text(value: object) -> str:
    """Return a number with at most six digits."""
    return f"{value:.6g}" if isinstance(value, float | int) else str(value)


def clean_text(value: str, style: str = "") -> Text:
    """Return text out of reports and threshold files on one line, and harmless to a terminal."""
    one_line = "".join(" " if c.isspace() else c for c in without_format_marks(value))
    return Text("".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in one_line), style)


@contextmanager
def console_for(stream: TextIO) -> Iterator[Console]:
    """Give a console that writes to `stream`: on a terminal it colours and wraps, anywhere else it prints all as it is.

    Elsewhere means: no colour, no line broken, nothing cut, no blanks at the end of a line.
    """
    if stream.isatty():
        yield Console(file=stream)
        return
    plain = StringIO()
    yield Console(file=plain, width=UNBOUNDED, color_system=None, force_terminal=False)
    stream.writelines(f"{line.rstrip()}\n" for line in plain.getvalue().splitlines())
