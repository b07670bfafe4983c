"""What is done when a record arrives in the decisions bucket: the rule that hands its event to a function."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.kept_events import KeptEvents
from pipelines.step_settings import DECISIONS_FOLDER


class ArrivedRecords(KeptEvents):
    """The rule that hands each object of `decisions` whose key ends with one of `suffixes` to `function`.

    What cannot be delivered is kept. The bucket must send its events to EventBridge. A pattern cannot ask for two
    things of one key: of suffixes of which one ends as another does, the function gets both, and tells them apart.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        description: str,
        decisions: s3.IBucket,
        suffixes: Sequence[str],
        max_event_age: Duration,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            function=function,
            description=description,
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
