"""The events of buckets that send theirs to EventBridge: one for each new object, as AWS documents them.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html. moto sends its own while it still writes
the object, so before its metadata and tags are there; here they are sent once the request has been answered.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from moto.s3 import notifications

from sandbox.accounts import access_key_of, account_of
from sandbox.events import EventLog

CREATED = "Object Created"
_SOURCE = "aws.s3"
_REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}

_StartResponse = Callable[..., Any]
_Application = Callable[[dict[str, Any], _StartResponse], Iterable[bytes]]


class BucketEvents:
    """A WSGI application around `application` that sends the events of the objects which a request has made.

    Args:
        application: the embedded AWS.
        log: sends the events.
    """

    def __init__(self, application: _Application, log: EventLog) -> None:
        self._application = application
        self._log = log
        self._request = threading.local()

    def install(self) -> None:
        """Take the place of moto's events of buckets in this process."""

        def send_event_bridge_message(_account: str, bucket: Any, event_name: Any, key: Any) -> None:
            self._take(bucket, str(event_name.value), key)

        notifications._send_event_bridge_message = send_event_bridge_message

    def __call__(self, environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request, and then send its events."""
        # By object: moto completes an upload in parts with an event of an upload, and then with the right one.
        waiting: dict[tuple[str, str], Callable[[str], None]] = {}
        self._request.waiting = waiting
        try:
            return self._application(environ, start_response)
        finally:
            self._request.waiting = None
            requester = account_of(access_key_of({"Authorization": environ.get("HTTP_AUTHORIZATION", "")}))
            for send in waiting.values():
                send(requester)

    def _take(self, bucket: Any, event_name: str, key: Any) -> None:
        reason = _REASONS.get(event_name)
        if reason is None:
            return

        def send(requester: str) -> None:
            self._log.publish(
                CREATED,
                _describe(bucket, key, reason, requester),
                source=_SOURCE,
                resources=[bucket.arn],
                account=bucket.account_id,
                region=bucket.region_name,
            )

        waiting = getattr(self._request, "waiting", None)
        if waiting is None:
            # A service writes the object, such as the outputs of a job.
            send(bucket.account_id)
        else:
            waiting[bucket.name, key.name] = send


def _describe(bucket: Any, key: Any, reason: str, requester: str) -> dict[str, Any]:
    version = {"version-id": key.version_id} if bucket.is_versioned else {}
    return {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": {
            "key": key.name,
            "size": key.size,
            "etag": key.etag.replace('"', ""),
            **version,
            "sequencer": f"{time.time_ns():016X}",
        },
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": requester,
        "source-ip-address": "127.0.0.1",
        "reason": reason,
    }
