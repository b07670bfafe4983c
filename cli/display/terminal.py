"""What every command prints with that draws by rich: bounded consoles, and texts as they are shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TextIO

from rich.console import Console
from rich.text import Text

from cli.display.plain_text import Styled, clean_line

UNBOUNDED = 100_000  # columns: a pipe has no edge to wrap at


def clean_text(value: str, style: str = "") -> Text:
    """Return text out of reports and threshold files on one line, and harmless to a terminal."""
    return Text(clean_line(value), style)


def draw_text(styled: Styled) -> Text:
    """Return a text as a terminal shows it."""
    return Text(styled.text, styled.style)


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
