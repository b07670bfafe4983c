"""Starts the pipeline for a version that waits for approval, where its group is governed.

Beside boto3 it loads what reads threshold files, and no more.
"""

import os
from datetime import UTC, datetime
from typing import assert_never

from msgspec import Struct
from msgspec.structs import asdict

from aws.arns import ArnError
from aws.aws_errors import AwsThrottledError
from aws.clients import kms_client, s3_client, sagemaker_client
from aws.decision_log import DecisionLog, S3DecisionLog
from aws.executions import Executions, PipelineExecutions
from aws.model_registry import ModelRegistry, SageMakerModelRegistry
from aws.record_seals import KmsSeals, Seals
from lambdas.model_package_event import EventRefusedError, StateChange, read_event
from pipelines.due_judgements import (
    Arrivals,
    Due,
    Failed,
    JudgementSources,
    Settled,
    Undecided,
    Ungoverned,
    Waiting,
    WaitingForEvidence,
    look_for_judgement,
)
from pipelines.governed_groups import GovernedGroups
from pipelines.json_log import LEFT_STARTS, UNGOVERNED_VERSIONS, counted, log
from pipelines.model_account_sources import arrivals_of, list_groups_elsewhere
from pipelines.step_settings import DECISIONS_FOLDER, StartPipelineSettings, from_environment
from pipelines.threshold_sources import thresholds_in_force

STARTED = "started"
IGNORED = "ignored"
UNGOVERNED = "ungoverned"
REFUSED = "refused"
PUT_OFF = "put off"
LEFT = "left"
# What is counted of the outcomes; people have to act on none of it, so that no alarm is raised for it.
METRICS = {UNGOVERNED: UNGOVERNED_VERSIONS, PUT_OFF: LEFT_STARTS}


class StartOutcome(Struct, frozen=True):
    """What was done about one event, and why.

    `outcome` is `started`, `ignored` (no judgement is due), `ungoverned` (its group is left alone), `refused` (not
    ours), `put off` (AWS refuses for now: a quota or a throttle) or `left`: a judgement may be due, and its version or
    execution is not ready for it. What is put off or left is the reconciler's.
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
        governed=GovernedGroups(
            thresholds_in_force(settings.thresholds_bucket),
            settings.ungoverned_groups,
            settings.model_package_groups.split(","),
        ),
        decisions=S3DecisionLog(s3_client(), f"s3://{settings.decisions_bucket}/{DECISIONS_FOLDER}"),
        seals=KmsSeals(kms_client(), settings.seal_key),
        arrivals=arrivals_of(settings),
        now=datetime.now(UTC),
    )
    metric = METRICS.get(outcome.outcome)
    figures = {} if metric is None else counted(metric, pipeline=settings.pipeline_name)
    log(outcome.outcome, reason=outcome.reason, execution_arn=outcome.execution_arn, event=event, **figures)
    return asdict(outcome)


def start_pipeline(
    event: object,
    *,
    settings: StartPipelineSettings,
    registry: ModelRegistry,
    executions: Executions,
    governed: GovernedGroups,
    decisions: DecisionLog,
    seals: Seals,
    now: datetime,
    arrivals: Arrivals | None = None,
) -> StartOutcome:
    """Start the execution for exactly the version that `event` names, unless none is due.

    Raises:
        BrokenThresholdsError: a threshold file cannot be read, so that it is not known whether the group is governed.
        AwsError: AWS failed; trying again may help.
    """
    try:
        elsewhere = list_groups_elsewhere(settings)
        change = read_event(event, account=settings.account, region=settings.region, elsewhere=elsewhere)
    except (EventRefusedError, ArnError) as error:
        return StartOutcome(REFUSED, str(error))
    if change.not_to_be_judged:
        return StartOutcome(IGNORED, f"{change.model_package_arn}: {change.not_to_be_judged}")
    try:
        sources = JudgementSources(registry, executions, decisions, seals, governed, elsewhere, arrivals)
        return _start_if_due(change, sources, executions, now)
    except AwsThrottledError as error:
        return StartOutcome(PUT_OFF, str(error))


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
        case Ungoverned(reason):
            return StartOutcome(UNGOVERNED, f"{change.model_package_arn}: {reason}")
        case Waiting(reason):
            return StartOutcome(LEFT, f"{change.model_package_arn}: {reason}")
        case WaitingForEvidence():
            return StartOutcome(LEFT, f"{change.model_package_arn}: {verdict.reason}")
        case Failed(package, execution):
            return StartOutcome(LEFT, f"{package.arn}: its execution failed: {execution.arn}")
        case _:
            assert_never(verdict)
