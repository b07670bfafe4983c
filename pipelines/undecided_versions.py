"""What step one leaves where nothing may be decided: the reason, in the registry and in the decision log.

The version stays pending. Its description says why, for those who only look there. That update is a change of the
version and sends an event: a sealed record in the decision log shows `start_pipeline` that it was the gate's own.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from aws.decision_log import DecisionLog
from aws.model_packages import ModelPackage, StatusChangedError
from aws.model_registry import ModelRegistry
from aws.record_seals import Seals
from aws.registry_names import PENDING, STATUS_PROPERTY, UNDECIDED_DIGEST_PROPERTY, UNDECIDED_URI_PROPERTY
from checks.summary import fitting_description
from checks.undecided_record import UndecidedRecord
from pipelines.record_keys import created_text, statement, undecided_key


def leave_undecided(
    package: ModelPackage,
    execution_arn: str,
    reason: str,
    *,
    registry: ModelRegistry,
    decisions: DecisionLog,
    seals: Seals,
    now: datetime,
) -> None:
    """Say in the description of a pending version why nothing was decided about it; its status is not touched.

    A version that is no longer pending is left alone, and so is one that an earlier attempt of this execution told.

    Raises:
        GovernanceError: AWS failed, or the version's metadata have no room left.
    """
    if not package.is_pending:
        return
    record = UndecidedRecord(
        reason=reason,
        arn=package.arn,
        group=package.group,
        version=package.version,
        created=created_text(package),
        execution=execution_arn,
        recorded_at=now,
    )
    content = record.to_bytes()
    digest = hashlib.sha256(content).hexdigest()
    seal = seals.make(statement(digest, package.arn, execution_arn))
    kept = decisions.keep(undecided_key(package, execution_arn), content, seal=seal)
    if not kept.is_new:
        return
    try:
        registry.update(
            package.arn,
            description=fitting_description(f"Not decided: {reason}"),
            metadata=_make_mark(kept.uri, digest),
            only_from=PENDING,
        )
    except StatusChangedError:
        return  # somebody decided meanwhile, and needs no reason


def _make_mark(uri: str, digest: str) -> Mapping[str, str]:
    return {UNDECIDED_URI_PROPERTY: uri, UNDECIDED_DIGEST_PROPERTY: digest, STATUS_PROPERTY: PENDING}
