"""A pipeline runs as its definition says: parameters, expressions, steps, failures, status, events."""

import json
import sys
import uuid
from collections.abc import Callable
from typing import Any

import botocore.exceptions
import pytest

from sandbox.server import SandboxError

Step = Callable[..., dict[str, Any]]
EXECUTION_EVENT = "SageMaker Model Building Pipeline Execution Status Change"
STEP_EVENT = "SageMaker Model Building Pipeline Execution Step Status Change"
ECHO = """
    def handler(event, context):
        print("GOT", sorted(event))
        return event
"""


@pytest.fixture(scope="module")
def echo(account: Any) -> str:
    return str(account.function(ECHO))


def outputs(step: dict[str, Any]) -> dict[str, str]:
    return {output["Name"]: output["Value"] for output in step["Metadata"]["Lambda"]["OutputParameters"]}


def test_parameters_defaults_and_execution_variables_reach_the_step(
    account: Any, echo: str, lambda_step: Step
) -> None:
    values = {
        "given": {"Get": "Parameters.Given"},
        "default": {"Get": "Parameters.Default"},
        "number": {"Get": "Parameters.Number"},
        "arn": {"Get": "Execution.PipelineExecutionArn"},
        "id": {"Get": "Execution.PipelineExecutionId"},
        "name": {"Get": "Execution.PipelineName"},
        "joined": {"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Parameters.Given"}, 3]}},
    }
    pipeline = account.pipeline(
        [lambda_step("Only", echo, values, tuple(values))],
        [
            {"Name": "Given", "Type": "String"},
            {"Name": "Default", "Type": "String", "DefaultValue": "of the definition"},
            {"Name": "Number", "Type": "Integer", "DefaultValue": 4},
        ],
    )
    execution, (step,) = account.run(pipeline, Given="here", Number="5")
    arn = execution["PipelineExecutionArn"]
    assert (execution["PipelineExecutionStatus"], step["StepStatus"]) == ("Succeeded", "Succeeded")
    assert "FailureReason" not in execution
    assert outputs(step) == {
        "given": "here",
        "default": "of the definition",
        "number": "5",
        "arn": arn,
        "id": arn.rsplit("/", 1)[-1],
        "name": pipeline,
        "joined": "s3://b/here/3",
    }


def test_steps_run_in_the_order_of_their_dependencies(account: Any, echo: str, lambda_step: Step) -> None:
    uses_first = {"value": {"Get": "Steps.First.OutputParameters['value']"}}
    pipeline = account.pipeline(
        [
            lambda_step("Third", echo, {"value": "3"}, ("value",), DependsOn=["Second"]),
            lambda_step("Second", echo, uses_first, ("value",)),
            lambda_step("First", echo, {"value": "of the first"}, ("value",)),
        ]
    )
    _, steps = account.run(pipeline)
    assert [step["StepName"] for step in steps] == ["First", "Second", "Third"]
    assert outputs(steps[1]) == {"value": "of the first"}


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"arguments": {"a": {"Get": "Steps.Nobody.OutputParameters['x']"}}}, "Nobody"),
        ({"arguments": {"a": {"Get": "Parameters.Nothing"}}}, "Nothing"),
        ({"arguments": {"a": "1"}, "outputs": ("b",)}, "lacks the output 'b'"),
        ({"arguments": {"a": "x" * 1025}, "outputs": ("a",)}, "longer than 1024"),
    ],
)
def test_a_step_that_cannot_be_resolved_or_answered_for_fails_the_execution(
    account: Any, echo: str, lambda_step: Step, step: dict[str, Any], reason: str
) -> None:
    after = lambda_step("After", echo, DependsOn=["Bad"])
    pipeline = account.pipeline([lambda_step("Bad", echo, **step), after])
    execution, steps = account.run(pipeline)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == "Step failure: One or multiple steps failed."
    assert [(step["StepName"], step["StepStatus"]) for step in steps] == [("Bad", "Failed")]
    assert reason in steps[0]["FailureReason"]


def test_a_failing_function_fails_the_step_with_its_error(account: Any, lambda_step: Step) -> None:
    function = account.function("def handler(event, context):\n    raise ValueError('no such version')")
    execution, (step,) = account.run(account.pipeline([lambda_step("Only", function)]))
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert "ValueError: no such version" in step["FailureReason"]


def test_a_deleted_function_fails_the_step(account: Any, lambda_step: Step) -> None:
    missing = "arn:aws:lambda:us-east-1:123456789012:function:gone"
    _, (step,) = account.run(account.pipeline([lambda_step("Only", missing)]))
    assert "does not exist" in step["FailureReason"]


def test_an_unknown_kind_of_step_fails_and_says_so(account: Any) -> None:
    _, (step,) = account.run(account.pipeline([{"Name": "Train", "Type": "Training", "Arguments": {}}]))
    assert step["FailureReason"] == "ClientError: the sandbox does not run steps of the type Training"


