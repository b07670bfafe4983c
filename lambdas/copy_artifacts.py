"""Copies what a model account writes into its artifact bucket: adapts S3's event to `pipelines.artifact_copies`."""

import os
from datetime import UTC, datetime

from aws.account_copies import ModelBucket
from aws.clients import s3_client
from lambdas.object_event import ObjectEventRefusedError, read_object_event
from pipelines.artifact_copies import copy_artifact
from pipelines.json_log import log, logging_failure
from pipelines.step_settings import CopySettings, from_environment

REFUSED = "refused"


def handler(event: object, context: object) -> dict[str, str]:
    """Copy the object version that `event` names; what fails is raised, so that the event is tried again and kept.

    An event that can never become valid is refused, not raised.
    """
    del context
    with logging_failure("not copied", event=event):
        settings = from_environment(CopySettings, os.environ)
        try:
            artifact = read_object_event(
                event, account=settings.account, region=settings.region, bucket=settings.artifact_bucket
            )
        except ObjectEventRefusedError as error:
            log(REFUSED, reason=str(error), event=event)
            return {"outcome": REFUSED, "reason": str(error)}
        outcome = copy_artifact(
            s3_client(),
            ModelBucket(settings.account, settings.artifact_bucket, settings.evidence_bucket),
            artifact,
            region=settings.region,
            now=datetime.now(UTC),
        )
    log(outcome, bucket=settings.artifact_bucket, key=artifact.key, version=artifact.version_id)
    return {"outcome": outcome}
