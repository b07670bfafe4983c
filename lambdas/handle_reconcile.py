"""The reconciler as a function that a schedule invokes: adapts it to `pipelines.reconcile_versions`."""

import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from aws.clients import kms_client, s3_client, sagemaker_client
from aws.decision_log import S3DecisionLog
from aws.executions import PipelineExecutions
from aws.model_registry import SageMakerModelRegistry
from aws.record_seals import KmsSeals
from pipelines.due_judgements import JudgementSources
from pipelines.governed_groups import GovernedGroups
from pipelines.json_log import PENDING_VERSIONS, UNDECIDED_VERSIONS, log, logging_failure, measured
from pipelines.model_account_sources import arrivals_of, list_groups_elsewhere
from pipelines.reconcile_versions import RunBounds, reconcile_versions
from pipelines.step_settings import DECISIONS_FOLDER, ReconcileSettings, from_environment
from pipelines.threshold_sources import ReadOnce, thresholds_in_force


def handler(event: object, context: object) -> dict[str, object]:
    """Make one run, and write its figures as metrics; raises where versions or executions cannot be listed."""
    del event, context
    with logging_failure("not reconciled"):
        settings = from_environment(ReconcileSettings, os.environ)
        client = sagemaker_client()
        sources = JudgementSources(
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
        bounds = RunBounds(
            max_starts=int(settings.max_starts_per_run),
            decide_within=timedelta(hours=int(settings.decide_within_hours)),
        )
        summary = reconcile_versions(sources, bounds, now=datetime.now(UTC), report=log)
    counts = {UNDECIDED_VERSIONS: summary.undecided, PENDING_VERSIONS: summary.pending}
    log("reconciled", **asdict(summary), **measured(counts, pipeline=settings.pipeline_name))
    return asdict(summary)
