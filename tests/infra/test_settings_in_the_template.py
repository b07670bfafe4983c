"""What an organisation sets is in the template, in every place that it concerns."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.bundle import SERVICES
from infra.deployment_duties import list_duties
from infra.network import ENDPOINTS
from infra.settings_sources import DeploymentSettingsError, read_settings
from tests.infra.conftest import ARCHITECTURE, PYTHON, an_app
from tests.infra.synthesised import MODEL_ACCOUNTS
from tests.infra.test_template import as_list, definition, of_type, only, own_statements

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = KEY.replace("1234abcd", "5678abcd")
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/tools/python@sha256:" + "0" * 64
NETWORK = {"subnet_ids": ["subnet-0a1b2c3d", "subnet-0b1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]}
ORGANISATION: dict[str, Any] = {
    "region": "eu-central-1",
    "stack_name": "RiskGate",
    "pipeline_name": "risk-gate",
    "create_kms_key": True,
    "vpc": NETWORK,
    "permissions_boundary_arn": BOUNDARY,
    "tags": {"team": "risk", "cost-centre": "42"},
    "alarm_email": "operations@example.com",
    "reserved_concurrency": 7,
    "evaluation_minutes": 4,
}
PROCESSING: dict[str, Any] = {
    "evaluation_compute": "processing",
    "image_uri": IMAGE,
    "instance_type": "ml.m5.large",
    "evaluation_minutes": 90,
    "kms_key_arn": KEY,
    "create_kms_key": False,
}
Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def organisation(template: Callable[..., dict[str, Any]]) -> Resources:
    return dict(template(**ORGANISATION)["Resources"])


@pytest.fixture(scope="session")
def with_own_key(template: Callable[..., dict[str, Any]]) -> Resources:
    """Evaluation in Processing jobs, and a key that exists."""
    return dict(template(**ORGANISATION | PROCESSING)["Resources"])


@pytest.fixture(scope="session")
def with_own_buckets(template: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return template(
        region="eu-central-1",
        evidence_bucket={"name": "team-evidence", "kms_key_arn": OTHER_KEY},
        decisions_bucket="team-decisions",
    )


def data_key_of(resources: Resources) -> dict[str, Any]:
    (name,) = [
        name for name, key in of_type(resources, "AWS::KMS::Key").items() if key.get("EnableKeyRotation")
    ]
    return {"Fn::GetAtt": [name, "Arn"]}


@pytest.fixture(params=["created", "own"])
def encrypted(request: pytest.FixtureRequest) -> tuple[Resources, Any]:
    """A template whose data has a key, and the key's ARN."""
    if request.param == "own":
        return request.getfixturevalue("with_own_key"), KEY
    resources = request.getfixturevalue("organisation")
    return resources, data_key_of(resources)


def test_the_key_encrypts_everything_that_takes_one(encrypted: tuple[Resources, Any]) -> None:
    resources, key = encrypted
    for name, bucket in of_type(resources, "AWS::S3::Bucket").items():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        # S3 delivers access logs to no bucket that a key of KMS encrypts.
        expected = {"SSEAlgorithm": "AES256"} if "AccessLogs" in name else by_key
        assert rule["ServerSideEncryptionByDefault"] == expected
        assert rule.get("BucketKeyEnabled", False) is ("AccessLogs" not in name)
    holders = {
        "AWS::SQS::Queue": "KmsMasterKeyId",
        "AWS::SNS::Topic": "KmsMasterKeyId",
        "AWS::Logs::LogGroup": "KmsKeyId",
    }
    for kind, field in holders.items():
        found = of_type(resources, kind)
        assert found
        assert [one[field] for one in found.values()] == [key] * len(found)


def test_a_created_key_is_rotated_and_lets_the_services_use_it(organisation: Resources) -> None:
    key = of_type(organisation, "AWS::KMS::Key")[data_key_of(organisation)["Fn::GetAtt"][0]]
    statements = {one["Sid"]: one for one in key["KeyPolicy"]["Statement"] if "Sid" in one}
    assert set(statements) == {"LogGroups", "DeadLetters", "Alarms"}
    logs = statements["LogGroups"]["Principal"]["Service"]["Fn::Join"][1]
    assert logs == ["logs.", {"Ref": "AWS::Region"}, ".amazonaws.com"]
    assert statements["DeadLetters"]["Principal"] == {"Service": "events.amazonaws.com"}
    # EventBridge fills in no source account: a condition would lose each event that fails.
    assert "Condition" not in statements["DeadLetters"]


