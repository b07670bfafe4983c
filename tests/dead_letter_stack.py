"""A stack in moto with a dead-letter queue and functions that take every event, and what AWS leaves in the queue."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import requests
from moto.awslambda.models import LambdaFunction

STACK, REGION = "Gate", "eu-west-1"
FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:start"
VERSION = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/3"
EVENT = {"source": "aws.sagemaker", "resources": [VERSION], "detail": {"ModelPackageArn": VERSION}}
# As EventBridge and Lambda leave them: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html and
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
BY_THE_RULE = {
    "TARGET_ARN": FUNCTION,
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": "it may not invoke it",
}
BY_THE_FUNCTION = {
    "version": "1.0",
    "requestContext": {"functionArn": f"{FUNCTION}:$LATEST", "condition": "RetriesExhausted"},
    "requestPayload": EVENT,
    "responsePayload": {"errorMessage": "no pipeline", "errorType": "PipelineMissingError"},
}


@dataclass
class DeadLetterStack:
    """The stack `Gate`: the queue `dead`, which keeps the events of the function `start` and not those of `step`.

    `invoked` says which function was invoked with what.
    """

    sqs: Any
    queue: str
    invoked: list[dict[str, Any]]

    def send(self, body: object, attributes: dict[str, str] | None = None) -> None:
        """Leave a message in the queue."""
        text = body if isinstance(body, str) else json.dumps(body)
        values = attributes or {}
        told = {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=text, MessageAttributes=told)

    @property
    def waiting(self) -> int:
        """How many messages anybody can take."""
        names = ["ApproximateNumberOfMessages"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])


@contextmanager
def deployed(moto_url: str, client_of: Callable[[str], Any]) -> Iterator[DeadLetterStack]:
    """Deploy the stack within the block; `client_of` makes a client of moto's server by the name of its service."""
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)
    invoked: list[dict[str, Any]] = []

    def invoke(self: Any, body: Any, _request: Any, _response: Any) -> bytes:
        invoked.append({"name": self.function_name, "event": json.loads(body)})
        return b""

    role = client_of("iam").create_role(RoleName="start", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    function = {
        "FunctionName": "start",
        "Role": role,
        "Handler": "index.handler",
        "Runtime": "python3.12",
        "Code": {"ZipFile": "def handler(event, context): pass"},
    }
    kept = {
        "FunctionName": {"Ref": "Start"},
        "Qualifier": "$LATEST",
        "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}},
    }
    # As the reconciler: what it fails at is not kept.
    unkept = {"FunctionName": {"Ref": "Step"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0}
    resources = {
        "Start": {"Type": "AWS::Lambda::Function", "Properties": function},
        "Step": {"Type": "AWS::Lambda::Function", "Properties": {**function, "FunctionName": "step"}},
        "Kept": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": kept},
        "Unkept": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": unkept},
        "DeadLetters": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "dead"}},
    }
    template = json.dumps({"Resources": resources})
    client_of("cloudformation").create_stack(StackName=STACK, TemplateBody=template)
    sqs = client_of("sqs")
    with patch.object(LambdaFunction, "invoke", invoke):
        yield DeadLetterStack(sqs, sqs.get_queue_url(QueueName="dead")["QueueUrl"], invoked)
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)
