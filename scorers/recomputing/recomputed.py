"""What a family is given to compute figures again, and what it gives back."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field

from checks.measurements import Measurement
from checks.strict_json import JsonValue
from scorers.recomputing.gold import Gold
from scorers.recomputing.item_lines import Alteration


class ReportToRecompute(Struct, frozen=True):
    """A report and its items; `drawn` are the places of those that are scored again where a family can.

    `gold` has by id what the items must say, and `databases` is where those are that SQL is run against, where the
    governance team keeps either.
    """

    document: Mapping[str, JsonValue]
    items: Sequence[Mapping[str, JsonValue]]
    drawn: Sequence[int]
    gold: Gold | None = None
    databases: Path | None = None

    @property
    def provenance(self) -> Mapping[str, JsonValue]:
        """What the report says of how it came about."""
        found = self.document.get("provenance")
        return found if isinstance(found, Mapping) else {}

    def settings(self, key: str) -> Mapping[str, JsonValue]:
        """Return the part of the provenance under `key`."""
        found = self.provenance.get(key)
        return found if isinstance(found, Mapping) else {}


class Recomputed(Struct, frozen=True):
    """The figures that came out, as measurements or as a report of another format (`document`).

    `how` says of the whole, in a few words, what was done. `scored` is how many items were scored again.
    """

    measurements: Sequence[Measurement] = ()
    document: Mapping[str, JsonValue] | None = None
    altered: Sequence[Alteration] = ()
    scored: int = 0
    how: str = "item results aggregated anew"
    undone: Mapping[str, str] = field(default_factory=dict)


Recompute = Callable[[ReportToRecompute], Recomputed]
