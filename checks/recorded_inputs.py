"""What a decision record says of its inputs: all that is needed to judge the same evidence again, and no more.

A history has thousands of records, and most of what each says is findings that are made anew. They are not looked at:
reading the inputs takes an eighth of the time of the whole record.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, Self

from msgspec.msgpack import decode, encode
from pydantic import ValidationError

from checks.decision_record import (
    DecisionRecordError,
    EvidenceDocument,
    Moment,
    RecordedBaseline,
    RecordedModelPackage,
    RecordedVerification,
    Schema,
    explain_invalid,
)
from checks.document_part import DocumentPart


class StatedReason(Protocol):
    """A finding of a record, as far as it says something of the evidence: which check, and why."""

    @property
    def check(self) -> str:
        """The name of the check."""
        ...

    @property
    def reason(self) -> str:
        """Why it came to what it did, in words."""
        ...


class InputsOfDecision(Protocol):
    """What was judged, as a whole `DecisionRecord` and `RecordedInputs` say it."""

    @property
    def evidence(self) -> Sequence[EvidenceDocument]:
        """The reports."""
        ...

    @property
    def findings(self) -> Sequence[StatedReason]:
        """What was found."""
        ...

    @property
    def baseline(self) -> RecordedBaseline | None:
        """What was compared with."""
        ...

    @property
    def verification(self) -> RecordedVerification | None:
        """How the figures were computed again."""
        ...


class _InputPart(DocumentPart, frozen=True):
    unknown_keys = "ignore"


class RecordedReason(_InputPart, frozen=True, kw_only=True):
    """One finding without its figures."""

    check: str
    reason: str


class RecordedInputs(_InputPart, frozen=True, kw_only=True):
    """A decision record without what was decided; the fields are those of `DecisionRecord`."""

    schema: Schema
    model_package: RecordedModelPackage | None = None
    evidence: tuple[EvidenceDocument, ...]
    findings: tuple[RecordedReason, ...]
    baseline: RecordedBaseline | None = None
    verification: RecordedVerification | None = None
    decided_at: Moment

    def __reduce__(self) -> tuple[Callable[[bytes], Self], tuple[bytes]]:
        """Pickle it as one run of bytes: msgspec writes and reads that in half the time of pickling each part."""
        return self._restore, (encode(self),)

    @classmethod
    def _restore(cls, content: bytes) -> Self:
        return decode(content, type=cls)


def parse_inputs(content: bytes) -> RecordedInputs:
    """Parse the inputs out of the bytes of a decision record; what else it says is not held against anything.

    Raises:
        DecisionRecordError: when the bytes are something else.
    """
    try:
        return RecordedInputs.read_json(content)
    except ValidationError as error:
        raise DecisionRecordError(explain_invalid(error)) from error
