"""The role that copies in a model account has what its function asks for, by code and by AWS, and no more."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from msgspec.structs import replace

from aws import clients, object_copies
from aws.aws_errors import AwsError
from aws.object_copies import CopyBounds
from lambdas import copy_artifacts
from sandbox import object_copies as copies_of_moto
from sandbox.iam.access import AccessRequest
from tests.infra.synthesised import (
    ACCOUNT,
    GOVERNANCE_ACCOUNT,
    MODEL_ACCOUNTS,
    REGION,
    Synthesised,
    synthesise_with_accounts,
)
from tests.mocked_aws import mocked_aws
from tests.noted_calls import NotedCalls, asked, find_needless, is_allowed

CALLER = "copying"
PART = 5 * 1024**2  # the least that S3 takes
# What KMS is asked by S3; the parts of an upload are decrypted again when they become one object.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
ON_KEYS = {
    "s3:GetObject": ("kms:Decrypt",),
    "s3:GetObjectVersion": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey", "kms:Decrypt"),
}
# S3 tells the region of a bucket to those, too, whom it refuses to look at it.
TOLD_ANYWAY = "s3:ListBucket"


@pytest.fixture(scope="module", params=MODEL_ACCOUNTS, ids=["under keys", "own registry"])
def entry(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    return dict(request.param)


@pytest.fixture(scope="module")
def stack(entry: Mapping[str, Any]) -> Synthesised:
    return synthesise_with_accounts()[f"ModelGovernance-{entry['account']}"]


def named(bucket: str | Mapping[str, str]) -> tuple[str, str | None]:
    """The name of a bucket of the settings, and its key."""
    return (bucket, None) if isinstance(bucket, str) else (bucket["name"], bucket.get("kms_key_arn"))


@pytest.fixture(scope="module")
def requests(stack: Synthesised, entry: Mapping[str, Any]) -> list[AccessRequest]:
    """Everything that is asked for under the role, after objects of each kind were copied."""
    by_code = list(copy_all(stack, entry))
    (artifacts, key), (evidence, central_key) = (
        named(bucket) for bucket in (entry["artifact_bucket"], GOVERNANCE_ACCOUNT["evidence_bucket"])
    )
    owners = {artifacts: entry["account"], evidence: ACCOUNT}
    keys = {artifacts: key, evidence: central_key}
    found = []
    for request in by_code:
        bucket = request.resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        if request.action == TOLD_ANYWAY:
            continue
        found.append(replace(request, context={**request.context, "s3:resourceaccount": [owners[bucket]]}))
        if (bucket_key := keys[bucket]) is not None:
            by_s3 = {"kms:viaservice": [f"s3.{REGION}.amazonaws.com"]}
            found += [asked(one, bucket_key, ACCOUNT, **by_s3) for one in ON_KEYS.get(request.action, ())]
    return [*found, *requests_of_aws(stack)]


def requests_of_aws(stack: Synthesised) -> Iterator[AccessRequest]:
    """What Lambda asks for: the logs, and to keep an event that was given up."""
    (log_group,) = stack.of_type("AWS::Logs::LogGroup")
    stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{log_group.lower()}:log-stream:one"
    for action in ("CreateLogStream", "PutLogEvents"):
        yield asked(f"logs:{action}", stream, ACCOUNT)
    queue = next(name for name in stack.of_type("AWS::SQS::Queue") if name.startswith("Artifacts"))
    yield asked("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.lower()}", ACCOUNT)


def copy_all(stack: Synthesised, entry: Mapping[str, Any]) -> Iterator[AccessRequest]:
    """Have objects copied whole and in parts, with and without versions, and an upload given up."""
    copies_of_moto.install()
    (function,) = stack.of_type("AWS::Lambda::Function").values()
    (artifacts, _), (evidence, _) = (
        named(bucket) for bucket in (entry["artifact_bucket"], GOVERNANCE_ACCOUNT["evidence_bucket"])
    )
    with pytest.MonkeyPatch.context() as patch, mocked_aws():
        for name, value in {**function["Environment"]["Variables"], "AWS_REGION": REGION}.items():
            patch.setenv(name, value)
        session = boto3.Session("testing", "testing", region_name=REGION)
        patch.setattr(clients, "_session", lambda _region=None: session)
        noted = NotedCalls(session, ACCOUNT, REGION)
        clients.s3_client.cache_clear()
        client: Any = clients.s3_client()
        for name in (artifacts, evidence):
            client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

        def copy(key: str, body: bytes = b"{}") -> None:
            place = {"Bucket": artifacts, "Key": key}
            version = client.put_object(**place, Body=body, Tagging="team=risk")
            with noted.of(CALLER):
                copy_artifacts.handler(event_of(entry["account"], artifacts, key, version), None)

        prefixes = entry.get("artifact_prefixes", [""])
        for prefix in prefixes:
            copy(f"{prefix}unversioned.json")
        for bucket in (artifacts, evidence):
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for prefix in prefixes:
            copy(f"{prefix}evaluation.json")
        patch.setattr(object_copies, "CopyBounds", lambda: CopyBounds(most_whole=PART, part=PART))
        copy(f"{prefixes[0]}model.tar.gz", b"0" * (PART + 1))
        patch.setattr(object_copies, "_require_equal", refuse)
        with pytest.raises(AwsError, match="another one"):
            copy(f"{prefixes[0]}other.tar.gz", b"0" * (PART + 1))
        clients.s3_client.cache_clear()
        yield from noted.by_caller[CALLER]


def refuse(*_: object) -> None:
    raise AwsError("another one")


def event_of(account: str, bucket: str, key: str, version: Mapping[str, str]) -> dict[str, Any]:
    """What S3 tells EventBridge of a new object."""
    written = {
        "key": key,
        "etag": version["ETag"].strip('"'),
        "version-id": version.get("VersionId", ""),
        "sequencer": "0A",
    }
    detail = {"bucket": {"name": bucket}, "object": written}
    place = {"source": "aws.s3", "detail-type": "Object Created", "account": account, "region": REGION}
    return {**place, "detail": detail}


def statements(stack: Synthesised) -> list[dict[str, Any]]:
    """The statements of the role that copies."""
    (policy,) = [
        policy
        for name, policy in stack.of_type("AWS::IAM::Policy").items()
        if name.startswith("CopyArtifacts")
    ]
    return list(json.loads(json.dumps(policy["PolicyDocument"]["Statement"])))


def test_every_request_is_allowed_by_the_role(stack: Synthesised, requests: list[AccessRequest]) -> None:
    refused = {(one.action, one.resource) for one in requests if not is_allowed(one, statements(stack))}
    assert refused == set()


def test_every_right_of_the_role_is_needed(stack: Synthesised, requests: list[AccessRequest]) -> None:
    assert find_needless(statements(stack), requests) == set()
