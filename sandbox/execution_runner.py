"""Executes a deployed pipeline definition: its steps in order, their outputs and failures, and their events."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.utilities.arns import parse_arn
from msgspec import Struct, field

from sandbox import buses, events
from sandbox.expressions import ExpressionError, Scope, depends_on
from sandbox.functions import FunctionHost
from sandbox.iam.calls import Call, call_about
from sandbox.iam.enforcement import AccessRefusedError, authorize_role
from sandbox.networks import NetworkError, join_as_job, mount_volume
from sandbox.processing import ProcessingError, ProcessingHost, job_name, read_object

STEPS_FAILED = "Step failure: One or multiple steps failed."
MAX_OUTPUT_LENGTH = 1024
_CASTS: dict[str, Callable[[Any], Any]] = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": lambda value: str(value).lower() == "true",
}


class StepError(Exception):
    """A step failed; the message is its `FailureReason`."""


class StepRun(Struct):
    """One step of an execution, as `ListPipelineExecutionSteps` tells it."""

    name: str
    kind: str
    definition: Mapping[str, Any]
    started: datetime = field(default_factory=utcnow)
    ended: datetime | None = None
    status: str = "Starting"
    failure: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    attempts: int = 1
    properties: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Return the step as the API answers it."""
        optional = {
            "StepDisplayName": self.definition.get("DisplayName"),
            "StepDescription": self.definition.get("Description"),
            "EndTime": self.ended,
            "FailureReason": self.failure,
            "Metadata": self.metadata or None,
        }
        return {
            "StepName": self.name,
            "StartTime": self.started,
            "StepStatus": self.status,
            "AttemptCount": self.attempts,
            **{name: value for name, value in optional.items() if value is not None},
        }


