"""A cache that forgets what was used longest ago once its cost passes a bound."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Remembers what `make` returned for a key.

    `cost` says how much of the bound a value takes, `discard` is told of values that are forgotten.
    """

    def __init__(
        self,
        bound: int,
        cost: Callable[[Value], int] = lambda _: 1,
        discard: Callable[[Value], None] = lambda _: None,
    ) -> None:
        self._bound, self._cost, self._discard = bound, cost, discard
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._total = 0

    def get(self, key: Key, make: Callable[[], Value], *, keep: bool = True) -> Value:
        """Return the value of `key`, made now if it is not remembered.

        It is kept unless its cost alone is beyond the bound, or `keep` says no.
        """
        entry = self._values.get(key)
        if entry is not None:
            self._values.move_to_end(key)
            return entry[0]
        value = make()
        cost = self._cost(value)
        if keep and cost <= self._bound:
            self._values[key] = (value, cost)
            self._total += cost
            while self._total > self._bound:
                _, (oldest, freed) = self._values.popitem(last=False)
                self._total -= freed
                self._discard(oldest)
        return value
