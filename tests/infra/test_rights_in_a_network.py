"""What AWS does for functions and jobs in a VPC, and for volumes under a key, is allowed by the roles of the stack."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.iam.access import AccessRequest, Allowed, Principal
from sandbox.iam.evaluation import Policies, evaluate
from sandbox.networks import FOR_A_FUNCTION, FOR_A_JOB
from tests.infra.synthesised import ACCOUNT, VARIANTS, Synthesised, synthesise

IN_A_NETWORK = [variant for variant, settings in VARIANTS.items() if "vpc" in settings]
FOR_A_SERVICE = {"kms:grantisforawsresource": ["true"]}


def statements(stack: Synthesised, role_arn: str) -> list[dict[str, Any]]:
    """The statements of the policies of a role."""
    name = role_arn.rpartition("/")[2]
    return [
        statement
        for policy in stack.of_type("AWS::IAM::Policy").values()
        if policy["Roles"] == [name]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def is_allowed(
    stack: Synthesised,
    role_arn: str,
    action: str,
    resource: str = "*",
    context: Mapping[str, list[str]] | None = None,
) -> bool:
    asked = AccessRequest(Principal(role_arn, ACCOUNT), action, resource, ACCOUNT, dict(context or {}))
    return isinstance(
        evaluate(asked, Policies(identity=[{"Statement": statements(stack, role_arn)}])), Allowed
    )


def job_of(stack: Synthesised) -> tuple[str, dict[str, Any]]:
    """The role of the Processing job, and its request."""
    request = stack.definition()["Steps"][0]["Arguments"]
    (role,) = re.findall(r"arn:aws:iam::\d+:role/[\w-]+", json.dumps(request["RoleArn"]))
    return role, request


@pytest.mark.parametrize("variant", IN_A_NETWORK)
def test_lambda_may_connect_each_function_and_the_functions_code_may_not(variant: str) -> None:
    stack = synthesise(variant)
    functions = stack.of_type("AWS::Lambda::Function").values()
    assert len(functions) > 3
    by_the_code = {"lambda:sourcefunctionarn": [f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:f"]}
    for function in functions:
        for action in FOR_A_FUNCTION:
            assert is_allowed(stack, function["Role"], f"ec2:{action}"), (function["Handler"], action)
            assert not is_allowed(stack, function["Role"], f"ec2:{action}", context=by_the_code)


def test_sagemaker_may_connect_the_job_and_mount_its_volume() -> None:
    (variant,) = [one for one in IN_A_NETWORK if one.startswith("processing")]
    stack = synthesise(variant)
    role, request = job_of(stack)
    key = request["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"]
    (pipeline,) = stack.of_type("AWS::SageMaker::Pipeline").values()
    for action in FOR_A_JOB:
        assert is_allowed(stack, role, f"ec2:{action}"), action
    for one in (role, pipeline["RoleArn"]):
        assert is_allowed(stack, one, "kms:DescribeKey", key)
        assert is_allowed(stack, one, "kms:CreateGrant", key, FOR_A_SERVICE)
        assert not is_allowed(stack, one, "kms:CreateGrant", key)
