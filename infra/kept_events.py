"""Events that reach a function, or are kept: a rule, its retries, those of the function, and a dead-letter queue."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.function_target import function_target
from infra.rule_exceptions import except_from_rules

RETRIES_OF_THE_RULE = 24
RETRIES_OF_THE_FUNCTION = 2  # the most that Lambda does for an event that it has taken
MAX_AGE_IN_LAMBDA_HOURS = 6  # the longest that Lambda keeps one


def make_dead_letter_queue(scope: Construct, name: str, key: kms.IKey | None) -> sqs.Queue:
    """Return a queue for what could not be delivered; an alarm is to tell of what is in it."""
    queue = sqs.Queue(
        scope,
        name,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    except_from_rules(
        queue,
        ["AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"],
        "It is the dead-letter queue, and an alarm tells of what is in it.",
    )
    return queue


class KeptEvents(Construct):
    """The rule that hands each event of `pattern` to `function`; what cannot be delivered is kept.

    An event is lost neither on its way to the function (the rule's retries) nor in it (those of the function): both
    end in `dead_letter_queue`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        description: str,
        pattern: events.EventPattern,
        max_event_age: Duration,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._function = function
        self._max_event_age = max_event_age
        self.dead_letter_queue = make_dead_letter_queue(self, "DeadLetters", key)
        self.rule = self._add_rule("Rule", description, pattern, bus=None)
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

    def _add_rule(
        self, name: str, description: str, pattern: events.EventPattern, *, bus: events.IEventBus | None
    ) -> events.Rule:
        """A rule on the default bus or another one, whose events are kept in the same way."""
        return events.Rule(
            self,
            name,
            description=description,
            event_bus=bus,
            event_pattern=pattern,
            targets=[
                function_target(
                    self._function,
                    dead_letter_queue=self.dead_letter_queue,
                    max_event_age=self._max_event_age,
                    retry_attempts=RETRIES_OF_THE_RULE,
                )
            ],
        )
