"""A model registry in memory, the twin of SageMaker's, for programs and tests without AWS."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from aws.arns import GroupArn, ModelPackageArn, validate_group_name
from aws.model_packages import (
    Identity,
    ModelPackage,
    ModelPackageSummary,
    Registration,
    merge_update,
    newest_first,
    package_gone,
    require_status,
)
from aws.registry_names import COMPLETED, PENDING
from aws.report_references import in_slot_order
from aws.sagemaker_shapes import containers, model_card, registration_request, reusable_fields


class MemoryModelRegistry:
    """A registry in memory that behaves as SageMaker's does.

    `caller` is who its next calls come from, `clock` tells their time.
    """

    def __init__(self, *, region: str = "eu-west-1", account: str = "123456789012") -> None:
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.caller = Identity(arn=f"arn:aws:iam::{account}:user/memory")
        self._where = ("aws", region, account)
        self._packages: dict[str, ModelPackage] = {}
        self._requests: dict[str, dict[str, Any]] = {}
        self._tags: dict[str, dict[str, str]] = {}

    def describe(self, arn: str) -> ModelPackage:
        """See `ModelRegistry.describe`."""
        ModelPackageArn.parse(arn)
        if arn not in self._packages:
            raise package_gone(arn)
        return self._packages[arn]

    def list(
        self, group: str | GroupArn, *, approval_status: str | None = None
    ) -> tuple[ModelPackageSummary, ...]:
        """See `ModelRegistry.list`."""
        if isinstance(group, GroupArn):
            chosen = [one for one in self._packages.values() if group.holds(ModelPackageArn.parse(one.arn))]
        else:
            validate_group_name(group)
            chosen = [one for one in self._packages.values() if one.group == group]
        return newest_first(map(_summarise, chosen), approval_status)

    def pending(self) -> Iterator[ModelPackageSummary]:
        """See `ModelRegistry.pending`."""
        waiting = [package for package in self._packages.values() if package.is_pending]
        return map(_summarise, sorted(waiting, key=lambda package: package.created))

    def groups(self) -> Iterator[str]:
        """See `ModelRegistry.groups`."""
        return iter(dict.fromkeys(package.group for package in reversed(self._packages.values())))

    def update(
        self,
        arn: str,
        *,
        approval_status: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, str] | None = None,
        only_from: str | None = None,
    ) -> None:
        """See `ModelRegistry.update`."""
        current = self.describe(arn)
        require_status(current, only_from)
        merged = merge_update(current, approval_status, description, metadata)
        self._packages[arn] = replace(merged, last_modified=self.clock(), last_modified_by=self.caller)

    def set_status(self, arn: str, approval_status: str, *, description: str, only_from: str) -> None:
        """See `ModelRegistry.set_status`."""
        self.update(arn, approval_status=approval_status, description=description, only_from=only_from)

    def register(self, registration: Registration) -> str:
        """See `ModelRegistry.register`."""
        self.check(registration)
        request = registration_request(registration)
        # A token that was given before is the same call again, as after a lost answer: one version, not two.
        for arn, earlier in self._requests.items():
            if registration.token is not None and earlier.get("ClientToken") == registration.token:
                return arn
        versions = [
            package.version for package in self._packages.values() if package.group == registration.group
        ]
        version = max(versions, default=0) + 1
        arn = str(ModelPackageArn(*self._where, group=registration.group.lower(), version=version))
        now = self.clock()
        self._packages[arn] = ModelPackage(
            arn=arn,
            group=registration.group,
            version=version,
            approval_status=PENDING,
            package_status=COMPLETED,
            description=None,
            metadata=dict(registration.metadata),
            reports=in_slot_order(registration.reports),
            created=now,
            last_modified=now,
            containers=tuple(containers(request)),
            model_card=model_card(request),
            created_by=self.caller,
        )
        self._requests[arn] = request
        # The group is made with its first version; tags that it has already are not changed by a later one.
        self._tags.setdefault(registration.group, {}).update(
            {**registration.tags, **self._tags.get(registration.group, {})}
        )
        return arn

    def group_tags(self, group: str) -> dict[str, str] | None:
        """See `ModelRegistry.group_tags`."""
        validate_group_name(group)
        return self._tags.get(group)

    def check(self, registration: Registration) -> None:
        """See `ModelRegistry.check`; what only the service model says is not held against it."""
        registration.validate()

    def specification(self, arn: str) -> dict[str, Any]:
        """See `ModelRegistry.specification`."""
        self.describe(arn)
        return reusable_fields(self._requests[arn])

    def set_package_status(self, arn: str, package_status: str) -> None:
        """Set a version's package status, as SageMaker does while it makes and validates one."""
        self._packages[arn] = replace(self._packages[arn], package_status=package_status)

    def delete(self, arn: str) -> None:
        """Delete a version, as a person might between its event and its evaluation."""
        del self._packages[arn]


def _summarise(package: ModelPackage) -> ModelPackageSummary:
    return ModelPackageSummary(
        arn=package.arn,
        group=package.group,
        version=package.version,
        approval_status=package.approval_status,
        package_status=package.package_status,
        created=package.created,
    )
