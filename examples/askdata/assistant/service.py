"""The version of the assistant that answers at this moment, as its users see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.assistant import Assistant


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """An approved version at work: since when it answers here, and who approved it."""

    assistant: Assistant
    arn: str
    since: datetime
    approved_by: str

    @property
    def number(self) -> int:
        """The version's number in its group."""
        return int(self.arn.rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What answers, if anything, and why a newer approval could not be followed, if that is so."""

    served: ServedVersion | None
    problem: str = ""


class Service(Protocol):
    """Knows what answers."""

    def state(self) -> ServiceState:
        """Return what answers now; asks nobody, and raises nothing."""
        ...
