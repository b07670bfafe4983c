"""What a decision must still be before step two carries it out: about this very package, in force, and the newest."""

from collections.abc import Iterator
from datetime import UTC, datetime

from aws.arns import ModelPackageArn
from aws.decision_log import DecisionLog
from aws.model_packages import ModelPackage
from aws.record_seals import Seals
from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.thresholds import Mode
from pipelines.record_keys import outcome_key, records_folder
from pipelines.recorded_outcomes import read_outcome
from pipelines.reviews import list_requests
from pipelines.sealed_decisions import (
    DecisionMismatchError,
    decided_at,
    describe_judged_package,
    read_decision,
)
from pipelines.step_settings import OUTCOME_SUFFIX, RECORD_SUFFIX
from pipelines.threshold_sources import ThresholdSource

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class DecisionOutdatedError(DecisionMismatchError):
    """A genuine decision that is not to be carried out any more."""


def require_same_package(record: DecisionRecord, uri: str, package: ModelPackage) -> None:
    """Refuse a record about another package of the same ARN: the group was made anew, or the model was exchanged.

    Raises:
        DecisionMismatchError: naming what differs.
    """
    judged, now = record.model_package, describe_judged_package(package)
    if judged == now:
        return
    differs = [
        name
        for name in ("arn", "group", "version", "created", "containers")
        if judged is None or getattr(judged, name) != getattr(now, name)
    ]
    raise DecisionMismatchError(
        f"{uri}: this decision is about another package than the one that {package.arn} names now (other: "
        f"{', '.join(differs)}): it was deleted and registered anew, or its model was exchanged; nothing was changed. "
        "Start a new execution"
    )


def require_in_force(
    record: DecisionRecord, uri: str, thresholds: ThresholdSource, package: ModelPackage
) -> None:
    """Refuse a decision by thresholds that are not those in force by now; one that changes no status is let pass.

    Raises:
        DecisionOutdatedError: another file is in force, or none.
        GovernanceError: the files in force cannot be read or are wrong: nothing may be carried out beside them.
    """
    judged_by = record.thresholds
    if judged_by is None or judged_by.mode is not Mode.ENFORCE:
        return
    in_force = thresholds.for_group(package.group)
    if in_force is None or in_force.sha256 != judged_by.sha256:
        now = "no file" if in_force is None else f"{in_force.source} with the SHA-256 {in_force.sha256}"
        raise DecisionOutdatedError(
            f"{uri}: it was decided by {judged_by.source} with the SHA-256 {judged_by.sha256}, and in force for "
            f"{package.group} is {now}: the thresholds were changed since; nothing was changed. Start a new execution"
        )


def require_newest(
    record: DecisionRecord, uri: str, decisions: DecisionLog, seals: Seals, package: ModelPackage
) -> None:
    """Refuse a decision that was made before the newest outcome of the version, or before it was to be judged again.

    The times are those of the log, not those that the records say. The outcome of a dry run is passed over,
    since it changed no status: that it was one is taken from its decision, if step one sealed that.

    Raises:
        DecisionOutdatedError: naming what is newer.
        DecisionMismatchError: an outcome of this very execution is there, though nothing was carried out.
    """
    folder, own = records_folder(package), outcome_key(package, record.execution or "")
    if any(found.endswith(f"/{own}") for found in decisions.written_after(folder, _EVER)):
        raise DecisionMismatchError(
            f"{uri}: the outcome of this decision is recorded already, and the version does not show it: somebody "
            "else wrote that, or set the version back; nothing was changed. Keep the record for the audit, and start "
            "a new execution"
        )
    for request in list_requests(package, decisions, decided_at(record)):
        raise DecisionOutdatedError(
            f"{uri}: it was decided at {record.decided_at}, and {request.location.uri}, by which the version is to be "
            "judged again, is newer; nothing was changed. The reconciler starts a new execution"
        )
    for outcome in _outcomes(decisions.written_after(folder, decided_at(record))):
        if _is_about_another(outcome, decisions, package):
            continue
        if not _is_dry_run(outcome, decisions, seals, package):
            raise DecisionOutdatedError(
                f"{uri}: it was decided at {record.decided_at}, and {outcome} is newer: a later decision was carried "
                "out already; nothing was changed. Start a new execution"
            )


def _outcomes(uris: tuple[str, ...]) -> Iterator[str]:
    return (uri for uri in uris if uri.endswith(OUTCOME_SUFFIX))


def _is_about_another(outcome: str, decisions: DecisionLog, package: ModelPackage) -> bool:
    """Whether an outcome is about a version of the same group and number in another account's registry."""
    try:
        arn = ModelPackageArn.parse(read_outcome(decisions, outcome).model_package)
    except GovernanceError:
        return False
    return arn.account != ModelPackageArn.parse(package.arn).account


def _is_dry_run(outcome: str, decisions: DecisionLog, seals: Seals, package: ModelPackage) -> bool:
    decision = outcome.removesuffix(OUTCOME_SUFFIX) + RECORD_SUFFIX
    try:
        record, _ = read_decision(decisions, seals, decision, about=package.arn)
    except GovernanceError:
        return False  # an outcome without a decision of the gate: nobody knows what it did
    return record.is_dry_run
