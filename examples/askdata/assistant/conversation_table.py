"""The table of DynamoDB that conversations and ratings are kept in: its keys, and its items as the API writes them.

An item is a turn of a conversation (`session` is the conversation's id, `entry` the turn's number) or a rating
(`session` says of which configuration, `entry` of which answer). Turns are forgotten after some weeks, by the table's
time to live; ratings are kept, since they are what a later decision rests on.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws.aws_errors import explain_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITION_KEY, SORT_KEY = "session", "entry"
EXPIRY = "expires_at"  # seconds since 1970: the table's time to live

Item = dict[str, Any]


def describe_table(name: str) -> dict[str, Any]:
    """Return the table as `CreateTable` makes it; `EXPIRY` is its time to live, which a call of its own switches on."""
    return {
        "TableName": name,
        "KeySchema": [
            {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
            {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in (PARTITION_KEY, SORT_KEY)
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }


def create_table(client: "DynamoDBClient", name: str) -> None:
    """Make the table where nothing else does: in the sandbox, where the stack of `deploy` is not deployed.

    Raises:
        AwsError: it could not be made.
    """
    with explain_errors("CreateTable", name):
        client.create_table(**describe_table(name))
        client.get_waiter("table_exists").wait(TableName=name)
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRY}
        )


def serialise(item: Mapping[str, Any]) -> Item:
    """Return an item as the API writes it."""
    from boto3.dynamodb.types import TypeSerializer  # noqa: PLC0415  loads boto3

    write = TypeSerializer().serialize
    return {name: write(value) for name, value in item.items()}


def deserialise(item: Mapping[str, Any]) -> Item:
    """Return an item that the API wrote."""
    from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415  loads boto3

    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in item.items()}
