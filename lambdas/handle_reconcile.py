"""The reconciler as a function: a schedule has it look at all versions, a report that arrived at those that have it.

Adapts both to `pipelines.reconcile_versions`.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from msgspec.structs import asdict

from aws.clients import kms_client, s3_client, sagemaker_client
from aws.decision_log import S3DecisionLog
from aws.executions import PipelineExecutions
from aws.model_registry import SageMakerModelRegistry
from aws.record_seals import KmsSeals
from pipelines.due_judgements import JudgementSources
from pipelines.governed_groups import GovernedGroups
from pipelines.json_log import PENDING_VERSIONS, UNDECIDED_VERSIONS, log, logging_failure, measured
from pipelines.model_account_sources import arrivals_of, list_groups_elsewhere
from pipelines.reconcile_versions import RunBounds, reconcile_arrival, reconcile_versions
from pipelines.step_settings import DECISIONS_FOLDER, ReconcileSettings, from_environment
from pipelines.threshold_sources import ReadOnce, thresholds_in_force

BUCKETS = "aws.s3"  # the source of what a bucket sends


def handler(event: object, context: object) -> dict[str, object]:
    """Make one run; raises where versions or executions cannot be listed.

    A run of the schedule writes its figures as metrics. One for an object that was written into the evidence bucket
    looks at too little for that.
    """
    del context
    with logging_failure("not reconciled", event=event):
        settings = from_environment(ReconcileSettings, os.environ)
        bounds = RunBounds(
            max_starts=int(settings.max_starts_per_run),
            decide_within=timedelta(hours=int(settings.decide_within_hours)),
        )
        if isinstance(event, Mapping) and event.get("source") == BUCKETS:
            return _reconcile_arrival(event, settings, bounds)
        summary = reconcile_versions(_sources(settings), bounds, now=datetime.now(UTC), report=log)
    counts = {UNDECIDED_VERSIONS: summary.undecided, PENDING_VERSIONS: summary.pending}
    log("reconciled", **asdict(summary), **measured(counts, pipeline=settings.pipeline_name))
    return asdict(summary)


def _reconcile_arrival(
    event: Mapping[str, object], settings: ReconcileSettings, bounds: RunBounds
) -> dict[str, object]:
    # Imported here: it loads the readers of reports, which a deployment without model accounts does not need.
    from lambdas.arrival_event import read_arrival_event  # noqa: PLC0415
    from lambdas.object_event import ObjectEventRefusedError  # noqa: PLC0415

    try:
        arrived = read_arrival_event(event, settings)
    except ObjectEventRefusedError as error:
        log("refused", reason=str(error), event=event)
        return {"outcome": "refused", "reason": str(error)}
    if arrived is None:
        return {"outcome": "ignored", "reason": "it is no copy of a report"}
    summary = reconcile_arrival(arrived, _sources(settings), bounds, now=datetime.now(UTC), report=log)
    log("arrived", original=str(arrived.original), **asdict(summary))
    return asdict(summary)


def _sources(settings: ReconcileSettings) -> JudgementSources:
    client = sagemaker_client()
    return JudgementSources(
        registry=SageMakerModelRegistry(client),
        executions=PipelineExecutions(client, settings.pipeline_name),
        decisions=S3DecisionLog(s3_client(), f"s3://{settings.decisions_bucket}/{DECISIONS_FOLDER}"),
        seals=KmsSeals(kms_client(), settings.seal_key),
        governed=GovernedGroups(
            ReadOnce(thresholds_in_force(settings.thresholds_bucket)),
            settings.ungoverned_groups,
            settings.model_package_groups.split(","),
        ),
        groups_elsewhere=list_groups_elsewhere(settings),
        arrivals=arrivals_of(settings),
    )
