"""How SageMaker's API spells model packages, to and from the values of this room."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from aws.model_packages import PENDING, Container, Identity, ModelPackage, ModelPackageSummary
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
        approval_status=answer.get("ModelApprovalStatus", PENDING),
        package_status=answer["ModelPackageStatus"],
        description=answer.get("ApprovalDescription"),
        metadata=answer.get("CustomerMetadataProperties") or {},
        reports=tuple(_references(metrics)),
        created=answer["CreationTime"],
        last_modified=answer.get("LastModifiedTime") or answer["CreationTime"],
        containers=tuple(_containers(cast("Mapping[str, Any]", answer))),
        created_by=_identity(answer.get("CreatedBy")),
        last_modified_by=_identity(answer.get("LastModifiedBy")),
    )


def _containers(answer: Mapping[str, Any]) -> Iterator[Container]:
    """Read what a version runs: its containers, and the sources that it names instead of them or beside them."""
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


def _identity(context: "UserContextTypeDef | None") -> Identity | None:
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


def _references(metrics: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Iterator[ReportReference]:
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


def summary(entry: "ModelPackageSummaryTypeDef") -> ModelPackageSummary:
    """Read one entry of the answer of `ListModelPackages`."""
    return ModelPackageSummary(
        arn=entry["ModelPackageArn"],
        group=entry["ModelPackageGroupName"],
        version=entry["ModelPackageVersion"],
        approval_status=entry.get("ModelApprovalStatus", PENDING),
        package_status=entry["ModelPackageStatus"],
        created=entry["CreationTime"],
    )
