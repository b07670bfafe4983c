"""Terminals of a given width as texts, and the golden files that hold what they show.

`UPDATE_GOLDEN=1 pytest tests/cli/test_*_screens.py` writes the files anew; read what changed before it is committed.
"""

import os
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len

GOLDEN = Path(__file__).with_name("golden")
WIDTHS = (80, 160)
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    @property
    def screen(self) -> str:
        """What one sees: without colours, and without the blanks at the ends of lines."""
        return "".join(f"{line.rstrip()}\n" for line in _ESCAPE.sub("", self.getvalue()).splitlines())


def terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> Terminal:
    """A terminal of `width` columns for whatever is printed next."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm-256color")
    return Terminal()


def assert_screen(screen: str, name: str, width: int) -> None:
    """Assert that `screen` fits `width` columns and is that of the golden file `name`."""
    assert max(cell_len(line) for line in screen.splitlines()) <= width
    path = GOLDEN / f"{name}-{width}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(screen, encoding="utf-8")
    assert screen == path.read_text(encoding="utf-8")
