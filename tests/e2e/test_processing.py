"""Evaluation as a Processing step decides the same bytes as evaluation as a Lambda step."""

import json
import sys
import uuid
from typing import Any

import pytest

from pipelines.definition import IMAGE_PYTHON
from tests.e2e.conftest import python_of_aws

pytestmark = pytest.mark.e2e


def start(stack: Any, arn: str, **parameters: str) -> str:
    given = {"ModelPackageArn": arn, **parameters}
    answer = stack.client("sagemaker").start_pipeline_execution(
        PipelineName=stack.outputs["PipelineName"],
        PipelineParameters=[{"Name": name, "Value": value} for name, value in given.items()],
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
    assert_figures_are_computed_again(processing, pending["ModelPackageArn"].split("/")[1])


def assert_figures_are_computed_again(stack: Any, group: str) -> None:
    """Thresholds on trial that ask to verify: a fabricated figure does not come out of the items beside it."""
    document = {
        "text_to_sql_metrics": {"execution_accuracy": {"value": 0.95, "samples": 20}},
        "provenance": {"scorer": {"kind": "text_to_sql"}, "run": uuid.uuid4().hex},
    }
    report = stack.source(json.dumps(document).encode())
    bucket, _, key = report["S3Uri"].removeprefix("s3://").partition("/")
    lines = [
        {"id": number, "verdict": "correct" if number < 10 else "wrong_result", "correct": number < 10}
        for number in range(20)
    ]
    items = key.replace("report.json", "results.jsonl")
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    stack.client("s3").put_object(Bucket=bucket, Key=items, Body=content)
    trial = f"s3://{stack.outputs['ThresholdsBucket']}/trials/verify"
    file = f"""
name: verified
applies_to: {{model_package_groups: ["{group}"]}}
verify: recompute
checks:
  - {{name: accuracy, why: w, metric: text_to_sql.execution_accuracy, at_least: 0.8}}
"""
    stack.client("s3").put_object(
        Bucket=stack.outputs["ThresholdsBucket"], Key="trials/verify/verified.yaml", Body=file.encode()
    )
    arn = stack.register(group, quality=report)
    execution = start(stack, arn, ThresholdsUri=trial)
    name = execution.rsplit("/", 1)[-1]
    version = arn.rsplit("/", 1)[-1]
    record = json.loads(
        stack.read(f"s3://{stack.outputs['DecisionsBucket']}/decisions/{group}/{version}/{name}.json")
    )
    assert record["decision"] == "Rejected"
    found, judged = record["findings"]
    assert (found["check"], found["value"], found["reported"]) == ("evidence does not reproduce", 0.5, 0.95)
    assert (judged["outcome"], judged["value"], judged["reported"]) == ("failed", 0.5, 0.95)
    again = next(one for one in record["verification"]["reports"] if one["report"] == report["S3Uri"])
    assert (again["items"]["uri"], again["items"]["items"]) == (f"s3://{bucket}/{items}", 20)
    assert json.loads(stack.read(again["figures"]["copy_uri"]))["provenance"]["recomputed"]["items"] == 20
