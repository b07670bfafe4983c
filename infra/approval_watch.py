"""What shows an approval that nobody recorded: the rule for approvals, a schedule for lost events, and the alarms."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from aws.registry_names import APPROVAL_STATUS_FIELD, APPROVED, EVENT_DETAIL_TYPE, EVENT_SOURCE, GROUP_FIELD
from infra.function_target import function_target
from infra.group_patterns import match_events
from infra.rule_exceptions import except_from_rules
from pipelines.json_log import METRICS_NAMESPACE, PIPELINE_DIMENSION, UNRECORDED_APPROVALS


class ApprovalWatch(Construct):
    """The rules that invoke `function`: at each approval, and every `interval` for those whose events were lost.

    `groups` are the patterns of the groups that it is held to; none: every group.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        interval: Duration,
        groups: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._function = function
        self._add_rule("Approved", groups, bus=None)
        schedule = events.Rule(
            self,
            "Schedule",
            description="Model versions that were approved of late are looked at, whether or not their events came.",
            schedule=events.Schedule.rate(interval),
            targets=[function_target(function, retry_attempts=0, max_event_age=Duration.minutes(1))],
        )
        _explain_exception(schedule)

    def add_bus(self, bus: events.IEventBus) -> None:
        """Take events from another bus, too: those that model accounts forward, which name their groups there."""
        self._add_rule("ApprovedElsewhere", (), bus=bus)

    def _add_rule(self, name: str, groups: Sequence[str], *, bus: events.IEventBus | None) -> None:
        approved = events.Rule(
            self,
            name,
            description="Approved model versions are held against the records of the gate.",
            event_bus=bus,
            event_pattern=events.EventPattern(
                source=[EVENT_SOURCE],
                detail_type=[EVENT_DETAIL_TYPE],
                detail={APPROVAL_STATUS_FIELD: [APPROVED]}
                | ({GROUP_FIELD: match_events(groups)} if groups else {}),
            ),
            targets=[function_target(self._function)],
        )
        _explain_exception(approved)


def _explain_exception(rule: events.Rule) -> None:
    except_from_rules(
        rule,
        ["Serverless-EventBusDLQ"],
        "An event or a run that is lost need not be kept: the next run of the schedule looks at the same.",
    )


def unrecorded_approvals(pipeline_name: str) -> cloudwatch.Metric:
    """Return the metric that the function writes."""
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=UNRECORDED_APPROVALS,
        dimensions_map={PIPELINE_DIMENSION: pipeline_name},
        statistic="Maximum",
        period=Duration.minutes(5),
    )
