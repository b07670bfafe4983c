"""What is in model accounts, as the settings of the deployed functions say it: their groups, and their evidence."""

from datetime import timedelta

from aws.account_copies import ModelBucket
from aws.arns import GroupArn
from aws.clients import s3_client
from pipelines.due_judgements import Arrivals
from pipelines.step_settings import (
    ApprovalSettings,
    EvaluateSettings,
    ReconcileSettings,
    StartPipelineSettings,
    read_places,
)


def list_groups_elsewhere(
    settings: StartPipelineSettings | ReconcileSettings | ApprovalSettings,
) -> tuple[GroupArn, ...]:
    """Return the groups of model accounts' own registries; these are in the region of this deployment's key."""
    places = read_places(settings.groups_elsewhere)
    if not places:
        return ()
    _, partition, _, region, *_ = settings.seal_key.split(":")
    return tuple(GroupArn(partition, region, account, group) for account, group in places)


def list_model_buckets(
    settings: StartPipelineSettings | ReconcileSettings | EvaluateSettings,
) -> tuple[ModelBucket, ...]:
    """Return the artifact buckets of model accounts."""
    return tuple(
        ModelBucket(account, bucket, settings.evidence_bucket)
        for account, bucket in read_places(settings.artifact_buckets)
    )


def arrivals_of(settings: StartPipelineSettings | ReconcileSettings) -> Arrivals | None:
    """Return what tells whether the reports of a version have arrived; `None` where there are no model accounts."""
    buckets = list_model_buckets(settings)
    if not buckets:
        return None
    # Imported here: it loads the readers of reports, which a deployment without model accounts does not need.
    from pipelines.evidence_arrivals import EvidenceArrivals  # noqa: PLC0415

    deadline = timedelta(hours=int(settings.evidence_deadline_hours))
    return EvidenceArrivals.within(s3_client(), buckets, deadline)
