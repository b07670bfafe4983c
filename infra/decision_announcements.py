"""What announces decisions: the rule that hands each outcome to the function, and the topic that people follow."""

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.deployment_settings import DeploymentSettings
from infra.kept_events import KeptEvents
from pipelines.step_settings import DECISIONS_FOLDER, OUTCOME_SUFFIX, REVIEW_OUTCOME_SUFFIX


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
            self.topic = sns.Topic(
                self, "Topic", display_name="Model decisions", master_key=key, enforce_ssl=True
            )
        else:
            self.topic = sns.Topic.from_topic_arn(self, "Topic", existing.arn)
            arn = existing.kms_key_arn
            self.topic_key = None if arn is None else kms.Key.from_key_arn(self, "TopicKey", arn)


class DecisionAnnouncements(KeptEvents):
    """The rule that hands each outcome in the bucket `decisions` to `function`; what cannot be delivered is kept.

    The bucket must send its events to EventBridge.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        decisions: s3.IBucket,
        max_event_age: Duration,
        key: kms.IKey | None,
    ) -> None:
        suffixes = (OUTCOME_SUFFIX, REVIEW_OUTCOME_SUFFIX)
        super().__init__(
            scope,
            construct_id,
            function=function,
            description="Decisions that were carried out are announced.",
            pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [decisions.bucket_name]},
                    "object": {"key": [{"wildcard": f"{DECISIONS_FOLDER}/*{suffix}"} for suffix in suffixes]},
                },
            ),
            max_event_age=max_event_age,
            key=key,
        )


def _arn_of_bus(scope: Construct, name: str) -> str:
    return Stack.of(scope).format_arn(
        service="events",
        resource="event-bus",
        resource_name=name,
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )
