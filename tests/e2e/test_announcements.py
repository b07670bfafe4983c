"""What is told of decisions, as the deployed function sends it to whoever follows the bus and the topic."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.e2e.conftest import Governance

pytestmark = pytest.mark.e2e
SCHEMA = Path(__file__).parents[2] / "docs" / "decision-event.schema.json"


class Followers:
    """A queue that the rule of a program fills, and one of a person who subscribed to rejections."""

    def __init__(self, stack: Governance) -> None:
        self._sqs, self._events, self._sns = (stack.client(name) for name in ("sqs", "events", "sns"))
        self.rule = f"followers-{uuid.uuid4().hex[:8]}"
        self.programs, programs_arn = self._make_queue("programs", "events.amazonaws.com")
        self.people, people_arn = self._make_queue("people", "sns.amazonaws.com")
        pattern = {"source": ["model-governance"], "detail-type": ["Model Governance Decision"]}
        self._events.put_rule(Name=self.rule, EventPattern=json.dumps(pattern))
        self._events.put_targets(Rule=self.rule, Targets=[{"Id": "queue", "Arn": programs_arn}])
        policy = json.dumps({"decision": ["Rejected"]})
        self._subscription = self._sns.subscribe(
            TopicArn=stack.outputs["DecisionsTopic"],
            Protocol="sqs",
            Endpoint=people_arn,
            Attributes={"FilterPolicy": policy},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]

    def _make_queue(self, name: str, service: str) -> tuple[str, str]:
        url = self._sqs.create_queue(QueueName=f"{self.rule}-{name}")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
        return url, arn

    def take(self, queue: str) -> list[dict[str, Any]]:
        found = self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    def end(self) -> None:
        self._events.remove_targets(Rule=self.rule, Ids=["queue"])
        self._events.delete_rule(Name=self.rule)
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        for queue in (self.programs, self.people):
            self._sqs.delete_queue(QueueUrl=queue)


@pytest.fixture
def followers(stack: Governance) -> Iterator[Followers]:
    made = Followers(stack)
    yield made
    made.end()


def test_programs_are_told_of_each_decision_and_people_of_what_they_follow(
    stack: Governance, followers: Followers, reports: dict[str, Callable[..., bytes]]
) -> None:
    with stack.announcements():
        rejected = stack.judged(quality=reports["evaluation"](accuracy=0.63217))["ModelPackageArn"]
        stack.judged(quality=reports["evaluation"](accuracy=0.93217))
    events = followers.take(followers.programs)
    assert sorted(event["detail"]["decision"] for event in events) == ["Approved", "Rejected"]
    for event in events:
        jsonschema.validate(event["detail"], json.loads(SCHEMA.read_text(encoding="utf-8")))
        assert event["resources"] == [event["detail"]["model_package"]["arn"]]
    (detail,) = [event["detail"] for event in events if event["resources"] == [rejected]]
    metadata = stack.describe(rejected)["CustomerMetadataProperties"]
    assert detail["record"] == {
        "uri": metadata["governance:decision-uri"],
        "sha256": metadata["governance:decision-digest"],
    }
    assert detail["registered_by"] == stack.describe(rejected)["CreatedBy"]["IamIdentity"]["Arn"]
    (message,) = followers.take(followers.people)
    assert message["Subject"] == f"Rejected: {rejected.split('/')[1]} version 1"
    assert "0.63217 is below 0.8" in message["Message"]
    assert message["MessageAttributes"]["registered_by"]["Value"] == detail["registered_by"]
    assert stack.dead_letters() == []


def test_a_message_that_cannot_be_sent_is_kept_with_its_event(
    stack: Governance, reports: dict[str, Callable[..., bytes]]
) -> None:
    stack.dead_letters()
    function = stack.function("AnnounceDecision")
    gone = f"{stack.outputs['DecisionsTopic']}-gone"
    with stack.announcements(), stack.environment(function, GOVERNANCE_DECISIONS_TOPIC=gone):
        described = stack.judged(quality=reports["evaluation"](accuracy=0.53217))
        assert described["ModelApprovalStatus"] == "Rejected"
        stack.settle()
    (letter,) = stack.dead_letters()
    assert letter["requestPayload"]["detail"]["object"]["key"].endswith(".outcome.json")
    assert "Publish" in letter["responsePayload"]["errorMessage"]
