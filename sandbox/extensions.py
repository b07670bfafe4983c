"""Puts the sandbox's behaviour into moto: each function here replaces one thing that moto leaves out.

It is meant for a process that is nothing but the embedded AWS: moto's classes are changed for good.
"""

import base64
import copy
import json
import threading
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.core.responses import ActionResult, EmptyResult
from moto.events.models import Rule
from moto.iam.models import IAMBackend
from moto.sagemaker.models import SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemaker.utils import get_pipeline_execution_from_arn, get_pipeline_from_name
from moto.utilities.utils import get_partition
from msgspec import Struct

from sandbox import (
    accounts,
    buses,
    cloudformation,
    execution_calls,
    model_package_fields,
    object_copies,
    quotas,
    served_endpoints,
    shared_groups,
)
from sandbox.bedrock import agent_calls, runtime_calls
from sandbox.bedrock.served_models import ServedModels
from sandbox.buses import timestamp
from sandbox.conditional_writes import serialise_conditional_writes
from sandbox.delivery import Delivery, serves
from sandbox.embedded_registry import EmbeddedRegistry, calling
from sandbox.events import EventLog
from sandbox.execution_runner import PipelineEngine
from sandbox.faults import ActiveFaults
from sandbox.functions import FunctionHost
from sandbox.iam import enforcement
from sandbox.quick_dispatch import dispatch_quickly
from sandbox.served_endpoints import ServedEndpoints
from sandbox.tasks import BackgroundTasks

LOG_TAIL = 4096


class Parts(Struct, frozen=True):
    """The parts of the embedded AWS that moto's classes call."""

    functions: FunctionHost
    delivery: Delivery
    registry: EmbeddedRegistry
    engine: PipelineEngine
    tasks: BackgroundTasks
    log: EventLog
    faults: ActiveFaults
    models: ServedModels
    endpoints: ServedEndpoints


def install(parts: Parts, region: str) -> None:
    """Extend moto in this process, for what is deployed to a region."""
    dispatch_quickly()
    _have_managed_policies_in(get_partition(region))
    accounts.install()
    cloudformation.install()
    enforcement.install()
    shared_groups.install()
    buses.install()
    object_copies.install()
    serialise_conditional_writes()
    runtime_calls.install(parts.models)
    agent_calls.install(parts.models, parts.tasks)
    served_endpoints.install(parts.endpoints)
    _invoke_functions(parts)
    _deliver_to_targets(parts)
    _keep_model_packages(parts)
    _execute_pipelines(parts)
    execution_calls.install(parts.engine, parts.tasks, parts.faults)
    _list_steps()


def _have_managed_policies_in(partition: str) -> None:
    """Have AWS's 1,500 policies in one partition alone, read once: moto looks for who calls in each of an account."""
    read_policies = IAMBackend._init_aws_policies
    read: list[Any] = []

    def init_aws_policies(self: Any) -> list[Any]:
        if self.partition != partition:
            return []
        if not read:
            read.extend(read_policies(self))
        # Each account counts for itself what it attaches a policy to.
        return [_policy_of_account(policy, self.account_id) for policy in read]

    IAMBackend._init_aws_policies = init_aws_policies


def _policy_of_account(policy: Any, account: str) -> Any:
    own = copy.copy(policy)
    own.account_id = account
    return own


def _invoke_functions(parts: Parts) -> None:
    def invoke(self: Any, body: Any, request_headers: Any, response_headers: dict[str, str]) -> bytes:
        event = json.loads(body or "{}")
        kind = request_headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "Event":
            parts.delivery.invoke_later(self, event)
        if kind != "RequestResponse":
            return b""
        invocation = parts.functions.invoke(self, event)
        if invocation.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        response_headers["x-amz-log-result"] = base64.b64encode(invocation.log.encode()[-LOG_TAIL:]).decode()
        return invocation.payload.encode()

    LambdaFunction.invoke = invoke


def _deliver_to_targets(parts: Parts) -> None:
    send = Rule.send_to_targets

    def send_to_targets(self: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:
        if self.state != "ENABLED":
            return
        # A rule without a pattern has a schedule; moto takes it for one that matches every event.
        if not self.event_pattern.dump() or not self.event_pattern.matches_event(original_event):
            return
        # Each rule has a copy of its own: moto's targets write into what they get.
        original_event = copy.deepcopy(original_event)
        event = {name: value for name, value in original_event.items() if name != "ingestion-time"}
        event["time"] = timestamp(datetime.fromtimestamp(original_event["time"], UTC))
        others = []
        for target in self.targets:
            if serves(target):
                parts.delivery.to_target(self, target, event)
            else:
                others.append(target)
        if others:
            send(_RuleFor(self, others), original_event, transform_input)

    Rule.send_to_targets = send_to_targets


class _RuleFor:
    """A rule with only some of its targets, as moto's own delivery looks at it."""

    def __init__(self, rule: Any, targets: list[Any]) -> None:
        self._rule = rule
        self.targets = targets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rule, name)


