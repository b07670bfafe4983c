"""Names that nobody can tell apart: they differ in spaces, or in how Unicode composes their letters."""

import unicodedata
from collections.abc import Sequence


def alike(name: str) -> str:
    """Return the form that all names share that look like `name`; nearly every name is that form.

    Spaces around the parts between dots do not count, nor how many follow each other, nor whether an accent is a
    character of its own (https://unicode.org/reports/tr15/, form C).
    """
    if _is_form(name):
        return name
    return ".".join(" ".join(part.split()) for part in unicodedata.normalize("NFC", name).split("."))


def list_forms(names: Sequence[str]) -> Sequence[str]:
    """Return what `alike` returns of each name: of a hundred thousand that are such forms it is told at once."""
    return names if _is_form(".".join(names)) else [alike(name) for name in names]


def _is_form(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
