"""Names that nobody can tell apart: they differ in spaces, or in how Unicode composes their letters."""

import unicodedata


def alike(name: str) -> str:
    """Return the form that all names share that look like `name`; nearly every name is that form.

    Spaces around the parts between dots do not count, nor how many follow each other, nor whether an accent is a
    character of its own (https://unicode.org/reports/tr15/, form C).
    """
    if name.isascii() and name.isprintable() and " " not in name:
        return name
    return ".".join(" ".join(part.split()) for part in unicodedata.normalize("NFC", name).split("."))
