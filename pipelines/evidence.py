"""All evidence of one model version: the reports of its `ModelMetrics`, and those under its evidence prefix."""

from collections.abc import Iterable

from aws.evidence_store import EvidenceGap, EvidenceStore
from aws.model_packages import ModelPackage
from aws.report_references import ReportReference
from checks.evidence import Evidence, Report
from checks.reports import EvidenceReader, unread


def read_evidence(store: EvidenceStore, package: ModelPackage) -> Evidence:
    """Read every report that `package` points at, each once; a missing one is a report with a problem.

    Raises:
        DigestMismatch: a report is not the one that was registered.
        ForeignBucket: a report lies outside the buckets of the stack.
        AwsError: a report could not be read (403, throttling): that says nothing about the version.
    """
    listed = () if package.evidence_prefix is None else store.list(package.evidence_prefix)
    reader = EvidenceReader()
    return Evidence(
        tuple(_read(reader, store, reference) for reference in each_once(package.reports, listed))
    )


def each_once(
    attached: Iterable[ReportReference], listed: Iterable[ReportReference]
) -> tuple[ReportReference, ...]:
    """Return every reference once: the attached ones first, since those may say a version or a digest.

    The same report may stand in several slots. Of two references to one URI the one with a digest is kept, and both
    where the digests differ, so that each is verified. A listed report that is attached, too, is not read again.
    """
    kept: dict[tuple[str, str | None], ReportReference] = {}
    for reference in attached:
        kept.setdefault((reference.uri, reference.content_digest), reference)
    verified = {uri for uri, digest in kept if digest is not None}
    once = [ref for (uri, digest), ref in kept.items() if digest is not None or uri not in verified]
    seen = {_without_version(reference.uri) for reference in once}
    return (*once, *(reference for reference in listed if reference.uri not in seen))


def _without_version(uri: str) -> str:
    return uri.partition("?versionId=")[0]


def _read(reader: EvidenceReader, store: EvidenceStore, reference: ReportReference) -> Report:
    try:
        return reader.read(reference.uri, lambda: store.read(reference))
    except EvidenceGap as error:
        return unread(reference.uri, str(error))
