"""What AWS does for a function or a job that is in a VPC, or whose volume a key of KMS encrypts, under its role.

AWS refuses it at once where the role may not:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions and
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html, "CreateProcessingJob API". What the network lets
through is not looked at: everything here is on loopback.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends

from sandbox.iam.calls import Call, call_about
from sandbox.iam.enforcement import AccessRefusedError, authorize_role

FOR_A_FUNCTION = (
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "DeleteNetworkInterface",
    "AssignPrivateIpAddresses",
    "UnassignPrivateIpAddresses",
)
FOR_A_JOB = (
    "CreateNetworkInterface",
    "CreateNetworkInterfacePermission",
    "DeleteNetworkInterface",
    "DeleteNetworkInterfacePermission",
    "DescribeNetworkInterfaces",
    "DescribeVpcs",
    "DescribeDhcpOptions",
    "DescribeSubnets",
    "DescribeSecurityGroups",
)


class NetworkError(Exception):
    """A function or a job cannot be where it is to run; the message is AWS's."""


def join_as_function(network: Mapping[str, Any], role_arn: str, account: str, region: str) -> None:
    """Connect a function to the subnets and security groups of its `VpcConfig`.

    Raises:
        NetworkError: one of them does not exist, or the role may not make network interfaces.
    """
    if not network.get("SubnetIds"):
        return
    _find(network["SubnetIds"], network["SecurityGroupIds"], account, region)
    for action in FOR_A_FUNCTION:
        try:
            authorize_role(role_arn, Call("ec2", action, {}, account, region))
        except AccessRefusedError as error:
            raise NetworkError(
                f"The provided execution role does not have permissions to call {action} on EC2 ({error})"
            ) from error


def join_as_job(request: Mapping[str, Any], account: str, region: str) -> None:
    """Connect a job to the network that its `CreateProcessingJob` request names, if any.

    Raises:
        NetworkError: a part of the network does not exist.
        AccessRefusedError: the job's role may not make network interfaces.
    """
    network = (request.get("NetworkConfig") or {}).get("VpcConfig")
    if network is None:
        return
    _find(network["Subnets"], network["SecurityGroupIds"], account, region)
    for action in FOR_A_JOB:
        authorize_role(request["RoleArn"], Call("ec2", action, {}, account, region))


def mount_volume(request: Mapping[str, Any], caller_role_arn: str) -> None:
    """Mount the volume of a job, by a grant on the key that encrypts it, if any.

    Raises:
        AccessRefusedError: the caller or the job's role may not look at the key, or make a grant for a service.
    """
    key = request["ProcessingResources"]["ClusterConfig"].get("VolumeKmsKeyId")
    if key is None:
        return
    for role in (caller_role_arn, request["RoleArn"]):
        authorize_role(role, call_about(key, "DescribeKey", "KeyId"))
        authorize_role(role, call_about(key, "CreateGrant", "KeyId"), {"kms:grantisforawsresource": ["true"]})


def _find(subnets: Sequence[str], security_groups: Sequence[str], account: str, region: str) -> None:
    backend = ec2_backends[account][region]
    for subnet in subnets:
        try:
            backend.get_subnet(subnet)
        except InvalidSubnetIdError as error:
            raise NetworkError(f"The subnet ID '{subnet}' does not exist") from error
    for group in security_groups:
        if backend.get_security_group_from_id(group) is None:
            raise NetworkError(f"The security group '{group}' does not exist")
