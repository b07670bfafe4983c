"""What starts the pipeline: the rules for events of versions that wait for approval."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from aws.registry_names import (
    APPROVAL_STATUS_FIELD,
    EVENT_DETAIL_TYPE,
    EVENT_SOURCE,
    GROUP_FIELD,
    PENDING,
)
from infra.group_patterns import match_events
from infra.kept_events import KeptEvents


class PendingModelPackages(KeptEvents):
    """The rule that hands each version waiting for approval to `function`; what cannot be delivered is kept.

    `groups` are the patterns of the groups that it is held to; none: every group.
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
        super().__init__(
            scope,
            construct_id,
            function=function,
            description="Model versions that wait for approval go to the governance pipeline.",
            pattern=_match_pending(groups),
            max_event_age=max_event_age,
            key=key,
        )

    def add_bus(self, bus: events.IEventBus) -> None:
        """Take events from another bus, too: those that model accounts forward, which name their groups there."""
        self._add_rule(
            "Forwarded",
            "Model versions of other accounts that wait for approval go to the governance pipeline.",
            _match_pending(()),
            bus=bus,
        )


def _match_pending(groups: Sequence[str]) -> events.EventPattern:
    return events.EventPattern(
        source=[EVENT_SOURCE],
        detail_type=[EVENT_DETAIL_TYPE],
        # Not by ModelPackageStatus: no published text says what the event of a registration has there.
        detail={APPROVAL_STATUS_FIELD: [PENDING]} | ({GROUP_FIELD: match_events(groups)} if groups else {}),
    )