class PipelineEngine:
    """Runs the executions of moto's pipelines.

    Args:
        functions: runs Lambda steps.
        processing: runs Processing steps.
        log: sends the events of executions and steps.
    """

    def __init__(self, functions: FunctionHost, processing: ProcessingHost, log: events.EventLog) -> None:
        self._functions = functions
        self._processing = processing
        self._log = log

    def prepare(self, execution: Any) -> None:
        """Check an execution that moto has just made, before it is answered for.

        Raises:
            ValidationError: a parameter is unknown, or one without default is missing.
        """
        definition = json.loads(execution.pipeline_definition_for_execution)
        declared = {parameter["Name"]: parameter for parameter in definition.get("Parameters", [])}
        given = {parameter["Name"] for parameter in execution.pipeline_parameters or []}
        unknown = sorted(given - declared.keys())
        if unknown:
            raise ValidationError(f"Unknown pipeline parameters: {', '.join(unknown)}")
        required = {name for name, parameter in declared.items() if "DefaultValue" not in parameter}
        missing = sorted(required - given)
        if missing:
            raise ValidationError(
                f"Pipeline parameters without default value must be given: {', '.join(missing)}"
            )
        execution.pipeline_execution_status = "Executing"
        execution.steps = list[Any]()

    def run(self, pipeline: Any, execution: Any) -> None:
        """Run every step of the execution that has not succeeded yet, and settle its status."""
        definition = json.loads(execution.pipeline_definition_for_execution)
        self._announce(pipeline, execution, previous=None)
        scope = _make_scope(pipeline, execution, definition)
        failed = False
        for step in _sort_steps(definition["Steps"]):
            earlier = next((run for run in execution.steps if run.name == step["Name"]), None)
            if earlier is not None and earlier.status == "Succeeded":
                scope.steps[earlier.name] = earlier.properties
                continue
            run = StepRun(name=step["Name"], kind=step["Type"], definition=step)
            if earlier is not None:
                run.attempts = earlier.attempts + 1
                execution.steps.remove(earlier)
            execution.steps.append(run)
            failed = not self._run_step(pipeline, execution, scope, run)
            if failed:
                break
        execution.pipeline_execution_failure_reason = STEPS_FAILED if failed else None
        execution.last_modified_time = utcnow()
        execution.pipeline_execution_status = "Failed" if failed else "Succeeded"
        self._announce(pipeline, execution, previous="Executing")

    def _run_step(self, pipeline: Any, execution: Any, scope: Scope, run: StepRun) -> bool:
        self._announce_step(pipeline, execution, run, previous=None)
        self._change(pipeline, execution, run, "Executing")
        try:
            run.properties = scope.steps[run.name] = self._properties(pipeline, execution, scope, run)
        except (StepError, ExpressionError, ProcessingError, NetworkError, AccessRefusedError) as error:
            run.failure = f"ClientError: {error}"[:MAX_OUTPUT_LENGTH]
        run.ended = utcnow()
        self._change(pipeline, execution, run, "Failed" if run.failure else "Succeeded")
        return run.failure is None

    def _properties(self, pipeline: Any, execution: Any, scope: Scope, run: StepRun) -> dict[str, Any]:
        """Run the step and return the properties that later steps may refer to."""
        match run.kind:
            case "Lambda":
                return self._run_lambda(pipeline, scope, run)
            case "Processing":
                return self._run_processing(pipeline, execution, scope, run)
            case kind:
                raise StepError(f"the sandbox does not run steps of the type {kind}")

    def _run_lambda(self, pipeline: Any, scope: Scope, run: StepRun) -> dict[str, Any]:
        function_arn = str(scope.resolve(run.definition["FunctionArn"]))
        arn = parse_arn(function_arn)
        run.metadata = {"Lambda": {"Arn": function_arn, "OutputParameters": []}}
        try:
            function = lambda_backends[arn.account][arn.region].get_function(function_arn)
        except UnknownFunctionException as error:
            raise StepError(f"the function {function_arn} does not exist") from error
        authorize_role(pipeline.role_arn, call_about(function_arn, "Invoke", "FunctionName"))
        invocation = self._functions.invoke(function, scope.resolve(run.definition.get("Arguments", {})))
        if invocation.failed:
            raise StepError(f"the function {function.function_name} failed: {invocation.error}")
        outputs = _take_outputs(json.loads(invocation.payload), run.definition.get("OutputParameters", []))
        run.metadata["Lambda"]["OutputParameters"] = [
            {"Name": name, "Value": str(value)} for name, value in outputs.items()
        ]
        return {"OutputParameters": outputs}

    def _run_processing(self, pipeline: Any, execution: Any, scope: Scope, run: StepRun) -> dict[str, Any]:
        arn = parse_arn(execution.arn)
        name = job_name(execution.arn.rsplit("/", 1)[-1], run.name)
        run.metadata = {
            "ProcessingJob": {"Arn": f"arn:aws:sagemaker:{arn.region}:{arn.account}:processing-job/{name}"}
        }
        request = scope.resolve(run.definition["Arguments"])
        create = Call(
            "sagemaker", "CreateProcessingJob", {"ProcessingJobName": name}, arn.account, arn.region
        )
        authorize_role(pipeline.role_arn, create)
        authorize_role(
            pipeline.role_arn,
            call_about(request["RoleArn"], "PassRole", "RoleArn"),
            {"iam:passedtoservice": ["sagemaker.amazonaws.com"]},
        )
        mount_volume(request, pipeline.role_arn)
        join_as_job(request, arn.account, arn.region)
        return self._processing.run(name, request, arn.account, arn.region)

    def _change(self, pipeline: Any, execution: Any, run: StepRun, status: str) -> None:
        previous, run.status = run.status, status
        self._announce_step(pipeline, execution, run, previous=previous)

    def _announce(self, pipeline: Any, execution: Any, *, previous: str | None) -> None:
        detail = {
            "pipelineExecutionDescription": execution.pipeline_execution_description,
            "pipelineExecutionDisplayName": execution.pipeline_execution_display_name,
            "currentPipelineExecutionStatus": execution.pipeline_execution_status,
            "previousPipelineExecutionStatus": previous,
            "executionStartTime": buses.timestamp(execution.start_time),
            "executionEndTime": buses.timestamp(execution.last_modified_time) if previous else None,
        }
        self._publish(events.EXECUTION, pipeline, execution, detail)

    def _announce_step(self, pipeline: Any, execution: Any, run: StepRun, *, previous: str | None) -> None:
        detail = {
            "metadata": _to_camel_case(run.metadata),
            "stepStartTime": buses.timestamp(run.started),
            "stepEndTime": buses.timestamp(run.ended) if run.ended else None,
            "stepName": run.name,
            "stepType": run.kind,
            "previousStepStatus": previous,
            "currentStepStatus": run.status,
            "failureReason": run.failure,
        }
        self._publish(events.STEP, pipeline, execution, detail)

    def _publish(self, detail_type: str, pipeline: Any, execution: Any, detail: Mapping[str, Any]) -> None:
        arn = parse_arn(execution.arn)
        stated = {name: value for name, value in detail.items() if value is not None}
        self._log.publish(
            detail_type,
            stated | {"pipelineArn": pipeline.arn, "pipelineExecutionArn": execution.arn},
            resources=[pipeline.arn, execution.arn],
            account=arn.account,
            region=arn.region,
        )


