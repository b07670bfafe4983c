"""One connection carries many requests, as with AWS, and each answer is that of its own request."""

from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.faults import Faults

SCOPE = "Credential=test/20260101/{}/s3/aws4_request"
Ask = Callable[..., tuple[int, bytes]]


@pytest.fixture
def ask(account: Any) -> Iterator[Ask]:
    """Send requests on one connection; it is an error when the server closes it."""
    place = urlsplit(account.sandbox.endpoint)
    with closing(HTTPConnection(place.hostname or "", place.port, timeout=60)) as connection:
        connection.connect()
        opened = connection.sock

        def send(
            method: str, path: str, body: Any = None, *, region: str = "us-east-1", **headers: str
        ) -> tuple[int, bytes]:
            signed = f"AWS4-HMAC-SHA256 {SCOPE.format(region)}, SignedHeaders=host, Signature=0"
            connection.request(method, path, body, {"Authorization": signed, **headers}, encode_chunked=True)
            answer = connection.getresponse()
            content = answer.read()
            assert connection.sock is opened
            return answer.status, content

        yield send


def test_an_object_is_written_read_and_deleted_on_one_connection(account: Any, ask: Ask) -> None:
    path = f"/{account.bucket()}/key"
    assert ask("PUT", path, b"content") == (200, b"")
    assert ask("HEAD", path) == (200, b"")
    assert ask("GET", path) == (200, b"content")
    assert ask("DELETE", path) == (204, b"")
    status, said = ask("GET", path)
    assert (status, b"NoSuchKey" in said) == (404, True)


def test_a_body_in_chunks_ends_where_it_says(account: Any, ask: Ask) -> None:
    path = f"/{account.bucket()}/key"
    assert ask("PUT", path, iter([b"in ", b"chunks"])) == (200, b"")
    assert ask("GET", path) == (200, b"in chunks")


@pytest.mark.parametrize("length", ["-1", "many"])
def test_a_length_that_is_none_is_that_of_no_body(account: Any, ask: Ask, length: str) -> None:
    path = f"/{account.bucket()}/key"
    assert ask("PUT", path, b"content") == (200, b"")
    assert ask("GET", path, **{"Content-Length": length}) == (200, b"content")
    assert ask("GET", path) == (200, b"content")


@pytest.mark.parametrize("method", ["PUT", "HEAD"])
def test_what_is_refused_at_the_door_leaves_nothing_for_the_next_request(
    account: Any, ask: Ask, method: str
) -> None:
    path = f"/{account.bucket()}/key"
    assert ask("PUT", path, b"content") == (200, b"")
    body = b"GET / HTTP/1.1\r\n\r\n" * 1_000 if method == "PUT" else None
    with account.sandbox.faults(Faults(throttled=1.0)):
        assert ask(method, path, body)[0] == 503
    assert ask(method, path, body, region="eu-west-1")[0] == 301
    assert ask("GET", path) == (200, b"content")


def test_what_moto_cannot_answer_is_an_error_of_the_server_and_the_next_request_is_answered(
    account: Any, ask: Ask
) -> None:
    path = f"/{account.bucket()}/key"
    assert ask("PUT", f"{path}?partNumber=none&uploadId=none", b"part")[0] == 500
    assert ask("PUT", path, b"content") == (200, b"")


def test_a_client_of_boto3_connects_once(account: Any) -> None:
    s3, bucket = account.impatient("s3"), account.bucket()
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"key-{number}", Body=b"content")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 5
    pool = s3._endpoint.http_session._manager.connection_from_url(account.sandbox.endpoint)
    assert pool.num_connections == 1
