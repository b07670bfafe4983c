"""Of writes on one condition at the same moment one is done, as in AWS, however slowly moto looks at what is there."""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models.table import Table
from moto.s3.models import S3Backend

AT_ONCE = 4


def connect(service: str, endpoint: str) -> Any:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    connect_to: Any = boto3.client  # by a name that is not known here
    return connect_to(service, endpoint_url=endpoint, region_name="us-east-1", **keys)


def look_slowly(look: Callable[..., Any]) -> Callable[..., Any]:
    """Return what looks, and ends late: whoever looks at the same time sees the same."""

    def look_and_wait(*arguments: Any, **named: Any) -> Any:
        seen = look(*arguments, **named)
        time.sleep(0.05)
        return seen

    return look_and_wait


def write_at_once(write: Callable[[], object]) -> list[str]:
    """Return how each of some writes at the same moment ended."""
    together = threading.Barrier(AT_ONCE)

    def try_it(_: int) -> str:
        together.wait()
        try:
            write()
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "written"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sorted(pool.map(try_it, range(AT_ONCE)))


def test_an_item_that_may_not_be_there_is_written_once(
    moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb, table = connect("dynamodb", moto_url), f"table-{uuid.uuid4().hex}"
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    monkeypatch.setattr(Table, "get_item", look_slowly(Table.get_item))

    def write() -> None:
        dynamodb.put_item(
            TableName=table, Item={"id": {"S": "one"}}, ConditionExpression="attribute_not_exists(id)"
        )

    assert write_at_once(write) == ["ConditionalCheckFailedException"] * (AT_ONCE - 1) + ["written"]


def test_an_object_that_may_not_be_there_is_written_once(
    moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, bucket = connect("s3", moto_url), f"bucket-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    monkeypatch.setattr(S3Backend, "get_object", look_slowly(S3Backend.get_object))

    def write() -> None:
        s3.put_object(Bucket=bucket, Key="once", Body=b"", IfNoneMatch="*")

    assert write_at_once(write) == ["PreconditionFailed"] * (AT_ONCE - 1) + ["written"]
