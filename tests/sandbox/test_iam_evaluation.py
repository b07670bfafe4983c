"""IAM's evaluation logic, as AWS documents it, row by row."""

from typing import Any

import pytest

from sandbox.iam.access import AccessRequest, Allowed, Denied, Principal
from sandbox.iam.calls import Call
from sandbox.iam.conditions import UnsupportedPolicyError, conditions_hold
from sandbox.iam.evaluation import Policies, evaluate

ACCOUNT, OTHER = "111111111111", "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/gate"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/gate/one"
USER = f"arn:aws:iam::{ACCOUNT}:user/jane"
OBJECT = "arn:aws:s3:::bucket/decisions/a.json"

SAGEMAKER = "arn:aws:sagemaker:eu-west-1:123456789012"


def statement(
    effect: str = "Allow", action: Any = "s3:PutObject", resource: Any = OBJECT, **more: Any
) -> Any:
    """One statement of a policy."""
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policy(*statements: Any) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


ALLOW, DENY = policy(statement()), policy(statement("Deny"))
NOTHING = policy()
TO_ROLE = policy(statement(Principal={"AWS": ROLE}))
TO_SESSION = policy(statement(Principal={"AWS": SESSION}))
TO_ACCOUNT = policy(statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
TO_ALL = policy(statement(Principal="*"))
BY_IDENTITY, BY_RESOURCE = Allowed("identity-based policy"), Allowed("resource-based policy")
NO_IDENTITY = Denied("no identity-based policy allows it")
NO_RESOURCE = Denied("no resource-based policy allows it")
NO_BOUNDARY = Denied("no permissions boundary allows it")

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
SAME_ACCOUNT = {
    "nothing-allows": (Policies(), NO_IDENTITY),
    "identity-allows": (Policies((ALLOW,)), BY_IDENTITY),
    "one-of-two-allows": (Policies((NOTHING, ALLOW)), BY_IDENTITY),
    "identity-denies-what-it-allows": (
        Policies((ALLOW, DENY)),
        Denied("an explicit deny in the identity-based policy"),
    ),
    "resource-allows-the-role": (Policies(resource=TO_ROLE), BY_RESOURCE),
    "resource-allows-everyone": (Policies(resource=TO_ALL), BY_RESOURCE),
    "resource-allows-the-account-alone": (Policies(resource=TO_ACCOUNT), NO_IDENTITY),
    "resource-allows-another-role": (
        Policies(resource=policy(statement(Principal={"AWS": f"{ROLE}-2"}))),
        NO_IDENTITY,
    ),
    "resource-denies-everyone": (
        Policies((ALLOW,), policy(statement("Deny", Principal="*"))),
        Denied("an explicit deny in the resource-based policy"),
    ),
    "resource-denies-the-account": (
        Policies((ALLOW,), policy(statement("Deny", Principal={"AWS": ACCOUNT}))),
        Denied("an explicit deny in the resource-based policy"),
    ),
    "resource-denies-all-but-the-role": (
        Policies((ALLOW,), policy(statement("Deny", NotPrincipal={"AWS": ROLE}))),
        BY_IDENTITY,
    ),
    "resource-denies-all-but-another": (
        Policies((ALLOW,), policy(statement("Deny", NotPrincipal={"AWS": USER}))),
        Denied("an explicit deny in the resource-based policy"),
    ),
    "boundary-allows-nothing": (Policies((ALLOW,), boundary=(NOTHING,)), NO_BOUNDARY),
    "boundary-allows-too": (Policies((ALLOW,), boundary=(ALLOW,)), BY_IDENTITY),
    "boundary-alone-gives-nothing": (Policies(boundary=(ALLOW,)), NO_IDENTITY),
    "boundary-limits-what-a-role-is-given": (Policies(resource=TO_ROLE, boundary=(NOTHING,)), NO_BOUNDARY),
    "boundary-does-not-limit-a-session": (Policies(resource=TO_SESSION, boundary=(NOTHING,)), BY_RESOURCE),
    "boundary-denies": (
        Policies(resource=TO_SESSION, boundary=(DENY,)),
        Denied("an explicit deny in the permissions boundary"),
    ),
    "organisation-allows-nothing": (
        Policies((ALLOW,), TO_ROLE, organisation=(NOTHING,)),
        Denied("no service control policy allows it"),
    ),
    "organisation-denies": (
        Policies((ALLOW,), organisation=(ALLOW, DENY)),
        Denied("an explicit deny in the service control policy"),
    ),
    "key-policy-silent": (Policies((ALLOW,), NOTHING, resource_decides=True), NO_RESOURCE),
    "key-policy-for-the-account": (Policies((ALLOW,), TO_ACCOUNT, resource_decides=True), BY_IDENTITY),
    "key-policy-for-the-account-alone": (Policies((), TO_ACCOUNT, resource_decides=True), NO_RESOURCE),
    "key-policy-for-the-role": (Policies((), TO_ROLE, resource_decides=True), BY_RESOURCE),
    "other-action": (Policies((policy(statement(action="s3:GetObject")),)), NO_IDENTITY),
    "action-in-another-case": (Policies((policy(statement(action=["S3:putobject"])),)), BY_IDENTITY),
    "action-by-pattern": (Policies((policy(statement(action="s3:Put*")),)), BY_IDENTITY),
    "every-action-but": (
        Policies((policy({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}),)),
        NO_IDENTITY,
    ),
    "every-resource-but": (
        Policies(
            (policy({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::bucket/claims/*"}),)
        ),
        BY_IDENTITY,
    ),
    "resource-in-another-case": (Policies((policy(statement(resource=OBJECT.upper())),)), NO_IDENTITY),
    "resource-by-pattern": (
        Policies((policy(statement(resource="arn:aws:s3:::bucket/*/?.json")),)),
        BY_IDENTITY,
    ),
    "resource-with-a-variable": (
        Policies((policy(statement(resource="arn:aws:s3:::${s3:bucket}/*")),)),
        BY_IDENTITY,
    ),
    "resource-with-an-absent-variable": (
        Policies((policy(statement(resource="arn:aws:s3:::${aws:nothing}*")),)),
        NO_IDENTITY,
    ),
    "condition-holds": (
        Policies((policy(statement(Condition={"StringEquals": {"s3:Bucket": "bucket"}})),)),
        BY_IDENTITY,
    ),
    "condition-does-not-hold": (
        Policies((policy(statement(Condition={"StringEquals": {"s3:Bucket": "other"}})),)),
        NO_IDENTITY,
    ),
}


@pytest.mark.parametrize(("policies", "verdict"), SAME_ACCOUNT.values(), ids=SAME_ACCOUNT)
def test_a_role_asks_within_its_account(policies: Policies, verdict: object) -> None:
    asked = AccessRequest(
        Principal(ROLE, ACCOUNT, SESSION), "s3:PutObject", OBJECT, ACCOUNT, {"s3:bucket": ["bucket"]}
    )
    assert evaluate(asked, policies) == verdict


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
OTHER_ACCOUNT = {
    "identity-alone": (Policies((ALLOW,)), NO_RESOURCE),
    "resource-alone": (Policies(resource=TO_ROLE), NO_IDENTITY),
    "both": (Policies((ALLOW,), TO_ROLE), BY_IDENTITY),
    "identity-and-the-account": (Policies((ALLOW,), TO_ACCOUNT), BY_IDENTITY),
    "identity-and-everyone": (Policies((ALLOW,), TO_ALL), BY_IDENTITY),
    "the-account-alone": (Policies((), TO_ACCOUNT), NO_IDENTITY),
    "another-role-and-identity": (
        Policies((ALLOW,), policy(statement(Principal={"AWS": f"{ROLE}-2"}))),
        NO_RESOURCE,
    ),
    "the-owner-alone-and-identity": (
        Policies((ALLOW,), policy(statement(Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}))),
        NO_RESOURCE,
    ),
    "identity-denies": (
        Policies((ALLOW, DENY), TO_ROLE),
        Denied("an explicit deny in the identity-based policy"),
    ),
    "resource-denies-the-account": (
        Policies((ALLOW,), policy(statement("Deny", Principal={"AWS": ACCOUNT}), *TO_ROLE["Statement"])),
        Denied("an explicit deny in the resource-based policy"),
    ),
    "organisation-allows-nothing": (
        Policies((ALLOW,), TO_ROLE, organisation=(NOTHING,)),
        Denied("no service control policy allows it"),
    ),
    "boundary-allows-nothing": (Policies((ALLOW,), TO_SESSION, boundary=(NOTHING,)), NO_BOUNDARY),
    "key-policy-alone": (Policies((), TO_ROLE, resource_decides=True), NO_IDENTITY),
    "key-policy-and-identity": (Policies((ALLOW,), TO_ROLE, resource_decides=True), BY_IDENTITY),
}


@pytest.mark.parametrize(("policies", "verdict"), OTHER_ACCOUNT.values(), ids=OTHER_ACCOUNT)
def test_a_role_asks_for_what_another_account_owns(policies: Policies, verdict: object) -> None:
    asked = AccessRequest(Principal(ROLE, ACCOUNT, SESSION), "s3:PutObject", OBJECT, OTHER)
    assert evaluate(asked, policies) == verdict


def test_a_boundary_does_not_limit_what_a_resource_gives_a_user() -> None:
    given = policy(statement(Principal={"AWS": [USER]}))
    asked = AccessRequest(Principal(USER, ACCOUNT), "s3:PutObject", OBJECT, ACCOUNT)
    assert evaluate(asked, Policies(resource=given, boundary=(NOTHING,))) == BY_RESOURCE


@pytest.mark.parametrize(
    ("principal", "verdict"),
    [
        pytest.param({"Service": "events.amazonaws.com"}, BY_RESOURCE, id="named"),
        pytest.param({"Service": ["sns.amazonaws.com"]}, NO_RESOURCE, id="another"),
        pytest.param({"AWS": ACCOUNT}, NO_RESOURCE, id="accounts-only"),
        pytest.param("*", BY_RESOURCE, id="everyone"),
    ],
)
def test_a_service_has_what_a_resource_gives_it(principal: object, verdict: object) -> None:
    asked = AccessRequest(Principal("events.amazonaws.com", None), "s3:PutObject", OBJECT, ACCOUNT)
    assert evaluate(asked, Policies(resource=policy(statement(Principal=principal)))) == verdict


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
GIVEN = {"k": ["Approved"], "many": ["a", "b"], "n": ["5"], "t": ["2026-01-01T00:00:00Z"], "ip": ["10.1.2.3"]}
GIVEN |= {"arn": [ROLE], "secure": ["true"], "empty": []}
CONDITIONS = [
    ("StringEquals", "K", "Approved", True),
    ("StringEquals", "k", "approved", False),
    ("StringEquals", "k", ["x", "Approved"], True),
    ("StringEquals", "absent", "Approved", False),
    ("StringEqualsIfExists", "absent", "Approved", True),
    ("StringEqualsIfExists", "k", "Rejected", False),
    ("StringNotEquals", "k", "Rejected", True),
    ("StringNotEquals", "k", ["Rejected", "Approved"], False),
    ("StringNotEquals", "absent", "Approved", True),
    ("StringEqualsIgnoreCase", "k", "APPROVED", True),
    ("StringNotEqualsIgnoreCase", "k", "APPROVED", False),
    ("StringLike", "k", "App*", True),
    ("StringLike", "k", "App?", False),
    ("StringNotLike", "k", "App*", False),
    ("StringLike", "k", "A[a-z]*", False),
    ("StringEquals", "k", "${k}", True),
    ("StringEquals", "k", "${absent}", False),
    ("StringEquals", "k", "${absent, 'Approved'}", True),
    ("ForAllValues:StringEquals", "many", ["a", "b", "c"], True),
    ("ForAllValues:StringEquals", "many", ["a"], False),
    ("ForAllValues:StringEquals", "absent", ["a"], True),
    ("ForAnyValue:StringEquals", "many", ["b", "c"], True),
    ("ForAnyValue:StringEquals", "absent", ["b"], False),
    ("ForAnyValue:StringNotEquals", "many", ["a"], True),
    ("ForAllValues:StringNotEquals", "many", ["a"], False),
    ("Null", "absent", "true", True),
    ("Null", "absent", False, False),
    ("Null", "k", "false", True),
    ("Null", "k", True, False),
    ("Null", "empty", "true", True),
    ("Bool", "secure", "true", True),
    ("Bool", "secure", False, False),
    ("Bool", "absent", "false", False),
    ("BoolIfExists", "absent", "false", True),
    ("NumericLessThan", "n", 6, True),
    ("NumericLessThanEquals", "n", "5", True),
    ("NumericGreaterThan", "n", "5", False),
    ("NumericGreaterThanEquals", "n", "5.0", True),
    ("NumericEquals", "n", "5.0", True),
    ("NumericNotEquals", "n", "5", False),
    ("NumericEquals", "k", "5", False),
    ("DateLessThan", "t", "2026-01-01T01:00:00+00:00", True),
    ("DateGreaterThan", "t", "2026-01-01", False),
    ("DateEquals", "t", "1767225600", True),
    ("IpAddress", "ip", "10.0.0.0/8", True),
    ("NotIpAddress", "ip", "10.1.2.3", False),
    ("ArnEquals", "arn", f"arn:aws:iam::{ACCOUNT}:role/*", True),
    ("ArnLike", "arn", "arn:aws:iam::*:role/gate", True),
    ("ArnLike", "arn", "arn:aws:*:role/gate", False),
    ("ArnNotEquals", "arn", ROLE, False),
    ("ArnNotEquals", "absent", ROLE, True),
]


@pytest.mark.parametrize(
    ("operator", "key", "expected", "holds"),
    CONDITIONS,
    ids=[f"{operator}-{key}-{expected}" for operator, key, expected, _ in CONDITIONS],
)
def test_conditions(operator: str, key: str, expected: object, holds: bool) -> None:
    assert conditions_hold({operator: {key: expected}}, GIVEN) is holds


def test_all_conditions_must_hold() -> None:
    assert conditions_hold({}, {})
    both = {"StringEquals": {"k": "Approved", "n": "6"}}
    assert not conditions_hold(both, GIVEN)
    assert not conditions_hold({"Bool": {"secure": True}, "Null": {"k": True}}, GIVEN)


@pytest.mark.parametrize(
    ("operator", "expected", "says"),
    [
        pytest.param("StringSame", "x", "IAM has no condition operator StringSame", id="operator"),
        pytest.param("StringLike", "${*}", r"\$\{\*\}: characters written as variables", id="character"),
    ],
)
def test_what_is_not_evaluated_is_refused(operator: str, expected: str, says: str) -> None:
    with pytest.raises(UnsupportedPolicyError, match=says):
        conditions_hold({operator: {"k": expected}}, GIVEN)


@pytest.mark.parametrize(
    ("operation", "members", "resource"),
    [
        ("ListModelPackages", {"ModelPackageGroupName": "Churn"}, "model-package/churn/*"),
        ("ListModelPackages", {}, None),
        ("CreateModelPackage", {"ModelPackageGroupName": "Churn"}, "model-package/churn/*"),
        ("DescribeModelPackageGroup", {"ModelPackageGroupName": "Churn"}, "model-package-group/churn"),
        ("ListPipelineExecutions", {"PipelineName": "Gate"}, "pipeline/Gate"),
        ("AddTags", {"ResourceArn": f"{SAGEMAKER}:model-package-group/churn"}, "model-package-group/churn"),
    ],
    ids=["list-of-a-group", "list-of-all", "version-to-come", "group", "pipeline", "tags"],
)
def test_what_a_call_is_about(operation: str, members: dict[str, str], resource: str | None) -> None:
    """ARNs of SageMaker spell groups in lower case."""
    call = Call("sagemaker", operation, members, "123456789012", "eu-west-1")
    whole = "*" if resource is None else f"{SAGEMAKER}:{resource}"
    assert call.resource == whole
