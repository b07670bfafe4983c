"""An embedded AWS, and a server on loopback that answers JSON with JSON as a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal

import boto3
import pytest
import requests

from aws import clients
from tests.kept_clients import keep_clients, kept_session
from tests.scripted_judge import good, judge_server, reply, write_responses

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["good", "judge_server", "reply", "write_responses"]  # fixtures of more folders than this


@pytest.fixture(scope="module", autouse=True)
def _kept_clients() -> Iterator[None]:
    with keep_clients():
        yield


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Answered:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class JsonServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    answer = Answered

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests: list[Asked] = []
        self.respond: Callable[[Asked], Answered] = lambda asked: Answered({}, 500)


class _Handler(BaseHTTPRequestHandler):
    server: JsonServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.path, dict(self.headers), json.loads(content))
        self.server.requests.append(asked)
        answered = self.server.respond(asked)
        body = json.dumps(answered.body).encode()
        self.send_response(answered.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answered.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any, **named: Any) -> None:
        """Keep the tests quiet."""


@pytest.fixture
def json_server() -> Iterator[JsonServer]:
    """A server on a free loopback port; set its `respond`, read its `requests`."""
    server = JsonServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def aws_on_loopback(json_server: JsonServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[JsonServer]:
    """The same server as the endpoint of every AWS service."""
    for name, value in {
        "AWS_ENDPOINT_URL": json_server.url,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    made = (clients.comprehend_client, clients.bedrock_runtime_client, clients.sagemaker_runtime_client)
    for client in made:
        client.cache_clear()
    yield json_server
    for client in made:
        client.cache_clear()


REGION: Literal["eu-west-1"] = "eu-west-1"


@pytest.fixture
def moto_aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """An AWS that commands reach by the environment, with nothing in it; the session makes clients of it."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    requests.post(f"{moto_url}/moto-api/reset", timeout=10)
    made = (clients.sagemaker_client, clients.s3_client, clients.sts_client)
    for client in made:
        client.cache_clear()
    yield kept_session()
    for client in made:
        client.cache_clear()


@pytest.fixture
def bucket(moto_aws: boto3.Session) -> str:
    """A bucket that keeps versions."""
    s3 = moto_aws.client("s3")
    s3.create_bucket(Bucket="reports", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="reports", VersioningConfiguration={"Status": "Enabled"})
    return "reports"


@pytest.fixture
def s3(moto_aws: boto3.Session) -> "S3Client":
    """A client of that AWS."""
    return moto_aws.client("s3")
