"""The baseline of a version that is not registered yet, by what whoever registers it may read."""

import hashlib

from aws.decision_log import DecisionLog
from aws.evidence_store import EvidenceStore
from aws.report_references import ReportReference
from checks.baseline import Baseline
from checks.decision_record import DecisionRecord, parse_record
from checks.errors import GovernanceError
from pipelines.baselines import find_newest_approval, require_approval
from pipelines.judged_evidence import read_judged


class BaselineUnseenError(GovernanceError):
    """There is a baseline, and what was judged of it cannot be read here."""


def foresee_baseline(group: str, log: DecisionLog, reports: EvidenceStore) -> Baseline | None:
    """Return the baseline of the next version of `group`, as `find_baseline` will; `None` where there is none.

    Seals are not verified, and the figures are read from the reports where they were registered, held against the
    digests of the record: the key and the copies are the gate's alone.

    Raises:
        BaselineUnseenError: a report of it is gone.
        GovernanceError: a record or a report is not what it was, is elsewhere, or cannot be read.
    """
    approval = find_newest_approval(log, group)
    if approval is None:
        return None
    content = log.read(approval.decision_uri)
    record, sha256 = parse_record(content), hashlib.sha256(content).hexdigest()
    require_approval(approval, record, sha256)
    baseline = read_judged(record, approval.decision_uri, sha256, _RegisteredReports(record, reports))
    for report in baseline.evidence.reports:
        if report.problem is not None:
            raise BaselineUnseenError(f"{report.uri}: {report.problem}")
    return baseline


class _RegisteredReports:
    """What a record judged, by its SHA-256, from where it was judged."""

    def __init__(self, record: DecisionRecord, reports: EvidenceStore) -> None:
        self._reports = reports
        self._places = {one.sha256: one.uri for one in record.evidence}
        self._places |= {one.items.sha256: one.items.uri for one in record.evidence if one.items is not None}

    def read(self, sha256: str) -> bytes:
        """See `pipelines.judged_evidence.JudgedBytes.read`."""
        reference = ReportReference(None, self._places[sha256], f"sha256:{sha256}")
        return self._reports.read(reference).content
