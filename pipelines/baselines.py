"""The baseline of a version: the newest one below it that the gate or a reviewer approved, by the records alone.

A status that somebody set by hand, or took away since, says nothing of what was proven.
"""

from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from aws.decision_log import DecisionLog
from aws.evidence_copies import EvidenceCopies
from aws.model_packages import ModelPackage
from aws.record_seals import Seals
from aws.registry_names import APPROVED
from checks.baseline import Baseline
from checks.decision import Verdict
from checks.decision_record import DecisionRecord
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
    approval = find_newest_approval(log, package.group, below=package)
    return None if approval is None else _read_approved(approval, log, seals, copies)


class Approval(Struct, frozen=True):
    """By which decision of the gate a version was approved, and what says so; a reviewer saw it, whatever it says."""

    arn: str
    decision_uri: str
    decision_digest: str
    said_by: str
    is_gates: bool


def find_newest_approval(
    log: DecisionLog, group: str, *, below: ModelPackage | None = None
) -> Approval | None:
    """Return the approval of the newest version of `group` that has one, below a version where one is given.

    Raises as `find_baseline` does, but of what was judged.
    """
    versions = [int(name) for name in log.folders(group) if name.isdecimal()]
    for version in sorted(versions, reverse=True):
        if below is not None and version >= below.version:
            continue
        arn = None if below is None else f"{below.arn.rpartition('/')[0]}/{version}"
        approved = _find_approval(log, f"{group}/{version}", arn)
        if approved is not None:
            return approved
    return None


def _find_approval(log: DecisionLog, folder: str, arn: str | None) -> Approval | None:
    """Return the approval of a version, where the newest record that gave it a status is one.

    Without `arn` all that is recorded in the folder counts, whatever it is about.
    """
    written = log.written_below(folder, _EVER)
    outcomes = [
        replace(read_outcome(log, uri), written_at=at) for uri, at in written.items() if is_outcome(uri)
    ]
    given = find_status_given(
        [one for one in outcomes if arn in (None, one.model_package)],
        [one for one in read_reviews(log, written) if arn in (None, one.record.model_package)],
    )
    match given:
        case (outcome, None) if outcome.approval_status == APPROVED:
            return Approval(
                outcome.model_package,
                outcome.decision_uri,
                outcome.decision_digest,
                str(outcome.uri),
                is_gates=True,
            )
        case (outcome, review) if review is not None and outcome.approval_status == APPROVED:
            seen = review.record
            if seen.decision_uri is not None and seen.decision_digest is not None:
                said_by = review.location.uri
                return Approval(
                    seen.model_package, seen.decision_uri, seen.decision_digest, said_by, is_gates=False
                )
    return None


def _read_approved(approval: Approval, log: DecisionLog, seals: Seals, copies: EvidenceCopies) -> Baseline:
    record, location = read_decision(log, seals, approval.decision_uri, about=approval.arn)
    require_approval(approval, record, location.sha256)
    return read_judged(record, location.uri, location.sha256, copies)


def require_approval(approval: Approval, record: DecisionRecord, sha256: str) -> None:
    """Refuse a record with the SHA-256 `sha256` that is not the one by which `approval` was given.

    Raises:
        DecisionMismatchError: it is another one.
    """
    is_other = approval.is_gates and record.decision is not Verdict.APPROVED
    if sha256 != approval.decision_digest or is_other:
        raise DecisionMismatchError(
            f"{approval.decision_uri}: {approval.said_by} says that {approval.arn} was approved by this decision, and "
            "it is another; nothing was decided. Find out who changed either, and keep their versions for the audit"
        )
