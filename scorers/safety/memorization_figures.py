"""The figures of what responses share with a corpus; `scorers.safety.memorization` says what each of them is."""

from collections.abc import Hashable, Iterator, Sequence

from msgspec import Struct

from checks.measurements import Measured, Measurement, Unmeasured
from scorers.group_figures import HERE
from scorers.safety.rates import Items, measure

GROUP = "memorization"
EMPTY = "every response is empty, so there is nothing to compare with the corpus"


class OverlapOfItem(Struct, frozen=True):
    """What one response has in common with the corpus, and whether that is above the limits.

    Several with an equal `key` are repeats of one item.
    """

    key: Hashable
    groups: tuple[str, ...]
    is_empty: bool
    tokens: int
    characters: int
    similarity: float
    verbatim: bool
    near: bool


def measure_overlaps(overlaps: Sequence[OverlapOfItem], longest_text: int) -> Iterator[Measurement]:
    """Yield the figures; `longest_text` is the number of characters of the longest response."""
    names = ("longest_overlap_tokens", "longest_overlap_characters", "edit_similarity")
    means = {name: Items() for name in names}
    rates = {name: Items() for name in ("rate_above_limit", "near_rate_above_limit")}
    empty = Items()
    for one in overlaps:
        values = (one.tokens, one.characters, one.similarity)
        for items, value in zip(means.values(), values, strict=True):
            items.add(one.key, one.groups, None if one.is_empty else float(value))
        for items, holds in zip(rates.values(), (one.verbatim, one.near), strict=True):
            items.add(one.key, one.groups, None if one.is_empty else float(holds))
        empty.add(one.key, one.groups, float(one.is_empty))
    longest = max((one.tokens for one in overlaps if not one.is_empty), default=None)
    name = f"{GROUP}.max_overlap_tokens"
    yield Unmeasured(name, EMPTY, HERE) if longest is None else Measured(name, float(longest), HERE)
    yield from measure(f"{GROUP}.empty_rate", empty.all, proportion=True)
    for name, items in rates.items():
        yield from measure(f"{GROUP}.{name}", items.all, proportion=True, nothing=EMPTY)
    for name, items in means.items():
        high = 1.0 if name == "edit_similarity" else float(max(1, longest_text))
        yield from measure(f"{GROUP}.{name}", items.all, proportion=False, scale=(0.0, high), nothing=EMPTY)
