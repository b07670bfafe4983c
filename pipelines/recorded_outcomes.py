"""The outcomes of the decisions about a version, as step two records them beside the decisions, and reads them back."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from aws.decision_log import DecisionLog
from aws.model_packages import ModelPackage
from checks.outcome_record import OutcomeRecord, OutcomeRecordError
from pipelines.record_keys import created_text, is_outcome, outcome_key, records_folder
from pipelines.sealed_decisions import DecisionMismatchError


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


def list_records(package: ModelPackage, log: DecisionLog) -> Mapping[str, datetime]:
    """Return the URIs of all that was recorded about this version, its reviews too, and when the log took each.

    Raises:
        GovernanceError: the log cannot be listed.
    """
    # Those before it was registered are about another version, whose group was made anew. The log knows whole seconds.
    before = package.created.replace(microsecond=0) - timedelta(seconds=1)
    return log.written_below(records_folder(package), before)


def read_outcomes(
    package: ModelPackage, log: DecisionLog, written: Mapping[str, datetime]
) -> tuple[OutcomeRecord, ...]:
    """Return the outcomes of the gate's decisions about exactly this version among those written, oldest first.

    Raises as `read_outcome` does.
    """
    found = [replace(read_outcome(log, uri), written_at=at) for uri, at in written.items() if is_outcome(uri)]
    own = [
        outcome
        for outcome in found
        if outcome.model_package == package.arn and outcome.created in (None, created_text(package))
    ]
    return tuple(sorted(own, key=lambda outcome: outcome.order))


def _parse(content: bytes, uri: str) -> OutcomeRecord:
    try:
        return OutcomeRecord.parse(content, uri)
    except OutcomeRecordError as error:
        raise DecisionMismatchError(
            f"{uri}: not the outcome of a decision, which belongs there; "
            "keep it for the audit, look at the version's status, and start a new execution"
        ) from error
