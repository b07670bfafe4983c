"""What is doubtful about a threshold file, and the ends of a limit as numbers."""

import math
from dataclasses import dataclass

from checks.thresholds import Check
from checks.yaml_source import Path

_LONGEST = 80

Ends = tuple[float, float]
"""The lowest and the highest value that a limit lets pass; infinite where it has no such end."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is doubtful, at which path of the file. `refused`: it cannot be meant; otherwise it is a warning."""

    path: Path
    message: str
    refused: bool


def short(name: str) -> str:
    """Return a name out of the file for a message: not all of a long one."""
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


def ends_of(check: Check) -> Ends:
    """Return the ends of what the check's limit lets pass."""
    low, high = check.region
    return -math.inf if low is None else low, math.inf if high is None else high
