"""Functions and jobs in a VPC, and volumes under a key, are refused where their roles may not have them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.sandbox.test_sandbox_cloudformation import deploy, status
from tests.sandbox.test_sandbox_executions import processing_step

INTERFACES = ["ec2:CreateNetworkInterface*", "ec2:DeleteNetworkInterface*", "ec2:Describe*"]
FUNCTION_INTERFACES = [*INTERFACES, "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
JOB = ["sagemaker:CreateProcessingJob", "iam:PassRole", "s3:*"]
ABSENT = "subnet-0a1b2c3d"


def role_that_may(account: Any, *actions: str) -> str:
    """Make a role with these rights alone; returns its ARN."""
    iam, name = account.client("iam"), account.name("role")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["s3:ListBucket", *actions], "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(document))
    return str(arn)


@pytest.fixture
def network(account: Any) -> dict[str, list[str]]:
    """A subnet and a security group of the account's default VPC."""
    ec2 = account.client("ec2")
    return {
        "SubnetIds": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "SecurityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }


@pytest.mark.parametrize(
    ("actions", "changed", "reason"),
    [
        (FUNCTION_INTERFACES, {}, None),
        (FUNCTION_INTERFACES[:-1], {}, "does not have permissions to call UnassignPrivateIpAddresses on EC2"),
        ([], {}, "does not have permissions to call CreateNetworkInterface on EC2"),
        (FUNCTION_INTERFACES, {"SubnetIds": [ABSENT]}, f"The subnet ID '{ABSENT}' does not exist"),
        (FUNCTION_INTERFACES, {"SecurityGroupIds": ["sg-1"]}, "The security group 'sg-1' does not exist"),
    ],
    ids=["allowed", "one is missing", "none", "no such subnet", "no such security group"],
)
def test_a_function_joins_a_network_that_its_role_may_use(
    account: Any,
    network: dict[str, list[str]],
    actions: Sequence[str],
    changed: Mapping[str, list[str]],
    reason: str | None,
) -> None:
    stack, function = account.name("stack"), account.name("function")
    properties = {
        "FunctionName": function,
        "Handler": "index.handler",
        "Runtime": "python3.12",
        "Role": role_that_may(account, *actions),
        "Code": {"ZipFile": "def handler(event, context): return 'here'"},
        "VpcConfig": {**network, **changed},
    }
    deploy(account, stack, {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": properties}}})
    if reason is None:
        answer = account.client("lambda").invoke(FunctionName=function)
        assert json.loads(answer["Payload"].read()) == "here"
        return
    events = account.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    assert status(account, stack) == "ROLLBACK_COMPLETE"
    assert any(reason in event.get("ResourceStatusReason", "") for event in events)


@pytest.mark.parametrize(
    ("actions", "where", "reason"),
    [
        (INTERFACES, "network", None),
        (INTERFACES[1:], "network", "ec2:CreateNetworkInterface on"),
        (INTERFACES[:2], "network", "ec2:DescribeNetworkInterfaces on"),
        (INTERFACES, ABSENT, f"The subnet ID '{ABSENT}' does not exist"),
        (["kms:DescribeKey", "kms:CreateGrant"], "volume", None),
        (["kms:CreateGrant"], "volume", "kms:DescribeKey on"),
        (["kms:DescribeKey"], "volume", "kms:CreateGrant on"),
    ],
    ids=["network", "no interface", "no look", "no such subnet", "volume", "no look at the key", "no grant"],
)
def test_a_job_has_a_network_and_a_volume_that_its_role_may_use(
    account: Any, network: dict[str, list[str]], actions: Sequence[str], where: str, reason: str | None
) -> None:
    bucket = account.bucket()
    account.client("s3").put_object(Bucket=bucket, Key="in/input.txt", Body=b"hello")
    role = role_that_may(account, *JOB, *actions)
    step = processing_step(bucket)
    step["Arguments"]["RoleArn"] = role
    if where == "volume":
        key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
        step["Arguments"]["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] = key
    else:
        subnets = network["SubnetIds"] if where == "network" else [where]
        groups = network["SecurityGroupIds"]
        step["Arguments"]["NetworkConfig"] = {"VpcConfig": {"Subnets": subnets, "SecurityGroupIds": groups}}
    execution, (job,) = account.run(account.pipeline([step], role=role))
    if reason is None:
        assert execution["PipelineExecutionStatus"] == "Succeeded", job
    else:
        assert reason in job["FailureReason"]


def test_a_job_writes_into_an_encrypted_bucket_only_with_the_key(account: Any) -> None:
    bucket, s3 = account.bucket(), account.client("s3")
    s3.put_object(Bucket=bucket, Key="in/input.txt", Body=b"hello")
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})

    def run(*actions: str) -> str:
        role = role_that_may(account, *JOB, *actions)
        step = processing_step(bucket)
        step["Arguments"]["RoleArn"] = role
        _, (job,) = account.run(account.pipeline([step], role=role))
        return str(job.get("FailureReason", job["StepStatus"]))

    assert "kms:GenerateDataKey on" in run()
    assert run("kms:GenerateDataKey") == "Succeeded"


def test_there_are_networks_and_no_machines(account: Any) -> None:
    """Which types of machines there are would take the sandbox as long to read as most of its services."""
    ec2 = account.client("ec2")
    assert ec2.describe_subnets()["Subnets"]
    assert ec2.describe_instance_types()["InstanceTypes"] == []
