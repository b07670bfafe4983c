"""Looks for approvals that nobody recorded, by the event of one and by a schedule: adapts both to `pipelines`.

The schedule's runs list the groups, so these tell as well which of those that the deployment's settings and the
threshold files in force name are not there.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from aws.arns import ArnError
from aws.clients import kms_client, s3_client, sagemaker_client
from aws.decision_log import S3DecisionLog
from aws.model_registry import SageMakerModelRegistry
from aws.record_seals import KmsSeals
from aws.registry_names import APPROVAL_STATUS_FIELD
from checks.selection import list_unmatched
from checks.thresholds import ThresholdFile
from lambdas.model_package_event import EventRefusedError, read_event
from pipelines.governed_groups import list_absent
from pipelines.json_log import (
    ABSENT_GROUPS,
    ABSENT_GROUPS_OF_FILES,
    UNRECORDED_APPROVALS,
    log,
    logging_failure,
    measured,
)
from pipelines.model_account_sources import list_groups_elsewhere
from pipelines.step_settings import (
    DECISIONS_FOLDER,
    EVERY_GROUP,
    ApprovalSettings,
    from_environment,
)
from pipelines.threshold_sources import ReadOnce, thresholds_in_force
from pipelines.unrecorded_approvals import (
    ApprovalSources,
    UnrecordedApproval,
    examine_approval,
    find_unrecorded_approvals,
)

SCHEDULE = "aws.events"  # the source of what a schedule sends


def handler(event: object, context: object) -> dict[str, int]:
    """Look at the version of an event, or for a schedule at those that were approved of late; count what is found.

    What AWS fails at is raised, so that the event is tried again. An event that can never become valid is not.
    """
    del context
    with logging_failure("approvals not looked at", event=event):
        settings = from_environment(ApprovalSettings, os.environ)
        thresholds = ReadOnce(thresholds_in_force(settings.thresholds_bucket))
        sources = ApprovalSources(
            registry=SageMakerModelRegistry(sagemaker_client()),
            thresholds=thresholds,
            decisions=S3DecisionLog(s3_client(), f"s3://{settings.decisions_bucket}/{DECISIONS_FOLDER}"),
            seals=KmsSeals(kms_client(), settings.seal_key),
            separation=settings.separation_of_duties,
            held_to=settings.model_package_groups.split(","),
            groups_elsewhere=list_groups_elsewhere(settings),
        )
        found = _look(event, sources, settings)
        counts = _count_absent_groups(sources, thresholds) if _is_scheduled(event) else {}
    for approval in found:
        _report(approval)
    counts[UNRECORDED_APPROVALS] = len(found)
    log("approvals looked at", **measured(counts, pipeline=settings.pipeline_name))
    return {"unrecorded": len(found)}


def _is_scheduled(event: object) -> bool:
    return isinstance(event, Mapping) and event.get("source") == SCHEDULE


def _count_absent_groups(sources: ApprovalSources, thresholds: ReadOnce) -> dict[str, int]:
    """Count the names and patterns that match no group, after logging each: those of the settings, and of each file.

    The groups of other accounts' registries count as there: those that are not are reported where they are listed.
    """
    groups = [*sources.registry.groups(), *(group.group for group in sources.groups_elsewhere)]
    return {
        ABSENT_GROUPS: _tell_absent_of_settings(sources.held_to, groups),
        ABSENT_GROUPS_OF_FILES: sum(_tell_absent_of_file(file, groups) for file in thresholds.files),
    }


def _tell_absent_of_settings(held_to: Sequence[str], groups: Sequence[str]) -> int:
    absent = [] if EVERY_GROUP in held_to else list_absent(held_to, groups)
    for pattern in absent:
        log(
            "no group matches",
            pattern=pattern,
            way_out="create the group, or correct model_package_groups in the deployment's settings and deploy again",
        )
    return len(absent)


def _tell_absent_of_file(file: ThresholdFile, groups: Sequence[str]) -> int:
    absent = list_unmatched(file, groups)
    for pattern in absent:
        log(
            "no group matches",
            pattern=pattern,
            thresholds=file.source,
            way_out="register a version in the group, or correct applies_to in the threshold file and publish again",
        )
    return len(absent)


def _look(event: object, sources: ApprovalSources, settings: ApprovalSettings) -> list[UnrecordedApproval]:
    if _is_scheduled(event):
        return list(find_unrecorded_approvals(sources, now=datetime.now(UTC), report=log))
    try:
        change = read_event(
            event, account=settings.account, region=settings.region, elsewhere=sources.groups_elsewhere
        )
    except (EventRefusedError, ArnError) as error:
        log("refused", reason=str(error), event=event)
        return []
    if change.updated_fields is not None and APPROVAL_STATUS_FIELD not in change.updated_fields:
        return []  # an edit of a version that was approved before
    found = examine_approval(change.model_package_arn, sources)
    return [] if found is None else [found]


def _report(approval: UnrecordedApproval) -> None:
    package = approval.package
    log(
        "approved without a record of the gate or of a reviewer",
        model_package_arn=package.arn,
        group=package.group,
        version=package.version,
        at=approval.at,
        **{approval.how: None if approval.by is None else str(approval.by)},
    )
