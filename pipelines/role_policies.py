"""What each who works with the gate may do, as policies of IAM: one table, and nothing of the gate's own roles.

A policy allows what the commands of a role call, held to the stack's buckets and pipeline, and to the groups that are
named. It goes without the bypass guard: whoever has no other policy decides nothing, since nothing here lets anybody
but a reviewer set a status, and nobody write what a decision leaves on a version or a record of one.

Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html and
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct

from aws.arns import validate_group_name
from aws.policy_documents import (
    GATE_PROPERTY_KEYS,
    MANAGED_POLICY_LIMIT,
    REMOVED_KEY,
    STATUS_KEY,
    Statement,
    check_length,
    compact,
    policy_of,
    spaced,
)
from aws.registry_names import APPROVAL_STATUSES, PENDING
from checks.errors import GovernanceError
from pipelines.step_settings import (
    CLAIMS_FOLDER,
    COPIES_FOLDER,
    DECISIONS_FOLDER,
    PIPELINE_NAME,
    REVIEWS_FOLDER,
    THRESHOLDS_FOLDER,
)

_ACCOUNT = re.compile(r"[0-9]{12}")
_KEY = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):[0-9]{12}:key/[A-Za-z0-9-]+")


class RolePolicyError(GovernanceError):
    """A policy that cannot be written: an account or a key is none."""


class Role(StrEnum):
    """Who works with the gate."""

    ENGINEER = "engineer"
    CI = "ci"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    GOVERNANCE_TEAM = "governance-team"
    MODEL_ACCOUNT = "model-account"  # engineers and CI of a model account, in that account


class StackPlace(Struct, frozen=True, kw_only=True):
    """Where a stack is, and what its outputs name.

    Without `groups` the policies hold for every model package group. `kms_key` is the ARN of the key that encrypts
    the buckets, where one of KMS does. In a model account `account` is that of the groups' registry, and
    `evidence_bucket` the account's artifact bucket; the other buckets are not for it.

    Raises:
        RolePolicyError: the account has no twelve digits, or the key is no ARN of one.
        ArnError: a group's name is none.
    """

    partition: str
    region: str
    account: str
    evidence_bucket: str
    thresholds_bucket: str | None = None
    decisions_bucket: str | None = None
    pipeline_name: str = PIPELINE_NAME
    groups: Sequence[str] = ()
    kms_key: str | None = None

    def __post_init__(self) -> None:
        if _ACCOUNT.fullmatch(self.account) is None:
            raise RolePolicyError(f"{self.account!r} is no account of AWS: name it by its twelve digits")
        if self.kms_key is not None and _KEY.fullmatch(self.kms_key) is None:
            raise RolePolicyError(
                f"{self.kms_key!r} is not the ARN of a key: it looks like "
                "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
            )
        for group in self.groups:
            validate_group_name(group)


Resources = Callable[[StackPlace], Sequence[str]]
Conditions = Callable[[StackPlace], Mapping[str, Any]]


def _registry(kind: str, end: str) -> Resources:
    """Groups or versions; ARNs spell groups in lower case."""

    def name(place: StackPlace) -> Sequence[str]:
        groups = dict.fromkeys(group.lower() for group in place.groups) or ["*"]
        return [_sagemaker(place, kind, f"{group}{end}") for group in groups]

    return name


def _sagemaker(place: StackPlace, kind: str, name: str) -> str:
    return f"arn:{place.partition}:sagemaker:{place.region}:{place.account}:{kind}/{name}"


def _bucket(output: str, *keys: str) -> Resources:
    """A bucket, or the objects of these keys in it."""

    def name(place: StackPlace) -> Sequence[str]:
        bucket = getattr(place, output)
        if bucket is None:
            raise RolePolicyError(
                f"--{output.replace('_', '-')}: is left out, and the policy names that bucket; give the stack's output "
                f"{output.title().replace('_', '')}, or set GOVERNANCE_{output.upper()}"
            )
        arn = f"arn:{place.partition}:s3:::{bucket}"
        return [f"{arn}/{key}" for key in keys] or [arn]

    return name


def _evidence(place: StackPlace) -> Sequence[str]:
    """`governance register` uploads below the name of the group."""
    keys = [f"{group}/*" for group in place.groups] or ["*"]
    return _bucket("evidence_bucket", *keys)(place)


def _key(place: StackPlace) -> Sequence[str]:
    return [] if place.kms_key is None else [place.kms_key]


def _unconditional(_place: StackPlace) -> Mapping[str, Any]:
    return {}


def _pending_without_marks(_place: StackPlace) -> Mapping[str, Any]:
    # "IfExists": a request that names no status has no such key, and is one for a version that waits.
    return {"StringEqualsIfExists": {STATUS_KEY: PENDING}, "Null": _NO_MARKS}


def _status_without_marks(_place: StackPlace) -> Mapping[str, Any]:
    # Without "IfExists": a request that names no status is refused.
    return {"StringEquals": {STATUS_KEY: list(APPROVAL_STATUSES)}, "Null": {REMOVED_KEY: "true", **_NO_MARKS}}


def _written_once(_place: StackPlace) -> Mapping[str, Any]:
    # A report that is there is not replaced: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    return {"Null": {"s3:if-none-match": "false"}}


def _through_s3(place: StackPlace) -> Mapping[str, Any]:
    match = _KEY.fullmatch(place.kms_key or "")
    region = place.region if match is None else match["region"]
    suffix = ".cn" if place.partition == "aws-cn" else ""
    return {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com{suffix}"}}


_NO_MARKS = dict.fromkeys(GATE_PROPERTY_KEYS.values(), "true")


class Ability(Struct, frozen=True):
    """One thing that some roles may do: a statement. `purpose` says for what, in words or as commands."""

    name: str
    purpose: str
    actions: tuple[str, ...]
    resources: Resources
    roles: frozenset[Role]
    conditions: Conditions = _unconditional

    def statement(self, place: StackPlace) -> Statement | None:
        """Return the statement, or `None` where there is nothing that it could be about."""
        resources = list(self.resources(place))
        if not resources:
            return None
        conditions = self.conditions(place)
        return {
            "Sid": self.name,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": resources,
            **({"Condition": dict(conditions)} if conditions else {}),
        }


_ELSEWHERE = frozenset({Role.MODEL_ACCOUNT})
# Of the account of the stack: to others it is closed but for the groups that they register in.
_INSIDE = frozenset(Role) - _ELSEWHERE
_REGISTERING = frozenset({Role.ENGINEER, Role.CI})
_READING = frozenset({Role.ENGINEER, Role.REVIEWER, Role.AUDITOR})
_FOLLOWING = _REGISTERING | _READING
_REVIEWING = frozenset({Role.REVIEWER})
_PUBLISHING = frozenset({Role.GOVERNANCE_TEAM})
# Whoever holds what was decided against what it was decided on, or against thresholds to come.
_RETRACING = frozenset({Role.AUDITOR, Role.GOVERNANCE_TEAM})

ABILITIES = (
    Ability(
        "RegisterVersions",
        "`register`: as pending or without a status, and without the gate's own metadata",
        ("sagemaker:CreateModelPackage",),
        _registry("model-package", "/*"),
        _REGISTERING | _ELSEWHERE,
        _pending_without_marks,
    ),
    Ability(
        "FindGroups",
        "`register`, `thresholds publish`: whether there is such a group",
        ("sagemaker:DescribeModelPackageGroup",),
        _registry("model-package-group", ""),
        _REGISTERING | _PUBLISHING | _ELSEWHERE,
    ),
    Ability(
        "MakeGroups",
        "`register`: the group where it is new; its tags with `--tag`",
        ("sagemaker:CreateModelPackageGroup", "sagemaker:ListTags", "sagemaker:AddTags"),
        _registry("model-package-group", ""),
        _REGISTERING,
    ),
    Ability(
        "WriteEvidence",
        "`register`: reports, each written once",
        ("s3:PutObject",),
        _evidence,
        _REGISTERING | _ELSEWHERE,
        _written_once,
    ),
    Ability(
        "ReadVersions",
        "`wait`, `status`, `explain`, `report`, `review`",
        ("sagemaker:DescribeModelPackage",),
        _registry("model-package", "/*"),
        _FOLLOWING | _RETRACING | _ELSEWHERE,
    ),
    Ability(
        "ListVersions",
        "`list`, `history`, `status GROUP`, `audit --live`; elsewhere `aws sagemaker list-model-packages`",
        ("sagemaker:ListModelPackages",),
        _registry("model-package", "/*"),
        _READING | _RETRACING | _ELSEWHERE,
    ),
    Ability(
        "ListGroups",
        "`list` of all groups, names that are like a misspelt one; not in a policy of some groups",
        ("sagemaker:ListModelPackageGroups",),
        lambda place: [] if place.groups else ["*"],
        _READING | _RETRACING,
    ),
    Ability(
        "FindExecutions",
        "`wait`: the execution that judges a version",
        ("sagemaker:ListPipelineExecutions",),
        lambda place: [_sagemaker(place, "pipeline", place.pipeline_name)],
        _REGISTERING,
    ),
    Ability(
        "FollowExecutions",
        "`wait`: how far it is",
        ("sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps"),
        lambda place: [_sagemaker(place, "pipeline", f"{place.pipeline_name}/execution/*")],
        _REGISTERING,
    ),
    Ability(
        "ReadDecisions",
        "records: `register`, `wait`, `status`, `explain`, `report`, `history`, `audit`, `thresholds impact`",
        ("s3:GetObject",),
        _bucket("decisions_bucket", f"{DECISIONS_FOLDER}/*"),
        _FOLLOWING | _RETRACING,
    ),
    Ability(
        "ListDecisions",
        "the same: those of a version are found by listing the decisions bucket",
        ("s3:ListBucket",),
        _bucket("decisions_bucket"),
        _FOLLOWING | _RETRACING,
    ),
    Ability(
        "ReadClaims",
        "`register`: whether a report was judged for another version before",
        ("s3:GetObject",),
        _bucket("decisions_bucket", f"{CLAIMS_FOLDER}/*"),
        _REGISTERING,
    ),
    Ability(
        "ReadEvidence",
        "reports: `register` looks for what is there, `explain` shows the items behind a figure",
        ("s3:GetObject",),
        _evidence,
        _FOLLOWING | _ELSEWHERE,
    ),
    Ability(
        "ListEvidence",
        "the same: without a list of the evidence bucket S3 answers 403 for what is absent",
        ("s3:ListBucket",),
        _bucket("evidence_bucket"),
        _FOLLOWING | _ELSEWHERE,
    ),
    Ability(
        "ReadThresholds",
        "threshold files: the likely decision of `register`, whether a group is governed, what is published",
        ("s3:GetObject",),
        _bucket("thresholds_bucket", f"{THRESHOLDS_FOLDER}/*"),
        _INSIDE,
    ),
    Ability(
        "ListThresholds",
        "the same: they are found by listing the thresholds bucket",
        ("s3:ListBucket",),
        _bucket("thresholds_bucket"),
        _INSIDE,
    ),
    Ability(
        "PublishThresholds",
        "`thresholds publish`",
        ("s3:PutObject",),
        _bucket("thresholds_bucket", f"{THRESHOLDS_FOLDER}/*"),
        _PUBLISHING,
    ),
    Ability(
        "SetStatus",
        "`review`, `rejudge`: the status that the review gives",
        ("sagemaker:UpdateModelPackage",),
        _registry("model-package", "/*"),
        _REVIEWING,
        _status_without_marks,
    ),
    Ability(
        "WriteReviews",
        "`review`, `rejudge`: records, each written once; the bucket's policy holds everybody to a folder of their own",
        ("s3:PutObject",),
        _bucket("decisions_bucket", f"{DECISIONS_FOLDER}/*/{REVIEWS_FOLDER}/*"),
        _REVIEWING,
        _written_once,
    ),
    Ability(
        "ReadCopies",
        "`replay`, `thresholds impact`: what was judged, by its SHA-256, also when the report itself is gone",
        ("s3:GetObject",),
        _bucket("evidence_bucket", f"{COPIES_FOLDER}/*"),
        _RETRACING,
    ),
    Ability(
        "ReadOldEvidence",
        "`replay`: the version of a report that was judged, by its URI in the record",
        ("s3:GetObjectVersion",),
        _evidence,
        _RETRACING,
    ),
    Ability(
        "ReadOldThresholds",
        "`replay`, `audit`: the thresholds of then, by their URI in the record; what `thresholds publish` wrote",
        ("s3:GetObjectVersion",),
        _bucket("thresholds_bucket", f"{THRESHOLDS_FOLDER}/*"),
        _RETRACING,
    ),
    Ability(
        "ListOldThresholds",
        "`thresholds list`: since when a file is in force, and which versions there were",
        ("s3:ListBucketVersions",),
        _bucket("thresholds_bucket"),
        _RETRACING,
    ),
    Ability(
        "UseKeyToRead",
        "reading, where a key of KMS encrypts the buckets",
        ("kms:Decrypt",),
        _key,
        frozenset(Role),
        _through_s3,
    ),
    Ability(
        "UseKeyToWrite",
        "writing, where a key of KMS encrypts the buckets",
        ("kms:GenerateDataKey",),
        _key,
        _REGISTERING | _PUBLISHING | _REVIEWING | _ELSEWHERE,
        _through_s3,
    ),
)


def role_policy(role: Role, place: StackPlace) -> tuple[Statement, ...]:
    """Return the statements of the policy of a role.

    Raises:
        RolePolicyError: one of them names a bucket that `place` does not.
    """
    found = (ability.statement(place) for ability in ABILITIES if role in ability.roles)
    return tuple(statement for statement in found if statement is not None)


def role_policy_json(role: Role, place: StackPlace) -> str:
    """Return the policy of a role as JSON.

    Raises:
        RolePolicyError: it names a bucket that `place` does not.
        PolicyTooLongError: it is longer than a managed policy may be.
    """
    document = policy_of(role_policy(role, place))
    check_length(
        "a managed policy",
        compact(document),
        MANAGED_POLICY_LIMIT,
        way_out="name fewer groups, or write a policy for each part of them",
    )
    return spaced(document)
