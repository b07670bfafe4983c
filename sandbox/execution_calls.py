"""Calls about executions that moto lacks or answers in part: listing by time, in order and by pages, and retries."""

from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemaker.utils import get_pipeline_execution_from_arn, get_pipeline_from_name
from moto.utilities.arns import parse_arn

from sandbox.execution_runner import PipelineEngine
from sandbox.faults import ActiveFaults
from sandbox.quotas import refuse_above_quota
from sandbox.tasks import BackgroundTasks

DEFAULT_PAGE = 10


def install(engine: PipelineEngine, tasks: BackgroundTasks, faults: ActiveFaults) -> None:
    """Extend moto in this process."""

    def list_pipeline_executions(self: Any) -> ActionResult:
        name = self._get_param("PipelineName").rsplit("/", 1)[-1]
        pipeline = get_pipeline_from_name(self.sagemaker_backend.pipelines, name)
        after, before = self._get_param("CreatedAfter"), self._get_param("CreatedBefore")
        found = [
            execution
            for execution in list(pipeline.pipeline_executions.values())
            if (after is None or _aware(execution.start_time) > _aware(after))
            and (before is None or _aware(execution.start_time) < _aware(before))
        ]
        # Those of one moment stay in the order in which they were started.
        found.sort(key=lambda execution: _aware(execution.start_time))
        if self._get_param("SortOrder", "Descending") == "Descending":
            found.reverse()
        first = int(self._get_param("NextToken") or 0)
        end = first + int(self._get_param("MaxResults") or DEFAULT_PAGE)
        answer: dict[str, Any] = {
            "PipelineExecutionSummaries": [_summary(execution) for execution in found[first:end]]
        }
        if end < len(found):
            answer["NextToken"] = str(end)
        return ActionResult(answer)

    def retry_pipeline_execution(self: Any) -> ActionResult:
        arn = self._get_param("PipelineExecutionArn")
        pipelines = self.sagemaker_backend.pipelines
        execution = get_pipeline_execution_from_arn(pipelines, arn)
        pipeline = get_pipeline_from_name(pipelines, parse_arn(arn).resource_id.split("/", 1)[0])
        if execution.pipeline_execution_status not in ("Failed", "Stopped"):
            raise ValidationError(f"Pipeline execution {arn} is {execution.pipeline_execution_status}")
        refuse_above_quota(self.sagemaker_backend, faults)
        execution.pipeline_execution_status = "Executing"
        tasks.start(f"execution {arn}", engine.run, pipeline, execution)
        return ActionResult({"PipelineExecutionArn": arn})

    SageMakerResponse.list_pipeline_executions = list_pipeline_executions
    SageMakerResponse.retry_pipeline_execution = retry_pipeline_execution


def _summary(execution: Any) -> dict[str, Any]:
    optional = {
        "PipelineExecutionDescription": execution.pipeline_execution_description,
        "PipelineExecutionDisplayName": execution.pipeline_execution_display_name,
        "PipelineExecutionFailureReason": execution.pipeline_execution_failure_reason,
    }
    return {
        "PipelineExecutionArn": execution.arn,
        "StartTime": execution.start_time,
        "PipelineExecutionStatus": execution.pipeline_execution_status,
        **{name: value for name, value in optional.items() if value},
    }


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
