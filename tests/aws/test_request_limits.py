"""Requests against the limits of botocore's own service model, and against patterns that it spells with categories."""

from typing import Any

import boto3
import pytest

from aws.registry_limits import RegistryLimitError
from aws.request_limits import check_request

CREATE = (
    boto3.Session()
    .client("sagemaker", region_name="eu-west-1", aws_access_key_id="t", aws_secret_access_key="t")
    .meta.service_model.operation_model("CreateModelPackage")
)
CONTAINER = {"Image": "repo/a:1", "Environment": {"A": "1"}}

TAKEN = {
    "nothing": {},
    "an environment": {"InferenceSpecification": {"Containers": [CONTAINER]}},
    "every script": {"ModelPackageDescription": "Größe 1, モデル: 50 %"},
    "an instance type that is newer than botocore": {
        "InferenceSpecification": {
            "Containers": [CONTAINER],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.z99.large"],
        }
    },
}


@pytest.mark.parametrize("request_", TAKEN.values(), ids=TAKEN)
def test_what_sagemaker_takes_is_taken(request_: dict[str, Any]) -> None:
    check_request(request_, CREATE)


REFUSED = {
    "missing": (
        {"InferenceSpecification": {}},
        'CreateModelPackage: Missing required parameter in InferenceSpecification: "Containers"',
    ),
    "two problems": (
        {"Domain": "a" * 5, "SkipModelValidation": "No", "ModelPackageDescription": "a\tb"},
        "CreateModelPackage: SkipModelValidation: 'No' is none of All, None; "
        "ModelPackageDescription: 'a\\tb' does not match [\\p{L}\\p{M}\\p{Z}\\p{S}\\p{N}\\p{P}]*",
    ),
    "an entry of a map": (
        {"InferenceSpecification": {"Containers": [{"Environment": {"A": "1" * 1025}}]}},
        "CreateModelPackage: InferenceSpecification.Containers[0].Environment.A: 1,025 characters, and SageMaker "
        "takes 1,024",
    ),
    "a key of a map": (
        {"InferenceSpecification": {"Containers": [{"Environment": {"a-b": "1"}}]}},
        "CreateModelPackage: InferenceSpecification.Containers[0].Environment: the key 'a-b': 'a-b' does not match "
        "[a-zA-Z_][a-zA-Z0-9_]*",
    ),
}


@pytest.mark.parametrize(("request_", "message"), REFUSED.values(), ids=REFUSED)
def test_every_problem_is_told_with_its_place(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(RegistryLimitError) as raised:
        check_request(request_, CREATE)
    assert str(raised.value) == message
