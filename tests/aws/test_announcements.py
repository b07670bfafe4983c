"""Announcements: what EventBridge refuses in its answer, and which subscriptions of a topic get a message."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aws.announcements import publish_message, put_event
from aws.aws_errors import AwsError

REGION, ACCOUNT = "eu-west-1", "123456789012"
JANE = f"arn:aws:sts::{ACCOUNT}:assumed-role/engineers/jane"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/decisions"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.Session(region_name=REGION)


class Refusing:
    """EventBridge that answers, and did not take the event."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self._answer = answer

    def put_events(self, **_: Any) -> Mapping[str, Any]:
        return self._answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {
                "FailedEntryCount": 1,
                "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}],
            },
            r"PutEvents on .*/decisions failed \(ThrottlingException: Rate exceeded\): look at the bus",
        ),
        ({"FailedEntryCount": 1, "Entries": [{}]}, "nothing was said"),
    ],
    ids=["with a code", "without one"],
)
def test_an_event_that_is_refused_in_the_answer_is_an_error(answer: Mapping[str, Any], said: str) -> None:
    refusing: Any = Refusing(answer)
    with pytest.raises(AwsError, match=said):
        put_event(refusing, BUS, source="s", detail_type="d", detail="{}", resources=[])


@pytest.mark.parametrize(
    ("policy", "got"),
    [
        ({"registered_by": [JANE], "decision": ["Rejected"]}, True),
        ({"registered_by": [{"suffix": "/jane"}]}, True),
        ({"registered_by": [JANE], "decision": ["Approved"]}, False),
        ({"registered_by": [f"{JANE}2"]}, False),
        ({"group": [{"prefix": "ask"}], "decision": ["NeedsReview", "Rejected"]}, True),
    ],
    ids=["their rejections", "by the session's name", "another decision", "of another person", "of a group"],
)
def test_a_subscription_gets_what_its_filter_policy_names(
    session: Any, policy: Mapping[str, Any], got: bool
) -> None:
    sns, sqs = session.client("sns"), session.client("sqs")
    topic = sns.create_topic(Name="decisions")["TopicArn"]
    queue = sqs.create_queue(QueueName="jane")["QueueUrl"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:jane",
        Attributes={"FilterPolicy": json.dumps(policy)},
    )
    attributes = {"decision": "Rejected", "group": "askdata", "registered_by": JANE}
    publish_message(sns, topic, subject="Rejected: askdata version 1", text="why", attributes=attributes)
    messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
    assert [json.loads(one["Body"])["Message"] for one in messages] == ["why"] * got
