"""The baseline of a version: the newest one below it that the gate approved, by its records alone.

A status that somebody set by hand, or took away since, says nothing of what was proven.
"""

from datetime import UTC, datetime

from aws.decision_log import DecisionLog
from aws.evidence_copies import EvidenceCopies
from aws.model_packages import ModelPackage
from aws.record_seals import Seals
from checks.baseline import Baseline
from checks.decision import Verdict
from checks.outcome_record import UPDATED, OutcomeRecord
from pipelines.judged_evidence import read_judged
from pipelines.recorded_outcomes import read_outcome
from pipelines.sealed_decisions import DecisionMismatchError, read_decision
from pipelines.step_settings import OUTCOME_SUFFIX

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def find_baseline(
    package: ModelPackage, log: DecisionLog, seals: Seals, copies: EvidenceCopies
) -> Baseline | None:
    """Return the evidence of the newest version below `package` that the gate approved; `None` where there is none.

    A version counts where the newest decision that gave it a status was an approval. A version that is gone counts
    like any other: what was proven once is the bar, and deleting the version lowers it no more.

    Raises:
        DecisionMismatchError: a record is not the one that step one wrote.
        DigestMismatchError: a copy of what was judged was exchanged.
        AwsError: the records or the copies could not be read.
    """
    versions = [int(name) for name in log.folders(package.group) if name.isdecimal()]
    for version in sorted((one for one in versions if one < package.version), reverse=True):
        arn = f"{package.arn.rpartition('/')[0]}/{version}"
        given = _find_status_given(log, f"{package.group}/{version}", arn)
        if given is not None and given.decision == Verdict.APPROVED:
            return _read_approved(given, arn, log, seals, copies)
    return None


def _find_status_given(log: DecisionLog, folder: str, arn: str) -> OutcomeRecord | None:
    """Return the newest outcome that gave the version a status."""
    uris = [uri for uri in log.written_after(folder, _EVER) if uri.endswith(OUTCOME_SUFFIX)]
    outcomes = [read_outcome(log, uri) for uri in uris]
    updated = [one for one in outcomes if one.outcome == UPDATED and one.model_package == arn]
    return max(updated, key=lambda one: one.recorded_at, default=None)


def _read_approved(
    given: OutcomeRecord, arn: str, log: DecisionLog, seals: Seals, copies: EvidenceCopies
) -> Baseline:
    record, location = read_decision(log, seals, given.decision_uri, about=arn)
    if (location.sha256, record.decision) != (given.decision_digest, Verdict.APPROVED):
        raise DecisionMismatchError(
            f"{given.decision_uri}: {given.uri} says that this decision approved {arn}, and it is another; nothing was "
            "decided. Find out who changed either, and keep their versions for the audit"
        )
    return read_judged(record, location.uri, location.sha256, copies)
