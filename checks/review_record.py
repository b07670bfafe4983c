"""The review record: the JSON that says what a person decided about a version, or had decided again, and why."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from msgspec import Struct

from checks.errors import GovernanceError
from checks.outcome_record import write_moment
from checks.record_fields import read_optional, read_text
from checks.strict_json import JsonValue, ReportError, parse_strict_json

SCHEMA = "governance.review/1"
MAX_REASON = 2_000  # characters


class ReviewRecordError(GovernanceError):
    """A file that is not a review record."""


class ReviewAction(StrEnum):
    """What a reviewer did with a version."""

    APPROVE = "approve"
    REJECT = "reject"
    REJUDGE = "rejudge"


class Reviewer(Struct, frozen=True):
    """Who reviewed, as AWS's `GetCallerIdentity` says it: the ARN of a user or of a role's session, and its unique id.

    `user_id` is what policies know as `aws:userid`: of a role's session `<id of the role>:<name of the session>`.
    """

    arn: str
    user_id: str


class ReviewRecord(Struct, frozen=True, kw_only=True):
    """What one reviewer did with one version.

    `model_package` is the version's ARN and `created` when it was registered (UTC to the millisecond, ISO 8601);
    `status_before` is the approval status that the reviewer found, and `registered_by` who registered it, as far as
    AWS says. `decision_uri` and `decision_digest` name the gate's decision that the reviewer saw, the newest one;
    both are `None` where the gate could decide nothing. `uri` is where the record is kept, and no part of its bytes.
    """

    action: ReviewAction
    model_package: str
    created: str
    reason: str
    reviewer: Reviewer
    registered_by: str | None
    status_before: str
    decision_uri: str | None
    decision_digest: str | None
    reviewed_at: datetime
    uri: str | None = None

    def to_bytes(self) -> bytes:
        """Return the record as JSON: the same record always gives the same bytes."""
        document = {
            "schema": SCHEMA,
            "action": self.action,
            "model_package": self.model_package,
            "model_package_created": self.created,
            "reason": self.reason,
            "reviewed_by": {"arn": self.reviewer.arn, "user_id": self.reviewer.user_id},
            "registered_by": self.registered_by,
            "status_before": self.status_before,
            "decision_uri": self.decision_uri,
            "decision_digest": self.decision_digest,
            "reviewed_at": write_moment(self.reviewed_at),
        }
        return (json.dumps(document, indent=2) + "\n").encode()

    @classmethod
    def parse(cls, content: bytes, uri: str) -> Self:
        """Read the record at `uri`.

        Raises:
            ReviewRecordError: when it is something else.
        """
        try:
            document = parse_strict_json(content)
            if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
                raise ReviewRecordError(f"{uri}: not a review record: it does not say {SCHEMA}")
            return cls(
                action=ReviewAction(read_text(document, "action")),
                model_package=read_text(document, "model_package"),
                created=read_text(document, "model_package_created"),
                reason=read_text(document, "reason"),
                reviewer=_read_reviewer(document.get("reviewed_by")),
                registered_by=read_optional(document, "registered_by"),
                status_before=read_text(document, "status_before"),
                decision_uri=read_optional(document, "decision_uri"),
                decision_digest=read_optional(document, "decision_digest"),
                reviewed_at=datetime.fromisoformat(read_text(document, "reviewed_at")).astimezone(UTC),
                uri=uri,
            )
        except (ReportError, ValueError) as error:
            raise ReviewRecordError(f"{uri}: not a review record ({SCHEMA}): {error}") from error


def _read_reviewer(value: JsonValue) -> Reviewer:
    if not isinstance(value, Mapping):
        raise ValueError("reviewed_by: no object")  # noqa: TRY004 - the value is wrong, whatever type it has
    return Reviewer(read_text(value, "arn"), read_text(value, "user_id"))
