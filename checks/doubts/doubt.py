"""What is doubtful about a threshold file."""

from msgspec import Struct

from checks.yaml_source import Path

_LONGEST = 80


class Doubt(Struct, frozen=True):
    """What is doubtful, at which path of the file. `refused`: it cannot be meant; otherwise it is a warning."""

    path: Path
    message: str
    refused: bool


def short(name: str) -> str:
    """Return a name out of the file for a message: not all of a long one."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
