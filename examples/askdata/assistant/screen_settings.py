"""What the running screen is told by its environment, beside what the assistant is; see `assistant.settings`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from assistant.settings import AssistantSettings, read_settings, variable_of

_OWN = ("table", "lake")


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """The assistant's settings, the table of conversations in DynamoDB, and the DuckDB file of the data lake."""

    assistant: AssistantSettings
    table: str
    lake: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings from variables such as `ASKDATA_LAKE`.

        Raises:
            GovernanceError: with all that are missing.
        """
        # Both parts at once, so that one message says all that is missing.
        read = read_settings([*(field.name for field in fields(AssistantSettings)), *_OWN], environment)
        table, lake = (read.pop(name) for name in _OWN)
        return cls(AssistantSettings(**read), table, Path(lake))

    def to_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads."""
        own = {"table": self.table, "lake": str(self.lake)}
        return self.assistant.to_environment() | {variable_of(name): value for name, value in own.items()}