def _keep_model_packages(parts: Parts) -> None:
    registry = parts.registry
    answer_create = SageMakerResponse.create_model_package
    answer_update = SageMakerResponse.update_model_package

    # moto asks the response class first, which alone sees who calls, then the backend, which keeps the packages.
    def create_model_package_of_caller(self: Any) -> ActionResult:
        with (
            calling(self.sagemaker_backend, self.headers),
            model_package_fields.registering(self._get_param),
        ):
            return answer_create(self)

    def update_model_package_of_caller(self: Any) -> ActionResult:
        with calling(self.sagemaker_backend, self.headers):
            return answer_update(self)

    def create_model_package(self: Any, **arguments: Any) -> str:
        return registry.create(self, **arguments)

    def update_model_package(self: Any, **arguments: Any) -> str:
        return registry.update(self, **arguments)

    def delete_model_package(self: Any) -> EmptyResult:
        registry.delete(self.sagemaker_backend, self._get_param("ModelPackageName"))
        return EmptyResult()

    def delete_model_package_group(self: Any) -> EmptyResult:
        registry.delete_group(self.sagemaker_backend, self._get_param("ModelPackageGroupName"))
        return EmptyResult()

    model_package_fields.install()
    SageMakerResponse.create_model_package = create_model_package_of_caller
    SageMakerResponse.update_model_package = update_model_package_of_caller
    SageMakerModelBackend.create_model_package = create_model_package
    SageMakerModelBackend.update_model_package = update_model_package
    SageMakerResponse.delete_model_package = delete_model_package
    SageMakerResponse.delete_model_package_group = delete_model_package_group


def _execute_pipelines(parts: Parts) -> None:
    create = SageMakerModelBackend.start_pipeline_execution
    describe = SageMakerModelBackend.describe_pipeline_execution
    lock = threading.Lock()

    # moto hands over, by position: pipeline, display name, parameters, description, parallelism, token.
    def start_pipeline_execution(self: Any, pipeline_name_or_arn: str, *details: Any) -> dict[str, str]:
        pipeline_name, token = pipeline_name_or_arn.rsplit("/", 1)[-1], details[-1]
        pipeline = get_pipeline_from_name(self.pipelines, pipeline_name)
        with lock:
            for arn, execution in pipeline.pipeline_executions.items():
                if token and execution.client_request_token == token:
                    quotas.refuse_repeated_token(arn, parts.faults)
                    return {"PipelineExecutionArn": arn}
            quotas.refuse_above_quota(self, parts.faults)
            answer: dict[str, str] = create(self, pipeline_name, *details)
            execution = pipeline.pipeline_executions[answer["PipelineExecutionArn"]]
            try:
                parts.engine.prepare(execution)
            except Exception:
                del pipeline.pipeline_executions[execution.arn]
                raise
        parts.tasks.start(f"execution {execution.arn}", parts.engine.run, pipeline, execution)
        return answer

    def describe_pipeline_execution(self: Any, pipeline_execution_arn: str) -> dict[str, Any]:
        answer: dict[str, Any] = describe(self, pipeline_execution_arn)
        execution = get_pipeline_execution_from_arn(self.pipelines, pipeline_execution_arn)
        return answer | {"FailureReason": execution.pipeline_execution_failure_reason}

    SageMakerModelBackend.start_pipeline_execution = start_pipeline_execution
    SageMakerModelBackend.describe_pipeline_execution = describe_pipeline_execution


def _list_steps() -> None:
    def list_pipeline_execution_steps(self: Any) -> ActionResult:
        arn = self._get_param("PipelineExecutionArn")
        execution = get_pipeline_execution_from_arn(self.sagemaker_backend.pipelines, arn)
        steps = [step.describe() for step in execution.steps]
        if self._get_param("SortOrder", "Descending") == "Descending":
            steps.reverse()
        return ActionResult({"PipelineExecutionSteps": steps})

    SageMakerResponse.list_pipeline_execution_steps = list_pipeline_execution_steps
