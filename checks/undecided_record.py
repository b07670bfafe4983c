"""The undecided record: the JSON that says why nothing could be decided about a version."""

import json
from datetime import datetime

from msgspec import Struct

from checks.outcome_record import write_moment

SCHEMA = "governance.undecided/1"


class UndecidedRecord(Struct, frozen=True, kw_only=True):
    """Why one execution decided nothing about the version `arn`, which was registered at `created` (ISO 8601)."""

    reason: str
    arn: str
    group: str
    version: int
    created: str
    execution: str
    recorded_at: datetime

    def to_bytes(self) -> bytes:
        """Return the record as JSON: the same record always gives the same bytes."""
        document = {
            "schema": SCHEMA,
            "reason": self.reason,
            "model_package": {
                "arn": self.arn,
                "group": self.group,
                "version": self.version,
                "created": self.created,
            },
            "execution": self.execution,
            "recorded_at": write_moment(self.recorded_at),
        }
        return (json.dumps(document, indent=2) + "\n").encode()
