"""Measurements made for tests, in a row of a table."""

from typing import Any

from checks.measurements import Measured, Source, Support

_OF_SUPPORT = frozenset(Support.__struct_fields__)


def make_measured(metric: str, value: float, source: Source, **said: Any) -> Measured:
    """Return a measurement; what belongs to its support is given beside the rest, as a report has it."""
    support = {key: part for key, part in said.items() if key in _OF_SUPPORT}
    rest = {key: part for key, part in said.items() if key not in _OF_SUPPORT}
    return Measured(metric, value, source, support=Support(**support), **rest)
