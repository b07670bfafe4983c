"""From a rule to a function: asynchronous invocation as EventBridge and Lambda do it, with retries and dead letters.

Two things can fail, and AWS keeps them apart. An event that EventBridge cannot hand over, for instance because
the function is gone, is retried by the rule's target and goes to the target's dead-letter queue. A function that
took the event and failed is retried by Lambda, by the function's own settings, and what it got and said goes to
the function's failure destination.
"""

import json
import logging
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.sqs.models import sqs_backends
from moto.utilities.arns import parse_arn

from sandbox.functions import FunctionHost, Invocation
from sandbox.iam.calls import Call, call_about
from sandbox.iam.enforcement import AccessRefusedError, authorize_role, authorize_service
from sandbox.tasks import BackgroundTasks

# What AWS does where nothing is set; the rule's 185 attempts over a day are no use on a laptop.
DEFAULT_TARGET_RETRIES = 2
DEFAULT_FUNCTION_RETRIES = 2


class Delivery:
    """Invokes functions in the background.

    Args:
        host: runs the functions.
        tasks: counts what is under way.
        retry_interval: seconds between two attempts.
    """

    def __init__(self, host: FunctionHost, tasks: BackgroundTasks, retry_interval: float) -> None:
        self._host = host
        self._tasks = tasks
        self._retry_interval = retry_interval

    def to_target(self, rule: Any, target: Mapping[str, Any], event: Any) -> None:
        """Deliver an event to a rule's function target, in the background."""
        self._tasks.start(f"delivery of an event to {target['Arn']}", self._deliver, rule, target, event)

    def invoke_later(self, function: Any, event: Any) -> None:
        """Invoke a function as the invocation type `Event` does, in the background."""
        self._tasks.start(
            f"asynchronous invocation of {function.function_name}", self._invoke, function, event
        )

    def _deliver(self, rule: Any, target: Mapping[str, Any], event: Any) -> None:
        attempts = 1 + target.get("RetryPolicy", {}).get("MaximumRetryAttempts", DEFAULT_TARGET_RETRIES)
        for attempt in range(attempts):
            if attempt:
                time.sleep(self._retry_interval)
            function = _function(target["Arn"])
            refusal = f"the function {target['Arn']} does not exist"
            if function is not None:
                refusal = _refusal_of_rule(rule, call_about(target["Arn"], "Invoke", "FunctionName"))
            if not refusal:
                self._invoke(function, event)
                return
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        if queue and not _refusal_of_rule(rule, call_about(queue, "SendMessage", "QueueName")):
            reasons = {
                "RULE_ARN": rule.arn,
                "TARGET_ARN": target["Arn"],
                "ERROR_CODE": "NO_PERMISSIONS",
                "ERROR_MESSAGE": refusal,
                "RETRY_ATTEMPTS": str(attempts - 1),
            }
            _send(queue, event, reasons)

    def _invoke(self, function: Any, event: Any) -> None:
        config = function.event_invoke_config[-1].config if function.event_invoke_config else {}
        attempts = 1 + config.get("MaximumRetryAttempts", DEFAULT_FUNCTION_RETRIES)
        for attempt in range(attempts):
            if attempt:
                time.sleep(self._retry_interval)
            invocation = self._host.invoke(function, event)
            if not invocation.failed:
                return
        destination = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if destination and _may_send(function, destination):
            _send(destination, _failure_record(function, event, invocation, attempts))


def _refusal_of_rule(rule: Any, call: Call) -> str:
    """Return why a rule may not make the call, by the policy of what it is about; empty where it may."""
    try:
        authorize_service("events.amazonaws.com", call, source_arn=rule.arn)
    except AccessRefusedError as error:
        return str(error)
    return ""


def _may_send(function: Any, destination: str) -> bool:
    """Whether the function's role may send to its failure destination; Lambda drops the record otherwise."""
    try:
        authorize_role(function.role, call_about(destination, "SendMessage", "QueueName"))
    except AccessRefusedError:
        logging.getLogger(__name__).exception("a record of a failed invocation is lost")
        return False
    return True


def _function(arn: str) -> Any:
    parsed = parse_arn(arn)
    try:
        return lambda_backends[parsed.account][parsed.region].get_function(arn)
    except UnknownFunctionException:
        return None


def _send(queue_arn: str, body: Any, attributes: Mapping[str, str] | None = None) -> None:
    queue = parse_arn(queue_arn)
    sqs_backends[queue.account][queue.region].send_message(
        queue_name=queue.resource_id,
        message_body=json.dumps(body),
        message_attributes={
            name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()
        },
    )


def _failure_record(function: Any, event: Any, invocation: Invocation, attempts: int) -> dict[str, Any]:
    """Return what Lambda sends to a failure destination."""
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "requestContext": {
            "requestId": str(uuid.UUID(invocation.request_id)),
            "functionArn": f"{function.function_arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": json.loads(invocation.payload),
    }
