"""A bucket that sends its events to EventBridge tells of each new object, in the shape that AWS documents."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from sandbox.bucket_events import CREATED, BucketEvents
from sandbox.events import EventLog

THERE = "222222222222"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html, "Object created"
DOCUMENTED = json.loads("""
{
  "version": "0",
  "id": "17793124-05d4-b198-2fde-7ededc63b103",
  "detail-type": "Object Created",
  "source": "aws.s3",
  "account": "111122223333",
  "time": "2021-11-12T00:00:00Z",
  "region": "ca-central-1",
  "resources": ["arn:aws:s3:::amzn-s3-demo-bucket1"],
  "detail": {
    "version": "0",
    "bucket": {"name": "amzn-s3-demo-bucket1"},
    "object": {
      "key": "example-key",
      "size": 5,
      "etag": "b1946ac92492d2347c6235b4d2611184",
      "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
      "sequencer": "617f08299329d189"
    },
    "request-id": "N4N7GDK58NMKJ12R",
    "requester": "123456789012",
    "source-ip-address": "1.2.3.4",
    "reason": "PutObject"
  }
}
""")


@pytest.fixture
def bucket(account: Any) -> str:
    """A versioned bucket of a template, which sends its events to EventBridge."""
    stack, name = account.name("stack"), account.name("bucket")
    properties = {
        "BucketName": name,
        "VersioningConfiguration": {"Status": "Enabled"},
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
    }
    resources = {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}
    account.client("cloudformation").create_stack(
        StackName=stack, TemplateBody=json.dumps({"Resources": resources})
    )
    return str(name)


def events_of(account: Any, bucket: str) -> list[dict[str, Any]]:
    return [
        event for event in account.sandbox.events(CREATED) if event["resources"] == [f"arn:aws:s3:::{bucket}"]
    ]


def test_the_event_of_a_new_object_is_as_documented(account: Any, bucket: str) -> None:
    put = account.client("s3").put_object(Bucket=bucket, Key="a/red flower.json", Body=b"hello")
    (event,) = events_of(account, bucket)
    assert event.keys() == DOCUMENTED.keys()
    assert event["detail"].keys() == DOCUMENTED["detail"].keys()
    assert event["detail"]["object"].keys() == DOCUMENTED["detail"]["object"].keys()
    assert (event["account"], event["region"], event["source"]) == ("123456789012", "us-east-1", "aws.s3")
    made = dict(event["detail"]["object"])
    assert re.fullmatch("[0-9A-F]{16}", made.pop("sequencer"))
    # The key is as it is, not encoded as in the notifications of the older kind.
    assert made == {
        "key": "a/red flower.json",
        "size": 5,
        "etag": put["ETag"].strip('"'),
        "version-id": put["VersionId"],
    }
    assert event["detail"]["requester"] == "123456789012"


def test_events_tell_how_an_object_was_made_and_in_which_order(account: Any, bucket: str) -> None:
    s3 = account.client("s3")
    s3.put_object(Bucket=bucket, Key="put", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/put")
    place = {"Bucket": bucket, "Key": "parts"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    part = s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"x")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts})
    s3.delete_object(Bucket=bucket, Key="put")
    details = [event["detail"] for event in events_of(account, bucket)]
    assert [(detail["object"]["key"], detail["reason"]) for detail in details] == [
        ("put", "PutObject"),
        ("copy", "CopyObject"),
        ("parts", "CompleteMultipartUpload"),
    ]
    sequencers = [detail["object"]["sequencer"] for detail in details]
    assert sequencers == sorted(sequencers)


def test_only_a_bucket_that_is_told_to_sends_events(account: Any) -> None:
    name, s3 = account.bucket(), account.client("s3")
    s3.put_object(Bucket=name, Key="a", Body=b"")
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket=name, Key="b", Body=b"")
    (event,) = events_of(account, name)
    assert event["detail"]["object"].keys() == {"key", "size", "etag", "sequencer"}
    assert event["detail"]["object"]["key"] == "b"


def test_the_event_is_the_owners_and_names_the_account_that_wrote(account: Any, bucket: str) -> None:
    given = {
        "Effect": "Allow",
        "Principal": {"AWS": THERE},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    account.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [given]}))
    url, queue = account.queue()
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events, rule = account.client("events"), account.name("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": queue}])
    account.elsewhere(THERE).client("s3").put_object(Bucket=bucket, Key="a", Body=b"")
    account.sandbox.wait_idle()
    (message,) = account.messages(url)
    (event,) = events_of(account, bucket)
    assert message["body"] == event
    assert (event["account"], event["detail"]["requester"]) == ("123456789012", THERE)


class FakeBucket:
    """As much of moto's bucket as an event tells of."""

    name, arn, account_id, region_name, is_versioned = "b", "arn:aws:s3:::b", THERE, "us-east-1", False


class FakeObject:
    """As much of moto's object as an event tells of."""

    name, size, etag = "k", 1, '"e"'


def test_an_event_is_sent_when_the_object_is_whole() -> None:
    """moto sends it before metadata and tags are set, and a function that comes at once would miss them."""
    log: list[str] = []

    class Log(EventLog):
        def send(self, event: dict[str, Any]) -> None:
            log.append(f"sent for {event['detail']['requester']}")

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        del environ, start_response
        events._take(FakeBucket(), "s3:ObjectCreated:Put", FakeObject())
        log.append("tags set")
        return []

    events = BucketEvents(application, Log())
    events({"HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={THERE}/20260101/us-east-1"}, print)
    assert log == ["tags set", f"sent for {THERE}"]
    # What a service writes has no request.
    events._take(FakeBucket(), "s3:ObjectCreated:Put", FakeObject())
    events._take(FakeBucket(), "s3:ObjectRemoved:Delete", FakeObject())
    assert log[2:] == [f"sent for {THERE}"]
