"""What outputs for other tools tell of a decision by its record alone."""

from collections.abc import Mapping

from checks.decision import Consequence, Verdict
from checks.decision_record import DecisionRecord
from checks.outputs.told import Told
from checks.thresholds import Origin

_ASKS = {
    Verdict.APPROVED: None,
    Verdict.REJECTED: Consequence.REJECT,
    Verdict.NEEDS_REVIEW: Consequence.REVIEW,
}


def tell_record(
    record: DecisionRecord, origins: Mapping[str, Origin], *, subject: str, uri: str | None = None
) -> Told:
    """Return what is told of a decision that is kept at `uri`; `subject` is what it is on where it names no version."""
    package = record.model_package
    return Told(
        subject=subject if package is None else package.arn,
        result=record.headline,
        asks=_ASKS[record.decision],
        record=record,
        record_uri=uri,
        origins=origins,
    )
