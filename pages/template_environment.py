"""How the templates of pages are read, and how they print values."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from checks.finding_text import ASKS, format_limit, name_of, write_difference, write_pairing, write_reason
from checks.text import without_format_marks


@cache
def template_environment() -> Environment:
    """Return what the templates of all pages are read by; what they print is escaped, and loses what has no shape."""
    environment = Environment(
        loader=PackageLoader(__name__.rpartition(".")[0], "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_make_harmless,
    )
    environment.filters.update(
        number=_write_number,
        difference=write_difference,
        pairing=write_pairing,
        limit=format_limit,
        asks=ASKS.__getitem__,
        name=name_of,
        reason=write_reason,
    )
    return environment


def _write_number(number: float | None) -> str:
    return "-" if number is None else f"{number:.6g}"


def _make_harmless(value: object) -> object:
    """Return what the page prints; text from outside loses what has no shape: it could turn or hide other text."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    text = without_format_marks(value)
    return "".join(c if c.isprintable() else " " if c.isspace() else f"\\u{ord(c):04x}" for c in text)
