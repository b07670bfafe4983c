"""From a rule to its targets: a function, a queue, a topic or another bus, with retries and dead letters.

Two things can fail, and AWS keeps them apart. An event that EventBridge cannot hand over, for instance because
the function is gone or a policy does not let the rule, is retried by the rule's target and goes to the target's
dead-letter queue; without one it is lost. A function that took the event and failed is retried by Lambda, by the
function's own settings, and what it got and said goes to the function's failure destination.
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
from moto.sns.exceptions import SNSNotFoundError
from moto.sns.models import sns_backends
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends
from moto.utilities.arns import parse_arn
from msgspec.structs import replace

from sandbox.buses import put_onto_bus
from sandbox.functions import FunctionHost, Invocation
from sandbox.iam.calls import Call, call_about
from sandbox.iam.enforcement import (
    AccessRefusedError,
    authorize_account,
    authorize_role,
    authorize_service,
)
from sandbox.tasks import BackgroundTasks

# What AWS does where nothing is set; the rule's 185 attempts over a day are no use on a laptop.
DEFAULT_TARGET_RETRIES = 2
DEFAULT_FUNCTION_RETRIES = 2
RULES = "events.amazonaws.com"
logger = logging.getLogger(__name__)


class UndeliverableError(Exception):
    """An event has nowhere to go; the message says why."""


class Delivery:
    """Delivers to the targets of rules and invokes functions, in the background.

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
        """Deliver an event to a target of a rule, in the background."""
        self._tasks.start(f"delivery of an event to {target['Arn']}", self._deliver, rule, target, event)

    def invoke_later(self, function: Any, event: Any) -> None:
        """Invoke a function as the invocation type `Event` does, in the background."""
        self._tasks.start(
            f"asynchronous invocation of {function.function_name}", self._invoke, function, event
        )

    def _deliver(self, rule: Any, target: Mapping[str, Any], event: Any) -> None:
        attempts = 1 + target.get("RetryPolicy", {}).get("MaximumRetryAttempts", DEFAULT_TARGET_RETRIES)
        reason = ""
        for attempt in range(attempts):
            if attempt:
                time.sleep(self._retry_interval)
            try:
                self._hand_over(rule, target, event)
            except (UndeliverableError, AccessRefusedError) as error:
                reason = str(error)
            else:
                return
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        if queue is None or not _may_keep(rule, queue):
            logger.warning(
                "FailedInvocations: an event of %s for %s is lost: %s", rule.arn, target["Arn"], reason
            )
            return
        attributes = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": "NO_PERMISSIONS",
            "ERROR_MESSAGE": reason,
            "RETRY_ATTEMPTS": str(attempts - 1),
        }
        _send(queue, event, attributes)

    def _hand_over(self, rule: Any, target: Mapping[str, Any], event: Any) -> None:
        """Give the event to the target, if the target lets the rule.

        Raises:
            UndeliverableError: the target does not exist.
            AccessRefusedError: a policy does not allow it.
        """
        arn = target["Arn"]
        match parse_arn(arn).service:
            case "lambda":
                function = _function(arn)
                _authorize(rule, target, call_about(arn, "Invoke", "FunctionName"))
                self._invoke(function, event)
            case "sqs":
                _authorize(rule, target, call_about(arn, "SendMessage", "QueueUrl"))
                _send(arn, event)
            case "sns":
                _authorize(rule, target, call_about(arn, "Publish", "TopicArn"))
                _publish(arn, event)
            case "events":
                if event["account"] != rule.account_id:
                    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
                    raise UndeliverableError("an event that came from another account goes to no third one")
                put = call_about(arn, "PutEvents", "EventBusName")
                about = {"Source": event["source"], "DetailType": event["detail-type"]}
                _authorize(rule, target, replace(put, members={**put.members, **about}))
                put_onto_bus(event, arn)
            case service:
                raise UndeliverableError(f"the sandbox delivers nothing to {service}")

    def _invoke(self, function: Any, event: Any) -> None:
        config = function.event_invoke_config[-1].config if function.event_invoke_config else {}
        retries = config.get("MaximumRetryAttempts", DEFAULT_FUNCTION_RETRIES)
        invocation = self._host.invoke(function, event)
        for _ in range(retries):
            if not invocation.failed:
                break
            time.sleep(self._retry_interval)
            invocation = self._host.invoke(function, event)
        destination = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if invocation.failed and destination and _may_send(function, destination):
            _send(destination, _failure_record(function, event, invocation, 1 + retries))


def serves(target: Mapping[str, Any]) -> bool:
    """Whether events are delivered to this target of a rule here; moto does it for others, such as log groups."""
    arn = parse_arn(target["Arn"])
    return arn.service in ("lambda", "sqs", "sns") or (arn.service, arn.resource_type) == (
        "events",
        "event-bus",
    )


def _authorize(rule: Any, target: Mapping[str, Any], call: Call) -> None:
    """Hold a rule to the policies of its target and, where it has one, of its role.

    Without a role EventBridge asks as itself, and for a bus as the account of the rule:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html

    Raises:
        AccessRefusedError: they do not allow it.
    """
    source = {"source_arn": rule.arn, "source_account": rule.account_id}
    role = target.get("RoleArn")
    if role is not None:
        take_on = Call("sts", "AssumeRole", {"RoleArn": role}, call.account, call.region, call.partition)
        authorize_service(RULES, take_on, **source)
        authorize_role(role, call, {"aws:sourcearn": [rule.arn]})
    elif call.service == "events":
        authorize_account(rule.account_id, call)
    else:
        authorize_service(RULES, call, **source)


def _may_keep(rule: Any, queue: str) -> bool:
    """Whether the rule may send to the dead-letter queue of its target."""
    try:
        _authorize(rule, {}, call_about(queue, "SendMessage", "QueueUrl"))
    except AccessRefusedError:
        return False
    return True


def _may_send(function: Any, destination: str) -> bool:
    """Whether the function's role may send to its failure destination; Lambda drops the record otherwise."""
    try:
        authorize_role(function.role, call_about(destination, "SendMessage", "QueueName"))
    except AccessRefusedError:
        logger.exception("a record of a failed invocation is lost")
        return False
    return True


def _function(arn: str) -> Any:
    parsed = parse_arn(arn)
    try:
        return lambda_backends[parsed.account][parsed.region].get_function(arn)
    except UnknownFunctionException as error:
        raise UndeliverableError(f"the function {arn} does not exist") from error


def _send(queue_arn: str, body: Any, attributes: Mapping[str, str] | None = None) -> None:
    queue = parse_arn(queue_arn)
    try:
        sqs_backends[queue.account][queue.region].send_message(
            queue_name=queue.resource_id,
            message_body=json.dumps(body),
            message_attributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in (attributes or {}).items()
            },
        )
    except QueueDoesNotExist as error:
        raise UndeliverableError(f"the queue {queue_arn} does not exist") from error


def _publish(topic_arn: str, body: Any) -> None:
    topic = parse_arn(topic_arn)
    try:
        sns_backends[topic.account][topic.region].publish(message=json.dumps(body), arn=topic_arn)
    except SNSNotFoundError as error:
        raise UndeliverableError(f"the topic {topic_arn} does not exist") from error


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
