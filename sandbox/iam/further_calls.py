"""What a service does for the caller within a call, under the caller's own rights: it reads what is copied, uses keys.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/kb-test-retrieve-generate.html
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.utilities.arns import parse_arn
from msgspec.structs import replace

from sandbox.bedrock.model_ids import without_profile
from sandbox.iam.calls import Call
from sandbox.iam.resource_policies import owner_of_bucket

_READ, _WRITE = ("s3:GetObject", "s3:GetObjectVersion"), "s3:PutObject"
_COPIES = ("CopyObject", "UploadPartCopy")
# An upload in parts decrypts them again when it puts them together:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuAndPermissions.html
_IN_PARTS = ("CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload")


def further_calls(call: Call) -> Iterator[Call]:
    """Yield the calls that a call needs the rights for beside its own."""
    if call.action in ("sqs:SendMessage", "sns:Publish"):
        yield from _encryption_of_message(call)
    if call.action == "bedrock:InvokeModel":
        yield from _model_behind_profile(call)
    if call.action == "bedrock:RetrieveAndGenerate":
        yield from _parts_of_generation(call)
    if call.service == "s3" and call.operation == "GetObjectAttributes":
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
        yield replace(call, operation="GetObject")
        return
    if call.service != "s3" or call.action not in (*_READ, _WRITE):
        return
    if call.operation in _COPIES:
        source = _source_of(call)
        yield source
        yield from further_calls(source)
        if call.operation == "CopyObject" and _copies_tags(call) and _has_tags(source):
            yield _about_tags(source, "GetObjectTagging")
            yield _about_tags(call, "PutObjectTagging")
    if "x-amz-tagging" in call.headers:
        yield _about_tags(call, "PutObjectTagging")
    yield from _uses_of_key(call)


def _model_behind_profile(call: Call) -> Iterator[Call]:
    """Yield the use of the model that an inference profile leads to."""
    named = str(call.members["modelId"])
    model_id = without_profile(named.rpartition("/")[2])
    if model_id != named.rpartition("/")[2]:
        yield replace(call, members={"modelId": model_id})


def _parts_of_generation(call: Call) -> Iterator[Call]:
    """Yield the retrieval and the use of the model that an answer from a knowledge base is made of."""
    configuration = call.members.get("retrieveAndGenerateConfiguration")
    settings = configuration.get("knowledgeBaseConfiguration") if isinstance(configuration, dict) else None
    if not isinstance(settings, dict):
        return
    yield replace(call, operation="Retrieve", members={"knowledgeBaseId": settings.get("knowledgeBaseId")})
    invocation = replace(call, operation="InvokeModel", members={"modelId": settings.get("modelArn")})
    yield invocation
    yield from _model_behind_profile(invocation)


def _encryption_of_message(call: Call) -> Iterator[Call]:
    """Yield the uses of the key that encrypts what is in a queue or a topic; none where AWS's own key does."""
    place = parse_arn(call.resource)
    if call.service == "sqs":
        holder = sqs_backends[place.account][place.region].queues.get(place.resource_id)
    else:
        holder = sns_backends[place.account][place.region].topics.get(call.resource)
    key_id = getattr(holder, "kms_master_key_id", None)
    if not key_id or key_id.startswith("alias/aws/"):
        return
    members = {"KeyId": key_id, "ViaService": f"{call.service}.{place.region}.amazonaws.com"}
    for operation in ("GenerateDataKey", "Decrypt"):
        yield Call("kms", operation, members, str(place.account), str(place.region), call.partition)


def _source_of(call: Call) -> Call:
    """Return the call that reads what `call` copies: `/bucket/key?versionId=…`, with or without the first `/`."""
    path, _, query = call.headers["x-amz-copy-source"].partition("?")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    version = parse_qs(query).get("versionId")
    members = {"Bucket": bucket, "Key": key, **({} if version is None else {"versionId": version[0]})}
    return Call("s3", "GetObject", members, call.account, call.region, call.partition)


def _copies_tags(call: Call) -> bool:
    return call.headers.get("x-amz-tagging-directive", "COPY") == "COPY"


def _has_tags(source: Call) -> bool:
    backend, found = _object(source)
    return found is not None and bool(backend.get_object_tagging(found)["Tags"])


def _about_tags(call: Call, operation: str) -> Call:
    return replace(call, operation=operation, headers={})


def _uses_of_key(call: Call) -> Iterator[Call]:
    """Yield the uses of the KMS key that encrypts the object; none where S3's own key does."""
    backend = s3_backends[owner_of_bucket(call.members["Bucket"], call)][call.partition]
    bucket = backend.get_bucket(call.members["Bucket"])
    key_id = call.headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    if call.action in _READ:
        _, found = _object(call)
        key_id = None if found is None else found.kms_key_id
    elif key_id is None:
        key_id = _default_key(bucket)
    if key_id is None:
        return
    operations = ["Decrypt"] if call.action in _READ else ["GenerateDataKey"]
    if call.operation in _IN_PARTS:
        operations.append("Decrypt")
    # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    members = {"KeyId": key_id, "ViaService": f"s3.{bucket.region_name}.amazonaws.com"}
    for operation in operations:
        # A key is in its bucket's region and account where its ARN does not say otherwise.
        yield Call("kms", operation, members, bucket.account_id, bucket.region_name, call.partition)


def _object(call: Call) -> tuple[Any, Any]:
    """Return moto's S3 and the object that the call names, or `None` in its place."""
    bucket = call.members["Bucket"]
    backend = s3_backends[owner_of_bucket(bucket, call)][call.partition]
    return backend, backend.get_object(bucket, call.members.get("Key"), call.members.get("versionId"))


def _default_key(bucket: Any) -> str | None:
    rule = (bucket.encryption or {}).get("Rule", {})
    default = (rule[0] if isinstance(rule, list) else rule).get("ApplyServerSideEncryptionByDefault", {})
    found: str | None = default.get("KMSMasterKeyID")
    return found
