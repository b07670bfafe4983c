"""The AWS services that the step programs work with, held to the buckets of the stack."""

from aws.clients import kms_client, s3_client, sagemaker_client
from aws.decision_log import DecisionLog, S3DecisionLog
from aws.evidence_copies import S3EvidenceCopies
from aws.evidence_store import S3EvidenceStore
from aws.model_registry import ModelRegistry, SageMakerModelRegistry
from aws.record_seals import KmsSeals
from aws.s3_uris import S3Uri
from aws.threshold_store import S3ThresholdStore
from checks.errors import GovernanceError
from pipelines.evaluate_model_package import EvaluateServices
from pipelines.evidence_claims import EvidenceClaims
from pipelines.judged_copies import JudgedCopies
from pipelines.model_account_sources import list_model_buckets
from pipelines.step_messages import EvaluateRequest, UpdateRequest
from pipelines.step_settings import (
    CLAIMS_FOLDER,
    COPIES_FOLDER,
    DECISIONS_FOLDER,
    KEPT,
    THRESHOLDS_FOLDER,
    EvaluateSettings,
    UpdateSettings,
)
from pipelines.threshold_sources import OnTrial, thresholds_in_force
from pipelines.update_model_status import UpdateServices


class ForeignUriError(GovernanceError):
    """A pipeline parameter that points outside of the stack."""


def evaluate_services(settings: EvaluateSettings, request: EvaluateRequest) -> EvaluateServices:
    """Return AWS as evaluation uses it; thresholds from elsewhere than the stack's folder of them are on trial.

    Raises:
        ForeignUriError: thresholds or decisions are outside the buckets of the stack.
        GovernanceError: a URI is none, or a client cannot be made.
    """
    thresholds = _choose_thresholds(request.thresholds_uri, settings.thresholds_bucket)
    return EvaluateServices(
        registry=model_registry(),
        thresholds=thresholds,
        evidence=S3EvidenceStore(
            s3_client(), settings.readable_buckets.split(","), list_model_buckets(settings)
        ),
        decisions=decision_log(request.decisions_uri, bucket=settings.decisions_bucket),
        seals=KmsSeals(kms_client(), settings.seal_key),
        claims=EvidenceClaims(
            S3DecisionLog(s3_client(), f"s3://{settings.decisions_bucket}/{CLAIMS_FOLDER}")
        ),
        copies=JudgedCopies(
            S3EvidenceCopies(s3_client(), f"s3://{settings.evidence_bucket}/{COPIES_FOLDER}"),
            item_results=settings.item_results == KEPT,
        ),
        history=thresholds if isinstance(thresholds, S3ThresholdStore) else None,
    )


def update_services(settings: UpdateSettings, request: UpdateRequest) -> UpdateServices:
    """Return AWS as the update uses it.

    Raises:
        ForeignUriError: the decisions are elsewhere than the stack keeps them.
        GovernanceError: a URI is none, or a client cannot be made.
    """
    return UpdateServices(
        registry=model_registry(),
        thresholds=thresholds_in_force(settings.thresholds_bucket),
        decisions=decision_log(request.decisions_uri, bucket=settings.decisions_bucket),
        seals=KmsSeals(kms_client(), settings.seal_key),
    )


def _choose_thresholds(uri: str, bucket: str) -> S3ThresholdStore | OnTrial:
    if S3Uri.parse(uri).bucket != bucket:
        raise ForeignUriError(
            f"ThresholdsUri is {uri}, outside the stack's bucket {bucket}; start the execution without that "
            "parameter, or put the files there"
        )
    if uri.rstrip("/") == f"s3://{bucket}/{THRESHOLDS_FOLDER}":
        return thresholds_in_force(bucket)
    return OnTrial(S3ThresholdStore(s3_client(), uri))


def model_registry() -> ModelRegistry:
    """Return SageMaker Model Registry."""
    return SageMakerModelRegistry(sagemaker_client())


def decision_log(uri: str, *, bucket: str) -> DecisionLog:
    """Return the decision log at `uri`, which must be the folder of decisions in `bucket`.

    There is one folder, so that all that was ever decided about a version is at one place.

    Raises:
        ForeignUriError: it is elsewhere.
    """
    folder = f"s3://{bucket}/{DECISIONS_FOLDER}"
    if S3Uri.parse(uri).bucket != bucket:
        raise ForeignUriError(
            f"DecisionsUri is {uri}, outside the stack's bucket {bucket}; start the execution without that parameter"
        )
    if uri.rstrip("/") != folder:
        raise ForeignUriError(
            f"DecisionsUri is {uri}, and decisions are kept in {folder}/ alone; start the execution without that "
            "parameter"
        )
    return S3DecisionLog(s3_client(), uri)
