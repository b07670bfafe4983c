"""Starts the pipeline for a model version that waits for approval. Loads boto3 and nothing heavier."""

import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import assert_never

from aws.arns import ArnError
from aws.aws_errors import AwsThrottledError
from aws.clients import kms_client, s3_client, sagemaker_client
from aws.decision_log import DecisionLog, S3DecisionLog
from aws.executions import Executions, PipelineExecutions
from aws.model_registry import ModelRegistry, SageMakerModelRegistry
from aws.record_seals import KmsSeals, Seals
from lambdas.model_package_event import EventRefusedError, StateChange, read_event
from pipelines.due_judgements import (
    Due,
    Failed,
    JudgementSources,
    Settled,
    Undecided,
    Waiting,
    look_for_judgement,
)
from pipelines.json_log import log
from pipelines.step_settings import DECISIONS_FOLDER, StartPipelineSettings, from_environment

STARTED = "started"
IGNORED = "ignored"
REFUSED = "refused"
LEFT = "left"


@dataclass(frozen=True, slots=True)
class StartOutcome:
    """What was done about one event, and why.

    `outcome` is `started`, `ignored` (no judgement is due), `refused` (not ours) or `left`: a judgement may be due, and
    cannot be started now; the reconciler starts it.
    """

    outcome: str
    reason: str
    execution_arn: str | None = None


def handler(event: object, context: object) -> dict[str, str | None]:
    """Handle one event of the rule.

    An event that can never become valid is refused, not raised: trying it again cannot help. What AWS fails at is
    raised, so that the event is tried again and at last kept in the dead-letter queue. A quota that is used up, or a
    call that is throttled, is no failure: the event's few attempts would be over before it is otherwise.
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
        now=datetime.now(UTC),
    )
    log(outcome.outcome, reason=outcome.reason, execution_arn=outcome.execution_arn, event=event)
    return asdict(outcome)


def start_pipeline(
    event: object,
    *,
    settings: StartPipelineSettings,
    registry: ModelRegistry,
    executions: Executions,
    decisions: DecisionLog,
    seals: Seals,
    now: datetime,
) -> StartOutcome:
    """Start the execution for exactly the version that `event` names, unless none is due.

    Raises:
        AwsError: AWS failed; trying again may help.
    """
    try:
        change = read_event(event, account=settings.account, region=settings.region)
    except (EventRefusedError, ArnError) as error:
        return StartOutcome(REFUSED, str(error))
    if change.not_to_be_judged:
        return StartOutcome(IGNORED, f"{change.model_package_arn}: {change.not_to_be_judged}")
    try:
        return _start_if_due(
            change, JudgementSources(registry, executions, decisions, seals), executions, now
        )
    except AwsThrottledError as error:
        return StartOutcome(LEFT, str(error))


def _start_if_due(
    change: StateChange, sources: JudgementSources, executions: Executions, now: datetime
) -> StartOutcome:
    verdict = look_for_judgement(change.model_package_arn, sources, executions.find, now=now)
    match verdict:
        case Due(package, changed_at):
            execution_arn = executions.start(package.arn, changed_at=changed_at)
            return StartOutcome(STARTED, f"{package.arn} waits for approval", execution_arn)
        case Settled(reason) | Undecided(reason):
            return StartOutcome(IGNORED, f"{change.model_package_arn}: {reason}")
        case Waiting(reason):
            return StartOutcome(LEFT, f"{change.model_package_arn}: {reason}")
        case Failed(package, execution):
            return StartOutcome(LEFT, f"{package.arn}: its execution failed: {execution.arn}")
        case _:
            assert_never(verdict)
