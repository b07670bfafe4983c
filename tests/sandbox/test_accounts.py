"""The embedded AWS has several accounts: each has what is its own, and uses another's as far as both allow.

The rule is AWS's: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.server import Sandbox

HERE, THERE, THIRD = "123456789012", "222222222222", "333333333333"
REGION = "us-east-1"
TO_THERE = {"AWS": f"arn:aws:iam::{THERE}:root"}


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Any, resources: Any, **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def outcome(call: Callable[..., Any], **arguments: Any) -> str:
    """Whether the call is allowed, and otherwise by which kind of policy it is refused."""
    try:
        call(**arguments)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        assert "is not authorized to perform" in message, message
        return str(message).rpartition("because ")[2]
    return "allowed"


@pytest.fixture
def there(account: Any) -> Any:
    """The second account."""
    return account.elsewhere(THERE)


@pytest.fixture
def role_there(there: Any) -> Callable[..., Any]:
    """Make a role of the second account with these statements; returns clients of a session of it, by service."""

    def make(*statements: Mapping[str, Any]) -> Callable[[str], Any]:
        iam, name = there.client("iam"), there.name("role")
        trust = policy({"Effect": "Allow", "Principal": TO_THERE, "Action": "sts:AssumeRole"})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        session = there.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        make_client: Any = boto3.client  # the services are too many for a type

        def client(service: str) -> Any:
            return make_client(
                service,
                endpoint_url=there.sandbox.endpoint,
                region_name=REGION,
                aws_access_key_id=session["AccessKeyId"],
                aws_secret_access_key=session["SecretAccessKey"],
                aws_session_token=session["SessionToken"],
            )

        return client

    return make


def test_credentials_belong_to_an_account(account: Any, there: Any, role_there: Callable[..., Any]) -> None:
    iam = there.client("iam")
    iam.create_user(UserName="jane")
    key = iam.create_access_key(UserName="jane")["AccessKey"]["AccessKeyId"]
    of_jane = account.elsewhere(key)
    asked = {
        "made up": account.client("sts"),
        "named by its digits": there.client("sts"),
        "a user": of_jane.client("sts"),
        "a role": role_there()("sts"),
    }
    accounts = {who: sts.get_caller_identity()["Account"] for who, sts in asked.items()}
    assert accounts == {
        "made up": HERE,
        "named by its digits": THERE,
        "a user": THERE,
        "a role": THERE,
    }


def test_an_environment_has_the_credentials_of_an_account(account: Any) -> None:
    sandbox: Sandbox = account.sandbox
    assert sandbox.environment()["AWS_ACCESS_KEY_ID"] == "sandbox"
    other = sandbox.environment(THERE)
    assert other == sandbox.environment() | {"AWS_ACCESS_KEY_ID": THERE}


def test_each_account_has_what_is_its_own(account: Any, there: Any) -> None:
    here_group, there_group = account.group(), there.group()
    summaries = there.client("sagemaker").list_model_package_groups(MaxResults=100)
    names = [group["ModelPackageGroupName"] for group in summaries["ModelPackageGroupSummaryList"]]
    assert there_group in names
    assert here_group not in names
    stack = there.name("stack")
    template = {
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
        "Outputs": {"Account": {"Value": {"Ref": "AWS::AccountId"}}},
    }
    there.client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(template))
    assert there.sandbox._verify(stack, THERE).outputs == {"Account": THERE}
    assert stack not in {
        one["StackName"] for one in account.client("cloudformation").describe_stacks()["Stacks"]
    }


class Shared:
    """Things of the first account, each with a call on it, its resources, and the way to put a policy on it."""

    def __init__(self, account: Any) -> None:
        self._account = account

    def bucket(self) -> Any:
        name = self._account.bucket()
        put = self._account.client("s3").put_bucket_policy
        return (
            "s3:PutObject",
            f"arn:aws:s3:::{name}/*",
            lambda document: put(Bucket=name, Policy=document),
            lambda client: (client("s3").put_object, {"Bucket": name, "Key": "k", "Body": b""}),
        )

    def topic(self) -> Any:
        sns = self._account.client("sns")
        arn = sns.create_topic(Name=self._account.name("topic"))["TopicArn"]
        return (
            "sns:Publish",
            arn,
            lambda document: sns.set_topic_attributes(
                TopicArn=arn, AttributeName="Policy", AttributeValue=document
            ),
            lambda client: (client("sns").publish, {"TopicArn": arn, "Message": "m"}),
        )

    def bus(self) -> Any:
        events, name = self._account.client("events"), self._account.name("bus")
        arn = events.create_event_bus(Name=name)["EventBusArn"]
        entry = {"Source": "s", "DetailType": "d", "Detail": "{}", "EventBusName": arn}

        def put(document: str) -> None:
            statements = [{"Sid": "one", **one} for one in json.loads(document)["Statement"]]
            events.put_permission(EventBusName=name, Policy=policy(*statements))

        return (
            "events:PutEvents",
            arn,
            put,
            lambda client: (client("events").put_events, {"Entries": [entry]}),
        )

    def group(self) -> Any:
        name, sagemaker = self._account.group(), self._account.client("sagemaker")
        put = sagemaker.put_model_package_group_policy
        arn = f"arn:aws:sagemaker:{REGION}:{HERE}:model-package-group/{name}"
        return (
            "sagemaker:CreateModelPackage",
            f"arn:aws:sagemaker:{REGION}:{HERE}:model-package/{name}/*",
            lambda document: put(ModelPackageGroupName=name, ResourcePolicy=document),
            lambda client: (client("sagemaker").create_model_package, {"ModelPackageGroupName": arn}),
        )


NOBODY = "no resource-based policy allows it"
NOT_ITSELF = "no identity-based policy allows it"


@pytest.mark.parametrize("kind", ["bucket", "topic", "bus", "group"])
def test_both_accounts_must_allow_a_call(account: Any, role_there: Callable[..., Any], kind: str) -> None:
    action, resource, put_policy, call = getattr(Shared(account), kind)()
    may, may_not = role_there(allow(action, resource)), role_there()

    def outcomes() -> tuple[str, str, str]:
        calls = [call(client) for client in (may, may_not, account.elsewhere(THIRD).client)]
        first, second, third = (outcome(one, **arguments) for one, arguments in calls)
        return first, second, third

    put_policy(policy(allow(action, resource, Principal={"AWS": f"arn:aws:iam::{HERE}:root"})))
    assert outcomes() == (NOBODY, NOBODY, NOBODY)
    put_policy(policy(allow(action, resource, Principal=TO_THERE)))
    assert outcomes() == ("allowed", NOT_ITSELF, NOBODY)


def test_a_copy_needs_both_sides(account: Any, there: Any, role_there: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html, "Permissions"."""
    source, target = there.bucket(), account.bucket()
    there.client("s3").put_object(Bucket=source, Key="k", Body=b"x", Tagging="team=risk")
    own = f"arn:aws:s3:::{target}/accounts/{THERE}/*"
    write = ["s3:PutObject", "s3:PutObjectTagging"]
    account.client("s3").put_bucket_policy(
        Bucket=target, Policy=policy(allow(write, own, Principal=TO_THERE))
    )
    read = ["s3:GetObject", "s3:GetObjectTagging"]
    writes, reads = allow(write, own), allow(read, f"arn:aws:s3:::{source}/*")
    arguments = {"Bucket": target, "Key": f"accounts/{THERE}/k", "CopySource": f"{source}/k"}

    def copied(*statements: Mapping[str, Any], **more: Any) -> str:
        return outcome(role_there(*statements)("s3").copy_object, **(arguments | more))

    assert copied(writes, reads) == "allowed"
    tags = account.client("s3").get_object_tagging(Bucket=target, Key=arguments["Key"])["TagSet"]
    assert tags == [{"Key": "team", "Value": "risk"}]
    assert copied(writes) == NOT_ITSELF
    assert copied(reads) == NOT_ITSELF
    # The tags come with it, so they must be allowed too.
    assert copied(writes, allow("s3:GetObject", "*")) == NOT_ITSELF
    assert copied(allow("s3:PutObject", own), reads) == NOT_ITSELF
    assert copied(allow("s3:PutObject", own), reads, TaggingDirective="REPLACE") == "allowed"
    assert copied(allow("s3:*", "*"), Key=f"accounts/{THIRD}/k") == NOBODY
    # A version has an action of its own.
    assert copied(writes, reads, CopySource=f"{source}/k?versionId=null") == NOT_ITSELF


