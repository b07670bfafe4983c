"""Announces a decision when the record of what it did arrives: adapts S3's event to `pipelines.announce_decision`."""

import os

from aws.clients import events_client, kms_client, s3_client, sagemaker_client, sns_client
from aws.decision_log import S3DecisionLog
from aws.model_registry import SageMakerModelRegistry
from aws.record_seals import KmsSeals
from lambdas.object_event import ObjectEventRefusedError, read_object_event
from pipelines.announce_decision import AnnounceServices, announce_decision
from pipelines.json_log import log, logging_failure
from pipelines.step_settings import DECISIONS_FOLDER, KEPT, AnnounceSettings, from_environment

REFUSED = "refused"


def handler(event: object, context: object) -> dict[str, str]:
    """Announce the decision whose outcome `event` names; what fails is raised, so that the event is kept.

    An event that can never become valid is refused, not raised.
    """
    del context
    with logging_failure("not announced", event=event):
        settings = from_environment(AnnounceSettings, os.environ)
        try:
            written = read_object_event(
                event, account=settings.account, region=settings.region, bucket=settings.decisions_bucket
            )
        except ObjectEventRefusedError as error:
            log(REFUSED, reason=str(error), event=event)
            return {"outcome": REFUSED, "reason": str(error)}
        uri = f"s3://{settings.decisions_bucket}/{written.key}"
        outcome = announce_decision(uri, _services(settings))
    log(f"decision: {outcome}", outcome_uri=uri)
    return {"outcome": outcome}


def _services(settings: AnnounceSettings) -> AnnounceServices:
    return AnnounceServices(
        decisions=S3DecisionLog(s3_client(), f"s3://{settings.decisions_bucket}/{DECISIONS_FOLDER}"),
        seals=KmsSeals(kms_client(), settings.seal_key),
        registry=SageMakerModelRegistry(sagemaker_client()),
        events=events_client(),
        sns=sns_client(),
        bus=settings.decision_bus,
        topic=settings.decisions_topic,
        notify_on=frozenset(settings.notify_on.split(",")),
        separation=settings.separation_of_duties,
        has_pages=settings.report_pages == KEPT,
    )
