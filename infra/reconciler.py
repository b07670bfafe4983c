"""What runs the reconciler: a schedule, whose next run takes the place of retries, and reports that arrive."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.function_target import function_target
from infra.rule_exceptions import except_from_rules

_NOT_REPEATED = "A run that is lost or fails is not to be repeated later: the next one does it all."


class ReconcilerSchedule(Construct):
    """The rule that invokes `function` every `interval`; a run that failed is not repeated, the next one follows."""

    def __init__(
        self, scope: Construct, construct_id: str, *, function: lambda_.Function, interval: Duration
    ) -> None:
        super().__init__(scope, construct_id)
        self._function = function
        self.rule = events.Rule(
            self,
            "Rule",
            description="Pending model versions are looked at, whether or not their events came.",
            schedule=events.Schedule.rate(interval),
            targets=[self._target()],
        )
        invocation = lambda_.CfnEventInvokeConfig(
            self,
            "AsynchronousInvocation",
            function_name=function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=0,
            maximum_event_age_in_seconds=60,
        )
        except_from_rules(self.rule, ["Serverless-EventBusDLQ"], _NOT_REPEATED)
        except_from_rules(invocation, ["Serverless-LambdaAsyncFailureDestination"], _NOT_REPEATED)

    def add_arrivals(self, evidence: s3.IBucket, *, folder: str) -> None:
        """Have a copy that arrives in `folder` of the bucket looked at: what the next run would do, sooner."""
        arrived = events.Rule(
            self,
            "Arrived",
            description="Model versions that waited for a report of a model account are judged when it arrives.",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [evidence.bucket_name]},
                    "object": {"key": [{"prefix": f"{folder}/"}]},
                },
            ),
            targets=[self._target()],
        )
        except_from_rules(arrived, ["Serverless-EventBusDLQ"], _NOT_REPEATED)

    def _target(self) -> events.IRuleTarget:
        return function_target(self._function, retry_attempts=0, max_event_age=Duration.minutes(1))
