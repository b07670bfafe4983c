"""The event `SageMaker Model Package State Change`, read strictly: what it says, or why nothing is started for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws.arns import ModelPackageArn
from aws.registry_names import (
    APPROVAL_STATUS_FIELD,
    ARN_FIELD,
    COMPLETED,
    EVENT_DETAIL_TYPE,
    EVENT_SOURCE,
    PACKAGE_STATUS_FIELD,
    PENDING,
    TIME_FIELDS,
)
from checks.errors import GovernanceError


class EventRefusedError(GovernanceError):
    """An event that the rule should never have delivered; trying it again cannot help."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """One change of one model version; `changed_at` is its time as the event spells it."""

    model_package_arn: str
    approval_status: str
    package_status: str
    changed_at: str

    @property
    def not_to_be_judged(self) -> str | None:
        """Why the version needs no judgement now, or `None` when it does."""
        if self.package_status != COMPLETED:
            return f"its package is {self.package_status}, not {COMPLETED}"
        if self.approval_status != PENDING:
            return f"it is {self.approval_status}, not {PENDING}"
        return None


def read_event(event: object, *, account: str, region: str) -> StateChange:
    """Read an event about a model version of `account` and `region`.

    Raises:
        EventRefusedError: it comes from elsewhere, is about something else, or lacks a field.
        ArnError: its model package ARN is none, or is of an unversioned model package.
    """
    if not isinstance(event, Mapping):
        raise EventRefusedError(
            f"the event is {type(event).__name__}, not an object; send it through EventBridge"
        )
    for field, expected in (("source", EVENT_SOURCE), ("detail-type", EVENT_DETAIL_TYPE)):
        if event.get(field) != expected:
            raise EventRefusedError(
                f"the event's {field} is {event.get(field)!r}, not {expected!r}; fix the rule that delivers it"
            )
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise EventRefusedError("the event has no detail; send it as SageMaker does")
    arn = _read_text(detail, ARN_FIELD)
    _require_own(arn, account=account, region=region)
    return StateChange(
        model_package_arn=arn,
        approval_status=_read_text(detail, APPROVAL_STATUS_FIELD),
        package_status=_read_text(detail, PACKAGE_STATUS_FIELD),
        changed_at=_read_time(detail),
    )


def _read_text(detail: Mapping[str, object], field: str) -> str:
    value = detail.get(field)
    if not isinstance(value, str) or not value:
        raise EventRefusedError(f"the event's detail lacks {field}, as text; send it as SageMaker does")
    return value


def _require_own(text: str, *, account: str, region: str) -> None:
    arn = ModelPackageArn.parse(text)
    if (arn.account, arn.region) != (account, region):
        raise EventRefusedError(
            f"{arn} belongs to account {arn.account} in {arn.region}; this stack governs {account} in {region}: "
            "deploy one there"
        )


def _read_time(detail: Mapping[str, object]) -> str:
    """The time of the change: SageMaker sends milliseconds since 1970 as a number, others send text."""
    for field in TIME_FIELDS:
        value = detail.get(field)
        if isinstance(value, (int, float, str)) and not isinstance(value, bool) and value != "":
            return str(value)
    raise EventRefusedError(
        f"the event's detail lacks {' and '.join(TIME_FIELDS)}; send it as SageMaker does"
    )
