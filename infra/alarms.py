"""The alarms: an execution that could not decide, a step that refused, an event or a copy that did not arrive."""

from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.approval_watch import unrecorded_approvals
from infra.deployment_settings import DeploymentSettings
from infra.principals import service_principal
from infra.rule_exceptions import except_from_rules
from pipelines.json_log import ABSENT_GROUPS, METRICS_NAMESPACE, PIPELINE_DIMENSION, UNDECIDED_VERSIONS


class GovernanceAlarms(Construct):
    """Alarms that are raised when a version was left without a decision, or one without its page.

    A rejection raises none.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dead_letter_queue: sqs.Queue,
        unwritten_pages: sqs.Queue | None,
        unannounced: sqs.Queue,
        reconciler: lambda_.Function,
        approvals: lambda_.Function,
        steps: Mapping[str, lambda_.Function],
        settings: DeploymentSettings,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        failed = cloudwatch.Metric(
            namespace="AWS/Sagemaker/ModelBuildingPipeline",
            metric_name="ExecutionFailed",
            dimensions_map={"PipelineName": settings.pipeline_name},
            statistic="Sum",
            period=Duration.minutes(5),
        )
        self.alarms = (
            self._alarm(
                "Undecided",
                _counted_by_runs(UNDECIDED_VERSIONS, settings),
                "Versions wait for people: nothing may or could be decided about them, or not in time.",
            ),
            self._alarm(
                "ReconcilerFailed",
                _errors(reconciler),
                "Pending versions could not be looked at; those whose events were lost stay undecided.",
            ),
            self._alarm(
                "UnrecordedApproval",
                unrecorded_approvals(settings.pipeline_name),
                "A version of a governed group was approved by neither the gate nor a reviewer; the log names it.",
            ),
            self._alarm(
                "ApprovalWatchFailed",
                _errors(approvals),
                "Approvals could not be looked at; one beside the gate may be unseen.",
            ),
            self._alarm("ExecutionFailed", failed, "A version could not be judged; its status is untouched."),
            self._alarm(
                "EventUndelivered",
                _messages(dead_letter_queue),
                "An event started no execution; it is in the queue.",
            ),
            self._alarm(
                "DecisionUnannounced",
                _messages(unannounced),
                "A decision that was carried out was not announced; the event is in the queue.",
            ),
            *(
                # Whoever invokes a step without the pipeline, with a forged record say, fails no execution.
                self._alarm(
                    f"{name}Refused", _errors(function), f"{name} failed or refused what it was given."
                )
                for name, function in steps.items()
            ),
            *self._alarms_about_groups(settings),
            *self._alarms_about_pages(unwritten_pages),
        )
        _tell(self, self.alarms, settings, key)

    def _alarms_about_groups(self, settings: DeploymentSettings) -> Sequence[cloudwatch.Alarm]:
        """Where the settings name groups, one of them may be misspelt."""
        if not settings.model_package_groups:
            return ()
        said = "A name or pattern of model_package_groups matches no group; create it or correct the setting."
        return (self._alarm("GroupAbsent", _counted_by_runs(ABSENT_GROUPS, settings), said),)

    def _alarms_about_pages(self, unwritten: sqs.Queue | None) -> Sequence[cloudwatch.Alarm]:
        """Where pages are written: whatever keeps one from being written, its event ends in the queue."""
        if unwritten is None:
            return ()
        said = "A decision has no page beside its record, which is untouched; the event is in the queue."
        return (self._alarm("ReportPageUnwritten", _messages(unwritten), said),)

    def _alarm(self, name: str, metric: cloudwatch.Metric, description: str) -> cloudwatch.Alarm:
        return _make_alarm(self, name, metric, description)


class CopyAlarms(Construct):
    """Alarms of a model account, that are raised when a copy or an event did not reach the governance account."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        copying: lambda_.Function,
        uncopied: sqs.Queue,
        unforwarded: sqs.Queue | None,
        settings: DeploymentSettings,
    ) -> None:
        super().__init__(scope, construct_id)
        alarms = [
            _make_alarm(
                self,
                "CopyFailed",
                _errors(copying),
                "A report or a model artifact was not copied yet; it is tried again.",
            ),
            _make_alarm(
                self,
                "CopyGivenUp",
                _messages(uncopied),
                "A report or a model artifact was not copied; its event is in the queue.",
            ),
        ]
        if unforwarded is not None:
            said = "An event of the registry did not reach the governance account; it is in the queue."
            alarms.append(_make_alarm(self, "EventNotForwarded", _messages(unforwarded), said))
        _tell(self, alarms, settings, key=None)


def _tell(
    scope: Construct, alarms: Sequence[cloudwatch.Alarm], settings: DeploymentSettings, key: kms.IKey | None
) -> None:
    """Have alarms told to the topic of the organisation, or a new one that the e-mail address subscribes to."""
    topic = _topic(scope, settings, key)
    if topic is not None:
        for alarm in alarms:
            alarm.add_alarm_action(cast("cloudwatch.IAlarmAction", actions.SnsAction(topic)))


def _topic(scope: Construct, settings: DeploymentSettings, key: kms.IKey | None) -> sns.ITopic | None:
    if settings.alarm_topic_arn is not None:
        return sns.Topic.from_topic_arn(scope, "Topic", settings.alarm_topic_arn)
    if settings.alarm_email is None:
        return None
    topic = sns.Topic(scope, "Topic", display_name="Model gate", master_key=key, enforce_ssl=True)
    mail = cast("sns.ITopicSubscription", subscriptions.EmailSubscription(settings.alarm_email))
    subscription = topic.add_subscription(mail)
    except_from_rules(
        subscription,
        ["Serverless-SNSRedrivePolicy"],
        "An e-mail that does not arrive needs no queue: the alarm itself stays raised, and CloudWatch keeps it.",
    )
    # A topic with a policy of its own has no longer the one that lets the services of its account publish.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[service_principal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
        )
    )
    return cast("sns.ITopic", topic)


def _make_alarm(scope: Construct, name: str, metric: cloudwatch.Metric, description: str) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        scope,
        name,
        metric=metric,
        alarm_description=description,
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )


def _counted_by_runs(metric: str, settings: DeploymentSettings) -> cloudwatch.Metric:
    """Return a metric that each run of a schedule of the stack writes."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=metric,
        dimensions_map={PIPELINE_DIMENSION: settings.pipeline_name},
        statistic="Maximum",
        period=Duration.minutes(settings.reconcile_minutes),
    )


def _messages(queue: sqs.Queue) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(
        statistic="Maximum", period=Duration.minutes(5)
    )


def _errors(function: lambda_.Function) -> cloudwatch.Metric:
    return function.metric_errors(statistic="Sum", period=Duration.minutes(5))