def _make_scope(pipeline: Any, execution: Any, definition: Mapping[str, Any]) -> Scope:
    given = {parameter["Name"]: parameter["Value"] for parameter in execution.pipeline_parameters or []}
    parameters = {
        parameter["Name"]: _CASTS[parameter["Type"]](
            given.get(parameter["Name"], parameter.get("DefaultValue"))
        )
        for parameter in definition.get("Parameters", [])
    }
    steps = {step["Name"]: step for step in definition["Steps"]}
    account = parse_arn(execution.arn).account
    scope = Scope(
        parameters=parameters,
        execution={
            "PipelineName": pipeline.pipeline_name,
            "PipelineArn": pipeline.arn,
            "PipelineExecutionId": execution.arn.rsplit("/", 1)[-1],
            "PipelineExecutionArn": execution.arn,
            "StartDateTime": buses.timestamp(execution.start_time),
            "CurrentDateTime": buses.timestamp(utcnow()),
        },
        read_property_file=lambda step, name: _property_file(scope, steps[step], name, account),
    )
    return scope


def _property_file(scope: Scope, step: Mapping[str, Any], name: str, account: str) -> str:
    """Return the text of a property file, which a step's job has left in one of its outputs."""
    for file in step.get("PropertyFiles", []):
        if file["PropertyFileName"] == name:
            for output in scope.steps[step["Name"]]["ProcessingOutputConfig"]["Outputs"]:
                if output["OutputName"] == file["OutputName"]:
                    return read_object(
                        f"{output['S3Output']['S3Uri'].rstrip('/')}/{file['FilePath']}", account
                    )
    raise ExpressionError(f"the step {step['Name']} has no property file {name!r}")


def _sort_steps(steps: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the steps so that each comes after those it depends on or refers to; otherwise in their own order."""
    waiting = {step["Name"]: step for step in steps}
    while waiting:
        for step in waiting.values():
            needed = set(step.get("DependsOn", [])) | depends_on(step.get("Arguments", {}))
            if not needed & waiting.keys():
                break
        else:
            # AWS refuses such a definition; so does the deployment, before this is reached.
            raise ValidationError(f"The steps {', '.join(waiting)} depend on one another")
        yield waiting.pop(step["Name"])


def _take_outputs(result: Any, declared: list[Mapping[str, str]]) -> dict[str, Any]:
    """Take the declared outputs out of a function's result."""
    if not isinstance(result, dict):
        raise StepError(
            f"a Lambda step's function must return an object, this one returned {type(result).__name__}"
        )
    outputs = {}
    for output in declared:
        name = output["OutputName"]
        if name not in result:
            raise StepError(f"the function's result lacks the output {name!r}")
        value = result[name]
        if len(str(value)) > MAX_OUTPUT_LENGTH:
            raise StepError(f"the output {name!r} is longer than {MAX_OUTPUT_LENGTH} characters")
        outputs[name] = value
    return outputs


def _to_camel_case(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step's metadata as the events spell it: keys begin with a small letter."""
    return {
        name[0].lower() + name[1:]: _to_camel_case(value) if isinstance(value, Mapping) else value
        for name, value in metadata.items()
        if name != "OutputParameters"
    }
