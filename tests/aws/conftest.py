"""An embedded AWS over HTTP for the whole run, and a loopback server that answers as a test tells it to."""

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal

import boto3
import pytest
from botocore.config import Config
from moto.sagemaker.models import ModelPackage as MotoModelPackage

from sandbox import object_copies

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

REGION: Literal["eu-west-1"] = "eu-west-1"


@pytest.fixture(scope="session")
def moto_url(moto_url: str) -> Iterator[str]:
    """The endpoint of moto's real HTTP server, with what it lacks."""
    object_copies.install()
    # SageMaker keeps the approval status that an update leaves out; moto clears it.
    original = MotoModelPackage.set_model_approval_status
    MotoModelPackage.set_model_approval_status = lambda self, status: (
        original(self, status) if status is not None else None
    )
    yield moto_url
    MotoModelPackage.set_model_approval_status = original


SESSION = boto3.Session()


@cache
def make_client(service: str, url: str, attempts: int = 2) -> Any:
    make: Callable[..., Any] = SESSION.client  # its types want a literal name of a service
    return make(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(
            retries={"mode": "standard", "total_max_attempts": attempts}, connect_timeout=5, read_timeout=20
        ),
    )


@pytest.fixture
def client_of() -> Callable[..., Any]:
    """A function from service, URL and number of attempts to a real boto3 client."""
    return make_client


@pytest.fixture(scope="session")
def s3(moto_url: str) -> "S3Client":
    client: S3Client = make_client("s3", moto_url)
    return client


@pytest.fixture(scope="session")
def sagemaker(moto_url: str) -> "SageMakerClient":
    client: SageMakerClient = make_client("sagemaker", moto_url)
    return client


@pytest.fixture
def bucket(s3: "S3Client") -> str:
    """A versioned bucket of the test's own."""
    name = f"evidence-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Loopback(ThreadingHTTPServer):
    """Answers each request by `respond`, which a test sets, and keeps the requests that it got."""

    daemon_threads = True
    answer = Answer

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests: list[Request] = []
        self.respond: Callable[[Request], Answer] = lambda request: Answer(500)


class _Handler(BaseHTTPRequestHandler):
    server: Loopback
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        request = Request(self.command, self.path, dict(self.headers), self._body())
        self.server.requests.append(request)
        answer = self.server.respond(request)
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    do_GET = do_POST = do_PUT = do_HEAD = _serve  # noqa: N815  # http.server's names

    def log_message(self, *args: Any, **named: Any) -> None:
        """Keep the tests quiet."""


@pytest.fixture(scope="session")
def loopback_server() -> Iterator[Loopback]:
    server = Loopback()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def loopback(loopback_server: Loopback) -> Loopback:
    """A server on a free loopback port; set its `respond`, read its `requests`."""
    loopback_server.requests.clear()
    loopback_server.respond = lambda request: Answer(500)
    return loopback_server
