"""The event `Model Governance Decision`: what programs are told of a decision that was carried out."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, computed_field

from checks.decision import Verdict
from checks.decision_record import Sha256
from checks.text import encodable

SCHEMA: Literal["governance.event/1"] = "governance.event/1"
# EventBridge takes entries of 256 KB, with source, type and resources; SNS messages of as much.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
MAX_BYTES = 200_000

ApprovalStatus = Literal["Approved", "Rejected", "PendingManualApproval"]
STATUS_OF: Mapping[Verdict, ApprovalStatus] = {
    Verdict.APPROVED: "Approved",
    Verdict.REJECTED: "Rejected",
    Verdict.NEEDS_REVIEW: "PendingManualApproval",
}


def _make_encodable(text: object) -> object:
    return encodable(text) if isinstance(text, str) else text


Text = Annotated[str, BeforeValidator(_make_encodable)]


class EventPart(BaseModel):
    """A part of the event: frozen, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class AnnouncedVersion(EventPart):
    """Which version was decided about."""

    arn: Text = Field(description="The ARN of the model package")
    group: Text = Field(description="The name of its model package group")
    version: int = Field(description="Its number in the group")
    created: Text | None = Field(description="When it was registered: UTC to the millisecond, ISO 8601")


class AnnouncedRecord(EventPart):
    """An object of the decisions bucket, by which what is said can be verified."""

    uri: Text = Field(description="Its S3 URI")
    sha256: Sha256 = Field(description="The SHA-256 of its bytes")


class Decider(EventPart):
    """Who decided."""

    source: Literal["gate", "reviewer"] = Field(description="The gate, by thresholds, or a person")
    arn: Text | None = Field(description="The ARN of the person; null where the gate decided")


class DecisionEvent(EventPart):
    """The detail of the event `Model Governance Decision`."""

    schema_: Literal["governance.event/1"] = Field(default=SCHEMA, alias="schema")
    id: Sha256 = Field(
        description="The same in each copy of this event, and another one in every other: the SHA-256 of the record of "
        "what the decision did. Events are delivered at least once"
    )
    decision: Verdict = Field(description="What was decided")
    decided_by: Decider
    decided_at: Text = Field(description="When: UTC, ISO 8601")
    model_package: AnnouncedVersion
    registered_by: Text | None = Field(
        description="Who registered the version: the ARN, or else the id of the principal; null where AWS does not say"
    )
    summary: Text = Field(description="The decision with its heaviest reasons, in one line")
    reasons: tuple[Text, ...] = Field(description="The reasons one by one, the heaviest first")
    reasons_left_out: int = Field(
        ge=0, description="How many reasons more are in the record, for which there is no room here"
    )
    record: AnnouncedRecord = Field(
        description="The record of the decision: of the gate (governance.decision) or of a reviewer (governance.review)"
    )
    outcome_record: AnnouncedRecord = Field(
        description="The record of what the decision did (governance.outcome)"
    )
    page_uri: Text | None = Field(
        description="Where the page about the gate's decision is written; null where none is"
    )

    @computed_field(description="The approval status that the version was left with")
    @property
    def approval_status(self) -> ApprovalStatus:
        """The approval status that the decision leaves the version with."""
        return STATUS_OF[self.decision]

    def with_reasons(self, reasons: Sequence[str], *, max_bytes: int = MAX_BYTES) -> Self:
        """Return the event with as many reasons as fit into `max_bytes` of JSON, and the number of the others."""
        room = max_bytes - len(self.to_json().encode())
        fitting = 0
        for reason in reasons:
            room -= len(_write(reason).encode()) + len(", ")
            if room < 0:
                break
            fitting += 1
        return self.model_copy(
            update={"reasons": tuple(reasons[:fitting]), "reasons_left_out": len(reasons) - fitting}
        )

    def to_json(self) -> str:
        """Return the event's detail as JSON in one line."""
        return _write(self.model_dump(mode="json", by_alias=True))


def decision_event_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the event's detail."""
    schema = DecisionEvent.model_json_schema(mode="serialization", by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Model Governance Decision",
    }


def _write(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
