"""What writes pages for people: the rule that hands each new decision record to the function that writes its page."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.kept_events import KeptEvents
from pipelines.step_settings import DECISIONS_FOLDER, RECORD_SUFFIX


class ReportPages(KeptEvents):
    """The rule that hands each record of the bucket `decisions` to `function`; what cannot be delivered is kept.

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
        super().__init__(
            scope,
            construct_id,
            function=function,
            description="Decision records get a page for people beside them.",
            # Outcomes end like records and come, too: a pattern cannot ask for two things of one key. The pages do not.
            pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [decisions.bucket_name]},
                    "object": {"key": [{"wildcard": f"{DECISIONS_FOLDER}/*{RECORD_SUFFIX}"}]},
                },
            ),
            max_event_age=max_event_age,
            key=key,
        )
