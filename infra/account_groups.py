"""Model package groups that two accounts share, and the resource policies by which each may do there what it needs.

Sources: the SageMaker developer guide, "Register a Model Version from a Different Account" and "Deploy a Model Version
from a Different Account", which have such policies; the service authorisation reference for the condition key.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from aws.registry_names import APPROVAL_STATUS_FIELD, PENDING

_READ = (
    "sagemaker:DescribeModelPackageGroup",
    "sagemaker:DescribeModelPackage",
    "sagemaker:ListModelPackages",
)


class AccountGroups(Construct):
    """Groups by name, each with its policy: created where `create` is true, else the policies are outputs.

    A group is kept when the stack is deleted: versions are in it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, policies: Mapping[str, Mapping[str, Any]], create: bool
    ) -> None:
        super().__init__(scope, construct_id)
        for number, (name, policy) in enumerate(policies.items(), start=1):
            if create:
                group = sagemaker.CfnModelPackageGroup(
                    self, name, model_package_group_name=name, model_package_group_policy=policy
                )
                group.apply_removal_policy(RemovalPolicy.RETAIN)
            else:
                CfnOutput(
                    Stack.of(self),
                    f"PolicyOfGroup{number}",
                    description=f"The policy that the model package group {name} needs.",
                    value=Stack.of(self).to_json_string(policy),
                )


def policy_for_registering(scope: Construct, group: str, accounts: Sequence[str]) -> dict[str, Any]:
    """Return the policy of a group that accounts register versions in, as pending, and read; no more than that."""
    group_arn, versions = _arns(scope, group)
    principal = {"AWS": [_root(scope, account) for account in accounts]}
    as_pending = {"StringEqualsIfExists": {f"sagemaker:{APPROVAL_STATUS_FIELD}": PENDING}}
    return _policy(
        _allow("Read", principal, _READ, [group_arn, versions]),
        _allow("Register", principal, ["sagemaker:CreateModelPackage"], [versions])
        | {"Condition": as_pending},
    )


def policy_for_judging(scope: Construct, group: str, account: str) -> dict[str, Any]:
    """Return the policy of a group whose versions the gate in `account` reads and decides about."""
    principal = {"AWS": _root(scope, account)}
    return _policy(_allow("Judge", principal, [*_READ, "sagemaker:UpdateModelPackage"], _arns(scope, group)))


def _policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(
    sid: str, principal: Mapping[str, Any], actions: Sequence[str], resources: Sequence[str]
) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
        "Resource": list(resources),
    }


def _arns(scope: Construct, group: str) -> tuple[str, str]:
    """The ARN of the group, and that of its versions, which spells it in lower case."""
    stack = Stack.of(scope)
    return (
        stack.format_arn(service="sagemaker", resource="model-package-group", resource_name=group.lower()),
        stack.format_arn(service="sagemaker", resource="model-package", resource_name=f"{group.lower()}/*"),
    )


def _root(scope: Construct, account: str) -> str:
    return f"arn:{Stack.of(scope).partition}:iam::{account}:root"
