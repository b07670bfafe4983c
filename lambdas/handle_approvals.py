"""Looks for approvals that nobody recorded, by the event of one and by a schedule: adapts both to `pipelines`.

The schedule's runs list the groups, so these tell as well which of the deployment's there are not.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from aws.arns import ArnError
from aws.clients import kms_client, s3_client, sagemaker_client
from aws.decision_log import S3DecisionLog
from aws.model_registry import SageMakerModelRegistry
from aws.record_seals import KmsSeals
from aws.registry_names import APPROVAL_STATUS_FIELD
from lambdas.model_package_event import EventRefusedError, read_event
from pipelines.governed_groups import list_absent
from pipelines.json_log import ABSENT_GROUPS, UNRECORDED_APPROVALS, log, logging_failure, measured
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
        sources = ApprovalSources(
            registry=SageMakerModelRegistry(sagemaker_client()),
            thresholds=ReadOnce(thresholds_in_force(settings.thresholds_bucket)),
            decisions=S3DecisionLog(s3_client(), f"s3://{settings.decisions_bucket}/{DECISIONS_FOLDER}"),
            seals=KmsSeals(kms_client(), settings.seal_key),
            reviewers=settings.reviewer_arns,
            held_to=settings.model_package_groups.split(","),
            groups_elsewhere=list_groups_elsewhere(settings),
        )
        found = _look(event, sources, settings)
        absent = _list_absent_groups(sources) if _is_scheduled(event) else None
    for approval in found:
        _report(approval)
    counts = {UNRECORDED_APPROVALS: len(found)}
    if absent is not None:
        counts[ABSENT_GROUPS] = len(absent)
    log("approvals looked at", **measured(counts, pipeline=settings.pipeline_name))
    return {"unrecorded": len(found)}


def _is_scheduled(event: object) -> bool:
    return isinstance(event, Mapping) and event.get("source") == SCHEDULE


def _list_absent_groups(sources: ApprovalSources) -> list[str]:
    """Return the groups and patterns that the deployment is held to and that match no group, after logging each.

    The groups of other accounts' registries count as there: those that are not are reported where they are listed.
    """
    if EVERY_GROUP in sources.held_to:
        return []
    groups = [*sources.registry.groups(), *(group.group for group in sources.groups_elsewhere)]
    absent = list_absent(sources.held_to, groups)
    for pattern in absent:
        log(
            "no group matches",
            pattern=pattern,
            way_out="create the group, or correct model_package_groups in the deployment's settings and deploy again",
        )
    return absent


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
