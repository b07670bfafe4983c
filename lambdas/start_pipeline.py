"""Starts the pipeline for a model version that waits for approval. Loads boto3 and nothing heavier."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from aws.arns import ArnError
from aws.aws_errors import AwsError
from aws.clients import kms_client, s3_client, sagemaker_client
from aws.decision_log import DecisionLog, S3DecisionLog
from aws.executions import PipelineExecutions
from aws.model_packages import ModelPackage, ModelPackageGoneError
from aws.model_registry import ModelRegistry, SageMakerModelRegistry
from aws.record_seals import KmsSeals, Seals
from aws.registry_names import (
    DECISION_DIGEST_PROPERTY,
    DECISION_URI_PROPERTY,
    STATUS_PROPERTY,
    UNDECIDED_DIGEST_PROPERTY,
    UNDECIDED_URI_PROPERTY,
)
from checks.errors import GovernanceError
from lambdas.model_package_event import EventRefusedError, StateChange, read_event
from pipelines.json_log import log
from pipelines.record_keys import created_text, records_folder, statement
from pipelines.step_settings import DECISIONS_FOLDER, StartPipelineSettings, from_environment

STARTED = "started"
IGNORED = "ignored"
REFUSED = "refused"
# The metadata that name what the gate left a version pending with, the URI and the digest, and what that means.
MARKS = {
    (DECISION_URI_PROPERTY, DECISION_DIGEST_PROPERTY): "it was judged and waits for a review",
    (
        UNDECIDED_URI_PROPERTY,
        UNDECIDED_DIGEST_PROPERTY,
    ): "nothing may be decided about it, and it waits for a person",
}


@dataclass(frozen=True, slots=True)
class StartOutcome:
    """What was done about one event: `started`, `ignored` (no judgement is due) or `refused` (not ours), and why."""

    outcome: str
    reason: str
    execution_arn: str | None = None


def handler(event: object, context: object) -> dict[str, str | None]:
    """Handle one event of the rule.

    An event that can never become valid is refused, not raised: trying it again cannot help. What AWS fails at is
    raised, so that the event is tried again and at last kept in the dead-letter queue.
    """
    del context
    settings = from_environment(StartPipelineSettings, os.environ)
    client = sagemaker_client()
    outcome = start_pipeline(
        event,
        settings=settings,
        registry=SageMakerModelRegistry(client),
        executions=PipelineExecutions(client, settings.pipeline_name),
        decisions=S3DecisionLog(s3_client(), f"s3://{settings.decisions_bucket}/{DECISIONS_FOLDER}"),
        seals=KmsSeals(kms_client(), settings.seal_key),
    )
    log(outcome.outcome, reason=outcome.reason, execution_arn=outcome.execution_arn, event=event)
    return asdict(outcome)


def start_pipeline(
    event: object,
    *,
    settings: StartPipelineSettings,
    registry: ModelRegistry,
    executions: PipelineExecutions,
    decisions: DecisionLog,
    seals: Seals,
) -> StartOutcome:
    """Start the execution for exactly the version that `event` names, unless none is due.

    Raises:
        AwsError: AWS failed; trying again may help.
    """
    try:
        change = read_event(event, account=settings.account, region=settings.region)
    except (EventRefusedError, ArnError) as error:
        return StartOutcome(REFUSED, str(error))
    reason = change.not_to_be_judged or _not_to_be_judged_now(change, registry, decisions, seals)
    if reason:
        return StartOutcome(IGNORED, f"{change.model_package_arn}: {reason}")
    execution_arn = executions.start(change.model_package_arn, changed_at=change.changed_at)
    return StartOutcome(STARTED, f"{change.model_package_arn} waits for approval", execution_arn)


def _not_to_be_judged_now(
    change: StateChange, registry: ModelRegistry, decisions: DecisionLog, seals: Seals
) -> str | None:
    """Why the version, as it is by now, needs no judgement, or `None` when it does."""
    try:
        package = registry.describe(change.model_package_arn)
    except ModelPackageGoneError:
        return "it was deleted after the event was sent"
    if not package.is_pending:
        return f"it is {package.approval_status} by now"
    for properties, left_as in MARKS.items():
        if _bears_mark(properties, package, decisions, seals):
            return f"{left_as}: {package.metadata[properties[0]]}"
    return None


def _bears_mark(
    properties: tuple[str, str], package: ModelPackage, decisions: DecisionLog, seals: Seals
) -> bool:
    """Whether the event tells of the gate's own update, which left the version pending with its reasons.

    Judging it again would update it again, without an end. But anybody who registers a version writes its metadata, so
    they count only as far as the decision log confirms them: they name a record by its digest, step one sealed it,
    and it is about this very package. A version that was set back to pending was left otherwise: it is judged.
    """
    uri, digest = (package.metadata.get(name) for name in properties)
    if uri is None or digest is None or package.metadata.get(STATUS_PROPERTY) != package.approval_status:
        return False
    if f"/{records_folder(package)}/" not in uri:
        return False
    try:
        content, seal = decisions.read_sealed(uri)
    except AwsError:
        raise
    except GovernanceError:
        return False  # there is no such record, or the URI names none
    execution = _execution_of(content, package)
    if execution is None or seal is None or hashlib.sha256(content).hexdigest() != digest:
        return False
    return seals.is_genuine(statement(digest, package.arn, execution), seal)


def _execution_of(content: bytes, package: ModelPackage) -> str | None:
    """The execution that made the record `content`, or `None` where that left no version pending, or another one.

    The models that check a whole record take longer to load than all else here; the seal vouches for the rest.
    """
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        return None
    judged = record.get("model_package") if isinstance(record, Mapping) else None
    if not isinstance(judged, Mapping):
        return None
    is_this = (judged.get("arn"), judged.get("created")) == (package.arn, created_text(package))
    thresholds = record.get("thresholds")
    is_dry_run = isinstance(thresholds, Mapping) and thresholds.get("mode") == "dry_run"
    is_undecided = "decision" not in record
    leaves_pending = is_dry_run or is_undecided or record.get("decision") == "NeedsReview"
    return str(record.get("execution")) if is_this and leaves_pending else None
