"""Model packages: versions of a model as the registry describes them, and what a new one is registered with."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from aws.arns import validate_group_name
from aws.aws_errors import AwsError
from aws.registry_limits import (
    RegistryLimitError,
    check_approval_status,
    check_description,
    check_metadata,
    check_registration,
)
from aws.registry_names import EVIDENCE_PROPERTY, PENDING
from aws.report_references import ReportReference
from checks.errors import GovernanceError


class ModelPackageGoneError(AwsError):
    """The model package does not exist, or exists no longer."""


class StatusChangedError(GovernanceError):
    """The version has another approval status, `status`, than the one that it was to be changed from."""

    def __init__(self, message: str, *, status: str) -> None:
        super().__init__(message)
        self.status = status


class Container(Struct, frozen=True):
    """What one container of a version runs, as far as the registry says it.

    `image` is the URI of the inference image and `image_digest` its digest, `model_data` the S3 URI of the model
    archive and `model_data_etag` the ETag that it had at registration.
    """

    image: str | None = None
    image_digest: str | None = None
    model_data: str | None = None
    model_data_etag: str | None = None


class Identity(Struct, frozen=True):
    """Who made one call of SageMaker, as `DescribeModelPackage` names the caller; at least one field is given.

    `arn` is that of an IAM user or of a role's session, `principal_id` its unique id, `source_identity` the name that
    a role's session was opened with, where it was, and `user_profile` the name of a user profile of SageMaker Studio.
    """

    arn: str | None = None
    principal_id: str | None = None
    source_identity: str | None = None
    user_profile: str | None = None

    def __str__(self) -> str:
        """The caller as one reads it: the ARN first, then the names of people where AWS knows them."""
        who = self.arn or self.principal_id
        names = (("source identity", self.source_identity), ("user profile", self.user_profile))
        known = ", ".join(f"{kind} {name}" for kind, name in names if name is not None)
        if who is None:
            return known
        return f"{who} ({known})" if known else who


class ModelPackage(Struct, frozen=True):
    """One version of a model, as the registry describes it at one moment.

    `approval_status` is `Approved`, `Rejected` or `PendingManualApproval`, or `Logged` of a version that is merely
    logged and has none; `package_status` is `Completed` when the version is usable. `description` is SageMaker's
    `ApprovalDescription`, `metadata` its `CustomerMetadataProperties`. `reports` are those of `ModelMetrics`;
    `evidence_prefix` is the metadata property `governance:evidence`, under which further reports are.
    `last_modified` is the time of creation
    for a version that was never changed. `model_card` is the content of its model card, JSON as text, or `None` where
    it has none. `containers` are what the version runs, in their order. `created_by` and
    `last_modified_by` are who made those two calls, where SageMaker says it: whoever wrote last need not have changed
    the status.
    """

    arn: str
    group: str
    version: int
    approval_status: str
    package_status: str
    description: str | None
    metadata: Mapping[str, str]
    reports: tuple[ReportReference, ...]
    created: datetime
    last_modified: datetime
    containers: tuple[Container, ...] = ()
    model_card: str | None = None
    created_by: Identity | None = None
    last_modified_by: Identity | None = None

    @property
    def evidence_prefix(self) -> str | None:
        """The URI under which further reports are, or `None`."""
        return self.metadata.get(EVIDENCE_PROPERTY)

    @property
    def is_pending(self) -> bool:
        """Whether nobody has decided about the version yet."""
        return self.approval_status == PENDING


class ModelPackageSummary(Struct, frozen=True):
    """One line of a group's list of versions."""

    arn: str
    group: str
    version: int
    approval_status: str
    package_status: str
    created: datetime


class Registration(Struct, frozen=True):
    """What is registered as a new version: its image, its model data, its reports, its metadata, and all else.

    `image` is the URI of the inference image, `model_data` the S3 URI of the model archive where there is one: the
    short form of one container. Each of `reports` has a slot. `metadata` becomes `CustomerMetadataProperties`.
    `fields` are further fields of `CreateModelPackage`, sent as they are; an `InferenceSpecification` among them
    replaces `image`. `tags` are given to the group: its versions share them. `token` is a
    `ClientToken`: a second registration with the same one is the first.
    """

    group: str
    image: str | None = None
    model_data: str | None = None
    reports: Sequence[ReportReference] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None

    def validate(self) -> None:
        """Refuse what SageMaker would not take.

        Raises:
            ArnError: the group's name is none.
            RegistryLimitError: something else is too long, misspelt, without a slot, or twice in one slot.
        """
        validate_group_name(self.group)
        check_metadata(self.metadata)
        slots = [reference.slot for reference in self.reports]
        if None in slots or len(set(slots)) < len(slots):
            named = ", ".join(str(slot) for slot in slots)
            raise RegistryLimitError(
                f"each report takes one slot of ModelMetrics of its own; given were: {named}"
            )
        uris = {str(reference.slot): reference.uri for reference in self.reports}
        digests = {
            str(ref.slot): ref.content_digest for ref in self.reports if ref.content_digest is not None
        }
        model_data = {} if self.model_data is None else {"the model data": self.model_data}
        check_registration(self.image, uris | model_data, digests)
        if self.image is None and self.model_data is not None:
            raise RegistryLimitError(
                "the model data: SageMaker takes them with an image; name the image too, or give an "
                "InferenceSpecification"
            )
        if self.image is not None and "InferenceSpecification" in self.fields:
            raise RegistryLimitError(
                "InferenceSpecification: the image is given beside it; write the image into its Containers"
            )


def require_status(package: ModelPackage, only_from: str | None) -> None:
    """Refuse to change a version that has another status by now than `only_from`, where that names one.

    Raises:
        StatusChangedError: with the status that it has.
    """
    if only_from not in (None, package.approval_status):
        raise StatusChangedError(
            f"{package.arn}: it is {package.approval_status} by now, not {only_from}; nothing was changed",
            status=package.approval_status,
        )


def merge_update(
    package: ModelPackage,
    approval_status: str | None,
    description: str | None,
    metadata: Mapping[str, str] | None,
) -> ModelPackage:
    """Return the version as it is after an update: what is `None` stays, entries of `metadata` are added.

    Raises:
        RegistryLimitError: status, description or metadata are not what SageMaker takes.
    """
    merged = replace(
        package,
        approval_status=package.approval_status if approval_status is None else approval_status,
        description=package.description if description is None else description,
        metadata={**package.metadata, **(metadata or {})},
    )
    check_approval_status(merged.approval_status)
    check_description(merged.description or "")
    check_metadata(merged.metadata)
    return merged


def newest_first(
    found: Iterable[ModelPackageSummary], approval_status: str | None
) -> tuple[ModelPackageSummary, ...]:
    """Return the versions in the order in which SageMaker lists them; only those of one status where one is given."""
    chosen = (entry for entry in found if approval_status in (None, entry.approval_status))
    return tuple(sorted(chosen, key=lambda entry: entry.version, reverse=True))


def package_gone(arn: str) -> ModelPackageGoneError:
    """Return the error that says so of the version at `arn`."""
    return ModelPackageGoneError(
        f"{arn}: there is no such model package (any more); it may have been deleted after its event was sent, "
        "and then nothing is left to decide; otherwise check the ARN, the account and the region"
    )
