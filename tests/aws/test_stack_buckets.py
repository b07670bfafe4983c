"""Buckets of a stack in moto, emptied as they must be before CloudFormation deletes them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from aws.aws_errors import AwsError
from aws.stack_buckets import KeptBucketsError, buckets_to_delete, empty_buckets
from tests.aws.conftest import REGION, make_client

NAMES = ("team-evidence", "team-decisions")


def bucket(name: str, **attributes: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}, **attributes}


@pytest.fixture
def deployed(moto_url: str) -> Iterator[Any]:
    """A function that creates the stack `Gate` of these resources, and returns the clients."""
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)

    def deploy(resources: dict[str, Any]) -> tuple[Any, Any]:
        cloudformation, s3 = make_client("cloudformation", moto_url), make_client("s3", moto_url)
        cloudformation.create_stack(StackName="Gate", TemplateBody=json.dumps({"Resources": resources}))
        return cloudformation, s3

    yield deploy
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)


def destroyed(*names: str) -> dict[str, Any]:
    return {name.replace("-", ""): bucket(name, DeletionPolicy="Delete") for name in names}


def test_every_version_and_every_mark_of_deletion_goes_whatever_the_policy_denies(deployed: Any) -> None:
    cloudformation, s3 = deployed(destroyed(*NAMES))
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObjectVersion",
        "Resource": "arn:aws:s3:::team-decisions/*",
    }
    for name in NAMES:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for number in range(2):
            s3.put_object(Bucket=name, Key="record.json", Body=str(number).encode())
        s3.delete_object(Bucket=name, Key="record.json")
    s3.put_bucket_policy(Bucket=NAMES[1], Policy=json.dumps({"Version": "2012-10-17", "Statement": [denial]}))
    s3.create_bucket(Bucket="another", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="another", Key="kept", Body=b"")

    buckets = buckets_to_delete(cloudformation, "Gate")
    assert buckets == sorted(NAMES)
    assert empty_buckets(s3, buckets) == 6
    for name in NAMES:
        assert not {"Versions", "DeleteMarkers"} & set(s3.list_object_versions(Bucket=name))
        s3.delete_bucket(Bucket=name)
    assert s3.list_objects_v2(Bucket="another")["KeyCount"] == 1


@pytest.mark.parametrize("attributes", [{}, {"DeletionPolicy": "Retain"}], ids=["unsaid", "retain"])
def test_a_stack_that_keeps_its_buckets_is_refused(deployed: Any, attributes: dict[str, str]) -> None:
    cloudformation, _ = deployed({"E": bucket("team-evidence", **attributes), **destroyed("team-decisions")})
    with pytest.raises(
        KeptBucketsError, match=r"keeps team-evidence when it is deleted; deploy it with -c removal"
    ):
        buckets_to_delete(cloudformation, "Gate")


def test_nothing_is_deleted_where_one_bucket_has_object_lock(deployed: Any) -> None:
    _, s3 = deployed(destroyed("team-evidence"))
    place = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket="team-locked", ObjectLockEnabledForBucket=True, CreateBucketConfiguration=place)
    s3.put_object(Bucket="team-evidence", Key="report.json", Body=b"")
    with pytest.raises(KeptBucketsError, match="team-locked: has Object Lock"):
        empty_buckets(s3, ["team-evidence", "team-locked"])
    assert s3.list_objects_v2(Bucket="team-evidence")["KeyCount"] == 1


def test_a_lock_is_said_before_that_the_stack_keeps_its_buckets(deployed: Any) -> None:
    locked = bucket("team-decisions", DeletionPolicy="Retain")
    locked["Properties"]["ObjectLockEnabled"] = True
    cloudformation, _ = deployed({"D": locked, "E": bucket("team-evidence", DeletionPolicy="Retain")})
    with pytest.raises(KeptBucketsError, match=r"^team-decisions: has Object Lock"):
        buckets_to_delete(cloudformation, "Gate")


def test_a_stack_that_is_not_there_is_named(deployed: Any) -> None:
    cloudformation, _ = deployed({})
    with pytest.raises(AwsError, match="stack Other"):
        buckets_to_delete(cloudformation, "Other")