def test_a_part_is_copied_as_an_object_is(account: Any, there: Any, role_there: Callable[..., Any]) -> None:
    source, target = account.bucket(), there.bucket()
    account.client("s3").put_object(Bucket=source, Key="k", Body=b"x")
    s3 = role_there(allow("s3:*", "*"))("s3")
    upload = s3.create_multipart_upload(Bucket=target, Key="k")["UploadId"]
    part = {"Bucket": target, "Key": "k", "UploadId": upload, "PartNumber": 1, "CopySource": f"{source}/k"}
    assert outcome(s3.upload_part_copy, **part) == NOBODY
    account.client("s3").put_bucket_policy(
        Bucket=source, Policy=policy(allow("s3:GetObject", f"arn:aws:s3:::{source}/*", Principal=TO_THERE))
    )
    assert outcome(s3.upload_part_copy, **part) == "allowed"


def test_the_key_of_a_bucket_is_its_owners(account: Any, role_there: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"""
    kms, s3, bucket = account.client("kms"), account.client("s3"), account.bucket()
    key = kms.create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    objects = f"arn:aws:s3:::{bucket}/*"
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow("s3:PutObject", objects, Principal=TO_THERE)))
    writer = role_there(allow("s3:PutObject", objects), allow("kms:GenerateDataKey", key))("s3")
    put = {"Bucket": bucket, "Key": "k", "Body": b""}
    assert outcome(writer.put_object, **put) == NOBODY

    def share(service: str) -> None:
        through = {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}
        shared = [
            allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{HERE}:root"}),
            allow("kms:GenerateDataKey", "*", Principal=TO_THERE, Condition=through),
        ]
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(*shared))

    share("sqs")
    assert outcome(writer.put_object, **put) == NOBODY
    share("s3")
    assert outcome(writer.put_object, **put) == "allowed"
    assert outcome(role_there(allow("s3:PutObject", objects))("s3").put_object, **put) == NOT_ITSELF


def test_a_role_of_another_account_is_taken_on_as_both_allow(
    account: Any, role_there: Callable[..., Any]
) -> None:
    iam, name = account.client("iam"), account.name("role")
    trust = {"Effect": "Allow", "Principal": {"AWS": HERE}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    take = {"RoleArn": role, "RoleSessionName": "one"}
    may = role_there(allow("sts:AssumeRole", role))("sts")
    assert outcome(may.assume_role, **take) == NOBODY
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=policy(trust | {"Principal": TO_THERE}))
    assert outcome(may.assume_role, **take) == "allowed"
    assert outcome(role_there()("sts").assume_role, **take) == NOT_ITSELF


def test_a_version_is_used_by_its_arn_from_another_account(account: Any, there: Any) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-version.html, the section on other accounts."""
    group = account.group()
    arn = f"arn:aws:sagemaker:{REGION}:{HERE}:model-package-group/{group}"
    versions = f"arn:aws:sagemaker:{REGION}:{HERE}:model-package/{group}/*"
    actions = [f"sagemaker:{name}ModelPackage" for name in ("Create", "Describe", "Update")]
    statements = [
        allow([*actions, "sagemaker:ListModelPackages"], versions, Principal=TO_THERE),
        allow("sagemaker:DescribeModelPackageGroup", arn, Principal=TO_THERE),
    ]
    account.client("sagemaker").put_model_package_group_policy(
        ModelPackageGroupName=group, ResourcePolicy=policy(*statements)
    )
    elsewhere = there.client("sagemaker")
    made = elsewhere.create_model_package(
        ModelPackageGroupName=arn, ModelApprovalStatus="PendingManualApproval"
    )
    version = f"arn:aws:sagemaker:{REGION}:{HERE}:model-package/{group}/1"
    assert made["ModelPackageArn"] == version
    elsewhere.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Rejected")
    described = elsewhere.describe_model_package(ModelPackageName=version)
    assert described == account.describe(version) | {"ResponseMetadata": described["ResponseMetadata"]}
    assert described["ModelApprovalStatus"] == "Rejected"
    by = f"arn:aws:iam::{THERE}:user/administrator"
    assert [described[who]["IamIdentity"]["Arn"] for who in ("CreatedBy", "LastModifiedBy")] == [by, by]
    listed = elsewhere.list_model_packages(ModelPackageGroupName=arn)["ModelPackageSummaryList"]
    assert [one["ModelPackageArn"] for one in listed] == [version]
    assert elsewhere.describe_model_package_group(ModelPackageGroupName=arn)["ModelPackageGroupArn"] == arn
    # The events are the owner's.
    sent = [event["account"] for event in account.sandbox.events() if event["resources"] == [version]]
    assert sent == [HERE, HERE]
    assert outcome(elsewhere.delete_model_package, ModelPackageName=version) == NOBODY


def test_the_policy_of_a_group_is_put_read_and_deleted(account: Any) -> None:
    sagemaker, name = account.client("sagemaker"), account.group()
    document = policy(allow("sagemaker:DescribeModelPackage", "*", Principal=TO_THERE))
    answer = sagemaker.put_model_package_group_policy(ModelPackageGroupName=name, ResourcePolicy=document)
    assert answer["ModelPackageGroupArn"].endswith(f":model-package-group/{name}")
    read = sagemaker.get_model_package_group_policy
    assert read(ModelPackageGroupName=name)["ResourcePolicy"] == document
    sagemaker.delete_model_package_group_policy(ModelPackageGroupName=name)
    with pytest.raises(ClientError, match="Cannot find a resource policy"):
        read(ModelPackageGroupName=name)
    for wrong in ("{", "[]"):
        with pytest.raises(ClientError, match=r"ValidationException.*ResourcePolicy"):
            sagemaker.put_model_package_group_policy(ModelPackageGroupName=name, ResourcePolicy=wrong)


def test_a_policy_of_aws_is_in_each_account_and_attached_in_its_own(account: Any, there: Any) -> None:
    arn = "arn:aws:iam::aws:policy/job-function/Billing"
    role = account.role().rpartition("/")[2]
    account.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)
    counts = [
        place.client("iam").get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"]
        for place in (account, there)
    ]
    assert counts == [1, 0]
