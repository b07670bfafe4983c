"""What the running assistant is told by its environment; the CDK app of `deploy/` writes what this reads."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Self

from checks.errors import GovernanceError

PREFIX = "ASKDATA_"


@dataclass(frozen=True, slots=True)
class AssistantSettings:
    """Which group's approved version is served, and where all that it needs is.

    `database_url` is a libpq URL of the PostgreSQL that holds the LookML; a password that is not in it comes from
    libpq's own variables, such as `PGPASSWORD`. `decisions_bucket` is the gate's output `DecisionsBucket`.
    """

    group: str
    decisions_bucket: str
    database_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings from variables such as `ASKDATA_GROUP`.

        Raises:
            GovernanceError: with all that are missing.
        """
        return cls(**read_settings([field.name for field in fields(cls)], environment))

    def to_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads."""
        return {variable_of(name): value for name, value in asdict(self).items()}


def variable_of(name: str) -> str:
    """Return the variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def read_settings(names: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with these names.

    Raises:
        GovernanceError: with all that are missing.
    """
    missing = [variable_of(name) for name in names if not environment.get(variable_of(name))]
    if missing:
        raise GovernanceError(f"{', '.join(missing)}: not set in the environment; set them")
    return {name: environment[variable_of(name)] for name in names}


def find_database_url(environment: Mapping[str, str] = os.environ) -> str:
    """Return the URL of the database alone, for commands that need no more.

    Raises:
        GovernanceError: it is not set.
    """
    name = variable_of("database_url")
    url = environment.get(name)
    if not url:
        raise GovernanceError(
            f"{name}: not set in the environment; set it to the URL of the LookML's database"
        )
    return url
