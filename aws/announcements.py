"""Announcements: an event onto a bus of EventBridge, and a message to a topic of SNS."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from aws.aws_errors import AwsError, explain_errors

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class SnsClient(Protocol):
    """What is used of boto3's client of SNS."""

    def publish(
        self,
        *,
        TopicArn: str,  # noqa: N803 - boto3's names
        Subject: str,  # noqa: N803
        Message: str,  # noqa: N803
        MessageAttributes: Mapping[str, Mapping[str, str]],  # noqa: N803
    ) -> "Mapping[str, Any]":
        """See SNS's Publish."""
        ...


def put_event(
    client: "EventBridgeClient",
    bus: str,
    *,
    source: str,
    detail_type: str,
    detail: str,
    resources: Sequence[str],
) -> None:
    """Put one event onto the bus with this ARN; `detail` is JSON.

    Raises:
        AwsError: EventBridge could not be asked, or did not take the event, which it tells in an answer of its own.
    """
    entry = {
        "EventBusName": bus,
        "Source": source,
        "DetailType": detail_type,
        "Detail": detail,
        "Resources": list(resources),
    }
    with explain_errors("PutEvents", bus):
        answer = client.put_events(Entries=[entry])
        failed = [one for one in answer["Entries"] if "ErrorCode" in one]
        if answer["FailedEntryCount"] or failed:
            said = failed[0] if failed else {}
            code, message = said.get("ErrorCode", ""), said.get("ErrorMessage", "nothing was said")
            raise AwsError(
                f"PutEvents on {bus} failed ({code}: {message}): look at the bus and its policy, and put the event "
                "back by governance redrive",
                code=code,
            )


def publish_message(
    client: SnsClient, topic: str, *, subject: str, text: str, attributes: Mapping[str, str]
) -> None:
    """Publish a message to the topic with this ARN; subscriptions filter by its attributes.

    Raises:
        AwsError: SNS could not be asked, or did not take it.
    """
    with explain_errors("Publish", topic):
        client.publish(
            TopicArn=topic,
            Subject=subject,
            Message=text,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )
