"""What the running screen is told by its environment, beside what the assistant is; see `assistant.settings`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from assistant.settings import AssistantSettings, variable_of
from checks.errors import GovernanceError

_ASSISTANTS = ("group", "decisions_bucket", "database_url")
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
        variables = [variable_of(name) for name in (*_ASSISTANTS, *_OWN)]
        missing = [variable for variable in variables if not environment.get(variable)]
        if missing:
            raise GovernanceError(f"{', '.join(missing)}: not set in the environment; set them")
        return cls(
            AssistantSettings.from_environment(environment),
            environment[variable_of("table")],
            Path(environment[variable_of("lake")]),
        )

    def to_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads."""
        own = {"table": self.table, "lake": str(self.lake)}
        return self.assistant.to_environment() | {variable_of(name): value for name, value in own.items()}
