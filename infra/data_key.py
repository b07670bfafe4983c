"""The key that the stack's data is encrypted with, where the settings ask for one."""

from typing import cast

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.deployment_settings import DeploymentSettings
from infra.key_policy import copying_statement, key_policy_statements
from infra.model_accounts import copying_roles


def data_key(
    scope: Construct, settings: DeploymentSettings, removal_policy: RemovalPolicy
) -> kms.IKey | None:
    """Return the key that is named or created, which AWS then rotates; `None` where AWS's own keys do."""
    if settings.kms_key_arn is not None:
        return kms.Key.from_key_arn(scope, "DataKey", settings.kms_key_arn)
    if not settings.create_kms_key:
        return None
    key = kms.Key(
        scope,
        "DataKey",
        description="Encrypts the buckets, queue, logs and job volumes of the model gate.",
        enable_key_rotation=True,
        removal_policy=removal_policy,
    )
    stack = Stack.of(scope)
    statements = key_policy_statements(partition=stack.partition, region=stack.region, account=stack.account)
    if settings.model_accounts:
        region = str(settings.region)  # known where there are model accounts
        roles = copying_roles(settings, stack.partition)
        statements.append(copying_statement(partition=stack.partition, region=region, roles=roles))
    for statement in statements:
        key.add_to_resource_policy(iam.PolicyStatement.from_json(statement))
    return cast("kms.IKey", key)
