"""Writes the page of a decision when its record arrives: adapts S3's event to `pipelines.report_pages`."""

import os

from aws.clients import kms_client, s3_client
from aws.decision_log import S3DecisionLog
from aws.record_seals import KmsSeals
from lambdas.object_event import ObjectEventRefusedError, read_object_event
from pipelines.json_log import log, logging_failure
from pipelines.report_pages import PageServices, write_report_page
from pipelines.step_settings import DECISIONS_FOLDER, PageSettings, from_environment

REFUSED = "refused"


def handler(event: object, context: object) -> dict[str, str]:
    """Write the page beside the record that `event` names; what fails is raised, so that the event is kept.

    An event that can never become valid is refused, not raised.
    """
    del context
    with logging_failure("no page written", event=event):
        settings = from_environment(PageSettings, os.environ)
        try:
            written = read_object_event(
                event, account=settings.account, region=settings.region, bucket=settings.decisions_bucket
            )
        except ObjectEventRefusedError as error:
            log(REFUSED, reason=str(error), event=event)
            return {"outcome": REFUSED, "reason": str(error)}
        uri = f"s3://{settings.decisions_bucket}/{written.key}"
        decisions = S3DecisionLog(s3_client(), f"s3://{settings.decisions_bucket}/{DECISIONS_FOLDER}")
        services = PageServices(s3_client(), decisions, KmsSeals(kms_client(), settings.seal_key))
        outcome = write_report_page(uri, services)
    log(f"page {outcome}", decision_uri=uri)
    return {"outcome": outcome}
