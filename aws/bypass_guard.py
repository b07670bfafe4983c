"""Statements of IAM that keep everyone but the gate and its reviewers from deciding about versions.

They only deny, so they are added to what an account has: as an identity policy, in a permissions boundary, or as a
service control policy of the organisation.

`sagemaker:ModelApprovalStatus` is in a request only where the caller names a status. A negated operator such as
`StringNotEquals` is true where its key is absent, so alone it would refuse every registration that leaves the status
out; `IfExists` does the same. `Null: false` beside it holds the statement to requests that name one. Sources:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aws.arns import validate_group_name
from aws.policy_documents import (
    GATE_PROPERTY_KEYS,
    MANAGED_POLICY_LIMIT,
    REMOVED_KEY,
    SERVICE_CONTROL_POLICY_LIMIT,
    STATUS_KEY,
    Statement,
    check_length,
    compact,
    policy_of,
    spaced,
)
from aws.registry_names import OWN_PROPERTIES, PENDING
from checks.errors import GovernanceError

_CREATE, _UPDATE = "sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"
_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::([0-9]{12}|\*):(role|user)/[\w+=,.@/*?-]+")


class BypassGuardError(GovernanceError):
    """A guard that cannot be written: an ARN is no role's."""


def bypass_guard(
    *, updating_role: str, gate_roles: Sequence[str], reviewers: Sequence[str], groups: Sequence[str] = ()
) -> tuple[Statement, ...]:
    """Return the statements.

    `updating_role` is the ARN of the role that sets statuses for the gate, `gate_roles` those of its other roles,
    which write its metadata; `reviewers` are the ARNs of those who may overrule it. `*` and `?` are patterns.
    Without `groups` they hold for every model package group.

    Raises:
        BypassGuardError: an ARN is not that of a role or a user.
        ArnError: a group's name is none.
    """
    for arn in (updating_role, *gate_roles, *reviewers):
        _check_role(arn)
    resources = _name_versions(updating_role, groups)
    deciders = _unless((updating_role, *reviewers))
    gate = _unless((updating_role, *gate_roles))
    is_named = {STATUS_KEY: "false"}
    return (
        _deny(
            "RegisterAsDecided",
            [_CREATE],
            resources,
            {"Null": is_named, "StringNotEquals": {STATUS_KEY: PENDING}, **deciders},
        ),
        _deny("SetStatus", [_UPDATE], resources, {"Null": is_named, **deciders}),
        _deny(
            "RemoveGateMetadata",
            [_UPDATE],
            resources,
            {"ForAnyValue:StringLike": {REMOVED_KEY: f"{OWN_PROPERTIES}*"}, **gate},
        ),
        # One statement each: the keys of one condition must all be met.
        *(
            _deny(
                f"Write{name}",
                [_CREATE, _UPDATE],
                resources,
                {"Null": {key: "false"}, **gate},
            )
            for name, key in GATE_PROPERTY_KEYS.items()
        ),
    )


def as_json(statements: Sequence[Statement]) -> str:
    """Return an identity policy as JSON, whose statements fit into a permissions boundary too.

    Raises:
        PolicyTooLongError: it is longer than a managed policy may be.
    """
    _check_managed(statements)
    return spaced(policy_of(statements))


def as_service_control_policy(statements: Sequence[Statement]) -> str:
    """Return a service control policy as JSON, on one line where it would otherwise be too long.

    Raises:
        PolicyTooLongError: it is too long even so.
    """
    text, short = spaced(policy_of(statements)), compact(policy_of(statements))
    check_length("a service control policy", short, SERVICE_CONTROL_POLICY_LIMIT, way_out=_SHORTER)
    return text if len(text) <= SERVICE_CONTROL_POLICY_LIMIT else short


def as_cdk(statements: Sequence[Statement]) -> str:
    """Return a Python module for a CDK app, whose function makes a managed policy of the statements.

    Raises:
        PolicyTooLongError: it is longer than a managed policy may be.
    """
    _check_managed(statements)
    return _MODULE.format(statements=spaced(list(statements)))


_SHORTER = "name fewer groups and ARNs, or patterns that match several, as in arn:aws:iam::*:role/reviewers-*"
_MODULE = '''\
"""Keeps everyone but the model gate and its reviewers from deciding about model versions."""

from aws_cdk import aws_iam as iam
from constructs import Construct

STATEMENTS = {statements}


def add_bypass_guard(scope: Construct, construct_id: str = "ModelGateBypassGuard") -> iam.ManagedPolicy:
    """Add a managed policy that only denies; attach it to every role and group that may register models."""
    document = iam.PolicyDocument.from_json({{"Version": "2012-10-17", "Statement": STATEMENTS}})
    return iam.ManagedPolicy(scope, construct_id, document=document)
'''


def _deny(
    name: str, actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, Any]
) -> Statement:
    return {
        "Sid": name,
        "Effect": "Deny",
        "Action": list(actions),
        "Resource": list(resources),
        "Condition": dict(condition),
    }


def _unless(arns: Sequence[str]) -> Mapping[str, Any]:
    # Of several values a negated operator wants none to match. Every caller has the key.
    return {"ArnNotLike": {"aws:PrincipalArn": list(dict.fromkeys(arns))}}


def _name_versions(role: str, groups: Sequence[str]) -> list[str]:
    """Return the ARNs of the versions of the groups in every region; ARNs spell groups in lower case."""
    match = _ROLE.fullmatch(role)
    if match is None or not groups:
        return ["*"]
    names = [validate_group_name(group).lower() for group in groups]
    return [f"arn:{match['partition']}:sagemaker:*:*:model-package/{name}/*" for name in dict.fromkeys(names)]


def _check_role(arn: str) -> None:
    if _ROLE.fullmatch(arn) is not None:
        return
    hint = ""
    if ":assumed-role/" in arn:
        hint = "; that of a session is none: IAM compares the ARN of its role"
    raise BypassGuardError(
        f"{arn[:200]!r} is not the ARN of a role or a user: it looks like arn:aws:iam::123456789012:role/reviewers, "
        f"and may have * and ?{hint}"
    )


def _check_managed(statements: Sequence[Statement]) -> None:
    text = compact(policy_of(statements))
    check_length("a managed policy", text, MANAGED_POLICY_LIMIT, way_out=_SHORTER)
