"""The outcomes of the decisions about a version, as step two records them beside the decisions, and reads them back."""

from dataclasses import replace
from datetime import timedelta

from aws.decision_log import DecisionLog
from aws.model_packages import ModelPackage
from checks.outcome_record import OutcomeRecord, OutcomeRecordError
from pipelines.record_keys import created_text, outcome_key, records_folder
from pipelines.sealed_decisions import DecisionMismatchError
from pipelines.step_settings import OUTCOME_SUFFIX


def keep_outcome(
    log: DecisionLog, package: ModelPackage, execution_arn: str, record: OutcomeRecord
) -> OutcomeRecord:
    """Write the outcome of the decision of an execution, or read the one that an earlier attempt of it wrote.

    Raises:
        DecisionMismatchError: what is there already is no outcome.
        AwsError: it could not be written or read.
    """
    kept = log.keep(outcome_key(package, execution_arn), record.to_bytes())
    return replace(record, uri=kept.uri) if kept.is_new else _parse(kept.content, kept.uri)


def read_outcome(log: DecisionLog, uri: str) -> OutcomeRecord:
    """Return the outcome that is recorded at `uri`.

    Raises:
        DecisionMismatchError: something else is there.
        GovernanceError: it cannot be read.
    """
    return _parse(log.read(uri), uri)


def list_outcomes(package: ModelPackage, log: DecisionLog) -> tuple[OutcomeRecord, ...]:
    """Return the outcomes of the decisions about exactly this version, oldest first; raises as `read_outcome` does."""
    # Those before it was registered are about another version, whose group was made anew. The log knows whole seconds.
    before = package.created.replace(microsecond=0) - timedelta(seconds=1)
    uris = log.written_after(records_folder(package), before)
    found = [read_outcome(log, uri) for uri in uris if uri.endswith(OUTCOME_SUFFIX)]
    own = [
        outcome
        for outcome in found
        if outcome.model_package == package.arn and outcome.created in (None, created_text(package))
    ]
    return tuple(sorted(own, key=lambda outcome: outcome.recorded_at))


def _parse(content: bytes, uri: str) -> OutcomeRecord:
    try:
        return OutcomeRecord.parse(content, uri)
    except OutcomeRecordError as error:
        raise DecisionMismatchError(
            f"{uri}: not the outcome of a decision, which belongs there; "
            "keep it for the audit, look at the version's status, and start a new execution"
        ) from error
