"""Text as a pipe or a file gets it: no colour, no line broken, columns beside each other; and without rich, which takes
as long to import as a decision takes to make.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from checks.text import without_format_marks

GAP = "  "  # between two columns


class Styled(Struct, frozen=True):
    """A text, and how a terminal shows it."""

    text: str
    style: str = ""


def number_text(value: object) -> str:
    """Return a number with at most six digits."""
    return f"{value:.6g}" if isinstance(value, float | int) else str(value)


def clean_line(value: str) -> str:
    """Return text out of reports and threshold files on one line, and harmless to a terminal."""
    if value.isascii() and value.isprintable():
        return value
    one_line = "".join(" " if c.isspace() else c for c in without_format_marks(value))
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in one_line)


def count_columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes: two for most characters of Chinese, for instance."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - a table of all characters, which few reports need

    return cell_len(text)


def align(rows: Sequence[Sequence[str]], least: Sequence[int] = ()) -> Iterator[str]:
    """Yield the rows as lines, their cells below each other; each column has at least the width in `least`."""
    widths = [max(map(count_columns, column)) for column in zip(*rows, strict=True)]
    for place, width in enumerate(least[: len(widths)]):
        widths[place] = max(widths[place], width)
    for row in rows:
        cells = [cell + " " * (width - count_columns(cell)) for cell, width in zip(row, widths, strict=True)]
        yield GAP.join(cells).rstrip()
