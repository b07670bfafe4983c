"""What the tests of the examples share: one PostgreSQL with pgvector and one DynamoDB for the session."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest

from assistant.conversation_table import create_table
from local_postgresql import running_postgresql

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a server's first database."""
    with running_postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def dynamodb(moto_url: str) -> "Iterator[DynamoDBClient]":
    """A client of moto's server; each test has a table of its own."""
    yield boto3.client(
        "dynamodb",
        endpoint_url=moto_url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


@pytest.fixture
def table(dynamodb: "DynamoDBClient") -> str:
    """The name of a new table of conversations."""
    name = f"askdata-{uuid.uuid4().hex}"
    create_table(dynamodb, name)
    return name
