"""The embedded model registry keeps what an update leaves out, refuses what AWS refuses, and tells of every change."""

import json
import re
from typing import Any

import boto3
import botocore.exceptions
import pytest

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PACKAGE_EVENT = "SageMaker Model Package State Change"


def events_of(account: Any, arn: str) -> list[dict[str, Any]]:
    return [event for event in account.sandbox.events(PACKAGE_EVENT) if event["resources"] == [arn]]


def test_an_update_keeps_what_it_leaves_out(account: Any) -> None:
    arn = account.package(CustomerMetadataProperties={"kept": "yes", "changed": "no", "removed": "soon"})
    sagemaker = account.client("sagemaker")
    sagemaker.update_model_package(ModelPackageArn=arn, ApprovalDescription="as it was")
    sagemaker.update_model_package(
        ModelPackageArn=arn,
        CustomerMetadataProperties={"changed": "yes"},
        CustomerMetadataPropertiesToRemove=["removed"],
    )
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    described = account.describe(arn)
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["ApprovalDescription"] == "as it was"
    assert described["CustomerMetadataProperties"] == {"kept": "yes", "changed": "yes"}


@pytest.mark.parametrize(
    "change",
    [
        {"ApprovalDescription": "x" * 1025},
        {"CustomerMetadataProperties": {f"key{number}": "v" for number in range(51)}},
        {"CustomerMetadataProperties": {"k" * 129: "v"}},
        {"CustomerMetadataProperties": {"k": "v" * 257}},
    ],
)
def test_an_update_beyond_the_limits_is_refused_and_changes_nothing(
    account: Any, change: dict[str, Any]
) -> None:
    arn = account.package()
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationException"):
        account.client("sagemaker").update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus="Approved", **change
        )
    assert account.describe(arn)["ModelApprovalStatus"] == "PendingManualApproval"
    assert len(events_of(account, arn)) == 1


def test_creation_and_update_send_events_in_the_documented_shape(account: Any) -> None:
    metrics = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/k.json"}}}
    arn = account.package(ModelMetrics=metrics)
    account.client("sagemaker").update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Rejected", ApprovalDescription="no"
    )
    created, updated = events_of(account, arn)
    assert created.keys() == {
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"
    }  # fmt: skip
    assert (created["source"], created["account"], created["region"]) == (
        "aws.sagemaker",
        "123456789012",
        "us-east-1",
    )
    assert created["id"] != updated["id"]
    detail = created["detail"]
    assert all(TIME.fullmatch(detail.pop(name)) for name in ("CreationTime", "LastModifiedTime"))
    assert TIME.fullmatch(created["time"])
    group = arn.split("/")[1]
    assert detail == {
        "ModelPackageGroupName": group,
        "ModelPackageVersion": 1,
        "ModelPackageArn": arn,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": detail["ModelPackageStatusDetails"],
        "CertifyForMarketplace": False,
        "ModelApprovalStatus": "PendingManualApproval",
        "ModelMetrics": metrics,
    }
    assert updated["detail"]["ModelApprovalStatus"] == "Rejected"
    assert updated["detail"]["ApprovalDescription"] == "no"


def test_an_unversioned_package_has_a_name_and_no_group_in_its_event(account: Any) -> None:
    name = account.name("unversioned")
    arn = account.client("sagemaker").create_model_package(ModelPackageName=name)["ModelPackageArn"]
    (event,) = events_of(account, arn)
    assert event["detail"]["ModelPackageName"] == name
    assert not event["detail"].keys() & {"ModelPackageGroupName", "ModelPackageVersion"}


def test_a_version_says_who_made_it_and_who_wrote_it_last(account: Any) -> None:
    arn = account.package()
    described = account.describe(arn)
    user = {"Arn": "arn:aws:iam::123456789012:user/test", "PrincipalId": "test"}
    assert described["CreatedBy"] == {"IamIdentity": user}
    assert not described.keys() & {"LastModifiedBy", "LastModifiedTime"}
    function = account.function(
        """
        import os

        def handler(event, context):
            return {name: os.environ[name.upper()] for name in event}
        """
    )
    names = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"]
    answer = account.client("lambda").invoke(FunctionName=function, Payload=json.dumps(names))
    credentials = json.loads(answer["Payload"].read())
    endpoint, region = account.sandbox.endpoint, account.sandbox.region
    own = boto3.client("sagemaker", endpoint_url=endpoint, region_name=region, **credentials)
    own.update_model_package(ModelPackageArn=arn, ApprovalDescription="seen")
    by = account.describe(arn)["LastModifiedBy"]["IamIdentity"]
    name = function.rsplit(":", 1)[-1]
    role = account.client("lambda").get_function_configuration(FunctionName=name)["Role"].rsplit("/", 1)[-1]
    assert by["Arn"] == f"arn:aws:sts::123456789012:assumed-role/{role}/{name}"
    assert by["PrincipalId"].endswith(f":{name}")
    account.client("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert account.describe(arn)["LastModifiedBy"] == {"IamIdentity": user}


def test_a_deleted_package_is_gone(account: Any) -> None:
    arn = account.package()
    account.client("sagemaker").delete_model_package(ModelPackageName=arn)
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationException"):
        account.describe(arn)
