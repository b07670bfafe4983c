"""The event `Object Created` of the evidence bucket: the report whose copy from a model account has just arrived."""

from aws.s3_uris import S3Uri
from lambdas.object_event import read_object_event
from pipelines.artifact_copies import is_report
from pipelines.model_account_sources import list_model_buckets
from pipelines.reconcile_versions import ArrivedReport
from pipelines.step_settings import ReconcileSettings


def read_arrival_event(event: object, settings: ReconcileSettings) -> ArrivedReport | None:
    """Return the report that `event` is about; `None` where it is none, or no copy from a model account.

    Raises:
        ObjectEventRefusedError: the event comes from elsewhere, is about another bucket, or lacks a field.
    """
    # The function is told neither its account nor its region; both are in the ARN of the key beside it.
    _, _, _, region, account, _ = settings.seal_key.split(":", maxsplit=5)
    written = read_object_event(event, account=account, region=region, bucket=settings.evidence_bucket)
    for bucket in list_model_buckets(settings):
        if written.key.startswith(bucket.prefix) and is_report(written.key):
            original = bucket.locate_original(S3Uri(settings.evidence_bucket, written.key))
            return ArrivedReport(bucket.account, original)
    return None