def test_who_reads_or_writes_encrypted_data_may_use_the_key_and_nobody_else(
    encrypted: tuple[Resources, Any],
) -> None:
    resources, key = encrypted
    used = {
        (policy["Roles"][0]["Ref"][:6], action)
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Resource"] == key
        for action in as_list(statement["Action"])
    }
    both = {"kms:Decrypt", "kms:GenerateDataKey"}
    expected = {
        (role, action) for role in ("StartP", "Update", "Evalua", "WriteR", "Announ") for action in both
    }
    expected |= {(role, "kms:Decrypt") for role in ("Reconc", "WatchA")}  # which only read
    if key == KEY:
        volumes = {"kms:DescribeKey", "kms:CreateGrant"}
        expected |= {(role, action) for role in ("Pipeli", "Evalua") for action in volumes}
        expected |= {("Pipeli", "kms:Decrypt")}
    assert used == expected


def test_every_role_has_the_boundary(organisation: Resources, with_own_key: Resources) -> None:
    for resources in (organisation, with_own_key):
        roles = of_type(resources, "AWS::IAM::Role")
        assert len(roles) >= 4
        assert {role["PermissionsBoundary"] for role in roles.values()} == {BOUNDARY}


def test_everything_that_takes_tags_has_them(organisation: Resources) -> None:
    expected = [{"Key": "cost-centre", "Value": "42"}, {"Key": "team", "Value": "risk"}]
    untagged = {
        resource["Type"]
        for resource in organisation.values()
        if resource["Properties"].get("Tags") != expected
    }
    assert untagged == {
        "AWS::IAM::Policy",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    }


def test_functions_run_in_the_network_as_many_at_once_as_reserved(organisation: Resources) -> None:
    for function in of_type(organisation, "AWS::Lambda::Function").values():
        assert function["VpcConfig"] == {
            "SubnetIds": NETWORK["subnet_ids"],
            "SecurityGroupIds": ["sg-0a1b2c3d"],
        }
        assert function["ReservedConcurrentExecutions"] == 7
    denied = [one for one in own_statements(organisation) if one["Effect"] == "Deny"]
    assert len(denied) == len(of_type(organisation, "AWS::Lambda::Function"))
    assert all("lambda:SourceFunctionArn" in json.dumps(one["Condition"]) for one in denied)
    (evaluate,) = [
        one for one in of_type(organisation, "AWS::Lambda::Function").values() if "evaluate" in one["Handler"]
    ]
    assert evaluate["Timeout"] == 240


def test_the_job_runs_on_the_image_the_instance_and_the_network_that_are_named(
    with_own_key: Resources,
) -> None:
    job = definition(with_own_key)["Steps"][0]["Arguments"]
    assert job["AppSpecification"]["ImageUri"] == IMAGE
    cluster = job["ProcessingResources"]["ClusterConfig"]
    assert (cluster["InstanceType"], cluster["VolumeKmsKeyId"]) == ("ml.m5.large", KEY)
    assert job["NetworkConfig"]["VpcConfig"] == {
        "Subnets": ["subnet-0a1b2c3d", "subnet-0b1b2c3d"],
        "SecurityGroupIds": ["sg-0a1b2c3d"],
    }
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 5400}
    repository = [
        one["Resource"]
        for one in own_statements(with_own_key)
        if "ecr:BatchGetImage" in as_list(one["Action"])
    ]
    assert json.dumps(repository[0]).count(':repository/tools/python"') == 1


def test_an_e_mail_address_gets_a_topic_that_alarms_may_publish_to(organisation: Resources) -> None:
    (topic,) = [name for name in of_type(organisation, "AWS::SNS::Topic") if name.startswith("Alarms")]
    subscription = only(organisation, "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "operations@example.com")
    alarms = of_type(organisation, "AWS::CloudWatch::Alarm").values()
    assert {json.dumps(alarm["AlarmActions"]) for alarm in alarms} == {json.dumps([{"Ref": topic}])}
    (policy,) = [
        one
        for one in of_type(organisation, "AWS::SNS::TopicPolicy").values()
        if one["Topics"] == [{"Ref": topic}]
    ]
    statements = policy["PolicyDocument"]["Statement"]
    allowed = [one["Principal"] for one in statements if one["Effect"] == "Allow"]
    assert allowed == [{"Service": "cloudwatch.amazonaws.com"}]


def test_buckets_that_exist_are_used_and_their_policy_is_an_output(with_own_buckets: dict[str, Any]) -> None:
    resources = with_own_buckets["Resources"]
    made = [name for name in of_type(resources, "AWS::S3::Bucket") if "AccessLogs" not in name]
    assert ["Thresholds" in name for name in made] == [True]
    outputs = {name: one["Value"] for name, one in with_own_buckets["Outputs"].items()}
    assert (outputs["EvidenceBucket"], outputs["DecisionsBucket"]) == ("team-evidence", "team-decisions")
    policy = json.dumps(outputs["DecisionsBucketPolicy"])
    assert policy.count("Deny") == 4
    assert "team-decisions/decisions/*/reviews/*" in policy
    policy_of_evidence = json.dumps(outputs["EvidenceBucketPolicy"])
    assert policy_of_evidence.count("Deny") == 2
    assert "team-evidence/judged-evidence/*" in policy_of_evidence
    # Copies of what is judged are written there.
    using = [one for one in own_statements(resources) if one["Resource"] == OTHER_KEY]
    assert [one["Action"] for one in using] == [["kms:Decrypt", "kms:GenerateDataKey"]]


def names_in(template: dict[str, Any]) -> set[tuple[str, str]]:
    """The names that a template gives to resources itself, and its exports: those that can collide."""
    fields = (
        "PipelineName",
        "FunctionName",
        "RoleName",
        "BucketName",
        "QueueName",
        "TopicName",
        "LogGroupName",
    )
    named = {
        (field, resource["Properties"][field])
        for resource in template["Resources"].values()
        if not resource["Type"].startswith(("AWS::Lambda::Permission", "AWS::Lambda::EventInvokeConfig"))
        for field in (*fields, "Name", "AlarmName", "PolicyName", "AliasName")
        if isinstance(resource["Properties"].get(field), str)
        and resource["Type"] != "AWS::IAM::Policy"  # a policy's name is its role's own
    }
    exports = {
        ("Export", json.dumps(one["Export"])) for one in template["Outputs"].values() if "Export" in one
    }
    return named | exports


def test_two_stacks_share_no_name(template: Callable[..., dict[str, Any]]) -> None:
    ours = names_in(template(**ORGANISATION))
    others = names_in(template(evaluation_compute="lambda", region="eu-central-1"))
    assert ours == {("PipelineName", "risk-gate")}
    assert others == {("PipelineName", "model-governance")}


def test_what_is_left_to_the_organisation_is_warned_of_at_synthesis() -> None:
    # Each takes seconds, and every worker collects this file.
    from aws_cdk.assertions import Annotations, Match, Template  # noqa: PLC0415

    from infra.app import build_app  # noqa: PLC0415

    stack = build_app(an_app({"python_version": PYTHON, "architecture": ARCHITECTURE, "vpc": NETWORK}))
    annotations = Annotations.from_stack(stack)
    for text in ("alarms reach nobody", "com.amazonaws.REGION.sagemaker.api"):
        annotations.has_warning("/ModelGovernance", Match.string_like_regexp(text))
    Template.from_stack(stack).resource_count_is("AWS::SNS::Topic", 1)  # that of decisions


@pytest.mark.parametrize(
    ("settings", "duties"),
    [
        ({}, {"alarms-reach-nobody"}),
        ({"alarm_email": "a@example.com"}, set()),
        ({"alarm_email": "a@example.com", "create_kms_key": "true"}, set()),
        ({"alarm_email": "a@example.com", "kms_key_arn": KEY}, {"key-policy"}),
        ({"alarm_email": "a@example.com", "vpc": NETWORK}, {"vpc-endpoints"}),
        (
            {"alarm_email": "a@example.com", "evidence_bucket": "team-evidence"},
            {"existing-buckets", "evidence-bucket"},
        ),
        (
            {"alarm_email": "a@example.com", "decisions_bucket": "team-decisions"},
            {"existing-buckets", "decisions-bucket", "events-of-decisions"},
        ),
        (
            {
                "alarm_email": "a@example.com",
                "region": "eu-west-1",
                "evidence_bucket": "team-evidence",
                "model_accounts": MODEL_ACCOUNTS[1:],
            },
            {"existing-buckets", "evidence-bucket", "events-of-evidence", "model-accounts"},
        ),
    ],
    ids=[
        "none",
        "e-mail",
        "created key",
        "own key",
        "vpc",
        "evidence bucket",
        "decisions bucket",
        "evidence bucket of model accounts",
    ],
)
def test_each_choice_has_its_duties(settings: dict[str, Any], duties: set[str]) -> None:
    assert set(list_duties(read_settings(settings))) == duties


def test_the_endpoints_are_those_of_the_services_that_deployed_code_calls() -> None:
    # STS is for the commands alone: no deployed function asks who it is.
    assert set(ENDPOINTS) == SERVICES - {"sts"}


def test_a_region_without_an_image_of_aws_has_a_way_out() -> None:
    from infra.app import build_app  # noqa: PLC0415 - see above

    context = {"evaluation_compute": "processing", "region": "mx-central-1", "python_version": PYTHON}
    with pytest.raises(DeploymentSettingsError, match=r"in mx-central-1; pass -c image_uri="):
        build_app(an_app(context))
