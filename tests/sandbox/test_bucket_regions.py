"""A bucket answers requests of other regions with a redirect, which clients of AWS follow."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

ELSEWHERE = "eu-west-3"


def client_in(account: Any, region: str) -> Any:
    make: Callable[..., Any] = boto3.client  # its types want a literal name of a region
    return make(
        "s3",
        endpoint_url=account.sandbox.endpoint,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def bucket(account: Any) -> str:
    """A bucket in another region than that of the sandbox, with the object `a/report.json`."""
    name, there = str(account.name("bucket")), client_in(account, ELSEWHERE)
    there.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": ELSEWHERE})
    there.put_object(Bucket=name, Key="a/report.json", Body=b"{}")
    return name


def answers_of(s3: Any) -> list[tuple[int, str | None]]:
    """The status of each answer from now on, with the region that it names."""
    answers: list[tuple[int, str | None]] = []

    def note(response: Any, **_: Any) -> None:
        http, _parsed = response
        answers.append((http.status_code, http.headers.get("x-amz-bucket-region")))

    s3.meta.events.register_first("needs-retry.s3", note)
    return answers


def test_a_request_of_the_wrong_region_is_redirected_and_made_there(account: Any, bucket: str) -> None:
    s3 = client_in(account, account.sandbox.region)
    answers = answers_of(s3)
    assert s3.get_object(Bucket=bucket, Key="a/report.json")["Body"].read() == b"{}"
    assert answers[0] == (301, ELSEWHERE)
    assert [status for status, _ in answers] == [301, 200]
    # The client remembers it, also for what has a body.
    s3.put_object(Bucket=bucket, Key="a/other.json", Body=b"[]", IfNoneMatch="*")
    assert [status for status, _ in answers] == [301, 200, 200]


def test_the_region_of_a_bucket_is_told_to_who_looks_for_it(account: Any, bucket: str) -> None:
    assert client_in(account, account.sandbox.region).head_bucket(Bucket=bucket)["BucketRegion"] == ELSEWHERE
    s3 = client_in(account, ELSEWHERE)
    answers = answers_of(s3)
    s3.head_object(Bucket=bucket, Key="a/report.json")
    assert [status for status, _ in answers] == [200]


def test_a_bucket_that_is_not_there_is_absent_in_every_region(account: Any) -> None:
    with pytest.raises(ClientError) as caught:
        client_in(account, ELSEWHERE).get_object(Bucket=account.name("bucket"), Key="a")
    assert caught.value.response["Error"]["Code"] == "NoSuchBucket"
