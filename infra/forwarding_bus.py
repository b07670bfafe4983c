"""The event bus that the registries of model accounts send their events to."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_events as events
from constructs import Construct

from aws.registry_names import EVENT_DETAIL_TYPE, EVENT_SOURCE


class ForwardingBus(Construct):
    """A bus, as `bus`, that takes SageMaker's events about model packages from `accounts`, and nothing else.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, accounts: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        self.bus = events.EventBus(
            self, "Bus", event_bus_name=name, description="Model versions of other accounts' registries."
        )
        partition = Stack.of(self).partition
        events.CfnEventBusPolicy(
            self,
            "Policy",
            event_bus_name=self.bus.event_bus_name,
            statement_id="ModelAccounts",
            statement={
                "Sid": "ModelAccounts",
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:{partition}:iam::{account}:root" for account in accounts]},
                "Action": "events:PutEvents",
                "Resource": self.bus.event_bus_arn,
                "Condition": {
                    "ForAllValues:StringEquals": {
                        "events:source": EVENT_SOURCE,
                        "events:detail-type": EVENT_DETAIL_TYPE,
                    }
                },
            },
        )
