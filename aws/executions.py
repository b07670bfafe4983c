"""Executions of the governance pipeline: at most one for each change of a model version, found again by its ARN.

The deployed event handler loads this module, so it stays light: the standard library and boto3, nothing else.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from aws.arns import ModelPackageArn
from aws.aws_errors import AwsError, AwsNotFoundError, explain_errors

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import PipelineExecutionStepTypeDef, PipelineExecutionSummaryTypeDef

MODEL_PACKAGE_PARAMETER = "ModelPackageArn"
SUCCEEDED = "Succeeded"
STOPPED = "Stopped"
_BEGINNING = datetime(2017, 11, 29, tzinfo=UTC)  # no execution is older than SageMaker
FINISHED = frozenset({SUCCEEDED, "Failed", STOPPED, "CompletedWithFailures"})
_CONFLICT = "ConflictException"
_PAGE = 100  # the most that SageMaker lists at once


class PipelineMissingError(AwsNotFoundError):
    """There is no such pipeline in this account and region: nothing will judge anything."""


class PipelineExecution(Struct, frozen=True):
    """One execution: its ARN, its status, why it failed where it did, and when it was started.

    `status` is `Executing`, `Stopping`, `Stopped`, `Failed`, `Succeeded` or `CompletedWithFailures`. `about` is its
    description: the ARN of the version that it judges, where it was started as `PipelineExecutions.start` does.
    """

    arn: str
    status: str
    failure_reason: str | None
    started: datetime = _BEGINNING
    about: str | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the status changes no more."""
        return self.status in FINISHED


class ExecutionStep(Struct, frozen=True):
    """One step of an execution; `outputs` are those of a Lambda step, which has them once it succeeded.

    `status` is `Starting`, `Executing`, `Stopping`, `Stopped`, `Failed` or `Succeeded`.
    """

    name: str
    status: str
    failure_reason: str | None
    outputs: Mapping[str, str] = field(default_factory=dict)


def request_token(model_package_arn: str, changed_at: datetime) -> str:
    """The token of the execution for one change of one version: 64 hexadecimal digits (SageMaker takes 32 to 128).

    `changed_at` is the time of the change as `DescribeModelPackage` tells it; milliseconds count, and no smaller part,
    nor the time zone that it is given in. EventBridge delivers a change at least once, SageMaker may send several
    events for it, and the reconciler finds it too; all of them give the same token, so that `StartPipelineExecution`
    starts one execution.
    """
    moment = changed_at.astimezone(UTC).isoformat(timespec="milliseconds")
    text = f"{model_package_arn}\n{moment}"
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


class Executions(Protocol):
    """The executions of one pipeline: `PipelineExecutions` are those of SageMaker."""

    def start(self, model_package_arn: str, *, changed_at: datetime) -> str | None:
        """Start the execution for one change of one version, or find it started; return its ARN where it is said.

        Raises:
            ArnError: `model_package_arn` does not name a version in a group.
            AwsThrottledError: the quota is used up, or AWS asks to slow down.
            AwsError: the execution could not be started.
        """
        ...

    def retry(self, execution_arn: str, *, at: datetime) -> None:
        """Run the steps of a failed execution that did not succeed once more, within the same execution.

        Asked twice within the same minute, `at`, it is one retry.

        Raises:
            AwsThrottledError: the quota is used up, or AWS asks to slow down.
            AwsError: it could not be retried.
        """
        ...

    def find(self, model_package_arn: str, *, since: datetime) -> PipelineExecution | None:
        """Return the newest execution for a version that was started after `since`, or `None` while there is none."""
        ...

    def newest_by_version(self, *, since: datetime) -> Mapping[str, PipelineExecution]:
        """Return the newest execution of each version, by the version's ARN, of those started after `since`."""
        ...

    def describe(self, execution_arn: str) -> PipelineExecution:
        """Return the state of an execution.

        Raises:
            AwsNotFoundError: there is no such execution.
        """
        ...

    def steps(self, execution_arn: str) -> tuple[ExecutionStep, ...]:
        """Return the steps that an execution has begun, in the order in which they started."""
        ...


class PipelineExecutions:
    """The executions of one pipeline, given by its name or ARN."""

    def __init__(self, client: "SageMakerClient", pipeline: str) -> None:
        self._client = client
        self._pipeline = pipeline

    def start(
        self, model_package_arn: str, *, changed_at: datetime, parameters: Mapping[str, str] | None = None
    ) -> str | None:
        """Start the execution for one change of one version, or find it started; return its ARN.

        `parameters` are further pipeline parameters beside `ModelPackageArn`. What SageMaker answers to a token that
        it has seen is published nowhere: the execution of then, or a conflict. Both mean that it was started before;
        a conflict does not say which execution it was, and `None` is returned.

        Raises:
            ArnError: `model_package_arn` does not name a version in a group.
            AwsError: the execution could not be started.
        """
        version = ModelPackageArn.parse(model_package_arn)
        values = {MODEL_PACKAGE_PARAMETER: model_package_arn, **(parameters or {})}
        try:
            with explain_errors("starting the governance pipeline", self._pipeline):
                answer = self._client.start_pipeline_execution(
                    PipelineName=self._pipeline,
                    PipelineExecutionDisplayName=f"{version.group}-{version.version}",
                    PipelineExecutionDescription=model_package_arn,
                    PipelineParameters=[{"Name": name, "Value": value} for name, value in values.items()],
                    ClientRequestToken=request_token(model_package_arn, changed_at),
                )
                return answer["PipelineExecutionArn"]
        except AwsError as error:
            if error.code != _CONFLICT:
                raise
            return None

    def retry(self, execution_arn: str, *, at: datetime) -> None:
        """Run the steps of a failed execution that did not succeed once more, within the same execution.

        Asked twice within the same minute, `at`, it is one retry.

        Raises:
            AwsError: it could not be retried: it is running, say, or as many run as the account may have.
        """
        minute = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
        with explain_errors("retrying an execution", execution_arn):
            self._client.retry_pipeline_execution(
                PipelineExecutionArn=execution_arn,
                ClientRequestToken=hashlib.sha256(f"{execution_arn}\n{minute}".encode()).hexdigest(),
            )

    def newest_by_version(self, *, since: datetime) -> Mapping[str, PipelineExecution]:
        """Return the newest execution of each version, by the version's ARN, of those started after `since`.

        Raises:
            PipelineMissingError: the pipeline does not exist.
            AwsError: AWS could not be asked.
        """
        newest: dict[str, PipelineExecution] = {}
        with self._telling_when_missing():
            for execution in self._listed(since):
                if execution.about is not None:
                    newest.setdefault(execution.about, execution)
        return newest

    def find(self, model_package_arn: str, *, since: datetime = _BEGINNING) -> PipelineExecution | None:
        """Return the newest execution for a version, or `None` while there is none.

        It is known by its description, which `start` sets to the version's ARN. `since` leaves out executions that
        were created before, so that few of a long history are looked through.

        Raises:
            PipelineMissingError: the pipeline does not exist.
            AwsError: AWS could not be asked.
        """
        with self._telling_when_missing():
            for execution in self._listed(since):
                if execution.about == model_package_arn:
                    return self.describe(execution.arn)
        return None

    def _listed(self, since: datetime) -> Iterator[PipelineExecution]:
        """Yield the executions that were started after `since`, newest first, page by page."""
        pages = self._client.get_paginator("list_pipeline_executions").paginate(
            PipelineName=self._pipeline,
            CreatedAfter=since,
            SortBy="CreationTime",
            SortOrder="Descending",
            PaginationConfig={"PageSize": _PAGE},
        )
        with explain_errors("listing the executions of the governance pipeline", self._pipeline):
            for page in pages:
                found = [_read_summary(summary) for summary in page["PipelineExecutionSummaries"]]
                yield from sorted(found, key=lambda execution: execution.started, reverse=True)

    @contextmanager
    def _telling_when_missing(self) -> Iterator[None]:
        try:
            yield
        except AwsError as error:
            if not _is_absence(error):
                raise
            raise PipelineMissingError(
                f"no pipeline {self._pipeline!r} is in the account and region that were asked: deploy the stack there, "
                "or give the name by which it was deployed",
                code=error.code,
            ) from error

    def describe(self, execution_arn: str) -> PipelineExecution:
        """Return the state of an execution."""
        with explain_errors("describing an execution", execution_arn):
            answer = self._client.describe_pipeline_execution(PipelineExecutionArn=execution_arn)
            return PipelineExecution(
                arn=answer["PipelineExecutionArn"],
                status=answer["PipelineExecutionStatus"],
                failure_reason=answer.get("FailureReason") or None,
                started=answer["CreationTime"],
                about=answer.get("PipelineExecutionDescription"),
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


def _read_summary(summary: "PipelineExecutionSummaryTypeDef") -> PipelineExecution:
    return PipelineExecution(
        arn=summary["PipelineExecutionArn"],
        status=summary["PipelineExecutionStatus"],
        failure_reason=summary.get("PipelineExecutionFailureReason") or None,
        started=summary["StartTime"],
        about=summary.get("PipelineExecutionDescription"),
    )


def _read_step(step: "PipelineExecutionStepTypeDef") -> ExecutionStep:
    outputs = step.get("Metadata", {}).get("Lambda", {}).get("OutputParameters", [])
    return ExecutionStep(
        name=step["StepName"],
        status=step["StepStatus"],
        failure_reason=step.get("FailureReason") or None,
        outputs={output["Name"]: output["Value"] for output in outputs},
    )
