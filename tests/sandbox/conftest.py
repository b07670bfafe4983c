"""A running sandbox without a stack, and what the tests put into it by plain boto3."""

import io
import json
import textwrap
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.server import Sandbox
from tests.sandbox.iam_callers import caller

__all__ = ["caller"]
ROLE = "arn:aws:iam::123456789012:role/test"
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
RULES_MAY_SEND = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
}


def policy(*statements: Any) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Account:
    """boto3 clients of the sandbox, and short ways to make what the tests need, under names of their own."""

    def __init__(self, sandbox: Sandbox, access_key: str = "test") -> None:
        self.sandbox = sandbox
        self._access_key = access_key
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    def impatient(self, service: str) -> Any:
        """A client that asks once."""
        return self._make(service, config=Config(retries={"total_max_attempts": 1}))

    def _make(self, service: str, **settings: Any) -> Any:
        make: Callable[..., Any] = boto3.client  # its types want a literal name of a service
        return make(
            service,
            endpoint_url=self.sandbox.endpoint,
            region_name=self.sandbox.region,
            aws_access_key_id=self._access_key,
            aws_secret_access_key="test",
            **settings,
        )

    def elsewhere(self, account: str) -> "Account":
        """Another account of the same sandbox, for an administrator of it."""
        return Account(self.sandbox, account)

    @staticmethod
    def name(kind: str) -> str:
        return f"{kind}-{uuid.uuid4().hex[:8]}"

    def role(self, name: str | None = None) -> str:
        """Make a role that may do anything; returns its ARN."""
        iam, name = self.client("iam"), name or self.name("role")
        answer = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        iam.put_role_policy(RoleName=name, PolicyName="anything", PolicyDocument=policy(ANYTHING))
        return str(answer["Role"]["Arn"])

    def function(self, code: str, *, libraries: Mapping[str, str] | None = None, **settings: Any) -> str:
        """Deploy `code` as the module `app` with its `handler`, and libraries beside it; returns the function's ARN."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for module, text in {**(libraries or {}), "app": code}.items():
                # Without the time of day, the same code has the same digest.
                archive.writestr(zipfile.ZipInfo(f"{module}.py"), textwrap.dedent(text))
        arguments = {"Handler": "app.handler", "Timeout": 10, "Runtime": "python3.12"} | settings
        answer = self.client("lambda").create_function(
            FunctionName=self.name("function"),
            Role=self.role(),
            Code={"ZipFile": content.getvalue()},
            **arguments,
        )
        arn = str(answer["FunctionArn"])
        self.client("lambda").add_permission(
            FunctionName=arn,
            StatementId="rules",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
        )
        return arn

    def queue(self) -> tuple[str, str]:
        """Make a queue; returns its URL and ARN."""
        sqs = self.client("sqs")
        attributes = {"Policy": policy(RULES_MAY_SEND)}
        url = sqs.create_queue(QueueName=self.name("queue"), Attributes=attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return url, arn

    def log(self, function: str) -> list[str]:
        """What a function, given by its ARN, has printed, and Lambda's own lines."""
        group = f"/aws/lambda/{function.rsplit(':', 1)[-1]}"
        logs = self.client("logs")
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return []
        return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]

    def messages(self, queue_url: str) -> list[dict[str, Any]]:
        answer = self.client("sqs").receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [
            {
                "body": json.loads(message["Body"]),
                "attributes": {
                    name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()
                },
            }
            for message in answer.get("Messages", [])
        ]

    def bucket(self) -> str:
        name = self.name("bucket")
        self.client("s3").create_bucket(Bucket=name)
        return name

    def group(self) -> str:
        name = self.name("group")
        self.client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
        return name

    def package(self, **settings: Any) -> str:
        """Register a version of a new group; returns its ARN."""
        arguments = {"ModelPackageGroupName": self.group(), "ModelApprovalStatus": "PendingManualApproval"}
        return str(self.client("sagemaker").create_model_package(**(arguments | settings))["ModelPackageArn"])

    def describe(self, arn: str) -> dict[str, Any]:
        return dict(self.client("sagemaker").describe_model_package(ModelPackageName=arn))

    def pipeline(
        self,
        steps: list[dict[str, Any]],
        parameters: list[dict[str, Any]] | None = None,
        role: str = ROLE,
    ) -> str:
        """Make a pipeline of the steps; returns its name."""
        name = self.name("pipeline")
        definition = {"Version": "2020-12-01", "Parameters": parameters or [], "Steps": steps}
        self.client("sagemaker").create_pipeline(
            PipelineName=name,
            PipelineDefinition=json.dumps(definition),
            RoleArn=role,
            ClientRequestToken="t" * 32,
        )
        return name

    def start(self, pipeline: str, **parameters: str) -> str:
        """Start an execution; returns its ARN."""
        answer = self.client("sagemaker").start_pipeline_execution(
            PipelineName=pipeline,
            PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
            ClientRequestToken=uuid.uuid4().hex,
        )
        return str(answer["PipelineExecutionArn"])

    def run(self, pipeline: str, **parameters: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Run an execution to its end; returns its description and its steps, in their order."""
        arn = self.start(pipeline, **parameters)
        self.sandbox.wait_idle()
        sagemaker = self.client("sagemaker")
        steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
        return sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn), steps[
            "PipelineExecutionSteps"
        ]


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    """A sandbox for all tests of the room; each test makes what it needs under names of its own."""
    with Sandbox(retry_interval=0.05) as sandbox:
        here = Account(sandbox)
        here.role(ROLE.rpartition("/")[2])
        yield here


@pytest.fixture
def account_of() -> type[Account]:
    """What makes the account of a sandbox of the test's own."""
    return Account


@pytest.fixture
def lambda_step() -> Callable[..., dict[str, Any]]:
    """The definition of a Lambda step."""

    def build(
        name: str, function: str, arguments: Any = None, outputs: tuple[str, ...] = (), **more: Any
    ) -> Any:
        return {
            "Name": name,
            "Type": "Lambda",
            "FunctionArn": function,
            "Arguments": arguments or {},
            "OutputParameters": [{"OutputName": output, "OutputType": "String"} for output in outputs],
        } | more

    return build
