"""The model registry: versions of a model package group, read, updated and registered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from aws.arns import GroupArn, ModelPackageArn, validate_group_name
from aws.aws_errors import AwsError, AwsNotFoundError, explain_errors
from aws.model_packages import (
    ModelPackage,
    ModelPackageSummary,
    Registration,
    merge_update,
    newest_first,
    package_gone,
    require_status,
)
from aws.registry_names import PENDING
from aws.request_limits import check_request
from aws.sagemaker_shapes import (
    group_request,
    model_package,
    registration_request,
    reusable_fields,
    summary,
    tags_list,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_PAGE = 100  # the most that SageMaker lists at once


class ModelRegistry(Protocol):
    """Versions of models. `SageMakerModelRegistry` is the real one, `MemoryModelRegistry` its twin."""

    def describe(self, arn: str) -> ModelPackage:
        """Return the version that `arn` names.

        Raises:
            ArnError: `arn` does not name a version in a group.
            ModelPackageGoneError: there is no such version.
            AwsError: AWS could not be asked.
        """
        ...

    def list(
        self, group: str | GroupArn, *, approval_status: str | None = None
    ) -> tuple[ModelPackageSummary, ...]:
        """Return the versions of `group`, newest first; only those of one status where one is given.

        A group of another account is named by its ARN. A group that does not exist has no versions.
        """
        ...

    def pending(self) -> Iterator[ModelPackageSummary]:
        """Yield the versions of all groups that are `PendingManualApproval`, oldest first.

        Raises:
            AwsError: AWS could not be asked.
        """
        ...

    def groups(self) -> Iterator[str]:
        """Yield the names of the model package groups, newest first.

        Raises:
            AwsError: AWS could not be asked.
        """
        ...

    def update(
        self,
        arn: str,
        *,
        approval_status: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, str] | None = None,
        only_from: str | None = None,
    ) -> None:
        """Change what is given and keep everything else; entries of `metadata` are added or overwritten.

        With `only_from` nothing is changed when the version has another approval status by now. SageMaker has no
        conditional update, so this looks as late as it can: right before the change.

        Raises:
            StatusChangedError: the status is another than `only_from`.
            RegistryLimitError: status, description or metadata are not what SageMaker takes; nothing was changed.
            ModelPackageGoneError: there is no such version.
        """
        ...

    def set_status(self, arn: str, approval_status: str, *, description: str, only_from: str) -> None:
        """Set a status and a description, and send nothing else: for a person, who may not write the gate's metadata.

        `only_from` is as in `update`; raises as that does.
        """
        ...

    def register(self, registration: Registration) -> str:
        """Register a new version as `PendingManualApproval`, creating its group if absent; return its ARN.

        Raises:
            ArnError: the group's name is none.
            RegistryLimitError: something is larger than SageMaker takes; nothing was registered.
        """
        ...

    def check(self, registration: Registration) -> None:
        """Refuse what `register` would refuse, before anything is sent; raises as `register` does."""
        ...

    def group_tags(self, group: str) -> dict[str, str] | None:
        """Return the tags of a group, which its versions share, or `None` where there is no such group."""
        ...

    def specification(self, arn: str) -> dict[str, Any]:
        """Return the fields of `CreateModelPackage` that another version may take over from the one at `arn`.

        These are its containers and how they are run, its source, domain, task and drift baselines; raises as
        `describe` does.
        """
        ...


class SageMakerModelRegistry:
    """SageMaker Model Registry: that of the client's account, or the groups of `owner`, an account that shares them."""

    def __init__(self, client: "SageMakerClient", *, owner: str | None = None) -> None:
        self._client = client
        self._owner = owner

    def _name(self, group: str | GroupArn) -> str:
        """How a request names a group: one of another account by its ARN."""
        if isinstance(group, GroupArn):
            return str(group)
        validate_group_name(group)
        if self._owner is None:
            return group
        meta = self._client.meta
        return str(GroupArn(meta.partition, meta.region_name, self._owner, group))

    def describe(self, arn: str) -> ModelPackage:
        """See `ModelRegistry.describe`."""
        ModelPackageArn.parse(arn)
        with _tell_when_absent(arn), explain_errors("DescribeModelPackage", arn):
            return model_package(self._client.describe_model_package(ModelPackageName=arn))

    def list(
        self, group: str | GroupArn, *, approval_status: str | None = None
    ) -> tuple[ModelPackageSummary, ...]:
        """See `ModelRegistry.list`."""
        name = self._name(group)
        pages = self._client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=name, SortBy="CreationTime", SortOrder="Descending"
        )
        try:
            with explain_errors("ListModelPackages", name):
                found = [summary(entry) for page in pages for entry in page["ModelPackageSummaryList"]]
        except AwsError as error:
            if _is_absence(error):
                return ()
            raise
        return newest_first(found, approval_status)

    def pending(self) -> Iterator[ModelPackageSummary]:
        """See `ModelRegistry.pending`."""
        pages = self._client.get_paginator("list_model_packages").paginate(
            ModelPackageType="Versioned",
            ModelApprovalStatus=PENDING,
            SortBy="CreationTime",
            SortOrder="Ascending",
            PaginationConfig={"PageSize": _PAGE},
        )
        with explain_errors("ListModelPackages", "the model registry"):
            for page in pages:
                for entry in page["ModelPackageSummaryList"]:
                    yield summary(entry)

    def groups(self) -> Iterator[str]:
        """See `ModelRegistry.groups`."""
        pages = self._client.get_paginator("list_model_package_groups").paginate(
            SortBy="CreationTime", SortOrder="Descending", PaginationConfig={"PageSize": _PAGE}
        )
        with explain_errors("ListModelPackageGroups", "the model registry"):
            for page in pages:
                for entry in page["ModelPackageGroupSummaryList"]:
                    yield entry["ModelPackageGroupName"]

    def update(
        self,
        arn: str,
        *,
        approval_status: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, str] | None = None,
        only_from: str | None = None,
    ) -> None:
        """See `ModelRegistry.update`.

        Description and metadata are always sent whole, merged with what is there, so that nothing depends on what
        the service does with a field that is left out. The status is sent only when it is to change: sending the
        one that was read could undo what was decided meanwhile.
        """
        current = self.describe(arn)
        require_status(current, only_from)
        package = merge_update(current, approval_status, description, metadata)
        changes: dict[str, Any] = {"ModelPackageArn": arn}
        if approval_status is not None:
            changes["ModelApprovalStatus"] = approval_status
        if package.description is not None:
            changes["ApprovalDescription"] = package.description
        if package.metadata:
            changes["CustomerMetadataProperties"] = dict(package.metadata)
        with _tell_when_absent(arn), explain_errors("UpdateModelPackage", arn):
            self._client.update_model_package(**changes)

    def set_status(self, arn: str, approval_status: str, *, description: str, only_from: str) -> None:
        """See `ModelRegistry.set_status`."""
        current = self.describe(arn)
        require_status(current, only_from)
        merge_update(current, approval_status, description, None)
        with _tell_when_absent(arn), explain_errors("UpdateModelPackage", arn):
            self._client.update_model_package(
                ModelPackageArn=arn,
                ModelApprovalStatus=approval_status,  # pyrefly: ignore[bad-argument-type]  # held against those that there are
                ApprovalDescription=description,
            )

    def register(self, registration: Registration) -> str:
        """See `ModelRegistry.register`."""
        self.check(registration)
        self._ensure_group(registration)
        request = registration_request(registration)
        request["ModelPackageGroupName"] = name = self._name(registration.group)
        with explain_errors("CreateModelPackage", name):
            return self._client.create_model_package(**request)["ModelPackageArn"]

    def check(self, registration: Registration) -> None:
        """See `ModelRegistry.check`; held against the service model that botocore carries."""
        registration.validate()
        model = self._client.meta.service_model
        check_request(group_request(registration), model.operation_model("CreateModelPackageGroup"))
        check_request(registration_request(registration), model.operation_model("CreateModelPackage"))

    def specification(self, arn: str) -> dict[str, Any]:
        """See `ModelRegistry.specification`."""
        ModelPackageArn.parse(arn)
        with _tell_when_absent(arn), explain_errors("DescribeModelPackage", arn):
            answer = self._client.describe_model_package(ModelPackageName=arn)
            return reusable_fields(cast("Mapping[str, Any]", answer))

    def group_tags(self, group: str) -> dict[str, str] | None:
        """See `ModelRegistry.group_tags`."""
        validate_group_name(group)
        arn = self._group_arn(group)
        return None if arn is None else self._tags_of(arn)

    def has_group(self, group: str) -> bool:
        """Whether there is such a model package group.

        Raises:
            ArnError: no group can have this name.
            AwsError: AWS could not be asked.
        """
        validate_group_name(group)
        return self._group_arn(group) is not None

    def _tags_of(self, arn: str) -> dict[str, str]:
        pages = self._client.get_paginator("list_tags").paginate(ResourceArn=arn)
        with explain_errors("ListTags", arn):
            return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    def _group_arn(self, group: str) -> str | None:
        name = self._name(group)
        try:
            with explain_errors("DescribeModelPackageGroup", name):
                answer = self._client.describe_model_package_group(ModelPackageGroupName=name)
                return answer["ModelPackageGroupArn"]
        except AwsError as error:
            if not _is_absence(error):
                raise
            return None

    def _ensure_group(self, registration: Registration) -> None:
        arn = self._group_arn(registration.group)
        if arn is None and self._owner is not None:
            raise AwsNotFoundError(
                f"{self._name(registration.group)}: there is no such group in account {self._owner}, whose stack makes "
                "it; let that account name this one and the group in model_accounts"
            )
        if arn is None:
            self._create_group(registration)
        elif registration.tags:
            there = self._tags_of(arn)
            missing = {key: value for key, value in registration.tags.items() if key not in there}
            if missing:
                with explain_errors("AddTags", arn):
                    self._client.add_tags(ResourceArn=arn, Tags=cast("Any", tags_list(missing)))

    def _create_group(self, registration: Registration) -> None:
        try:
            with explain_errors("CreateModelPackageGroup", registration.group):
                self._client.create_model_package_group(**group_request(registration))
        except AwsError as error:
            if "already exists" not in str(error).lower():  # somebody else was quicker
                raise


def _is_absence(error: AwsError) -> bool:
    # SageMaker answers ValidationException both for a bad request and for a name that does not exist.
    said = str(error).lower()
    invalid = error.code in ("ValidationException", "ValidationError")
    return isinstance(error, AwsNotFoundError) or (
        invalid and ("does not exist" in said or "not found" in said)
    )


@contextmanager
def _tell_when_absent(arn: str) -> Iterator[None]:
    try:
        yield
    except AwsError as error:
        if _is_absence(error):
            raise package_gone(arn) from error
        raise
