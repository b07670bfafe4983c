"""A function as the target of a rule."""

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs


def function_target(
    function: lambda_.Function,
    *,
    dead_letter_queue: sqs.IQueue | None = None,
    max_event_age: Duration | None = None,
    retry_attempts: int | None = None,
) -> events.IRuleTarget:
    """Return what has a rule invoke `function`; the rest is as in `aws_events_targets.LambdaFunction`."""
    target = targets.LambdaFunction(
        cast("lambda_.IFunction", function),
        dead_letter_queue=dead_letter_queue,
        max_event_age=max_event_age,
        retry_attempts=retry_attempts,
    )
    return cast("events.IRuleTarget", target)
