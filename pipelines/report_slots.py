"""Where each report of a version is attached to it: the slots of `ModelMetrics`, by what the report tells."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from aws.report_references import ReportReference, ReportSlot
from checks.evidence import Report, ReportKind


def slot_of(kind: ReportKind) -> ReportSlot | None:
    """Return the slot for reports of `kind`; `None` where `ModelMetrics` has none that is about the version itself."""
    match kind:
        case ReportKind.MODEL_QUALITY:
            return ReportSlot.MODEL_QUALITY_STATISTICS
        case ReportKind.BIAS:
            return ReportSlot.BIAS_REPORT
        case ReportKind.EXPLAINABILITY:
            return ReportSlot.EXPLAINABILITY_REPORT
        case ReportKind.DATA_STATISTICS:
            return ReportSlot.MODEL_DATA_QUALITY_STATISTICS
        case ReportKind.DATA_CONSTRAINTS:
            return ReportSlot.MODEL_DATA_QUALITY_CONSTRAINTS
        case ReportKind.DATA_VIOLATIONS | ReportKind.SETTINGS:
            return None
        case _:
            assert_never(kind)


def attach(reports: Mapping[str, Report]) -> Iterator[ReportReference]:
    """Yield a reference to each report, given by its URI: with the first slot of its kinds that is still free.

    A report with a slot has the digest of its bytes as the slot's `ContentDigest`. Of several reports for one slot the
    first has it. The others have none, are found under the evidence prefix, and are protected by the manifest there.
    """
    taken: set[ReportSlot] = set()
    for uri, report in reports.items():
        wanted = map(slot_of, report.kinds)
        slot = next((one for one in wanted if one is not None and one not in taken), None)
        if slot is None:
            yield ReportReference(None, uri)
        else:
            taken.add(slot)
            yield ReportReference(slot, uri, f"sha256:{report.sha256}")
