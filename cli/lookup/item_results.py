"""The item results beside reports that the user named."""

from checks.errors import GovernanceError
from checks.evidence import Evidence
from checks.item_results import ItemResults, read_item_results
from checks.reports import MAX_REPORT_BYTES, attach_items_beside
from cli.lookup.inputs import input_at


def with_item_results(evidence: Evidence) -> Evidence:
    """Return the evidence with what scoring wrote beside each report; what cannot be read there is left out."""
    return attach_items_beside(evidence, _read)


def _read(place: str) -> ItemResults | None:
    try:
        document = input_at(place).read(MAX_REPORT_BYTES)
    except GovernanceError:
        return None
    return read_item_results(document.uri, document.content, document.sha256, version_id=document.version_id)
