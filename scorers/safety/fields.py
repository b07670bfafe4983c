"""Fields of a benchmark's lines, read with messages that name the field."""

import math
from collections.abc import Mapping

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from scorers.item_groups import facet_groups

Fields = Mapping[str, JsonValue]


def text(fields: Fields, name: str, *, empty: bool = False) -> str:
    """Return the text under `name`; with `empty` it may be empty.

    Raises:
        GovernanceError: when it is missing, or no text.
    """
    if name not in fields:
        raise GovernanceError(f"{name}: missing")
    value = fields[name]
    if not isinstance(value, str):
        raise GovernanceError(f"{name}: not a text")
    if not empty and not value.strip():
        raise GovernanceError(f"{name}: empty")
    return value


def one_of(fields: Fields, name: str, choices: tuple[str, ...]) -> str:
    """Return which of `choices` (in lower case all different) is under `name`; case and spaces around do not matter.

    Raises:
        GovernanceError: when it is not.
    """
    value = text(fields, name)
    chosen = {choice.lower(): choice for choice in choices}.get(value.strip().lower())
    if chosen is None:
        raise GovernanceError(f'{name}: "{value[:60]}" is none of {", ".join(choices)}')
    return chosen


def share(fields: Fields, name: str) -> float:
    """Return the number in [0, 1] under `name`.

    Raises:
        GovernanceError: when it is missing, not a number or outside.
    """
    if name not in fields:
        raise GovernanceError(f"{name}: missing")
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise GovernanceError(f"{name}: not a number")
    if not 0 <= value <= 1:
        raise GovernanceError(f"{name}: {value:g} is outside 0 to 1")
    return float(value)


def identity(fields: Fields, name: str = "id") -> str | None:
    """Return the item's id, a text or an integer; `None` where there is none.

    Raises:
        GovernanceError: when it is something else.
    """
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise GovernanceError(f"{name}: an id is a text or an integer")
    return str(value)


def facets(fields: Fields, own: Mapping[str, JsonValue] | None = None) -> dict[str, JsonValue]:
    """Return the line's `facets`, and the benchmark's `own` ones, which go first.

    Raises:
        GovernanceError: when they are not facets.
    """
    given = fields.get("facets")
    facet_groups(given)
    further = given if isinstance(given, Mapping) else {}
    return {**(own or {}), **{name: value for name, value in further.items() if name not in (own or {})}}
