"""The time at which tests have decisions made, where it does not matter which."""

from datetime import UTC, datetime

DECIDED_AT = datetime(2026, 11, 22, tzinfo=UTC)