@pytest.mark.parametrize(("given", "reason"), [({}, "Needed"), ({"Needed": "1", "Unknown": "2"}, "Unknown")])
def test_wrong_parameters_are_refused_and_start_nothing(
    account: Any, echo: str, lambda_step: Step, given: dict[str, str], reason: str
) -> None:
    pipeline = account.pipeline([lambda_step("Only", echo)], [{"Name": "Needed", "Type": "String"}])
    with pytest.raises(botocore.exceptions.ClientError, match=reason):
        account.start(pipeline, **given)
    listed = account.client("sagemaker").list_pipeline_executions(PipelineName=pipeline)
    assert listed["PipelineExecutionSummaries"] == []


def test_the_same_token_starts_one_execution(account: Any, echo: str, lambda_step: Step) -> None:
    pipeline = account.pipeline([lambda_step("Only", echo)])
    sagemaker = account.client("sagemaker")
    tokens = [uuid.uuid4().hex, uuid.uuid4().hex]
    arns = [
        sagemaker.start_pipeline_execution(PipelineName=pipeline, ClientRequestToken=token)[
            "PipelineExecutionArn"
        ]
        for token in (tokens[0], tokens[0], tokens[1])
    ]
    account.sandbox.wait_idle()
    assert arns[0] == arns[1] != arns[2]
    listed = sagemaker.list_pipeline_executions(PipelineName=pipeline)["PipelineExecutionSummaries"]
    assert {execution["PipelineExecutionArn"] for execution in listed} == set(arns)


def test_starting_answers_before_the_execution_ends(account: Any, lambda_step: Step) -> None:
    code = "import time\ndef handler(event, context):\n    time.sleep(1)\n    return {}"
    arn = account.start(account.pipeline([lambda_step("Slow", account.function(code))]))
    sagemaker = account.client("sagemaker")
    with pytest.raises(SandboxError, match=f"still busy after 0 s: execution {arn}"):
        account.sandbox.wait_idle(timeout=0)
    before = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
    account.sandbox.wait_idle()
    after = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
    assert (before, after) == ("Executing", "Succeeded")


def test_executions_and_steps_tell_of_their_changes(account: Any, echo: str, lambda_step: Step) -> None:
    pipeline = account.pipeline([lambda_step("Good", echo), lambda_step("Bad", echo, outputs=("x",))])
    execution, _ = account.run(pipeline)
    arn, pipeline_arn = execution["PipelineExecutionArn"], execution["PipelineArn"]
    sent = [event for event in account.sandbox.events() if event["resources"] == [pipeline_arn, arn]]
    executions = [event["detail"] for event in sent if event["detail-type"] == EXECUTION_EVENT]
    steps = [event["detail"] for event in sent if event["detail-type"] == STEP_EVENT]
    assert [
        (detail.get("previousPipelineExecutionStatus"), detail["currentPipelineExecutionStatus"])
        for detail in executions
    ] == [(None, "Executing"), ("Executing", "Failed")]
    assert [
        (detail["stepName"], detail.get("previousStepStatus"), detail["currentStepStatus"])
        for detail in steps
    ] == [
        ("Good", None, "Starting"),
        ("Good", "Starting", "Executing"),
        ("Good", "Executing", "Succeeded"),
        ("Bad", None, "Starting"),
        ("Bad", "Starting", "Executing"),
        ("Bad", "Executing", "Failed"),
    ]
    assert executions[-1].keys() == {
        "currentPipelineExecutionStatus", "previousPipelineExecutionStatus", "executionStartTime",
        "executionEndTime", "pipelineArn", "pipelineExecutionArn",
    }  # fmt: skip
    assert steps[2] == {
        "metadata": {"lambda": {"arn": echo}},
        "stepStartTime": steps[2]["stepStartTime"],
        "stepEndTime": steps[2]["stepEndTime"],
        "stepName": "Good",
        "stepType": "Lambda",
        "previousStepStatus": "Executing",
        "currentStepStatus": "Succeeded",
        "pipelineArn": pipeline_arn,
        "pipelineExecutionArn": arn,
    }
    assert "lacks the output" in steps[-1]["failureReason"]


PROGRAM = """
import json, os, pathlib, sys
source, target = sys.argv[1:3]
text = pathlib.Path(source, "input.txt").read_text()
if text == "fail":
    sys.exit("the input says fail")
pathlib.Path(target, "report.json").write_text(json.dumps({
    "text": text,
    "nested": {"list": [1, 2]},
    "setting": os.environ["SETTING"],
    "endpoint": os.environ["AWS_ENDPOINT_URL"],
    "python": sys.executable,
    "virtual_env": os.environ.get("VIRTUAL_ENV"),
    "installed": any("site-packages" in entry for entry in sys.path),
}))
"""


