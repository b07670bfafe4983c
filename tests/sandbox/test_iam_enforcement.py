"""Callers of the embedded AWS are held to their policies, over HTTP and with real boto3."""

from typing import Any

import pytest

from tests.sandbox.iam_callers import HERE, MakeCaller, policy, refused, statement


@pytest.fixture
def bucket(account: Any) -> str:
    """A bucket with one object, `a/one.txt`."""
    name: str = account.bucket()
    account.client("s3").put_object(Bucket=name, Key="a/one.txt", Body=b"one")
    return name


def test_an_object_is_read_by_those_who_may(caller: MakeCaller, bucket: str) -> None:
    place = {"Bucket": bucket, "Key": "a/one.txt"}
    may = caller(statement("s3:GetObject", f"arn:aws:s3:::{bucket}/a/*")).client("s3")
    assert may.get_object(**place)["Body"].read() == b"one"
    nobody = caller()
    said = refused(nobody.client("s3").get_object, **place)
    session = nobody.role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/test"
    assert said == (
        f"User: {session} is not authorized to perform: s3:GetObject on resource: "
        f"arn:aws:s3:::{bucket}/a/one.txt because no identity-based policy allows it"
    )
    elsewhere = caller(statement("s3:GetObject", f"arn:aws:s3:::{bucket}/b/*")).client("s3")
    assert "s3:GetObject" in refused(elsewhere.get_object, **place)


def test_conditions_on_a_listing(caller: MakeCaller, bucket: str) -> None:
    only_a = {"StringLike": {"s3:prefix": "a/*"}}
    s3 = caller(statement("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=only_a)).client("s3")
    assert s3.list_objects_v2(Bucket=bucket, Prefix="a/o")["KeyCount"] == 1
    assert "s3:ListBucket" in refused(s3.list_objects_v2, Bucket=bucket, Prefix="b/")
    assert "s3:ListBucket" in refused(s3.list_objects_v2, Bucket=bucket)


def test_a_bucket_demands_conditional_writes(account: Any, caller: MakeCaller, bucket: str) -> None:
    demand = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }
    account.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(demand))
    s3 = caller(statement("s3:*", "*")).client("s3")
    s3.put_object(Bucket=bucket, Key="new", Body=b"", IfNoneMatch="*")
    said = refused(s3.put_object, Bucket=bucket, Key="newer", Body=b"")
    assert said.endswith("because an explicit deny in the resource-based policy")


def test_a_bucket_gives_a_role_what_its_own_policies_do_not(
    account: Any, caller: MakeCaller, bucket: str
) -> None:
    reader = caller()
    given = statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal={"AWS": reader.role})
    account.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(given))
    assert reader.client("s3").get_object(Bucket=bucket, Key="a/one.txt")["Body"].read() == b"one"


def test_a_boundary_limits_a_role(account: Any, caller: MakeCaller, bucket: str) -> None:
    limit = policy(statement("sagemaker:*", "*"))
    boundary = account.client("iam").create_policy(PolicyName=account.name("limit"), PolicyDocument=limit)
    s3 = caller(statement("s3:*", "*"), boundary=boundary["Policy"]["Arn"]).client("s3")
    assert refused(s3.get_object, Bucket=bucket, Key="a/one.txt").endswith(
        "no permissions boundary allows it"
    )


def test_a_status_is_set_only_as_the_condition_says(account: Any, caller: MakeCaller) -> None:
    version = account.package()
    decided = {"StringEqualsIfExists": {"sagemaker:ModelApprovalStatus": ["Rejected"]}}
    own = f"arn:aws:sagemaker:us-east-1:{HERE}:model-package/group-*"
    sagemaker = caller(statement("sagemaker:UpdateModelPackage", own, Condition=decided)).client("sagemaker")
    sagemaker.update_model_package(ModelPackageArn=version, ApprovalDescription="why")
    update = sagemaker.update_model_package
    assert "sagemaker:UpdateModelPackage" in refused(
        update, ModelPackageArn=version, ModelApprovalStatus="Approved"
    )
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Rejected")
    assert account.describe(version)["ModelApprovalStatus"] == "Rejected"
    assert refused(sagemaker.describe_model_package, ModelPackageName=version)


def test_a_version_is_registered_in_the_groups_that_a_role_may(account: Any, caller: MakeCaller) -> None:
    own, other = account.group(), account.group()
    allowed = statement(
        "sagemaker:CreateModelPackage", f"arn:aws:sagemaker:us-east-1:{HERE}:model-package/{own}/*"
    )
    create = caller(allowed).client("sagemaker").create_model_package
    create(ModelPackageGroupName=own)
    assert f"model-package/{other}/*" in refused(create, ModelPackageGroupName=other)


def test_a_key_needs_its_own_policy(account: Any, caller: MakeCaller, bucket: str) -> None:
    """An object that a KMS key encrypts is read and written by those only who may use the key."""
    kms, s3 = account.client("kms"), account.client("s3")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.put_object(Bucket=bucket, Key="secret", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    reader = caller(statement("s3:*", "*"), statement("kms:Decrypt", key))
    assert reader.client("s3").get_object(Bucket=bucket, Key="secret")["Body"].read() == b"x"
    assert "kms:Decrypt" in refused(
        caller(statement("s3:*", "*")).client("s3").get_object, Bucket=bucket, Key="secret"
    )
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy())
    assert refused(reader.client("s3").get_object, Bucket=bucket, Key="secret").endswith(
        "because no resource-based policy allows it"
    )
    with_key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    assert "kms:GenerateDataKey" in refused(
        reader.client("s3").put_object, Bucket=bucket, Key="more", **with_key
    )


def test_a_queue_a_function_and_a_pipeline(account: Any, caller: MakeCaller) -> None:
    url, arn = account.queue()
    function = account.function("def handler(event, context): return {}")
    pipeline = account.pipeline([])
    nobody = caller()
    assert arn in refused(nobody.client("sqs").send_message, QueueUrl=url, MessageBody="x")
    assert function in refused(nobody.client("lambda").invoke, FunctionName=function)
    start = {"PipelineName": pipeline, "ClientRequestToken": "t" * 32}
    pipeline_arn = f"arn:aws:sagemaker:us-east-1:{HERE}:pipeline/{pipeline}"
    assert pipeline_arn in refused(nobody.client("sagemaker").start_pipeline_execution, **start)
    may = caller(
        statement("sqs:SendMessage", arn),
        statement("lambda:InvokeFunction", function),
        statement("sagemaker:StartPipelineExecution", pipeline_arn),
    )
    may.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    assert may.client("lambda").invoke(FunctionName=function)["StatusCode"] == 200
    assert may.client("sagemaker").start_pipeline_execution(**start)["PipelineExecutionArn"]


def test_who_one_is_may_be_asked_by_everyone(caller: MakeCaller) -> None:
    nobody = caller()
    assert nobody.client("sts").get_caller_identity()["Account"] == HERE
    other = {"RoleArn": nobody.role, "RoleSessionName": "two"}
    assert "sts:AssumeRole" in refused(nobody.client("sts").assume_role, **other)
