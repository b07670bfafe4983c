"""The item results beside reports that the user named."""

from dataclasses import replace

from checks.errors import GovernanceError
from checks.evidence import Evidence
from checks.item_results import ItemResults, read_item_results
from checks.reports import MAX_REPORT_BYTES, place_of_items
from cli.lookup.inputs import STANDARD_INPUT_NAME, input_at


def with_item_results(evidence: Evidence) -> Evidence:
    """Return the evidence with what scoring wrote beside each report; what cannot be read there is left out."""
    places = {place_of_items(report) for report in evidence.reports if report.uri != STANDARD_INPUT_NAME}
    found = {place: _read(place) for place in places if place is not None}
    reports = (replace(one, items=found.get(place_of_items(one) or "")) for one in evidence.reports)
    return Evidence(tuple(reports))


def _read(place: str) -> ItemResults | None:
    try:
        document = input_at(place).read(MAX_REPORT_BYTES)
    except GovernanceError:
        return None
    return read_item_results(document.uri, document.content, document.sha256, version_id=document.version_id)
