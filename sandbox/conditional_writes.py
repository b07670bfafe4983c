"""Conditional writes one after the other: moto looks at what is there and writes in two steps, and two may see nothing.

Of writes on one condition at the same moment, AWS lets one through:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html and, for DynamoDB,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
"""

import threading
from functools import cache, wraps
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.s3.responses import S3Response

_ITEM_WRITES = ("put_item", "update_item", "delete_item", "transact_write_items")
_OBJECT_WRITES = ("_key_response_put", "_key_response_post", "_key_response_delete")


@cache  # a second lock would change nothing
def serialise_conditional_writes() -> None:
    """Have each write of this process's DynamoDB, and each conditional one of its S3, wait for the one before."""
    items, objects = threading.RLock(), threading.RLock()
    for name in _ITEM_WRITES:
        setattr(DynamoDBBackend, name, _one_at_a_time(getattr(DynamoDBBackend, name), items))
    for name in _OBJECT_WRITES:
        setattr(S3Response, name, _one_at_a_time_if_conditional(getattr(S3Response, name), objects))


def _one_at_a_time(write: Any, lock: Any) -> Any:
    @wraps(write)
    def write_alone(*arguments: Any, **named: Any) -> Any:
        with lock:
            return write(*arguments, **named)

    return write_alone


def _one_at_a_time_if_conditional(write: Any, lock: Any) -> Any:
    write_alone = _one_at_a_time(write, lock)

    @wraps(write)
    def write_by_condition(self: Any, *arguments: Any, **named: Any) -> Any:
        conditional = self.headers.get("If-None-Match") or self.headers.get("If-Match")
        return (write_alone if conditional else write)(self, *arguments, **named)

    return write_by_condition
