"""Where each report of a version is attached to it: the slots of `ModelMetrics`, by the report's format."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from aws.report_references import ReportReference, ReportSlot

# Of several reports for one slot the first has it, and the others are found under the evidence prefix.
SLOTS: Mapping[str, ReportSlot] = {
    "sagemaker_evaluation": ReportSlot.MODEL_QUALITY_STATISTICS,
    "sagemaker_model_card": ReportSlot.MODEL_QUALITY_STATISTICS,
    "ragas": ReportSlot.MODEL_QUALITY_STATISTICS,
    "fmeval": ReportSlot.MODEL_QUALITY_STATISTICS,
    "lm_eval": ReportSlot.MODEL_QUALITY_STATISTICS,
    "inspect_log": ReportSlot.MODEL_QUALITY_STATISTICS,
    "bedrock_evaluation": ReportSlot.MODEL_QUALITY_STATISTICS,
    "sagemaker_evaluators": ReportSlot.MODEL_QUALITY_STATISTICS,
    "trainer_state": ReportSlot.MODEL_QUALITY_STATISTICS,
    "figures": ReportSlot.MODEL_QUALITY_STATISTICS,
    "clarify_bias": ReportSlot.BIAS_REPORT,
    "clarify_explainability": ReportSlot.EXPLAINABILITY_REPORT,
    "model_monitor_statistics": ReportSlot.MODEL_DATA_QUALITY_STATISTICS,
    "model_monitor_constraints": ReportSlot.MODEL_DATA_QUALITY_CONSTRAINTS,
}


def attach(
    references: Iterable[ReportReference], formats: Mapping[str, Sequence[str]]
) -> Iterator[ReportReference]:
    """Give each report the slot of its format, as long as that slot is free; `formats` are by the reports' URIs."""
    taken: set[ReportSlot] = set()
    for reference in references:
        wanted = (SLOTS.get(form) for form in formats[reference.uri])
        slot = next((one for one in wanted if one is not None and one not in taken), None)
        if slot is not None:
            taken.add(slot)
        yield replace(reference, slot=slot)
