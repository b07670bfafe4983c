"""The buckets of a deployed stack: which are deleted with it, and how they are emptied for that.

CloudFormation deletes no bucket that holds anything, and a versioned bucket holds every version that was ever written.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from aws.aws_errors import AwsError, explain_errors
from aws.stack_resources import list_resources, read_template
from checks.errors import GovernanceError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_BUCKET = "AWS::S3::Bucket"


class KeptBucketsError(GovernanceError):
    """The buckets of a stack are to be kept: nothing was deleted."""


def buckets_to_delete(client: "CloudFormationClient", stack: str) -> list[str]:
    """Return the names of the buckets that CloudFormation deletes with the stack.

    Raises:
        KeptBucketsError: the stack keeps its buckets when it is deleted, or locks what is in one.
        AwsError: there is no such stack, or CloudFormation could not be asked.
    """
    template = read_template(client, stack)
    names = list_resources(client, stack, _BUCKET)
    # A lock first: a deployment with removal_policy=destroy, the way out of the other refusal, is none here.
    _refuse_locked(
        [name for logical, name in names.items() if _is_locked(template["Resources"].get(logical, {}))]
    )
    kept = [
        name
        for logical, name in names.items()
        if template["Resources"].get(logical, {}).get("DeletionPolicy") != "Delete"
    ]
    if kept:
        raise KeptBucketsError(
            f"stack {stack}: keeps {', '.join(sorted(kept))} when it is deleted; deploy it with "
            "-c removal_policy=destroy first, if all of it shall go"
        )
    return sorted(names.values())


def empty_buckets(client: "S3Client", buckets: list[str]) -> int:
    """Delete every version of every object of the buckets, and return how many those were.

    Their policies go first, since they deny deleting to everybody. Nothing is deleted where one bucket has Object Lock.

    Raises:
        KeptBucketsError: a bucket has Object Lock.
        AwsError: S3 refused something.
    """
    _refuse_locked([bucket for bucket in buckets if _has_object_lock(client, bucket)])
    deleted = 0
    for bucket in buckets:
        with explain_errors("DeleteBucketPolicy", bucket):
            client.delete_bucket_policy(Bucket=bucket)
        for versions in _pages_of_versions(client, bucket):
            deleted += _delete(client, bucket, versions)
    return deleted


def _is_locked(resource: Mapping[str, Any]) -> bool:
    """Whether a bucket of a template has Object Lock."""
    return resource.get("Properties", {}).get("ObjectLockEnabled") is True


def _refuse_locked(buckets: list[str]) -> None:
    if buckets:
        raise KeptBucketsError(
            f"{', '.join(buckets)}: has Object Lock, which is there to keep what is in it; nothing was deleted. Delete "
            "the stack with removal_policy=retain, and the bucket when its retention is over"
        )


def _has_object_lock(client: "S3Client", bucket: str) -> bool:
    try:
        with explain_errors("GetObjectLockConfiguration", bucket):
            answer = client.get_object_lock_configuration(Bucket=bucket)
            return answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"
    except AwsError as error:
        if error.code == "ObjectLockConfigurationNotFoundError":
            return False
        raise


def _pages_of_versions(client: "S3Client", bucket: str) -> Iterator[list["ObjectIdentifierTypeDef"]]:
    """Yield the versions and the marks of deletion, by the thousand."""
    with explain_errors("ListObjectVersions", bucket):
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if entries:
                yield [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]


def _delete(client: "S3Client", bucket: str, versions: list["ObjectIdentifierTypeDef"]) -> int:
    with explain_errors("DeleteObjects", bucket):
        answer: Any = client.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
    if errors := answer.get("Errors"):
        first = errors[0]
        raise AwsError(
            f"{bucket}: {len(errors)} of {len(versions)} versions were not deleted, the first because of "
            f"{first.get('Code')} ({first.get('Key')}); allow s3:DeleteObjectVersion and run it again",
            code=str(first.get("Code", "")),
        )
    return len(versions)