def processing_step(bucket: str) -> dict[str, Any]:
    def channel(name: str, kind: str) -> dict[str, str]:
        return {
            "S3Uri": f"s3://{bucket}/{name}",
            "LocalPath": f"/opt/ml/processing/{name}",
            f"S3{kind}Mode": "File",
        }

    return {
        "Name": "Job",
        "Type": "Processing",
        "Arguments": {
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": "ml.t3.medium", "InstanceCount": 1, "VolumeSizeInGB": 5}
            },
            "AppSpecification": {
                "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1",
                "ContainerEntrypoint": ["python3", "-c", PROGRAM],
                "ContainerArguments": ["/opt/ml/processing/in", "/opt/ml/processing/out"],
            },
            "RoleArn": "arn:aws:iam::123456789012:role/test",
            "Environment": {"SETTING": "/opt/ml/processing/in"},
            "ProcessingInputs": [{"InputName": "in", "AppManaged": False, "S3Input": channel("in", "Input")}],
            "ProcessingOutputConfig": {
                "Outputs": [{"OutputName": "out", "S3Output": channel("out", "Upload")}]
            },
        },
        "PropertyFiles": [{"PropertyFileName": "Report", "OutputName": "out", "FilePath": "report.json"}],
    }


def test_a_processing_step_runs_as_a_process_with_its_inputs_and_outputs(
    account: Any, echo: str, lambda_step: Step
) -> None:
    bucket = account.bucket()
    s3 = account.client("s3")
    s3.put_object(Bucket=bucket, Key="in/input.txt", Body=b"hello")
    s3.put_object(Bucket=bucket, Key="inside-another-folder.txt", Body=b"not below in/")
    report = {"Get": "Steps.Job.PropertyFiles.Report"}
    reads = {
        "text": {"Std:JsonGet": {"PropertyFile": report, "Path": "text"}},
        "second": {"Std:JsonGet": {"PropertyFile": report, "Path": "nested.list[1]"}},
        "uri": {"Get": "Steps.Job.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"},
    }
    pipeline = account.pipeline([lambda_step("Reads", echo, reads, tuple(reads)), processing_step(bucket)])
    execution, (job, after) = account.run(pipeline)
    assert execution["PipelineExecutionStatus"] == "Succeeded", job
    assert outputs(after) == {"text": "hello", "second": "2", "uri": f"s3://{bucket}/out"}
    written = json.loads(s3.get_object(Bucket=bucket, Key="out/report.json")["Body"].read())
    name = job["Metadata"]["ProcessingJob"]["Arn"].rsplit("/", 1)[-1]
    folder = account.sandbox.folder / "processing" / name
    assert written["setting"] == f"{folder}/opt/ml/processing/in"
    assert [path.name for path in (folder / "opt/ml/processing/in").iterdir()] == ["input.txt"]
    assert written["endpoint"] == account.sandbox.endpoint
    assert written["python"] == sys.executable
    assert (written["virtual_env"], written["installed"]) == (None, False)
    described = account.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    assert described["ProcessingJobStatus"] == "Completed"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"fail", "AlgorithmError: the input says fail, exit code: 1"),
        (None, "no S3 objects found under S3 URL"),
    ],
)
def test_a_processing_step_that_fails_says_why(account: Any, content: bytes | None, reason: str) -> None:
    bucket = account.bucket()
    if content is not None:
        account.client("s3").put_object(Bucket=bucket, Key="in/input.txt", Body=content)
    execution, (job,) = account.run(account.pipeline([processing_step(bucket)]))
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert reason in job["FailureReason"]
    name = job["Metadata"]["ProcessingJob"]["Arn"].rsplit("/", 1)[-1]
    described = account.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    assert described["ProcessingJobStatus"] == "Failed"


def test_a_processing_step_that_takes_too_long_is_ended(account: Any) -> None:
    bucket = account.bucket()
    account.client("s3").put_object(Bucket=bucket, Key="in/input.txt", Body=b"x")
    step = processing_step(bucket)
    step["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = [
        "python3",
        "-c",
        "import time; time.sleep(60)",
    ]
    step["Arguments"]["StoppingCondition"] = {"MaxRuntimeInSeconds": 1}
    _, (job,) = account.run(account.pipeline([step]))
    assert "longer than 1 seconds" in job["FailureReason"]


def test_a_step_needs_the_rights_of_the_pipelines_role_and_of_the_jobs(
    account: Any, echo: str, lambda_step: Step
) -> None:
    iam, role = account.client("iam"), account.name("role")
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    bucket = account.bucket()
    account.client("s3").put_object(Bucket=bucket, Key="in/input.txt", Body=b"hello")
    job = processing_step(bucket)
    steps = {"Lambda": lambda_step("Only", echo, {}), "Processing": job}

    def failure(step: str, *actions: str) -> str:
        allowed = {"Effect": "Allow", "Action": ["s3:ListBucket", *actions], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document)
        _, (described,) = account.run(account.pipeline([steps[step]], role=arn))
        return str(described["FailureReason"])

    assert "lambda:InvokeFunction" in failure("Lambda")
    assert "sagemaker:CreateProcessingJob" in failure("Processing")
    assert "iam:PassRole" in failure("Processing", "sagemaker:CreateProcessingJob")
    job["Arguments"]["RoleArn"] = arn
    assert "s3:GetObject" in failure("Processing", "sagemaker:CreateProcessingJob", "iam:PassRole")
