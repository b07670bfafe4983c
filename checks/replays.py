"""Decisions made again from their records: the same reports and thresholds, judged as of then.

What the reports say is read again. What was found out beside them is taken from the record, since nobody can find it
out again: when the store took a report, whether a digest protected it, that it could not be fetched, that it is about
another version.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from msgspec import to_builtins
from msgspec.structs import replace

from checks.baseline import Baseline, BaselineVersion
from checks.decision_record import (
    DecisionRecord,
    EvidenceDocument,
    RecordedBaseline,
    RecordedFinding,
    RecordedRecomputation,
    RecordedVerification,
)
from checks.evidence import Document, Evidence, Report
from checks.evidence_as_such import ABOUT_THIS_VERSION
from checks.finding_text import name_of
from checks.item_results import read_item_results
from checks.judge import judge
from checks.own_findings import READABLE_EVIDENCE
from checks.recorded_inputs import InputsOfDecision, StatedReason
from checks.reports import UNREADABLE, EvidenceReader, leave_unread, read_report
from checks.thresholds import ThresholdFile, VerifyRule
from checks.verification import NotVerified, Recomputation, Verification
from checks.verify_rule import RECOMPUTE

_MOST_DIFFERENCES = 100


def is_readable(document: EvidenceDocument) -> bool:
    """Whether there are bytes of a report of a record: one that could not be fetched has the digest of no bytes."""
    return document.format != UNREADABLE or document.sha256 != leave_unread(document.uri, "").sha256


def rebuild_evidence(record: InputsOfDecision, contents: Sequence[bytes | None]) -> Evidence:
    """Return the evidence of a decision out of the bytes of its reports, in the order of the record.

    `contents` has `None` for each report that `is_readable` says no of.
    """
    reader = EvidenceReader()
    told = _Told(record)
    reports = (
        _rebuild(reader, document, content, told)
        for document, content in zip(record.evidence, contents, strict=True)
    )
    return Evidence(tuple(reports))


def rebuild_baseline(recorded: RecordedBaseline, contents: Sequence[bytes | None]) -> Baseline:
    """Return the baseline of a decision out of the bytes of its reports, as `rebuild_evidence` does the evidence."""
    reader = EvidenceReader()
    reports = []
    for one, content in zip(recorded.evidence, contents, strict=True):
        report = leave_unread(one.uri, "it could not be read then")
        if content is not None:
            document = Document(one.uri, content, one.version_id)
            report = reader.read(one.uri, partial(_give, document))
        digest_verified = None if one.digest is None else one.digest == "verified"
        reports.append(
            replace(report, version_id=one.version_id, digest_verified=digest_verified, copy_uri=one.copy_uri)
        )
    arn, uri, sha256 = recorded.model_package_arn, recorded.record_uri, recorded.record_sha256
    if arn is None or uri is None or sha256 is None:
        return Baseline(Evidence(tuple(reports)))
    version = BaselineVersion(arn, int(arn.rpartition("/")[2]), uri, sha256)
    return Baseline(Evidence(tuple(reports)), version)


def rebuild_verification(
    recorded: RecordedVerification, contents: Sequence[bytes | None]
) -> Verification | NotVerified:
    """Return how the figures of a decision were computed again, out of the bytes of what came out then.

    `contents` has a place for each of the record's reports, with `None` where nothing came out.
    """
    if recorded.not_verified is not None:
        return NotVerified(recorded.not_verified)
    pairs = zip(recorded.reports, contents, strict=True)
    return Verification(tuple(_rebuild_figures(one, content) for one, content in pairs), recorded.seed)


def _rebuild_figures(recorded: RecordedRecomputation, content: bytes | None) -> Recomputation:
    if recorded.figures is None or content is None:
        return recorded.restore(None)
    figures = read_report(Document(recorded.figures.uri, content))
    return recorded.restore(replace(figures, copy_uri=recorded.figures.copy_uri))


def attach_items(
    evidence: Evidence, documents: Sequence[EvidenceDocument], contents: Sequence[bytes | None]
) -> Evidence:
    """Return the evidence with the item results of its reports, out of their bytes; `None` where a report has none."""
    reports = []
    for report, document, content in zip(evidence.reports, documents, contents, strict=True):
        items = document.items
        if items is None or content is None:
            reports.append(report)
            continue
        found = read_item_results(
            items.uri, content, items.sha256, version_id=items.version_id, copy_uri=items.copy_uri
        )
        reports.append(replace(report, items=found))
    return Evidence(tuple(reports))


def _give(document: Document) -> Document:
    return document


class _Told:
    """What the findings of a record say of its reports as such: each finding is of one report."""

    def __init__(self, record: InputsOfDecision) -> None:
        self._all = record.findings
        self._findings = list(record.findings)
        self._places = Counter(document.uri for document in record.evidence)

    def take(self, check: str, uri: str) -> str | None:
        """Return what the next finding of `check` says about the report at `uri`, if there is one."""
        for place, finding in enumerate(self._findings):
            if _is_about(finding, check, uri):
                del self._findings[place]
                return finding.reason.removeprefix(f"{uri}: ")
        return None

    def take_foreign(self, document: EvidenceDocument) -> str | None:
        """Return why a report is about another version, if it is.

        One that was not fetched is so by its folder alone, and so are then all others in its place.
        """
        found = sum(_is_about(finding, ABOUT_THIS_VERSION, document.uri) for finding in self._all)
        if not is_readable(document) and found < self._places[document.uri]:
            return None
        return self.take(ABOUT_THIS_VERSION, document.uri)

    def is_pinned(self, document: EvidenceDocument) -> bool:
        """Whether a report was asked for by its version, which the record does not say by itself.

        It was where a finding names it so, and it counts as such beside another version of the same object.
        """
        name = f"{document.uri}?versionId={document.version_id}"
        is_alone = self._places[document.uri] == 1
        return not is_alone or any(name in finding.reason for finding in self._findings)


def _is_about(finding: StatedReason, check: str, uri: str) -> bool:
    return finding.check == check and finding.reason.startswith(f"{uri}: ")


def _rebuild(
    reader: EvidenceReader, recorded: EvidenceDocument, content: bytes | None, told: _Told
) -> Report:
    report = _read_again(reader, recorded, content, told)
    return replace(
        report,
        version_id=recorded.version_id,
        foreign=told.take_foreign(recorded),
        digest_verified=None if recorded.digest is None else recorded.digest == "verified",
        copy_uri=recorded.copy_uri,
        written_at=None if recorded.written_at is None else datetime.fromisoformat(recorded.written_at),
    )


def _read_again(
    reader: EvidenceReader, recorded: EvidenceDocument, content: bytes | None, told: _Told
) -> Report:
    if content is None:
        return leave_unread(recorded.uri, told.take(READABLE_EVIDENCE, recorded.uri) or "")
    document = Document(
        recorded.uri,
        content,
        recorded.version_id,
        is_pinned=told.is_pinned(recorded),
        written_at=None if recorded.written_at is None else datetime.fromisoformat(recorded.written_at),
    )
    report = reader.read(recorded.uri, lambda: document)
    if report.problem is not None:
        told.take(READABLE_EVIDENCE, recorded.uri)  # the finding of this report is of no other one
    return report


def decide_again(
    record: DecisionRecord,
    thresholds: ThresholdFile | None,
    evidence: Evidence,
    baseline: Baseline | None = None,
    verification: Verification | NotVerified | None = None,
) -> DecisionRecord:
    """Return the decision on the same inputs at the time of the record, as if the engine of the record had made it.

    Waivers, ages and the publication of the thresholds count as on that day. What was on trial is on trial again.
    """
    if thresholds is not None and record.thresholds is not None:
        published = record.thresholds.publication
        thresholds = replace(
            thresholds,
            mode=record.thresholds.mode,
            verify=_was_verified(thresholds, record),
            publication=None if published is None else published.restore(),
        )
    decided_at = datetime.fromisoformat(record.decided_at)
    again = DecisionRecord.of(
        judge(thresholds, evidence, baseline, decided_at=decided_at, verification=verification),
        thresholds=thresholds,
        evidence=evidence,
        baseline=baseline,
        verification=verification,
        decided_at=decided_at,
        model_package=record.model_package,
        review=record.review,
        execution=record.execution,
    )
    return replace(again, engine=record.engine)


def _was_verified(thresholds: ThresholdFile, record: DecisionRecord) -> VerifyRule | None:
    """Return what the file asks to verify, or what somebody asked who checked by it."""
    if record.verification is None or thresholds.verify is not None:
        return thresholds.verify
    sample = record.verification.sample
    return RECOMPUTE if sample is None else {"sample": sample}


def list_differences(recorded: DecisionRecord, again: DecisionRecord) -> list[str]:
    """Return in words how a decision differs from the one in the record: the verdict, each finding, and all else."""
    found = list(_differ(recorded, again))
    more = len(found) - _MOST_DIFFERENCES
    return found[:_MOST_DIFFERENCES] + ([f"and {more:,} more"] if more > 0 else [])


def _differ(recorded: DecisionRecord, again: DecisionRecord) -> Iterator[str]:
    if recorded.decision is not again.decision:
        yield f"decision: {recorded.decision} in the record, {again.decision} now"
    before, now = _by_name(recorded.findings), _by_name(again.findings)
    for name in dict.fromkeys((*before, *now)):
        if name not in now:
            yield f"{name}: in the record, and not now"
        elif name not in before:
            yield f"{name}: now, and not in the record"
        else:
            yield from _differ_in(name, to_builtins(before[name]), to_builtins(now[name]))
    if list(before) != list(now) and before.keys() == now.keys():
        yield "findings: in another order"
    said_above: dict[str, object] = {"decision": None, "findings": None}
    whole = [json.loads(one.to_bytes()) | said_above for one in (recorded, again)]
    yield from _differ_in("record", *whole)


def _differ_in(name: str, before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    for key in dict.fromkeys((*before, *now)):
        if before.get(key) != now.get(key):
            yield f"{name}: {key}: {before.get(key)!r} in the record, {now.get(key)!r} now"


def _by_name(findings: Sequence[RecordedFinding]) -> Mapping[str, RecordedFinding]:
    """Return the findings by check and facet; of several with the same, each by its number."""
    seen: Counter[str] = Counter()
    named = {}
    for finding in findings:
        name = name_of(finding)
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name} #{seen[name]}"] = finding
    return named
