"""The dead-letter queues of a deployed stack: what is in them, and how it is put back.

SQS moves messages back by itself (`StartMessageMoveTask`) only from the dead-letter queue of another queue; "Non-SQS
queue sources of dead-letter queues, such as AWS Lambda" are not supported:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html.
Here the sources are a rule and a function, and nobody but AWS may send an event of `aws.sagemaker` again. So the
function that an event was for is invoked with it, as the rule invokes it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, assert_never

from msgspec import Struct

from aws.aws_errors import AwsError, explain_errors
from aws.stack_resources import list_resources, read_template
from checks.errors import GovernanceError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# Longer than putting back the most that one run takes; whoever is interrupted finds the messages again after this.
HELD_SECONDS = 3600
_MOST_AT_ONCE = 10  # messages that SQS hands out in one answer
_LATEST = "$LATEST"


class NoDeadLetterQueueError(GovernanceError):
    """The stack has no queue, so that nothing of it can be put back."""


class StackQueues(Struct, frozen=True):
    """The URLs of a stack's queues, and the names of the functions whose events they keep, which alone are invoked."""

    queues: tuple[str, ...]
    functions: frozenset[str]


class Undelivered(Struct, frozen=True):
    """An event that was not handled: the name of the function that it was for, and what AWS or the function said."""

    function: str
    event: Mapping[str, Any]
    error: str

    @property
    def about(self) -> tuple[str, ...]:
        """The ARNs that the event says it is about."""
        resources = self.event.get("resources")
        return tuple(str(one) for one in resources) if isinstance(resources, list) else ()


class Unreadable(Struct, frozen=True):
    """A message that neither a rule nor a function of the stack left, and why it is taken for none."""

    reason: str


class DeadLetter(Struct, frozen=True):
    """One message of a dead-letter queue, which nobody else is given while it is held."""

    queue: str
    message_id: str
    receipt: str
    content: Undelivered | Unreadable


class MessageOutcome(StrEnum):
    """What was done about a message."""

    PUT_BACK = "put back"
    WOULD_BE_PUT_BACK = "would be put back"
    LEFT = "left"


class Redriven(Struct, frozen=True):
    """What was done about a message, and why where it was left."""

    letter: DeadLetter
    outcome: MessageOutcome
    reason: str | None = None


def find_queues(client: "CloudFormationClient", stack: str) -> StackQueues:
    """Return the queues of a stack, which are all dead-letter queues, and the functions whose events they keep.

    Of the stack's functions these are the ones that hand on what they fail at. Whoever can leave a message in a queue
    could have any other, such as a step of the pipeline, invoked by whoever puts the messages back.

    Raises:
        NoDeadLetterQueueError: it has no queue.
        AwsError: there is no such stack, or CloudFormation could not be asked.
    """
    queues = list_resources(client, stack, "AWS::SQS::Queue")
    if not queues:
        raise NoDeadLetterQueueError(f"stack {stack}: has no dead-letter queue; name the stack of the gate")
    functions = list_resources(client, stack, "AWS::Lambda::Function")
    keeping = _list_keeping(read_template(client, stack))
    kept = frozenset(name for logical_id, name in functions.items() if logical_id in keeping)
    return StackQueues(tuple(sorted(queues.values())), kept)


