"""What a KMS key's own policy must allow to the services that encrypt the stack's resources with it.

The key that the stack creates gets these statements; a key of the organisation needs them before the deployment, as
docs/deploying.md shows. Roles need none: their IAM policies allow what they do, where the key's policy leaves that to
the IAM policies of its account (`kms:*` for the account's root), as policies of keys do by default.
"""

from collections.abc import Mapping
from typing import Any


def key_policy_statements(*, partition: str, region: str, account: str) -> list[dict[str, Any]]:
    """Return the statements for CloudWatch Logs, EventBridge and CloudWatch's alarms.

    Sources: the CloudWatch Logs user guide, "Encrypt log data using AWS KMS"; the SQS developer guide, "Configure KMS
    permissions for AWS services"; the SNS developer guide, "Enable compatibility between event sources from AWS
    services and encrypted topics", which says too that EventBridge fills in none of the keys `aws:SourceAccount` and
    `aws:SourceArn`.
    """
    any_log_group = f"arn:{partition}:logs:{region}:{account}:*"
    return [
        {
            "Sid": "LogGroups",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.amazonaws.com"},
            "Action": [
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:DescribeKey",
            ],
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": any_log_group}},
        },
        {
            "Sid": "DeadLetters",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
        },
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        },
    ]


def copying_statement(*, partition: str, region: str, roles: Mapping[str, str]) -> dict[str, Any]:
    """Return the statement for the roles of model accounts that copy into the evidence bucket; `roles` by account.

    It names the accounts and demands the roles by condition, since a role is no principal before it exists:
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
    """
    domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return {
        "Sid": "CopiesOfModelAccounts",
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:{partition}:iam::{account}:root" for account in roles]},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": list(roles.values())},
            "StringEquals": {"kms:ViaService": f"s3.{region}.{domain}"},
        },
    }
