"""Text of strangers, made fit for one line that people read."""

import unicodedata

_BREAKS = frozenset(
    {"Cc", "Cs", "Zl", "Zp"}
)  # control characters, halves of pairs, line and paragraph separators
_FORMAT = "Cf"  # marks without a shape: they turn the direction of text around, or hide between letters


def without_format_marks(text: str) -> str:
    """Return `text` without the marks that change how other characters show and have no shape themselves."""
    if text.isascii():
        return text
    return "".join(c for c in text if unicodedata.category(c) != _FORMAT)


def one_line(text: str) -> str:
    """Return `text` without format marks, and with one space for each run of blanks, breaks and control characters."""
    shown = without_format_marks(text)
    return " ".join("".join(" " if unicodedata.category(c) in _BREAKS else c for c in shown).split())


def encodable(text: str) -> str:
    """Return `text` as UTF-8 can hold it; the names of files on disk may not be such."""
    return text.encode("utf-8", "backslashreplace").decode()


def shortened(text: str, most: int) -> str:
    """Return `text` in at most `most` characters, with a mark where it goes on."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
