"""The baseline of a version: the newest one below it that the gate or a reviewer approved, by the records alone.

A status that somebody set by hand, or took away since, says nothing of what was proven.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aws.decision_log import DecisionLog
from aws.evidence_copies import EvidenceCopies
from aws.model_packages import ModelPackage
from aws.record_seals import Seals
from aws.registry_names import APPROVED
from checks.baseline import Baseline
from checks.decision import Verdict
from pipelines.judged_evidence import read_judged
from pipelines.record_keys import is_outcome
from pipelines.recorded_outcomes import read_outcome
from pipelines.reviews import read_reviews
from pipelines.sealed_decisions import DecisionMismatchError, read_decision
from pipelines.version_standing import find_status_given

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def find_baseline(
    package: ModelPackage, log: DecisionLog, seals: Seals, copies: EvidenceCopies
) -> Baseline | None:
    """Return the evidence of the newest version below `package` that was approved; `None` where there is none.

    A version counts where the newest record that gave it a status is an approval, of the gate or of a reviewer who
    saw a decision of the gate. A version that is gone counts like any other: what was proven once is the bar, and
    deleting the version lowers it no more.

    Raises:
        DecisionMismatchError: a record is not the one that step one wrote.
        DigestMismatchError: a copy of what was judged was exchanged.
        AwsError: the records or the copies could not be read.
    """
    versions = [int(name) for name in log.folders(package.group) if name.isdecimal()]
    for version in sorted((one for one in versions if one < package.version), reverse=True):
        arn = f"{package.arn.rpartition('/')[0]}/{version}"
        approved = _find_approval(log, f"{package.group}/{version}", arn)
        if approved is not None:
            return _read_approved(approved, arn, log, seals, copies)
    return None


@dataclass(frozen=True, slots=True)
class _Approval:
    """By which decision of the gate a version was approved, and what says so; a reviewer saw it, whatever it says."""

    decision_uri: str
    decision_digest: str
    said_by: str
    is_gates: bool


def _find_approval(log: DecisionLog, folder: str, arn: str) -> _Approval | None:
    """Return the approval of a version, where the newest record that gave it a status is one."""
    written = log.written_below(folder, _EVER)
    outcomes = [
        replace(read_outcome(log, uri), written_at=at) for uri, at in written.items() if is_outcome(uri)
    ]
    reviews = [one for one in read_reviews(log, written) if one.record.model_package == arn]
    given = find_status_given([one for one in outcomes if one.model_package == arn], reviews)
    match given:
        case (outcome, None) if outcome.approval_status == APPROVED:
            return _Approval(outcome.decision_uri, outcome.decision_digest, str(outcome.uri), is_gates=True)
        case (outcome, review) if review is not None and outcome.approval_status == APPROVED:
            uri, digest = review.record.decision_uri, review.record.decision_digest
            if uri is not None and digest is not None:
                return _Approval(uri, digest, review.location.uri, is_gates=False)
    return None


def _read_approved(
    approval: _Approval, arn: str, log: DecisionLog, seals: Seals, copies: EvidenceCopies
) -> Baseline:
    record, location = read_decision(log, seals, approval.decision_uri, about=arn)
    is_other = approval.is_gates and record.decision is not Verdict.APPROVED
    if location.sha256 != approval.decision_digest or is_other:
        raise DecisionMismatchError(
            f"{approval.decision_uri}: {approval.said_by} says that {arn} was approved by this decision, and it is "
            "another; nothing was decided. Find out who changed either, and keep their versions for the audit"
        )
    return read_judged(record, location.uri, location.sha256, copies)
