"""The stacks of model accounts, and what the governance account lets them do."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra.key_policy import copying_statement
from infra.model_accounts import LONGEST_STACK_NAME, copy_role_name
from infra.settings_sources import read_settings
from lambdas.object_event import read_object_event
from pipelines.step_settings import CopySettings, from_environment
from sandbox.iam.access import AccessRequest, Allowed, Principal
from sandbox.iam.evaluation import Policies, evaluate
from tests.infra.conftest import an_app
from tests.infra.synthesised import (
    ACCOUNT,
    CENTRAL_KEY,
    KEY,
    MODEL_ACCOUNTS,
    REGION,
    TOPIC,
    Synthesised,
    resolve,
    synthesise,
    synthesise_with_accounts,
)

TEAM, OWN = "111122223333", "444455556666"
ROLE = f"ModelGovernance-copies-{REGION}"


@pytest.fixture(scope="module")
def stacks() -> Mapping[str, Synthesised]:
    return synthesise_with_accounts()


@pytest.fixture(scope="module")
def governance(stacks: Mapping[str, Synthesised]) -> Synthesised:
    return stacks["ModelGovernance"]


@pytest.fixture(scope="module")
def team(stacks: Mapping[str, Synthesised]) -> Synthesised:
    """The account whose groups are in the governance account."""
    return stacks[f"ModelGovernance-{TEAM}"]


@pytest.fixture(scope="module")
def own(stacks: Mapping[str, Synthesised]) -> Synthesised:
    """The account with a registry of its own."""
    return stacks[f"ModelGovernance-{OWN}"]


def only(stack: Synthesised, kind: str) -> dict[str, Any]:
    (properties,) = stack.of_type(kind).values()
    return properties


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_a_model_account_holds_these_resources_and_no_others(team: Synthesised, own: Synthesised) -> None:
    counts = Counter(resource["Type"] for resource in team.resources.values())
    assert counts == {
        "AWS::Lambda::Function": 1,
        "AWS::Lambda::Permission": 1,
        "AWS::Lambda::EventInvokeConfig": 1,
        "AWS::Logs::LogGroup": 1,
        "AWS::IAM::Role": 1,
        "AWS::IAM::Policy": 1,
        "AWS::Events::Rule": 1,
        "AWS::SQS::Queue": 1,
        "AWS::SQS::QueuePolicy": 1,
        "AWS::CloudWatch::Alarm": 2,
    }
    more = Counter(resource["Type"] for resource in own.resources.values()) - counts
    assert more == {
        "AWS::IAM::Role": 1,
        "AWS::IAM::Policy": 1,
        "AWS::Events::Rule": 1,
        "AWS::SQS::Queue": 1,
        "AWS::SQS::QueuePolicy": 1,
        "AWS::SageMaker::ModelPackageGroup": 1,
        "AWS::CloudWatch::Alarm": 1,
    }


def test_what_s3_tells_of_the_bucket_invokes_the_function_and_is_kept(team: Synthesised) -> None:
    rule = only(team, "AWS::Events::Rule")
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["team-artifacts"]},
            "object": {"key": [{"prefix": "models/"}, {"prefix": "evaluation/"}]},
        },
    }
    (queue,) = team.of_type("AWS::SQS::Queue")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.lower()}"
    (target,) = rule["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": arn}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 6 * 3600, "MaximumRetryAttempts": 24}
    again = only(team, "AWS::Lambda::EventInvokeConfig")
    assert again["DestinationConfig"] == {"OnFailure": {"Destination": arn}}
    assert again["MaximumRetryAttempts"] == 2


def test_the_function_reads_the_settings_that_the_stack_gives_it(team: Synthesised) -> None:
    function = only(team, "AWS::Lambda::Function")
    settings = from_environment(CopySettings, function["Environment"]["Variables"])
    assert settings == CopySettings(TEAM, REGION, "team-artifacts", "governance-evidence")
    assert (function["Handler"], function["Timeout"]) == ("lambdas.copy_artifacts.handler", 900)
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": TEAM,
        "region": REGION,
        "detail": {"bucket": {"name": "team-artifacts"}, "object": {"key": "models/1/evaluation.json"}},
    }
    read = read_object_event(
        event, account=settings.account, region=settings.region, bucket=settings.artifact_bucket
    )
    assert read.key == "models/1/evaluation.json"


def test_every_alarm_reaches_the_topic(team: Synthesised, own: Synthesised) -> None:
    for stack, names in (
        (team, {"CopyFailed", "CopyGivenUp"}),
        (own, {"CopyFailed", "CopyGivenUp", "EventNotForwarded"}),
    ):
        alarms = stack.of_type("AWS::CloudWatch::Alarm")
        assert {name.removeprefix("Alarms")[:-8] for name in alarms} == names
        assert {tuple(alarm["AlarmActions"]) for alarm in alarms.values()} == {(TOPIC,)}


def test_the_roles_have_the_boundary_of_their_account(team: Synthesised, own: Synthesised) -> None:
    assert only(team, "AWS::IAM::Role")["PermissionsBoundary"] == f"arn:aws:iam::{TEAM}:policy/boundary"
    assert all("PermissionsBoundary" not in role for role in own.of_type("AWS::IAM::Role").values())


S3 = f"s3.{REGION}.amazonaws.com"
COPYING_STATEMENT = copying_statement(
    partition="aws",
    region=REGION,
    roles={account: f"arn:aws:iam::{account}:role/{ROLE}" for account in (TEAM, OWN)},
)
FROM, INTO = "arn:aws:s3:::team-artifacts", "arn:aws:s3:::governance-evidence"
OWN_BUCKET, REMADE_BUCKET, CENTRAL_BUCKET = (
    {"s3:resourceaccount": (account,)} for account in (TEAM, OWN, ACCOUNT)
)
BY_S3, BY_LAMBDA = {"kms:viaservice": (S3,)}, {"kms:viaservice": ("lambda.amazonaws.com",)}


@pytest.mark.parametrize(
    ("action", "resource", "context", "is_allowed"),
    [
        pytest.param("s3:GetObjectVersion", f"{FROM}/models/1", OWN_BUCKET, True, id="read"),
        pytest.param("s3:GetObjectVersion", f"{FROM}/rows/1", OWN_BUCKET, False, id="other prefix"),
        pytest.param("s3:GetObjectVersion", f"{FROM}/models/1", REMADE_BUCKET, False, id="remade bucket"),
        pytest.param(
            "s3:PutObject", f"{INTO}/accounts/{TEAM}/team-artifacts/a", CENTRAL_BUCKET, True, id="copy"
        ),
        pytest.param(
            "s3:PutObject",
            f"{INTO}/accounts/{OWN}/other-artifacts/a",
            CENTRAL_BUCKET,
            False,
            id="other account",
        ),
        pytest.param("s3:PutObject", f"{INTO}/judged-evidence/a", CENTRAL_BUCKET, False, id="other evidence"),
        pytest.param(
            "s3:DeleteObject", f"{INTO}/accounts/{TEAM}/team-artifacts/a", CENTRAL_BUCKET, False, id="delete"
        ),
        pytest.param("s3:DeleteObject", f"{FROM}/models/1", OWN_BUCKET, False, id="delete the original"),
        pytest.param("kms:Decrypt", KEY, BY_S3, True, id="decrypt the original"),
        pytest.param("kms:Decrypt", KEY, BY_LAMBDA, False, id="decrypt by another service"),
        pytest.param("kms:GenerateDataKey", CENTRAL_KEY, BY_S3, True, id="encrypt the copy"),
        pytest.param("kms:GenerateDataKey", KEY, BY_S3, False, id="encrypt there"),
    ],
)
def test_what_the_copying_role_may_do_by_the_policies_of_both_accounts(
    stacks: Mapping[str, Synthesised],
    action: str,
    resource: str,
    context: dict[str, tuple[str, ...]],
    is_allowed: bool,
) -> None:
    governance, team = stacks["ModelGovernance"], stacks[f"ModelGovernance-{TEAM}"]
    # The bucket and the key of the governance account have other names in its own template.
    bucket = [
        {**one, "Resource": f"{INTO}/{one['Resource'].partition('/')[2]}"}
        for one in evidence_statements(governance)
    ]
    theirs = {INTO: bucket, CENTRAL_KEY: [COPYING_STATEMENT]}
    policy = next((found for place, found in theirs.items() if resource.startswith(place)), None)
    role = f"arn:aws:iam::{TEAM}:role/{ROLE}"
    request = AccessRequest(
        Principal(arn=role, account=TEAM),
        action,
        resource,
        resource_account=TEAM if policy is None else ACCOUNT,
        context=context | {"aws:principalarn": (role,)},
    )
    identity = only(team, "AWS::IAM::Policy")["PolicyDocument"]
    policies = Policies(identity=[identity], resource=None if policy is None else {"Statement": policy})
    assert isinstance(evaluate(request, policies), Allowed) is is_allowed


def evidence_statements(governance: Synthesised) -> list[dict[str, Any]]:
    (policy,) = [
        policy
        for name, policy in governance.of_type("AWS::S3::BucketPolicy").items()
        if name.startswith("BucketsEvidence")
    ]
    found = policy["PolicyDocument"]["Statement"]
    return [statement for statement in found if "/accounts/" in json.dumps(statement["Resource"])]


def test_each_account_writes_copies_below_its_own_prefix_by_its_copying_role(governance: Synthesised) -> None:
    allowed = [statement for statement in evidence_statements(governance) if statement["Effect"] == "Allow"]
    assert [
        (
            statement["Principal"],
            statement["Condition"],
            statement["Resource"].partition("/")[2],
            statement["Action"],
        )
        for statement in allowed
    ] == [
        (
            {"AWS": f"arn:aws:iam::{account}:root"},
            {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/{ROLE}"}},
            f"accounts/{account}/{bucket}/*",
            ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload", "s3:GetObject"],
        )
        for account, bucket in ((TEAM, "team-artifacts"), (OWN, "other-artifacts"))
    ]


def test_nobody_else_writes_copies_and_nobody_deletes_them(governance: Synthesised) -> None:
    denied = [statement for statement in evidence_statements(governance) if statement["Effect"] == "Deny"]
    roles = [f"arn:aws:iam::{account}:role/{ROLE}" for account in (TEAM, OWN)]
    assert [(statement["Action"], statement.get("Condition")) for statement in denied] == [
        ("s3:PutObject", {"ArnNotEquals": {"aws:PrincipalArn": roles}}),
        (["s3:DeleteObject", "s3:DeleteObjectVersion"], None),
    ]


def test_parts_of_a_copy_that_was_never_completed_are_thrown_away(governance: Synthesised) -> None:
    """A function that is ended by its time limit aborts nothing itself."""
    (evidence,) = [
        bucket
        for name, bucket in governance.of_type("AWS::S3::Bucket").items()
        if name.startswith("BucketsEvidence")
    ]
    assert evidence["LifecycleConfiguration"]["Rules"] == [
        {
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            "Id": "copies-that-were-begun",
            "Prefix": "accounts/",
            "Status": "Enabled",
        }
    ]


def test_a_copy_that_arrives_invokes_the_reconciler(governance: Synthesised) -> None:
    ((name, evidence),) = [
        found
        for found in governance.of_type("AWS::S3::Bucket").items()
        if found[0].startswith("BucketsEvidence")
    ]
    assert evidence["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    (rule,) = [
        rule
        for place, rule in governance.of_type("AWS::Events::Rule").items()
        if place.startswith("ReconcilerArrived")
    ]
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [name.lower()]}, "object": {"key": [{"prefix": "accounts/"}]}},
    }
    (target,) = rule["Targets"]
    assert ":function:reconcile" in target["Arn"]
    # One that is lost is not repeated: the next run of the schedule looks at the same.
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}


def test_the_role_that_copies_has_the_name_that_the_policies_have(team: Synthesised) -> None:
    assert only(team, "AWS::IAM::Role")["RoleName"] == ROLE
    assert len(copy_role_name("A" * LONGEST_STACK_NAME, "ap-southeast-99")) <= 64


def test_a_key_that_the_stack_creates_lets_the_copying_roles_use_it_through_s3() -> None:
    from aws_cdk import RemovalPolicy, Stack  # noqa: PLC0415 - takes seconds, and every worker collects this file
    from aws_cdk.assertions import Template  # noqa: PLC0415

    from infra.data_key import data_key  # noqa: PLC0415

    context = {"region": REGION, "create_kms_key": True, "model_accounts": MODEL_ACCOUNTS}
    stack = Stack(an_app(), "Keys")
    data_key(stack, read_settings(context), RemovalPolicy.DESTROY)
    (key,) = Template.from_stack(stack).to_json()["Resources"].values()
    (statement,) = [
        one
        for one in key["Properties"]["KeyPolicy"]["Statement"]
        if one.get("Sid") == COPYING_STATEMENT["Sid"]
    ]
    assert resolve(statement, {}) == COPYING_STATEMENT
    assert COPYING_STATEMENT["Principal"] == {
        "AWS": [f"arn:aws:iam::{account}:root" for account in (TEAM, OWN)]
    }
    assert COPYING_STATEMENT["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": [f"arn:aws:iam::{account}:role/{ROLE}" for account in (TEAM, OWN)]},
        "StringEquals": {"kms:ViaService": S3},
    }


def group_policies(stack: Synthesised) -> dict[str, list[dict[str, Any]]]:
    return {
        group["ModelPackageGroupName"]: group["ModelPackageGroupPolicy"]["Statement"]
        for group in stack.of_type("AWS::SageMaker::ModelPackageGroup").values()
    }


def test_model_accounts_register_as_pending_in_their_groups_and_nothing_else(governance: Synthesised) -> None:
    policies = group_policies(governance)
    assert set(policies) == {"churn", "Fraud"}
    read, register = policies["Fraud"]
    assert read["Principal"] == register["Principal"] == {"AWS": [f"arn:aws:iam::{TEAM}:root"]}
    assert read["Action"] == [
        "sagemaker:DescribeModelPackageGroup",
        "sagemaker:DescribeModelPackage",
        "sagemaker:ListModelPackages",
    ]
    assert register["Action"] == ["sagemaker:CreateModelPackage"]
    assert register["Condition"] == {
        "StringEqualsIfExists": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}
    }
    versions = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/fraud/*"
    assert register["Resource"] == [versions]
    assert read["Resource"] == [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package-group/fraud", versions]


def test_the_gate_may_judge_in_the_groups_of_an_accounts_own_registry(own: Synthesised) -> None:
    (statement,) = group_policies(own)["askdata"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert set(statement["Action"]) == {
        "sagemaker:DescribeModelPackageGroup",
        "sagemaker:DescribeModelPackage",
        "sagemaker:ListModelPackages",
        "sagemaker:UpdateModelPackage",
    }
    groups = [one for one in own.resources.values() if one["Type"] == "AWS::SageMaker::ModelPackageGroup"]
    assert {one["DeletionPolicy"] for one in groups} == {"Retain"}


def test_the_roles_of_the_gate_reach_those_groups_and_no_other_account(governance: Synthesised) -> None:
    version = f"arn:aws:sagemaker:{REGION}:{OWN}:model-package/askdata/*"
    reached = {
        (policy["Roles"][0][:5], action)
        for policy in governance.of_type("AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
        if version in as_list(statement["Resource"])
    }
    assert reached == {
        ("start", "sagemaker:DescribeModelPackage"),
        ("recon", "sagemaker:DescribeModelPackage"),
        ("recon", "sagemaker:UpdateModelPackage"),
        ("watch", "sagemaker:DescribeModelPackage"),
        ("watch", "sagemaker:ListModelPackages"),
        ("annou", "sagemaker:DescribeModelPackage"),
        ("evalu", "sagemaker:DescribeModelPackage"),
        ("evalu", "sagemaker:UpdateModelPackage"),
        ("updat", "sagemaker:DescribeModelPackage"),
        ("updat", "sagemaker:UpdateModelPackage"),
    }
    named = set(
        re.findall(r":sagemaker:[^:]+:(\d{12}):model-package", json.dumps(policy_resources(governance)))
    )
    assert named == {ACCOUNT, OWN}


def policy_resources(stack: Synthesised) -> list[Any]:
    return [
        statement["Resource"]
        for policy in stack.of_type("AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_events_of_an_own_registry_are_forwarded_and_taken_from_that_account_alone(
    governance: Synthesised, own: Synthesised
) -> None:
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/ModelGovernance"
    (forwarding,) = [
        rule for name, rule in own.of_type("AWS::Events::Rule").items() if name.startswith("Registry")
    ]
    assert forwarding["EventPattern"] == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": ["askdata"]},
    }
    (target,) = forwarding["Targets"]
    assert target["Arn"] == bus
    assert "registrydeadletters" in target["DeadLetterConfig"]["Arn"]
    assert only(governance, "AWS::Events::EventBus")["Name"] == "ModelGovernance"
    statement = only(governance, "AWS::Events::EventBusPolicy")["Statement"]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{OWN}:root"]}
    assert (statement["Action"], statement["Condition"]) == (
        "events:PutEvents",
        {
            "ForAllValues:StringEquals": {
                "events:source": "aws.sagemaker",
                "events:detail-type": "SageMaker Model Package State Change",
            }
        },
    )


def test_what_is_forwarded_starts_executions_and_is_watched(governance: Synthesised) -> None:
    on_the_bus = {
        name: rule
        for name, rule in governance.of_type("AWS::Events::Rule").items()
        if rule.get("EventBusName", "default") != "default"
    }
    assert {
        (name[:7], rule["EventPattern"]["detail"]["ModelApprovalStatus"][0])
        for name, rule in on_the_bus.items()
    } == {("Trigger", "PendingManualApproval"), ("Approva", "Approved")}


def test_the_functions_of_the_gate_know_the_accounts(governance: Synthesised) -> None:
    functions = {
        one["Handler"].split(".")[1]: one["Environment"]["Variables"]
        for one in governance.of_type("AWS::Lambda::Function").values()
    }
    names = ("GROUPS_ELSEWHERE", "ARTIFACT_BUCKETS", "EVIDENCE_DEADLINE_HOURS")
    known = {
        handler: tuple(variables.get(f"GOVERNANCE_{name}") for name in names)
        for handler, variables in functions.items()
    }
    groups, buckets = f"{OWN}/askdata", f"{TEAM}/team-artifacts,{OWN}/other-artifacts"
    assert known == {
        "start_pipeline": (groups, buckets, "24"),
        "handle_reconcile": (groups, buckets, "24"),
        "handle_approvals": (groups, None, None),
        "handle_evaluate": (None, buckets, None),
        "handle_update": (None, None, None),
        "handle_report_page": (None, None, None),
        "handle_announcement": (None, None, None),
    }


def test_without_model_accounts_nothing_of_it_is_there() -> None:
    stack = synthesise("lambda")
    kinds = {resource["Type"] for resource in stack.resources.values()}
    assert not kinds & {"AWS::Events::EventBus", "AWS::SageMaker::ModelPackageGroup"}
    assert not [name for name in stack.resources if name.startswith("ReconcilerArrived")]
    # The decisions bucket tells of its records, which are announced, and no other tells of anything.
    buckets = stack.of_type("AWS::S3::Bucket")
    telling = [name for name, one in buckets.items() if "NotificationConfiguration" in one]
    assert [name.startswith("BucketsDecisions") for name in telling] == [True]


def test_groups_that_exist_get_their_policies_as_outputs(template: Callable[..., dict[str, Any]]) -> None:
    account: Mapping[str, Any] = {
        "account": TEAM,
        "artifact_bucket": "team-artifacts",
        "model_package_groups": ["churn"],
        "create_groups": False,
    }
    made = template(model_accounts=[account], evaluation_compute="lambda", region=REGION)
    assert not [one for one in made["Resources"].values() if one["Type"].endswith("ModelPackageGroup")]
    output = made["Outputs"]["PolicyOfGroup1"]
    assert output["Description"] == "The policy that the model package group churn needs."
    text = "".join(part if isinstance(part, str) else "x" for part in output["Value"]["Fn::Join"][1])
    assert {statement["Sid"] for statement in json.loads(text)["Statement"]} == {"Read", "Register"}
