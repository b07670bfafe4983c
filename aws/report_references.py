"""Which reports a model version carries: their slot, their URI, and the digest that they were registered with."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class ReportSlot(StrEnum):
    """A place for a report in `ModelMetrics` of a model package, as `Section.Field`."""

    MODEL_QUALITY_STATISTICS = "ModelQuality.Statistics"
    MODEL_QUALITY_CONSTRAINTS = "ModelQuality.Constraints"
    MODEL_DATA_QUALITY_STATISTICS = "ModelDataQuality.Statistics"
    MODEL_DATA_QUALITY_CONSTRAINTS = "ModelDataQuality.Constraints"
    BIAS_REPORT = "Bias.Report"
    BIAS_PRE_TRAINING_REPORT = "Bias.PreTrainingReport"
    BIAS_POST_TRAINING_REPORT = "Bias.PostTrainingReport"
    EXPLAINABILITY_REPORT = "Explainability.Report"


class ReportReference(Struct, frozen=True):
    """One report that a model version points at, not yet read.

    `slot` is `None` for a report that was found under the evidence prefix. `content_digest` is the
    `ContentDigest` of the slot, `sha256:` and 64 hexadecimal digits, or `None` where none was set.
    """

    slot: ReportSlot | None
    uri: str
    content_digest: str | None = None


def content_type(name: str) -> str:
    """Return the media type of a file of evidence by its name; an Inspect log may be an archive."""
    return "application/json" if name.endswith(".json") else "application/octet-stream"


def in_slot_order(references: Iterable[ReportReference]) -> tuple[ReportReference, ...]:
    """Return the references that have a slot, in the order of `ReportSlot`."""
    slotted = {reference.slot: reference for reference in references}
    return tuple(slotted[slot] for slot in ReportSlot if slot in slotted)
