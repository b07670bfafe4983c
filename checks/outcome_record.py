"""The outcome record: the JSON that says what carrying out a decision did to the version's status."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Self

from msgspec import Struct

from checks.errors import GovernanceError
from checks.record_fields import read_optional, read_text
from checks.strict_json import JsonValue, ReportError, parse_strict_json

SCHEMA = "governance.outcome/2"

UPDATED = "updated"
LEFT_PENDING = "left_pending"
DRY_RUN = "dry_run"
NOT_CARRIED_OUT = "not_carried_out"
SENT_BACK = "sent_back"
# What governance.outcome/1 called it, which could not know who decided.
_NAMES_BEFORE = {"decided_meanwhile": NOT_CARRIED_OUT}


class OutcomeRecordError(GovernanceError):
    """A file that is not an outcome record."""


class OutcomeRecord(Struct, frozen=True, kw_only=True):
    """What step two did by one decision, or a reviewer by one review.

    `outcome` is `updated`, `left_pending`, `dry_run` or `not_carried_out`, and `sent_back` where a reviewer had the
    version judged again; `approval_status` is the version's at that time, and `status_given_by` what had given it: a
    mapping whose `source` is `gate`, `reviewer`, `registration` or `outside_the_gate`, or `None` where the version was
    pending. `decision` is the verdict of the decision at `decision_uri` with the SHA-256 `decision_digest`; of a
    review it is the reviewer's action, and both name the review. `model_package` is the version's ARN, `created` when
    it was registered (UTC to the millisecond, ISO 8601), and `execution` the ARN of the pipeline execution: both are
    `None` where an older record does not say, and a review has no execution. `uri` is where the record is kept, and
    `written_at` when the log took it, to the second; both are no part of its bytes.
    """

    outcome: str
    approval_status: str
    status_given_by: Mapping[str, str | None] | None
    decision: str
    decision_uri: str
    decision_digest: str
    model_package: str
    created: str | None
    execution: str | None
    recorded_at: datetime
    uri: str | None = None
    written_at: datetime | None = None

    @property
    def order(self) -> tuple[datetime, datetime]:
        """By which outcomes are ordered: the log's time first, since the clocks of those who write differ."""
        return self.written_at or self.recorded_at, self.recorded_at

    @property
    def given_by(self) -> str | None:
        """The source of the status; `None` where the version was pending or an older record does not say."""
        return None if self.status_given_by is None else self.status_given_by.get("source")

    def to_bytes(self) -> bytes:
        """Return the record as JSON: the same record always gives the same bytes."""
        document = {
            "schema": SCHEMA,
            "outcome": self.outcome,
            "approval_status": self.approval_status,
            "status_given_by": self.status_given_by,
            "decision": self.decision,
            "decision_uri": self.decision_uri,
            "decision_digest": self.decision_digest,
            "model_package": self.model_package,
            "model_package_created": self.created,
            "execution": self.execution,
            "recorded_at": write_moment(self.recorded_at),
        }
        return (json.dumps(document, indent=2) + "\n").encode()

    @classmethod
    def parse(cls, content: bytes, uri: str) -> Self:
        """Read the record at `uri`, of this schema or of `governance.outcome/1`.

        Raises:
            OutcomeRecordError: when it is something else.
        """
        try:
            document = parse_strict_json(content)
            if not isinstance(document, Mapping):
                raise OutcomeRecordError(f"{uri}: not an outcome record: it is no object")
            outcome = read_text(document, "outcome")
            return cls(
                outcome=_NAMES_BEFORE.get(outcome, outcome),
                approval_status=read_text(document, "approval_status"),
                status_given_by=_read_source(document.get("status_given_by")),
                decision=read_text(document, "decision"),
                decision_uri=read_text(document, "decision_uri"),
                decision_digest=read_text(document, "decision_digest"),
                model_package=read_text(document, "model_package"),
                created=read_optional(document, "model_package_created"),
                execution=read_optional(document, "execution"),
                recorded_at=datetime.fromisoformat(read_text(document, "recorded_at")).astimezone(UTC),
                uri=uri,
            )
        except (ReportError, ValueError) as error:
            raise OutcomeRecordError(f"{uri}: not an outcome record ({SCHEMA}): {error}") from error


def write_moment(moment: datetime) -> str:
    """Return a moment as records say it: UTC, with all digits that it has."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_source(value: JsonValue) -> Mapping[str, str | None] | None:
    if not isinstance(value, Mapping):
        return None
    return {key: text for key, text in value.items() if text is None or isinstance(text, str)}
