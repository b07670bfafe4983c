"""Evidence that was judged, read again out of the copies that were kept of it."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from msgspec.structs import replace

from aws.evidence_copies import EvidenceCopies
from aws.evidence_errors import EvidenceMissingError
from checks.baseline import Baseline, BaselineVersion
from checks.decision_record import DecisionRecord, EvidenceDocument, RecordedItemResults
from checks.errors import GovernanceError
from checks.evidence import Document, Evidence, Report
from checks.evidence_as_such import ABOUT_THIS_VERSION
from checks.own_findings import READABLE_EVIDENCE
from checks.recorded_inputs import InputsOfDecision, RecordedInputs
from checks.replays import attach_items, is_readable, rebuild_baseline, rebuild_evidence, rebuild_verification
from checks.reports import EvidenceReader, leave_unread
from checks.verification import NotVerified, Verification

_VERSION_MARK = "?versionId="
_WAS_VERIFIED = {"verified": True, "none": False, None: None}


class NotRepeatableError(GovernanceError):
    """A decision that cannot be made again by what is at hand."""


class JudgedBytes(Protocol):
    """What was judged, by its SHA-256: the copies of it, or the reports where they were registered."""

    def read(self, sha256: str) -> bytes:
        """See `EvidenceCopies.read`."""
        ...


def read_judged(record: DecisionRecord, uri: str, sha256: str, copies: JudgedBytes) -> Baseline:
    """Return what `record`, which is at `uri` and has the SHA-256 `sha256`, judged, as the baseline of other versions.

    What no copy was kept of, or is any more, is a report that could not be read.

    Raises:
        DigestMismatchError: a copy was exchanged.
        AwsError: a copy could not be read.
    """
    package = record.model_package
    version = None if package is None else BaselineVersion(package.arn, package.version, uri, sha256)
    reader = EvidenceReader()
    evidence = Evidence(tuple(_read_copy(reader, one, copies) for one in record.evidence))
    items = [_read_items(one.items, copies) for one in record.evidence]
    return Baseline(attach_items(evidence, record.evidence, items), version)


def _read_items(items: RecordedItemResults | None, copies: JudgedBytes) -> bytes | None:
    """Return the bytes of item results out of their copy; `None` where there is none, and nothing is paired."""
    if items is None or items.copy_uri is None:
        return None
    try:
        return copies.read(items.sha256)
    except EvidenceMissingError:
        return None


def _read_copy(reader: EvidenceReader, document: EvidenceDocument, copies: JudgedBytes) -> Report:
    if document.copy_uri is None:
        return leave_unread(document.uri, "no copy of it was kept")

    def fetch() -> Document:
        return Document(document.uri, copies.read(document.sha256), document.version_id)

    try:
        report = reader.read(document.uri, fetch)
    except EvidenceMissingError as error:
        return leave_unread(document.uri, str(error))
    digest_verified = _WAS_VERIFIED[document.digest]
    return replace(
        report, version_id=document.version_id, digest_verified=digest_verified, copy_uri=document.copy_uri
    )


def keep_reasons(record: RecordedInputs) -> RecordedInputs:
    """Return the inputs with only those findings that `read_again` needs, so that thousands can be held."""
    needed = (
        finding
        for finding in record.findings
        if finding.check in (READABLE_EVIDENCE, ABOUT_THIS_VERSION) or _VERSION_MARK in finding.reason
    )
    return replace(record, findings=tuple(needed))


def read_again(record: InputsOfDecision, copies: EvidenceCopies) -> Evidence:
    """Return the evidence that `record` was made of, out of the copies.

    Raises:
        NotRepeatableError: no copy of a report was kept.
        EvidenceMissingError: a copy is gone.
        DigestMismatchError: a copy was exchanged.
        AwsError: a copy could not be read.
    """
    evidence = rebuild_evidence(record, list(_read_copies(record.evidence, copies)))
    return attach_items(evidence, record.evidence, _read_item_copies(record.evidence, copies))


def read_baseline_again(record: InputsOfDecision, copies: EvidenceCopies) -> Baseline | None:
    """Return the baseline that `record` compared with, out of the copies, if it did; raises as `read_again` does."""
    if record.baseline is None:
        return None
    documents = record.baseline.evidence
    baseline = rebuild_baseline(record.baseline, list(_read_copies(documents, copies)))
    items = _read_item_copies(documents, copies)
    return replace(baseline, evidence=attach_items(baseline.evidence, documents, items))


def _read_item_copies(documents: Iterable[EvidenceDocument], copies: EvidenceCopies) -> list[bytes | None]:
    items = (document.items for document in documents)
    return [None if one is None else copies.read(one.sha256) for one in items]


def read_verification_again(
    record: InputsOfDecision, copies: EvidenceCopies
) -> Verification | NotVerified | None:
    """Return how the figures of `record` were computed again, out of the copies; raises as `read_again` does."""
    if record.verification is None:
        return None
    figures = [one.figures for one in record.verification.reports]
    contents = [None if one is None or one.copy_uri is None else copies.read(one.sha256) for one in figures]
    return rebuild_verification(record.verification, contents)


def _read_copies(documents: Iterable[EvidenceDocument], copies: EvidenceCopies) -> Iterator[bytes | None]:
    for document in documents:
        if document.copy_uri is not None:
            yield copies.read(document.sha256)
        elif is_readable(document):
            raise NotRepeatableError(
                f"{document.uri}: no copy was kept; look for the bytes with the SHA-256 {document.sha256}"
            )
        else:
            yield None
