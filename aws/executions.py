"""Executions of the governance pipeline: at most one for each change of a model version, found again by its ARN.

The deployed event handler loads this module, so it stays light: the standard library and boto3, nothing else.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aws.arns import ModelPackageArn
from aws.aws_errors import AwsError, AwsNotFoundError, explain_errors

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import PipelineExecutionStepTypeDef

MODEL_PACKAGE_PARAMETER = "ModelPackageArn"
SUCCEEDED = "Succeeded"
_BEGINNING = datetime(2017, 11, 29, tzinfo=UTC)  # no execution is older than SageMaker
FINISHED = frozenset({SUCCEEDED, "Failed", "Stopped", "CompletedWithFailures"})


class PipelineMissingError(AwsNotFoundError):
    """There is no such pipeline in this account and region: nothing will judge anything."""


@dataclass(frozen=True, slots=True)
class PipelineExecution:
    """One execution: its ARN, its status, and why it failed where it did.

    `status` is `Executing`, `Stopping`, `Stopped`, `Failed`, `Succeeded` or `CompletedWithFailures`.
    """

    arn: str
    status: str
    failure_reason: str | None

    @property
    def is_finished(self) -> bool:
        """Whether the status changes no more."""
        return self.status in FINISHED


@dataclass(frozen=True, slots=True)
class ExecutionStep:
    """One step of an execution; `outputs` are those of a Lambda step, which has them once it succeeded.

    `status` is `Starting`, `Executing`, `Stopping`, `Stopped`, `Failed` or `Succeeded`.
    """

    name: str
    status: str
    failure_reason: str | None
    outputs: Mapping[str, str] = field(default_factory=dict)


def request_token(model_package_arn: str, changed_at: str) -> str:
    """The token of the execution for one change of one version: 64 hexadecimal digits (SageMaker takes 32 to 128).

    `changed_at` is the `LastModifiedTime` of the event (its `CreationTime` where it has none), as the event spells
    it. EventBridge delivers a change at least once, and SageMaker may send several events for it; all of them give
    the same token, so that `StartPipelineExecution` starts one execution.
    """
    text = f"{model_package_arn}\n{changed_at}"
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


class PipelineExecutions:
    """The executions of one pipeline, given by its name or ARN."""

    def __init__(self, client: "SageMakerClient", pipeline: str) -> None:
        self._client = client
        self._pipeline = pipeline

    def start(
        self, model_package_arn: str, *, changed_at: str, parameters: Mapping[str, str] | None = None
    ) -> str:
        """Start the execution for one change of one version, or find it started; return its ARN.

        `parameters` are further pipeline parameters beside `ModelPackageArn`.

        Raises:
            ArnError: `model_package_arn` does not name a version in a group.
            AwsError: the execution could not be started.
        """
        version = ModelPackageArn.parse(model_package_arn)
        values = {MODEL_PACKAGE_PARAMETER: model_package_arn, **(parameters or {})}
        with explain_errors("starting the governance pipeline", self._pipeline):
            answer = self._client.start_pipeline_execution(
                PipelineName=self._pipeline,
                PipelineExecutionDisplayName=f"{version.group}-{version.version}",
                PipelineExecutionDescription=model_package_arn,
                PipelineParameters=[{"Name": name, "Value": value} for name, value in values.items()],
                ClientRequestToken=request_token(model_package_arn, changed_at),
            )
            return answer["PipelineExecutionArn"]

    def find(self, model_package_arn: str, *, since: datetime = _BEGINNING) -> PipelineExecution | None:
        """Return the newest execution for a version, or `None` while there is none.

        It is known by its description, which `start` sets to the version's ARN. `since` leaves out executions that
        were created before, so that few of a long history are looked through.

        Raises:
            PipelineMissingError: the pipeline does not exist.
            AwsError: AWS could not be asked.
        """
        try:
            return self._find(model_package_arn, since)
        except AwsError as error:
            if not _is_absence(error):
                raise
            raise PipelineMissingError(
                f"no pipeline {self._pipeline!r} is in the account and region that were asked: deploy the stack there, "
                "or give the name by which it was deployed",
                code=error.code,
            ) from error

    def _find(self, model_package_arn: str, since: datetime) -> PipelineExecution | None:
        pages = self._client.get_paginator("list_pipeline_executions").paginate(
            PipelineName=self._pipeline, CreatedAfter=since, SortBy="CreationTime", SortOrder="Descending"
        )
        with explain_errors("listing the executions of the governance pipeline", self._pipeline):
            for page in pages:
                of_version = [
                    summary
                    for summary in page["PipelineExecutionSummaries"]
                    if summary.get("PipelineExecutionDescription") == model_package_arn
                ]
                if of_version:
                    newest = max(of_version, key=lambda summary: summary["StartTime"])
                    return self.describe(newest["PipelineExecutionArn"])
        return None

    def describe(self, execution_arn: str) -> PipelineExecution:
        """Return the state of an execution."""
        with explain_errors("describing an execution", execution_arn):
            answer = self._client.describe_pipeline_execution(PipelineExecutionArn=execution_arn)
            return PipelineExecution(
                arn=answer["PipelineExecutionArn"],
                status=answer["PipelineExecutionStatus"],
                failure_reason=answer.get("FailureReason") or None,
            )

    def steps(self, execution_arn: str) -> tuple[ExecutionStep, ...]:
        """Return the steps that an execution has begun, in the order in which they started."""
        pages = self._client.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=execution_arn, SortOrder="Ascending"
        )
        with explain_errors("listing the steps of an execution", execution_arn):
            return tuple(_read_step(step) for page in pages for step in page["PipelineExecutionSteps"])


def _is_absence(error: AwsError) -> bool:
    # SageMaker answers ResourceNotFound; where it takes the name for a wrong one, ValidationException.
    said = str(error).lower()
    return isinstance(error, AwsNotFoundError) or (
        error.code == "ValidationException"
        and ("does not exist" in said or "could not find pipeline" in said)
    )


def _read_step(step: "PipelineExecutionStepTypeDef") -> ExecutionStep:
    outputs = step.get("Metadata", {}).get("Lambda", {}).get("OutputParameters", [])
    return ExecutionStep(
        name=step["StepName"],
        status=step["StepStatus"],
        failure_reason=step.get("FailureReason") or None,
        outputs={output["Name"]: output["Value"] for output in outputs},
    )
