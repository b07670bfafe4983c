"""What starts the pipeline: the rule for model package events, its retries, and its dead-letter queue."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from aws.registry_names import (
    APPROVAL_STATUS_FIELD,
    EVENT_DETAIL_TYPE,
    EVENT_SOURCE,
    GROUP_FIELD,
    PENDING,
)
from infra.group_patterns import match_events
from infra.rule_exceptions import except_from_rules

RETRIES_OF_THE_RULE = 24
RETRIES_OF_THE_FUNCTION = 2  # the most that Lambda does for an event that it has taken
MAX_AGE_IN_LAMBDA_HOURS = 6  # the longest that Lambda keeps one


class PendingModelPackages(Construct):
    """The rule that hands each version waiting for approval to `function`; what cannot be delivered is kept.

    An event is lost neither on its way to the function (the rule's retries) nor in it (those of the function): both
    end in `dead_letter_queue`. `groups` are the patterns of the groups that it is held to; none: every group.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        max_event_age: Duration,
        key: kms.IKey | None,
        groups: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letter_queue = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        except_from_rules(
            self.dead_letter_queue,
            ["AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"],
            "It is the dead-letter queue, and an alarm tells of what is in it.",
        )
        self.rule = events.Rule(
            self,
            "Rule",
            description="Model versions that wait for approval go to the governance pipeline.",
            event_pattern=events.EventPattern(
                source=[EVENT_SOURCE],
                detail_type=[EVENT_DETAIL_TYPE],
                # Not by ModelPackageStatus: no published text says what the event of a registration has there.
                detail={APPROVAL_STATUS_FIELD: [PENDING]}
                | ({GROUP_FIELD: match_events(groups)} if groups else {}),
            ),
            targets=[
                targets.LambdaFunction(
                    function,
                    dead_letter_queue=self.dead_letter_queue,
                    max_event_age=max_event_age,
                    retry_attempts=RETRIES_OF_THE_RULE,
                )
            ],
        )
        lambda_.CfnEventInvokeConfig(
            self,
            "AsynchronousInvocation",
            function_name=function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=RETRIES_OF_THE_FUNCTION,
            maximum_event_age_in_seconds=min(
                max_event_age.to_seconds(), Duration.hours(MAX_AGE_IN_LAMBDA_HOURS).to_seconds()
            ),
            destination_config={"onFailure": {"destination": self.dead_letter_queue.queue_arn}},
        )
