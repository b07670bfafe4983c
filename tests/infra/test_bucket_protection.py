"""What keeps the decision records: the bucket's policy as IAM evaluates it, Object Lock, and the access logs."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra.settings_sources import DeploymentSettingsError, read_settings
from sandbox.iam.access import AccessRequest, Allowed, Principal
from sandbox.iam.calls import Call
from sandbox.iam.evaluation import Policies, evaluate
from tests.infra.conftest import OTHERWISE

ACCOUNT = "123456789012"
ROLES = f"arn:aws:iam::{ACCOUNT}:role"
REVIEWERS = f"{ROLES}/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Reviewers_*"
REVIEWER = f"{ROLES}/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Reviewers_0123456789abcdef"
ADMINISTRATOR = f"{ROLES}/administrator"
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ONCE = {"if-none-match": "*"}
LOCK = {"mode": "COMPLIANCE", "days": 30}
Resources = Mapping[str, dict[str, Any]]


def resolve(value: Any) -> Any:
    """Return a part of the template with ARNs and names in it, made of logical ids."""
    match value:
        case {"Fn::GetAtt": [str() as name, "Arn"]}:
            return f"{ROLES}/{name}" if "Role" in name else f"arn:aws:s3:::{name}"
        case {"Fn::Join": [str() as separator, list() as parts]}:
            return separator.join(resolve(part) for part in parts)
        case {"Ref": str() as name}:
            return ACCOUNT if name == "AWS::AccountId" else name
        case dict():
            return {key: resolve(part) for key, part in value.items()}
        case list():
            return [resolve(part) for part in value]
        case _:
            return value


def of_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == kind}


def named(resources: Resources, kind: str, part: str) -> str:
    (name,) = [name for name in of_type(resources, kind) if part in name]
    return name


@pytest.fixture(scope="module", params=["lambda", "processing"])
def resources(request: pytest.FixtureRequest, template: Callable[..., dict[str, Any]]) -> Resources:
    found: Resources = template(
        evaluation_compute=request.param,
        region="eu-central-1",
        object_lock=LOCK,
        reviewer_role_arns=[REVIEWERS],
    )["Resources"]
    return found


@pytest.fixture(scope="module")
def is_allowed(resources: Resources) -> Callable[..., bool]:
    """A function that says whether a call on the decisions bucket passes, by a role that may do everything."""
    bucket = named(resources, "AWS::S3::Bucket", "Decisions")
    (policy,) = [
        resolve(one["PolicyDocument"])
        for one in of_type(resources, "AWS::S3::BucketPolicy").values()
        if one["Bucket"] == {"Ref": bucket}
    ]

    def ask(role: str, operation: str, key: str, headers: Mapping[str, str] | None = None) -> bool:
        members = {"Bucket": bucket, "Key": key}
        call = Call("s3", operation, members, ACCOUNT, "eu-west-1", headers=headers or {})
        context = {
            "aws:principalarn": [role],
            "aws:userid": [USER_ID],
            "aws:securetransport": ["true"],
            "s3:tlsversion": ["1.3"],
            **dict(call.context()),
        }
        asked = AccessRequest(Principal(role, ACCOUNT), call.action, call.resource, ACCOUNT, context)
        return isinstance(evaluate(asked, Policies([EVERYTHING], policy)), Allowed)

    return ask


@pytest.fixture(scope="module")
def roles(resources: Resources) -> dict[str, str]:
    """Who asks, by a short name."""
    own = {
        name: f"{ROLES}/{named(resources, 'AWS::IAM::Role', part)}"
        for name, part in (
            ("evaluating", "Evaluat"),
            ("updating", "UpdateModelStatus"),
            ("starting", "StartPipeline"),
            ("writing pages", "WriteReportPage"),
        )
    }
    return {**own, "reviewer": REVIEWER, "administrator": ADMINISTRATOR}


PAGE = "decisions/churn/1/e.html"
USER_ID, ANOTHER_ID = "AROAEXAMPLE:alice@example.com", "AROAEXAMPLE:bob@example.com"
REVIEW = f"decisions/churn/1/reviews/{USER_ID}/r.review.json"
OF_ANOTHER = f"decisions/churn/1/reviews/{ANOTHER_ID}/r.review.json"
RECORD, CLAIM, RESULT = "decisions/churn/1/e.json", "evidence-claims/00", "step-results/e/result.json"


@pytest.mark.parametrize(
    ("who", "operation", "key", "headers", "expected"),
    [
        ("evaluating", "PutObject", RECORD, ONCE, True),
        ("evaluating", "PutObject", CLAIM, ONCE, True),
        ("updating", "PutObject", RECORD, ONCE, True),
        ("writing pages", "PutObject", PAGE, ONCE, True),
        ("writing pages", "PutObject", PAGE, {}, False),
        ("administrator", "PutObject", PAGE, ONCE, False),
        ("administrator", "DeleteObject", PAGE, {}, False),
        ("reviewer", "PutObject", RECORD, ONCE, False),
        ("reviewer", "PutObject", CLAIM, ONCE, False),
        ("reviewer", "PutObject", RESULT, ONCE, False),
        ("reviewer", "PutObject", REVIEW, ONCE, True),
        ("reviewer", "PutObject", REVIEW, {}, False),
        ("reviewer", "PutObject", OF_ANOTHER, ONCE, False),
        ("reviewer", "DeleteObject", REVIEW, {}, False),
        ("evaluating", "PutObject", REVIEW, ONCE, False),
        ("updating", "PutObject", REVIEW, ONCE, False),
        ("administrator", "PutObject", REVIEW, ONCE, False),
        ("starting", "PutObject", RECORD, ONCE, False),
        ("administrator", "PutObject", RECORD, ONCE, False),
        ("evaluating", "PutObject", RECORD, {}, False),
        ("evaluating", "PutObject", CLAIM, {}, False),
        ("updating", "PutObject", RECORD, {"if-match": '"0"'}, False),
        ("reviewer", "PutObject", RECORD, {}, False),
        ("reviewer", "CopyObject", RECORD, {"x-amz-copy-source": "b/k"}, False),
        ("administrator", "PutObject", RESULT, {}, True),
        ("evaluating", "DeleteObject", RECORD, {}, False),
        ("administrator", "DeleteObject", RECORD, {}, False),
        ("administrator", "DeleteObjectVersion", CLAIM, {}, False),
        ("administrator", "GetObject", RECORD, {}, True),
    ],
)
def test_a_record_is_written_once_by_those_who_may(
    *,
    is_allowed: Callable[..., bool],
    roles: dict[str, str],
    who: str,
    operation: str,
    key: str,
    headers: dict[str, str],
    expected: bool,
) -> None:
    assert is_allowed(roles[who], operation, key, headers) is expected


def test_only_the_records_are_locked_and_only_where_it_is_asked_for(
    resources: Resources, template: Callable[..., dict[str, Any]]
) -> None:
    locked = {
        name: one["ObjectLockConfiguration"]
        for name, one in of_type(resources, "AWS::S3::Bucket").items()
        if one.get("ObjectLockEnabled")
    }
    assert locked == {
        named(resources, "AWS::S3::Bucket", "Decisions"): {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}},
        }
    }
    plain = template(evaluation_compute="lambda", region="eu-central-1")["Resources"]
    assert not [one for one in of_type(plain, "AWS::S3::Bucket").values() if "ObjectLockEnabled" in one]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"object_lock": LOCK, "removal_policy": "destroy"},
            "object_lock: locked records cannot be deleted with the stack",
        ),
        ({"object_lock": {"mode": "GOVERNANCE"}}, "object_lock"),
        ({"object_lock": {"mode": "GOVERNANCE", "days": 0}}, "greater than or equal to 1"),
        ({"object_lock": {"mode": "governance", "days": 1}}, "'GOVERNANCE' or 'COMPLIANCE'"),
        ({"access_log_bucket": "s3://logs"}, "access_log_bucket: String should match pattern"),
        ({"reviewer_role_arns": [f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"]}, "reviewer_role_arns"),
    ],
    ids=["lock-and-destroy", "no-days", "zero-days", "mode", "log-bucket", "session"],
)
def test_settings_that_cannot_be_deployed_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(DeploymentSettingsError) as raised:
        read_settings(settings)
    assert message in str(raised.value)


def test_each_access_is_logged_in_a_bucket_of_the_stack(resources: Resources) -> None:
    logs = named(resources, "AWS::S3::Bucket", "AccessLogs")
    buckets = of_type(resources, "AWS::S3::Bucket")
    assert "LoggingConfiguration" not in buckets.pop(logs)
    assert {resolve(one["LoggingConfiguration"])["LogFilePrefix"] for one in buckets.values()} == {
        "evidence/",
        "thresholds/",
        "decisions/",
    }
    assert {one["LoggingConfiguration"]["DestinationBucketName"]["Ref"] for one in buckets.values()} == {logs}
    (policy,) = [
        resolve(one["PolicyDocument"])
        for one in of_type(resources, "AWS::S3::BucketPolicy").values()
        if one["Bucket"] == {"Ref": logs}
    ]
    (allowed,) = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert (allowed["Principal"], allowed["Action"]) == (
        {"Service": "logging.s3.amazonaws.com"},
        "s3:PutObject",
    )
    assert set(allowed["Condition"]["ArnLike"]["aws:SourceArn"]) == {
        f"arn:aws:s3:::{name}" for name in buckets
    }


def test_a_bucket_for_logs_that_exists_is_used_and_none_is_made(
    template: Callable[..., dict[str, Any]],
) -> None:
    buckets = of_type(template(**OTHERWISE)["Resources"], "AWS::S3::Bucket")
    assert len(buckets) == 3
    assert {one["LoggingConfiguration"]["DestinationBucketName"] for one in buckets.values()} == {"team-logs"}
