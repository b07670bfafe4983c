"""The item results beside the reports of a version, for checks that compare with the baseline item by item."""

from aws.evidence_store import EvidenceStore
from aws.report_references import ReportReference
from checks.errors import GovernanceError
from checks.evidence import Document, Evidence
from checks.item_results import ItemResults, read_item_results
from checks.reports import attach_items_beside
from pipelines.judged_copies import JudgedCopies
from pipelines.read_evidence import as_unread


def attach_item_results(store: EvidenceStore, evidence: Evidence, copies: JudgedCopies) -> Evidence:
    """Return the evidence with the item results that scoring wrote beside each of its reports, where they are there.

    What is not there, is too large to read or may not be copied is left out: the comparison is then not paired.

    Raises:
        DigestMismatchError: something else is in the place of a copy.
        AwsError: AWS asked to slow down, or gave no answer; or a copy could not be written.
    """
    return attach_items_beside(evidence, lambda uri: _read(store, uri, copies))


def _read(store: EvidenceStore, uri: str, copies: JudgedCopies) -> ItemResults | None:
    try:
        document = store.read(ReportReference(None, uri, None))
    except GovernanceError as error:
        as_unread(uri, error)  # raises what says nothing of the place
        return None
    return _keep(document, copies)


def _keep(document: Document, copies: JudgedCopies) -> ItemResults | None:
    """Return the item results with the place of their copy: without one, the decision could not be made again."""
    copy_uri = copies.keep(document)
    if copy_uri is None:
        return None
    return read_item_results(
        document.uri, document.content, document.sha256, version_id=document.version_id, copy_uri=copy_uri
    )
