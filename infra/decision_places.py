"""Where decisions are announced: the bus that programs listen to, and the topic that people follow."""

from typing import cast

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.deployment_settings import DeploymentSettings


class DecisionPlaces(Construct):
    """Where decisions are announced: the ARN of a bus, `bus_arn`, and a topic, `topic`, with its key, `topic_key`.

    The topic is the stack's own unless the settings name one.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: DeploymentSettings, key: kms.IKey | None
    ) -> None:
        super().__init__(scope, construct_id)
        bus, existing = settings.decision_bus, settings.decisions_topic
        self.bus_arn = bus if bus.startswith("arn:") else _arn_of_bus(self, bus)
        self.topic: sns.ITopic
        self.topic_key = key
        if existing is None:
            topic = sns.Topic(self, "Topic", display_name="Model decisions", master_key=key, enforce_ssl=True)
            self.topic = cast("sns.ITopic", topic)
        else:
            self.topic = sns.Topic.from_topic_arn(self, "Topic", existing.arn)
            arn = existing.kms_key_arn
            self.topic_key = None if arn is None else kms.Key.from_key_arn(self, "TopicKey", arn)


def _arn_of_bus(scope: Construct, name: str) -> str:
    return Stack.of(scope).format_arn(
        service="events",
        resource="event-bus",
        resource_name=name,
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )
