"""Which of many versions one run of a schedule looks at."""

import random
from collections.abc import Sequence
from datetime import datetime


def take_turn(arns: Sequence[str], most: int, now: datetime) -> list[str]:
    """Return the versions that the run at `now` looks at: all, or `most` of them that its time draws.

    Drawn, since a part that moves on with the clock can come to the same versions in every run of a schedule. Of n
    versions one is left out of r runs in a row with the probability (1 - most / n) ** r.
    """
    if len(arns) <= most:
        return list(arns)
    return random.Random(now.isoformat()).sample(arns, most)  # noqa: S311 - nothing is secret about it
