"""How the gate would decide about a version that is not registered yet."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aws.aws_errors import AwsAccessDeniedError
from aws.clients import s3_client
from aws.threshold_store import FolderThresholdStore, S3ThresholdStore
from checks.decision_record import DecisionRecord
from checks.evidence import Evidence
from checks.judge import judge
from checks.thresholds import ThresholdFile
from pipelines.registration_plan import RegistrationPlan
from pipelines.threshold_sources import ThresholdSource, thresholds_in_force

_S3 = "s3://"


def predict_decision(
    plan: RegistrationPlan, thresholds: str | Path | None, bucket: str | None, say: Callable[[str], None]
) -> DecisionRecord | None:
    """Judge the evidence as the gate would, by the thresholds in force or those that are named."""
    store = _choose_thresholds(thresholds, bucket)
    if store is None:
        say(
            "warning: the likely decision is not known: no thresholds are named; set GOVERNANCE_THRESHOLDS_BUCKET, or "
            "give --thresholds"
        )
        return None
    file = _find_file(plan.version.group, store)
    if file is not None and file.asks_for_baseline:
        say(
            "warning: the likely decision is that of a first version where a check compares with the baseline: records "
            "are not looked at; compare with governance check --baseline"
        )
    now = datetime.now(UTC)
    # Evidence is as old as its objects in S3, and those are written now.
    evidence = Evidence(tuple(replace(report, written_at=now) for report in plan.reports))
    decision = judge(file, evidence, decided_at=now)
    return DecisionRecord.of(decision, thresholds=file, evidence=evidence, decided_at=now)


def _choose_thresholds(named: str | Path | None, bucket: str | None) -> ThresholdSource | None:
    if named is not None and str(named).startswith(_S3):
        return S3ThresholdStore(s3_client(), str(named))
    if named is not None:
        return FolderThresholdStore(Path(named))
    return None if bucket is None else thresholds_in_force(bucket)


def _find_file(group: str, store: ThresholdSource) -> ThresholdFile | None:
    try:
        return store.for_group(group)
    except AwsAccessDeniedError as error:
        error.add_note("name the thresholds (--thresholds), or register without a look at them (--no-check)")
        raise
