"""How SageMaker's API spells model packages, to and from the values of this room."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from aws.model_packages import Container, Identity, ModelPackage, ModelPackageSummary, Registration
from aws.registry_names import LOGGED, PENDING
from aws.report_references import ReportReference, ReportSlot, content_type

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        DescribeModelPackageOutputTypeDef,
        ModelPackageSummaryTypeDef,
        UserContextTypeDef,
    )


def model_package(answer: "DescribeModelPackageOutputTypeDef") -> ModelPackage:
    """Read the answer of `DescribeModelPackage`."""
    metrics = cast("Mapping[str, Mapping[str, Mapping[str, str]]]", answer.get("ModelMetrics") or {})
    return ModelPackage(
        arn=answer["ModelPackageArn"],
        group=answer["ModelPackageGroupName"],
        version=answer["ModelPackageVersion"],
        approval_status=_read_status(cast("Mapping[str, Any]", answer)),
        package_status=answer["ModelPackageStatus"],
        description=answer.get("ApprovalDescription"),
        metadata=answer.get("CustomerMetadataProperties") or {},
        reports=tuple(_read_references(metrics)),
        created=answer["CreationTime"],
        last_modified=answer.get("LastModifiedTime") or answer["CreationTime"],
        containers=tuple(containers(cast("Mapping[str, Any]", answer))),
        model_card=model_card(cast("Mapping[str, Any]", answer)),
        created_by=_read_identity(answer.get("CreatedBy")),
        last_modified_by=_read_identity(answer.get("LastModifiedBy")),
    )


def containers(answer: Mapping[str, Any]) -> Iterator[Container]:
    """Read what a version runs: its containers, and the sources that it names instead of them or beside them.

    `answer` is that of `DescribeModelPackage`, or the request of `CreateModelPackage`, which spells them alike.
    """
    for given in (answer.get("InferenceSpecification") or {}).get("Containers", []):
        s3_source = (given.get("ModelDataSource") or {}).get("S3DataSource") or {}
        yield Container(
            image=given.get("Image"),
            image_digest=given.get("ImageDigest"),
            model_data=given.get("ModelDataUrl") or s3_source.get("S3Uri"),
            model_data_etag=given.get("ModelDataETag") or s3_source.get("ManifestEtag"),
        )
    for given in (answer.get("SourceAlgorithmSpecification") or {}).get("SourceAlgorithms", []):
        yield Container(
            image=given.get("AlgorithmName"),
            model_data=given.get("ModelDataUrl"),
            model_data_etag=given.get("ModelDataETag"),
        )
    if answer.get("SourceUri"):
        yield Container(model_data=answer["SourceUri"])


def _read_status(answer: Mapping[str, Any]) -> str:
    """Read the approval status; a version that is merely logged has none, and waits for none."""
    status: str | None = answer.get("ModelApprovalStatus")
    is_logged = answer.get("ModelPackageRegistrationType") == LOGGED
    return status or (LOGGED if is_logged else PENDING)


def model_card(answer: Mapping[str, Any]) -> str | None:
    """Read the content of a version's model card, as text; `answer` is what `containers` reads."""
    content: str | None = (answer.get("ModelCard") or {}).get("ModelCardContent")
    return content or None


def _read_identity(context: "UserContextTypeDef | None") -> Identity | None:
    """Read who a call came from; AWS leaves out what it does not know, and all of it for some callers."""
    given = context or {}
    iam = given.get("IamIdentity") or {}
    identity = Identity(
        arn=iam.get("Arn") or None,
        principal_id=iam.get("PrincipalId") or None,
        source_identity=iam.get("SourceIdentity") or None,
        user_profile=given.get("UserProfileName") or None,
    )
    return None if identity == Identity() else identity


def _read_references(metrics: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Iterator[ReportReference]:
    for slot in ReportSlot:
        section, field = slot.split(".")
        source = metrics.get(section, {}).get(field)
        if source:
            yield ReportReference(slot, source["S3Uri"], source.get("ContentDigest"))


def model_metrics(references: Sequence[ReportReference]) -> dict[str, dict[str, dict[str, str]]]:
    """Write `ModelMetrics` from references, each of which has a slot."""
    metrics: dict[str, dict[str, dict[str, str]]] = {}
    for reference in references:
        section, field = str(reference.slot).split(".")
        source = {"ContentType": content_type(reference.uri), "S3Uri": reference.uri}
        if reference.content_digest is not None:
            source["ContentDigest"] = reference.content_digest
        metrics.setdefault(section, {})[field] = source
    return metrics


def registration_request(registration: Registration) -> dict[str, Any]:
    """Write the request of `CreateModelPackage`."""
    request: dict[str, Any] = {
        **registration.fields,
        "ModelPackageGroupName": registration.group,
        "ModelApprovalStatus": PENDING,
    }
    if registration.image is not None:
        container = {"Image": registration.image}
        if registration.model_data is not None:
            container["ModelDataUrl"] = registration.model_data
        request["InferenceSpecification"] = {"Containers": [container]}
    if registration.reports:
        request["ModelMetrics"] = model_metrics(registration.reports)
    if registration.metadata:
        request["CustomerMetadataProperties"] = dict(registration.metadata)
    if registration.token is not None:
        request["ClientToken"] = registration.token
    return request


def group_request(registration: Registration) -> dict[str, Any]:
    """Write the request of `CreateModelPackageGroup`."""
    tags = {"Tags": tags_list(registration.tags)} if registration.tags else {}
    return {"ModelPackageGroupName": registration.group, **tags}


def tags_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Write tags as SageMaker takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


# What says how a version is run and checked for drift. What was said of that one version is not among it: its
# description, tags, metadata, reports, model card.
_REUSABLE = (
    "InferenceSpecification",
    "AdditionalInferenceSpecifications",
    "SourceAlgorithmSpecification",
    "ValidationSpecification",
    "Domain",
    "Task",
    "SamplePayloadUrl",
    "DriftCheckBaselines",
    "SkipModelValidation",
    "SecurityConfig",
)


def reusable_fields(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return of the answer of `DescribeModelPackage` what another version of the model may be registered with."""
    fields = {name: answer[name] for name in _REUSABLE if answer.get(name)}
    if "InferenceSpecification" not in fields and answer.get("SourceUri"):
        fields["SourceUri"] = answer["SourceUri"]
    return fields


def summary(entry: "ModelPackageSummaryTypeDef") -> ModelPackageSummary:
    """Read one entry of the answer of `ListModelPackages`."""
    return ModelPackageSummary(
        arn=entry["ModelPackageArn"],
        group=entry["ModelPackageGroupName"],
        version=entry["ModelPackageVersion"],
        approval_status=_read_status(cast("Mapping[str, Any]", entry)),
        package_status=entry["ModelPackageStatus"],
        created=entry["CreationTime"],
    )
