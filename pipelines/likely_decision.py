"""How the gate would decide about a version that is not registered yet."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from aws.aws_errors import AwsAccessDeniedError
from aws.clients import s3_client
from aws.decision_log import S3DecisionLog
from aws.threshold_store import FolderThresholdStore, S3ThresholdStore
from checks.baseline import Baseline
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.evidence import Evidence
from checks.item_results import ItemResults, read_item_results
from checks.judge import judge
from checks.reports import MAX_REPORT_BYTES, attach_items_beside
from checks.thresholds import ThresholdFile
from disk.reading import read_bounded
from pipelines.foreseen_baseline import foresee_baseline
from pipelines.registration_plan import RegistrationPlan
from pipelines.step_settings import DECISIONS_FOLDER
from pipelines.threshold_sources import ThresholdSource, thresholds_in_force

_S3 = "s3://"


def predict_decision(
    plan: RegistrationPlan,
    thresholds: str | Path | None,
    *,
    thresholds_bucket: str | None,
    decisions_bucket: str | None,
    say: Callable[[str], None],
) -> DecisionRecord | None:
    """Judge the evidence as the gate would, by the thresholds in force or those that are named.

    Where a check compares with the baseline, that is looked for by the records in `decisions_bucket`; `say` is told
    where none was found, or where it could not be looked for.
    """
    store = _choose_thresholds(thresholds, thresholds_bucket)
    if store is None:
        say(
            "warning: the likely decision is not known: no thresholds are named; set GOVERNANCE_THRESHOLDS_BUCKET, or "
            "give --thresholds"
        )
        return None
    file = _find_file(plan.version.group, store)
    baseline = None
    if file is not None and file.asks_for_baseline:
        baseline = _look_for_baseline(plan, decisions_bucket, say)
    now = datetime.now(UTC)
    # Evidence is as old as its objects in S3, and those are written now.
    evidence = Evidence(tuple(replace(report, written_at=now) for report in plan.reports))
    if baseline is not None and file is not None and file.asks_for_items:
        evidence = attach_items_beside(evidence, _read_items)
    decision = judge(file, evidence, baseline, decided_at=now)
    return DecisionRecord.of(decision, thresholds=file, evidence=evidence, baseline=baseline, decided_at=now)


def _look_for_baseline(
    plan: RegistrationPlan, bucket: str | None, say: Callable[[str], None]
) -> Baseline | None:
    """Return the baseline where there is one that can be read; a look at it that fails stops nobody."""
    group = plan.version.group
    as_first = "the likely decision is that of a first version where a check compares with the baseline"
    if bucket is None:
        say(f"warning: {as_first}: records are not looked at; set GOVERNANCE_DECISIONS_BUCKET")
        return None
    log = S3DecisionLog(s3_client(), f"{_S3}{bucket}/{DECISIONS_FOLDER}")
    try:
        baseline = foresee_baseline(group, log, plan.store)
    except GovernanceError as error:
        say(f"warning: {as_first}: the baseline could not be looked at: {error}")
        return None
    if baseline is None:
        say(
            f"{group}: no version is approved by a record, so a check that compares is that of a first version"
        )
    return baseline


def _read_items(place: str) -> ItemResults | None:
    path = Path(place)
    if not path.is_file():
        return None
    content = read_bounded(path, max_bytes=MAX_REPORT_BYTES)
    return read_item_results(place, content, hashlib.sha256(content).hexdigest())


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
