"""Clarify's `analysis_config.json`, which a Clarify job leaves beside its report: settings, no measurements.

Recognised so that a folder of Clarify's output can be evidence unchanged, and so that this file in the place of
the report is called by its name.
"""

from collections.abc import Iterator, Mapping

from checks.evidence import ReportKind
from checks.measurements import Measurement, Unmeasured
from checks.reports.numbers import Node
from checks.reports.reader import Reader
from checks.strict_json import JsonValue

FORMAT = "clarify_analysis_config"


def recognises(document: JsonValue) -> bool:
    """Whether `document` is the configuration of a Clarify analysis."""
    return isinstance(document, Mapping) and isinstance(document.get("methods"), Mapping)


def read(report: Node) -> Iterator[Measurement]:
    """Yield one `Unmeasured` for the whole file."""
    reason = "settings of an analysis, not a report; its figures are in analysis.json"
    yield Unmeasured(FORMAT, reason, report.source)


READER = Reader(format=FORMAT, kind=ReportKind.SETTINGS, recognises=recognises, read=read)
