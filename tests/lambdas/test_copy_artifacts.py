"""The function of a model account that copies, with the events that S3 sends to EventBridge."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from aws import clients
from aws.account_copies import Provenance
from checks.errors import GovernanceError
from lambdas.copy_artifacts import handler
from pipelines.artifact_copies import OtherRegionError
from pipelines.step_settings import CopySettings, to_environment
from sandbox import object_copies
from tests.mocked_aws import mocked_aws

ACCOUNT = "111122223333"
REPORT = b'{"text_to_sql_metrics": {"accuracy": {"value": 0.9}}}'


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    object_copies.install()
    with pytest.MonkeyPatch.context() as patch, mocked_aws():
        patch.setenv("AWS_REGION", "eu-west-1")
        clients.s3_client.cache_clear()
        yield clients.s3_client()
    clients.s3_client.cache_clear()


@dataclass
class Buckets:
    """The two buckets of a test, in one account of moto."""

    client: Any
    artifacts: str
    evidence: str

    def write(self, key: str, body: bytes = REPORT, sequencer: str = "0055AED6DCD90281E5") -> dict[str, Any]:
        """Put an object into the artifact bucket, and return the event that S3 sends of it."""
        answer = self.client.put_object(Bucket=self.artifacts, Key=key, Body=body)
        return {
            "version": "0",
            "id": "17793124-05d4-b198-2fde-7ededc63b103",
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": ACCOUNT,
            "time": "2026-11-26T08:00:00Z",
            "region": "eu-west-1",
            "resources": [f"arn:aws:s3:::{self.artifacts}"],
            "detail": {
                "version": "0",
                "bucket": {"name": self.artifacts},
                "object": {
                    "key": key,
                    "size": len(body),
                    "etag": answer["ETag"].strip('"'),
                    "version-id": answer.get("VersionId", "null"),
                    "sequencer": sequencer,
                },
                "request-id": "N4N7GDK58NMKJ12R",
                "requester": ACCOUNT,
                "source-ip-address": "192.0.2.1",
                "reason": "PutObject",
            },
        }

    def copies(self) -> list[str]:
        found = self.client.list_object_versions(Bucket=self.evidence)
        return [entry["Key"] for entry in found.get("Versions", [])]

    def key_of(self, key: str) -> str:
        return f"accounts/{ACCOUNT}/{self.artifacts}/{key}"


@pytest.fixture
def s3(client: Any, monkeypatch: pytest.MonkeyPatch) -> Buckets:
    """Two buckets, and the environment that the stack sets."""
    names = [f"{name}-{uuid.uuid4().hex}" for name in ("artifacts", "evidence")]
    for name in names:
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for name, value in to_environment(CopySettings(ACCOUNT, "eu-west-1", *names)).items():
        monkeypatch.setenv(name, value)
    return Buckets(client, *names)


@pytest.mark.parametrize(
    "key",
    [
        "m/1/evaluation.json",
        "m/1/evidence.manifest.json",
        "m/1/run.eval",
        "m/1/model.tar.gz",
        "m/model.safetensors",
    ],
)
def test_reports_and_model_artifacts_are_copied_once_under_the_accounts_prefix(s3: Buckets, key: str) -> None:
    event = s3.write(key)
    assert [handler(event, None)["outcome"] for _ in range(2)] == ["copied", "there"]
    assert s3.copies() == [s3.key_of(key)]


@pytest.mark.parametrize("key", ["training/rows.csv", "notes.md", "predictions.jsonl", "json"])
def test_what_else_is_in_the_bucket_is_left_alone(s3: Buckets, key: str) -> None:
    assert handler(s3.write(key), None) == {"outcome": "left alone"}
    assert s3.copies() == []


def test_a_bucket_without_versions_is_known_by_the_bytes(s3: Buckets) -> None:
    s3.client.put_bucket_versioning(Bucket=s3.artifacts, VersioningConfiguration={"Status": "Suspended"})
    older, newer = (s3.write("a.json", body, number) for body, number in ((b"1", "0A"), (b"2", "0B")))
    # What the first event is about was replaced when it comes.
    assert [handler(event, None)["outcome"] for event in (older, newer, newer, older)] == [
        "gone",
        "copied",
        "there",
        "superseded",
    ]


def test_deletions_are_not_propagated(s3: Buckets) -> None:
    event = s3.write("a.json")
    handler(event, None)
    s3.client.delete_object(Bucket=s3.artifacts, Key="a.json")
    deleted = event | {"detail-type": "Object Deleted"}
    assert handler(deleted, None)["outcome"] == "refused"
    assert len(s3.copies()) == 1


def test_the_copy_says_where_it_is_from(s3: Buckets) -> None:
    event = s3.write("a.json")
    handler(event, None)
    answer = s3.client.head_object(Bucket=s3.evidence, Key=s3.key_of("a.json"))
    found = Provenance.of(answer["Metadata"])
    assert found is not None
    version = event["detail"]["object"]["version-id"]
    assert (found.account, found.bucket, found.version) == (ACCOUNT, s3.artifacts, version)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": "aws.sagemaker"}, "the event's source is 'aws.sagemaker', not 'aws.s3'; fix the rule"),
        ({"account": "999988887777"}, "the event's account is '999988887777', not '111122223333'"),
        (
            {"region": "us-east-1"},
            "the event's region is 'us-east-1', and copies stay in eu-west-1: replicate",
        ),
        ({"detail": {}}, "the event lacks bucket, as a mapping; send it as S3 does"),
        (
            {"detail": {"bucket": {"name": "other"}}},
            "the event is about the bucket 'other', not 'artifacts-",
        ),
    ],
    ids=["source", "account", "region", "empty", "bucket"],
)
def test_an_event_that_can_never_be_valid_is_refused(
    s3: Buckets, change: dict[str, Any], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = handler(s3.write("a.json") | change, None)
    assert answer["outcome"] == "refused"
    assert reason in answer["reason"]
    assert json.loads(capsys.readouterr().out)["message"] == "refused"
    assert s3.copies() == []


def test_an_event_without_a_key_is_refused(s3: Buckets) -> None:
    event = s3.write("a.json")
    event["detail"]["object"]["key"] = ""
    assert "object lacks key, as text; send it as S3 does" in handler(event, None)["reason"]


def test_an_event_that_is_none_is_refused(s3: Buckets) -> None:
    assert handler("Records", None) == {
        "outcome": "refused",
        "reason": "the event is str, not an object; send it through EventBridge",
    }


def test_an_evidence_bucket_in_another_region_is_refused_with_the_way_out(
    s3: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = "us-west-2"
    elsewhere: Any = boto3.client("s3", region_name=region)
    elsewhere.create_bucket(Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": region})
    monkeypatch.setenv("GOVERNANCE_EVIDENCE_BUCKET", "far-away")
    with pytest.raises(OtherRegionError, match="is in us-west-2, and copies stay in eu-west-1: replicate"):
        handler(s3.write("a.json"), None)


def test_a_copy_that_fails_is_raised_so_that_its_event_is_kept(
    s3: Buckets, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GOVERNANCE_EVIDENCE_BUCKET", "no-such-bucket")
    with pytest.raises(GovernanceError, match="no-such-bucket"):
        handler(s3.write("a.json"), None)
    assert json.loads(capsys.readouterr().out)["message"] == "not copied"
