"""What runs the reconciler: a schedule, whose next run takes the place of the retries of the last one."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.rule_exceptions import except_from_rules


class ReconcilerSchedule(Construct):
    """The rule that invokes `function` every `interval`; a run that failed is not repeated, the next one follows."""

    def __init__(
        self, scope: Construct, construct_id: str, *, function: lambda_.Function, interval: Duration
    ) -> None:
        super().__init__(scope, construct_id)
        self.rule = events.Rule(
            self,
            "Rule",
            description="Pending model versions are looked at, whether or not their events came.",
            schedule=events.Schedule.rate(interval),
            targets=[targets.LambdaFunction(function, retry_attempts=0, max_event_age=Duration.minutes(1))],
        )
        invocation = lambda_.CfnEventInvokeConfig(
            self,
            "AsynchronousInvocation",
            function_name=function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=0,
            maximum_event_age_in_seconds=60,
        )
        for resource, rule in (
            (self.rule, "Serverless-EventBusDLQ"),
            (invocation, "Serverless-LambdaAsyncFailureDestination"),
        ):
            except_from_rules(
                resource,
                [rule],
                "A run that is lost or fails is not to be repeated later: the next one does it all.",
            )
