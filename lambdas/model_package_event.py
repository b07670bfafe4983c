"""The event `SageMaker Model Package State Change`, read strictly: what it says, or why nothing is started for it."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from aws.arns import GroupArn, ModelPackageArn
from aws.registry_names import (
    APPROVAL_STATUS_FIELD,
    ARN_FIELD,
    EVENT_DETAIL_TYPE,
    EVENT_SOURCE,
    PENDING,
    UPDATED_FIELDS_FIELD,
)
from checks.errors import GovernanceError


class EventRefusedError(GovernanceError):
    """An event that the rule should never have delivered; trying it again cannot help."""


class StateChange(Struct, frozen=True):
    """One change of one model version, as far as its event is relied on; `DescribeModelPackage` says the rest.

    `updated_fields` are what was changed, or `None` where the event does not say it, as that of a registration.
    """

    model_package_arn: str
    approval_status: str
    updated_fields: frozenset[str] | None

    @property
    def not_to_be_judged(self) -> str | None:
        """Why the version needs no judgement for this change, or `None` where that is to be looked for."""
        if self.approval_status != PENDING:
            return f"it is {self.approval_status}, not {PENDING}"
        if self.updated_fields is not None and APPROVAL_STATUS_FIELD not in self.updated_fields:
            return f"its {', '.join(sorted(self.updated_fields))} was edited, not its {APPROVAL_STATUS_FIELD}"
        return None


def read_event(
    event: object, *, account: str, region: str, elsewhere: Collection[GroupArn] = ()
) -> StateChange:
    """Read an event about a model version of `account` and `region`, or of one of the groups `elsewhere`.

    Raises:
        EventRefusedError: it comes from elsewhere, is about something else, or lacks a field.
        ArnError: its model package ARN is none, or is of an unversioned model package.
    """
    if not isinstance(event, Mapping):
        raise EventRefusedError(
            f"the event is {type(event).__name__}, not an object; send it through EventBridge"
        )
    for field, expected in (("source", EVENT_SOURCE), ("detail-type", EVENT_DETAIL_TYPE)):
        # The developer guide's sample has its source in a list.
        if event.get(field) not in (expected, [expected]):
            raise EventRefusedError(
                f"the event's {field} is {event.get(field)!r}, not {expected!r}; fix the rule that delivers it"
            )
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise EventRefusedError("the event has no detail; send it as SageMaker does")
    arn = _read_text(detail, ARN_FIELD)
    _require_own(arn, account=account, region=region, elsewhere=elsewhere)
    return StateChange(
        model_package_arn=arn,
        approval_status=_read_text(detail, APPROVAL_STATUS_FIELD),
        updated_fields=_read_updated_fields(detail),
    )


def _read_text(detail: Mapping[str, object], field: str) -> str:
    value = detail.get(field)
    if not isinstance(value, str) or not value:
        raise EventRefusedError(f"the event's detail lacks {field}, as text; send it as SageMaker does")
    return value


def _require_own(text: str, *, account: str, region: str, elsewhere: Collection[GroupArn]) -> None:
    arn = ModelPackageArn.parse(text)
    is_own = (arn.account, arn.region) == (account, region)
    if not is_own and not any(group.holds(arn) for group in elsewhere):
        raise EventRefusedError(
            f"{arn} belongs to account {arn.account} in {arn.region}; this stack governs {account} in {region}: "
            "deploy one there"
        )


def _read_updated_fields(detail: Mapping[str, object]) -> frozenset[str] | None:
    """Return the names in the list; where it is empty or no list of names, the version itself is looked at."""
    value = detail.get(UPDATED_FIELDS_FIELD)
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        return None
    return frozenset(value)
