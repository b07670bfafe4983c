"""Evaluation as a Processing step decides the same bytes as evaluation as a Lambda step."""

import json
import sys
import uuid
from typing import Any

import pytest

from pipelines.definition import IMAGE_PYTHON
from tests.e2e.conftest import python_of_aws

pytestmark = pytest.mark.e2e


def start(stack: Any, arn: str) -> str:
    answer = stack.client("sagemaker").start_pipeline_execution(
        PipelineName=stack.outputs["PipelineName"],
        PipelineParameters=[{"Name": "ModelPackageArn", "Value": arn}],
        ClientRequestToken=uuid.uuid4().hex,
    )
    stack.settle()
    return str(answer["PipelineExecutionArn"])


def record_of(stack: Any, arn: str, execution: str) -> str:
    """The bytes of a decision, without what differs from one execution to the next."""
    group, version = arn.split("/")[1:]
    name = execution.rsplit("/", 1)[-1]
    uri = f"s3://{stack.outputs['DecisionsBucket']}/decisions/{group}/{version}/{name}.json"
    content = stack.read(uri).decode()
    record = json.loads(content)
    # Its own field alone: a report may have been written in the very second of the decision.
    decided = f'"decided_at": "{record["decided_at"]}"'
    assert content.count(decided) == 1
    return str(content.replace(execution, "EXECUTION").replace(decided, "CLOCK"))


@pytest.mark.slow
def test_both_ways_of_computing_decide_the_same(
    stack: Any, reports: Any, request: pytest.FixtureRequest
) -> None:
    arn = stack.judged(quality=reports["evaluation"](accuracy=0.7))["ModelPackageArn"]
    (execution,) = stack.executions(arn)
    by_lambda = record_of(stack, arn, execution["PipelineExecutionArn"])

    processing = request.getfixturevalue("processing_stack")
    again = start(processing, arn)
    steps = processing.steps({"PipelineExecutionArn": again})
    assert [(step["StepName"], step["StepStatus"]) for step in steps] == [
        ("EvaluateModelPackage", "Succeeded"),
        ("UpdateModelStatus", "Succeeded"),
    ], steps
    assert "ProcessingJob" in steps[0]["Metadata"]
    assert record_of(processing, arn, again) == by_lambda
    # The function and the job ran under the Python of AWS where this machine has one: a bundle has compiled parts.
    update = processing.client("lambda").get_function_configuration(
        FunctionName=processing.function("UpdateModelStatus")
    )
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert update["Runtime"] == f"python{IMAGE_PYTHON if python_of_aws() else running}"
    # And the whole way from the event on, once each.
    approved = processing.judged()
    pending = processing.judged(quality=processing.source(b"{}", digest="sha256:" + "0" * 64))
    assert approved["ModelApprovalStatus"] == "Approved"
    assert pending["ModelApprovalStatus"] == "PendingManualApproval"
    (failed,) = processing.executions(pending["ModelPackageArn"])
    (step,) = processing.steps(failed)
    assert failed["PipelineExecutionStatus"] == "Failed"
    assert "s3://" in step["FailureReason"]