def _list_keeping(template: Mapping[str, Any]) -> frozenset[str]:
    """Return the logical ids of the functions of a template that hand on the events that they fail at."""
    configured = [
        one["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::Lambda::EventInvokeConfig"
    ]
    named = [one["FunctionName"] for one in configured if "OnFailure" in one.get("DestinationConfig", {})]
    return frozenset(str(name["Ref"]) for name in named if isinstance(name, dict) and "Ref" in name)


class HeldLetters:
    """Messages that nobody else is given; `letters` are in the order in which SQS handed them out."""

    def __init__(self, client: "SQSClient") -> None:
        self._client = client
        self._deleted: set[str] = set()
        self.letters: list[DeadLetter] = []

    def delete(self, letter: DeadLetter) -> None:
        """Delete a message.

        Raises:
            AwsError: SQS refused it.
        """
        with explain_errors("DeleteMessage", letter.queue):
            self._client.delete_message(QueueUrl=letter.queue, ReceiptHandle=letter.receipt)
        self._deleted.add(letter.message_id)

    def release(self) -> None:
        """Let others have what was not deleted, at once; what SQS refuses is free when its time is over."""
        for letter in self.letters:
            if letter.message_id in self._deleted:
                continue
            with suppress(AwsError), explain_errors("ChangeMessageVisibility", letter.queue):
                self._client.change_message_visibility(
                    QueueUrl=letter.queue, ReceiptHandle=letter.receipt, VisibilityTimeout=0
                )


@contextmanager
def hold_letters(client: "SQSClient", found: StackQueues, *, most: int) -> Iterator[HeldLetters]:
    """Hold up to `most` messages of the queues within the block.

    All are taken before the first is put back, so that one that fails again is not taken twice.

    Raises:
        AwsError: a queue could not be read.
    """
    held = HeldLetters(client)
    try:
        for queue in found.queues:
            _take(client, queue, found.functions, held.letters, most)
        yield held
    finally:
        held.release()


def redrive(client: "LambdaClient", held: HeldLetters, *, dry_run: bool) -> Iterator[Redriven]:
    """Put each message back, and delete it once that was taken; yield what was done about it.

    At the first refusal of AWS nothing more is put back: it would refuse the others too. `dry_run` changes nothing.
    A message that was put back and could not be deleted is put back again by the next run: that starts nothing twice.
    """
    refused = False
    for letter in held.letters:
        match letter.content:
            case Unreadable(reason):
                yield Redriven(letter, MessageOutcome.LEFT, reason)
            case Undelivered() if dry_run:
                yield Redriven(letter, MessageOutcome.WOULD_BE_PUT_BACK)
            case Undelivered() if refused:
                yield Redriven(letter, MessageOutcome.LEFT, "AWS refused one before it; nothing was tried")
            case Undelivered() as content:
                try:
                    _put_back(client, content)
                    held.delete(letter)
                except AwsError as error:
                    refused = True
                    yield Redriven(letter, MessageOutcome.LEFT, str(error))
                else:
                    yield Redriven(letter, MessageOutcome.PUT_BACK)
            case _:
                assert_never(letter.content)


def _put_back(client: "LambdaClient", content: Undelivered) -> None:
    """Invoke the function that the event was for, asynchronously, as the rule does."""
    with explain_errors("Invoke", f"function {content.function}"):
        payload = json.dumps(content.event).encode()
        answer = client.invoke(FunctionName=content.function, InvocationType="Event", Payload=payload)
        if answer["StatusCode"] != HTTPStatus.ACCEPTED:
            raise AwsError(
                f"function {content.function}: Lambda answered {answer['StatusCode']}, not "
                f"{HTTPStatus.ACCEPTED:d}: the event was not taken; run it again"
            )


def _take(
    client: "SQSClient", queue: str, functions: frozenset[str], letters: list[DeadLetter], most: int
) -> None:
    """Add to `letters` what the queue hands out, until it is empty or there are `most`."""
    while len(letters) < most:
        with explain_errors("ReceiveMessage", queue):
            answer = client.receive_message(
                QueueUrl=queue,
                MaxNumberOfMessages=min(_MOST_AT_ONCE, most - len(letters)),
                MessageAttributeNames=["All"],
                VisibilityTimeout=HELD_SECONDS,
                WaitTimeSeconds=1,  # without waiting SQS asks a part of its servers, and may miss what is there
            )
            messages = answer.get("Messages", [])
            letters += [
                DeadLetter(
                    queue, message["MessageId"], message["ReceiptHandle"], _read_letter(message, functions)
                )
                for message in messages
            ]
        if not messages:
            return


def _read_letter(message: "MessageTypeDef", functions: frozenset[str]) -> Undelivered | Unreadable:
    """Return what a message of EventBridge or of Lambda says, where it is for one of `functions`.

    EventBridge leaves the event, with the target and the error in the attributes:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html. Lambda leaves a record of the invocation:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html.
    """
    try:
        body = json.loads(message["Body"])
    except (ValueError, RecursionError):
        return Unreadable("it is no JSON")
    if not isinstance(body, Mapping):
        return Unreadable("it is no JSON object")
    attributes = {
        name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()
    }
    if "TARGET_ARN" in attributes:
        said = [attributes.get(name, "") for name in ("ERROR_CODE", "ERROR_MESSAGE")]
        content = _undelivered(attributes["TARGET_ARN"], body, ": ".join(filter(None, said)))
    else:
        content = _failed_invocation(body)
    if isinstance(content, Undelivered) and content.function not in functions:
        return Unreadable(f"it is for {content.function}, which is no function whose events the queues keep")
    return content


def _failed_invocation(body: Mapping[str, Any]) -> Undelivered | Unreadable:
    context, answer = body.get("requestContext"), body.get("responsePayload")
    if not isinstance(context, Mapping) or not isinstance(context.get("functionArn"), str):
        return Unreadable("neither EventBridge nor Lambda left it")
    said = answer.get("errorMessage") if isinstance(answer, Mapping) else None
    return _undelivered(context["functionArn"], body.get("requestPayload"), str(said or ""))


def _undelivered(function_arn: str, event: object, error: str) -> Undelivered | Unreadable:
    if not isinstance(event, Mapping):
        return Unreadable("its event is no JSON object")
    name = function_arn.removesuffix(f":{_LATEST}").rpartition(":")[2]
    return Undelivered(name, event, error or "nothing was said")
