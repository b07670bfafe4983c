"""A recorded decision made again from the copies of what was judged: what an auditor asks for years later."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from aws.arns import ModelPackageArn
from aws.evidence_copies import EvidenceCopies
from aws.evidence_errors import EvidenceMissingError
from checks.baseline import Baseline, BaselineVersion
from checks.decision_record import DecisionRecord, EvidenceDocument, RecordedBaseline
from checks.errors import GovernanceError
from checks.evidence import Document, Evidence, Report
from checks.evidence_as_such import ABOUT_THIS_VERSION
from checks.judge import READABLE_EVIDENCE, judge
from checks.reports import UNREADABLE, EvidenceReader, leave_unread
from checks.thresholds import ThresholdFile

_VERSION_MARK = "?versionId="
_WAS_VERIFIED = {"verified": True, "none": False, None: None}


class NotRepeatableError(GovernanceError):
    """A decision that cannot be made again by what is at hand."""


def judge_again(
    record: DecisionRecord, thresholds: ThresholdFile | None, copies: EvidenceCopies
) -> DecisionRecord:
    """Return the record of the same decision, made by `thresholds` on the copies of what was judged.

    It equals `record` where that was made rightly by this version of the engine. What only the world of that day could
    tell is taken from the record: why a report could not be read, and why one was about another version.

    Raises:
        NotRepeatableError: the thresholds are others, or no copy of a report was kept.
        EvidenceMissingError: a copy is gone.
        DigestMismatchError: a copy was exchanged.
        AwsError: a copy could not be read.
    """
    _require_same(record, thresholds)
    if thresholds is not None and record.thresholds is not None:
        published = record.thresholds.publication
        thresholds = replace(thresholds, publication=None if published is None else published.restore())
    evidence = Evidence(tuple(read_again(record, copies)))
    baseline = None if record.baseline is None else _read_baseline_again(record.baseline, copies)
    decided_at = datetime.fromisoformat(record.decided_at)
    return DecisionRecord.of(
        judge(thresholds, evidence, baseline, decided_at=decided_at),
        thresholds=thresholds,
        evidence=evidence,
        baseline=baseline,
        decided_at=decided_at,
        model_package=record.model_package,
        execution=record.execution,
    )


def _require_same(record: DecisionRecord, thresholds: ThresholdFile | None) -> None:
    judged_by = None if record.thresholds is None else record.thresholds.sha256
    given = None if thresholds is None else thresholds.sha256
    if judged_by != given:
        raise NotRepeatableError(
            f"it was decided by thresholds with the SHA-256 {judged_by or 'of no file'}, and given is "
            f"{given or 'no file'}; fetch the version of the file that the record names"
        )


def read_judged(record: DecisionRecord, uri: str, sha256: str, copies: EvidenceCopies) -> Baseline:
    """Return what `record`, which is at `uri` and has the SHA-256 `sha256`, judged, as the baseline of other versions.

    What no copy was kept of, or is any more, is a report that could not be read.

    Raises:
        DigestMismatchError: a copy was exchanged.
        AwsError: a copy could not be read.
    """
    package = record.model_package
    version = None if package is None else BaselineVersion(package.arn, package.version, uri, sha256)
    reader = EvidenceReader()
    return Baseline(Evidence(tuple(_read_copy(reader, one, copies) for one in record.evidence)), version)


def _read_copy(reader: EvidenceReader, document: EvidenceDocument, copies: EvidenceCopies) -> Report:
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


def _read_baseline_again(baseline: RecordedBaseline, copies: EvidenceCopies) -> Baseline:
    reader = EvidenceReader()
    evidence = Evidence(tuple(_read_copy(reader, one, copies) for one in baseline.evidence))
    arn, uri, sha256 = baseline.model_package_arn, baseline.record_uri, baseline.record_sha256
    if arn is None or uri is None or sha256 is None:
        return Baseline(evidence)
    return Baseline(evidence, BaselineVersion(arn, ModelPackageArn.parse(arn).version, uri, sha256))


def keep_reasons(record: DecisionRecord) -> DecisionRecord:
    """Return the record with only those findings that `read_again` needs, so that thousands can be held."""
    needed = (
        finding
        for finding in record.findings
        if finding.check in (READABLE_EVIDENCE, ABOUT_THIS_VERSION) or _VERSION_MARK in finding.reason
    )
    return record.model_copy(update={"findings": tuple(needed)})


def read_again(record: DecisionRecord, copies: EvidenceCopies) -> Iterator[Report]:
    """Yield the reports that `record` was made of, out of the copies; raises as `judge_again` does."""
    reader = EvidenceReader()
    problems, foreign = _reasons(record, READABLE_EVIDENCE), _reasons(record, ABOUT_THIS_VERSION)
    for document in record.evidence:
        if document.copy_uri is not None:
            report = reader.read(document.uri, partial(_fetch, document, record, copies))
        elif document.format == UNREADABLE:
            report = leave_unread(document.uri, problems.get(document.uri, ""))
        else:
            raise NotRepeatableError(
                f"{document.uri}: no copy was kept; look for the bytes with the SHA-256 {document.sha256}"
            )
        yield replace(
            report,
            version_id=document.version_id,
            foreign=foreign.get(document.uri),
            digest_verified=_WAS_VERIFIED[document.digest],
            copy_uri=document.copy_uri,
            written_at=None if document.written_at is None else datetime.fromisoformat(document.written_at),
        )


def _fetch(document: EvidenceDocument, record: DecisionRecord, copies: EvidenceCopies) -> Document:
    # Whether the version was asked for by its id is told by the findings that name the report so.
    named = f"{document.uri}{_VERSION_MARK}{document.version_id}"
    is_pinned = any(named in finding.reason for finding in record.findings)
    return Document(document.uri, copies.read(document.sha256), document.version_id, is_pinned)


def _reasons(record: DecisionRecord, check: str) -> Mapping[str, str]:
    """Return what the findings of `check` say, by the report that each is about."""
    uris = [document.uri for document in record.evidence]
    return {
        uri: finding.reason.removeprefix(f"{uri}: ")
        for finding in record.findings
        if finding.check == check
        for uri in uris
        if finding.reason.startswith(f"{uri}: ")
    }
