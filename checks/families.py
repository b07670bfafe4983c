"""Facets of one check as a family: in one of many groups chance alone does what in a single one would be proof."""

from collections.abc import Callable, Sequence


def holm_survivors(
    members: int, failures: Sequence[Callable[[float], bool]], confidence: float
) -> list[bool]:
    """Return of each failure in a family of so many members whether it stays one by Holm's step-down procedure.

    Each failure is asked whether it fails at a one-sided level, which it does up to some level. Of K members the
    surest failure must be one at 1 - a / K, the next at 1 - a / (K - 1) and so on, with a = 1 - `confidence`, and the
    first that is not ends it. So the chance that any member fails that does not miss the limit is a at most.

    Holm, S. (1979), A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6,
    65-70.
    """
    tail = 1 - confidence
    largest = [_find_largest(fails, members, tail) for fails in failures]
    surest_first = sorted(range(len(failures)), key=lambda place: -largest[place])
    survivors = [False] * len(failures)
    for rank, place in enumerate(surest_first):
        if largest[place] < members - rank:
            break
        survivors[place] = True
    return survivors


def _find_largest(fails: Callable[[float], bool], members: int, tail: float) -> int:
    """Return the largest K up to `members` at which it fails at 1 - `tail` / K; 0 where it does at none."""
    low, high = 0, members
    while low < high:
        middle = (low + high + 1) // 2
        if fails(1 - tail / middle):
            low = middle
        else:
            high = middle - 1
    return low
