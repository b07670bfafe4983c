"""The alarms: an execution that could not decide, a step that refused, and an event that started none."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class GovernanceAlarms(Construct):
    """Alarms that are raised when a version was left without a decision; a rejection raises none."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dead_letter_queue: sqs.Queue,
        pipeline_name: str,
        steps: Mapping[str, lambda_.Function],
        topic_arn: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        failed = cloudwatch.Metric(
            namespace="AWS/Sagemaker/ModelBuildingPipeline",
            metric_name="ExecutionFailed",
            dimensions_map={"PipelineName": pipeline_name},
            statistic="Sum",
            period=Duration.minutes(5),
        )
        undelivered = dead_letter_queue.metric_approximate_number_of_messages_visible(
            statistic="Maximum", period=Duration.minutes(5)
        )
        self.alarms = (
            self._alarm("ExecutionFailed", failed, "A version could not be judged; its status is untouched."),
            self._alarm(
                "EventUndelivered", undelivered, "An event started no execution; it is in the queue."
            ),
            *(
                # Whoever invokes a step without the pipeline, with a forged record say, fails no execution.
                self._alarm(
                    f"{name}Refused", _errors(function), f"{name} failed or refused what it was given."
                )
                for name, function in steps.items()
            ),
        )
        if topic_arn is not None:
            topic = sns.Topic.from_topic_arn(self, "Topic", topic_arn)
            for alarm in self.alarms:
                alarm.add_alarm_action(actions.SnsAction(topic))

    def _alarm(self, name: str, metric: cloudwatch.Metric, description: str) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            alarm_description=description,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )


def _errors(function: lambda_.Function) -> cloudwatch.Metric:
    return function.metric_errors(statistic="Sum", period=Duration.minutes(5))
