"""Clients: made once, bounded in attempts and time, and nothing at import."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aws import clients
from aws.aws_errors import AwsAccessDeniedError, AwsError
from aws.model_registry import SageMakerModelRegistry
from tests.aws.conftest import Answer, Loopback

MAKERS = [
    clients.sagemaker_client,
    clients.s3_client,
    clients.sts_client,
    clients.kms_client,
    clients.bedrock_runtime_client,
    clients.comprehend_client,
    clients.sagemaker_runtime_client,
    clients.dynamodb_client,
]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No setting of the machine, and no client of another test."""
    for name in (
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _forget()
    yield
    _forget()


def _forget() -> None:
    for make in MAKERS:
        make.cache_clear()


@pytest.mark.parametrize("make", MAKERS)
def test_a_client_is_made_once_with_bounds_at_the_endpoint_of_the_environment(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    client = make()
    assert client is make()
    assert client.meta.endpoint_url == "http://localhost:1"
    assert client.meta.config.retries["total_max_attempts"] <= 5
    assert client.meta.config.connect_timeout == 5
    assert client.meta.config.read_timeout <= 180


@pytest.mark.parametrize(
    ("environment", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
    ],
)
def test_the_region_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], region: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert clients.sagemaker_client().meta.region_name == region


def test_a_missing_region_says_how_to_set_it() -> None:
    with pytest.raises(AwsError, match="set AWS_REGION or AWS_DEFAULT_REGION"):
        clients.sagemaker_client()


def test_missing_credentials_say_how_to_log_in(monkeypatch: pytest.MonkeyPatch, loopback: Loopback) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", loopback.url)
    with pytest.raises(AwsAccessDeniedError, match=r"log in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID"):
        SageMakerModelRegistry(clients.sagemaker_client()).list("askdata")
    assert loopback.requests == []


def test_a_profile_that_does_not_exist_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(AwsError, match="nobody"):
        clients.s3_client()


@pytest.mark.parametrize("make", MAKERS)
def test_an_endpoint_that_is_no_url_is_one_message(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost")
    with pytest.raises(AwsError, match="fix AWS_ENDPOINT_URL"):
        make()


PROBE = """
import sys
import aws.arns, aws.clients, aws.executions, aws.model_registry
import boto3
known = {"aws", "checks", "boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"}
known |= {"msgspec", "typing_extensions"}  # of which values are made
known.add("certifi")  # botocore takes it where it is installed; the deployed bundle has none
known |= set(sys.stdlib_module_names) | {"sitecustomize"}  # which some systems give their Python
roots = {name.partition(".")[0] for name in sys.modules}
print(*sorted(root for root in roots - known if not root.startswith("_")))
"""


def test_what_starts_the_pipeline_loads_boto3_and_what_values_are_made_of() -> None:
    run = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_nothing_happens_at_import() -> None:
    import_all = (
        "import socket, os\n"
        "def refuse(*args, **kwargs): raise AssertionError('network at import')\n"
        "socket.socket.connect = refuse\n"
        "import boto3; boto3.Session = refuse\n"
        "import pkgutil, importlib, aws\n"
        "for module in pkgutil.iter_modules(aws.__path__): importlib.import_module(f'aws.{module.name}')\n"
    )
    subprocess.run([sys.executable, "-c", import_all], capture_output=True, text=True, check=True)


FILES_READ = """
import json, sys
from aws import clients

opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
for make in (clients.sagemaker_client, clients.s3_client, clients.sts_client):
    make("eu-west-1")
print(json.dumps([path for path in opened if "/botocore/data/" in path and ".json" in path]))
"""


def test_clients_read_each_file_of_botocore_once() -> None:
    """Each client has a session of its own, and descriptions of services and endpoints are megabytes."""
    answer = subprocess.run([sys.executable, "-c", FILES_READ], capture_output=True, text=True, check=True)
    read = json.loads(answer.stdout)
    assert "endpoints.json" in {Path(path).name for path in read}
    assert len(read) == len(set(read))


THROTTLES: list[tuple[Any, Callable[[Any], Any], Answer]] = [
    (
        clients.sagemaker_client,
        lambda client: client.list_models(),
        Answer(400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'),
    ),
    (
        clients.kms_client,
        lambda client: client.list_keys(),
        Answer(400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'),
    ),
    (
        clients.s3_client,
        lambda client: client.get_object(Bucket="evidence", Key="x"),
        Answer(
            503, b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
        ),
    ),
    (
        clients.sts_client,
        lambda client: client.get_caller_identity(),
        Answer(
            400,
            b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message>"
            b"</Error></ErrorResponse>",
        ),
    ),
]
ANSWERS = {
    clients.sagemaker_client: Answer(200, b'{"Models": []}'),
    clients.kms_client: Answer(200, b'{"Keys": []}'),
    clients.s3_client: Answer(200, b"x"),
    clients.sts_client: Answer(
        200,
        b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult>"
        b"</GetCallerIdentityResponse>",
    ),
}


@pytest.mark.parametrize(("make", "call", "throttle"), THROTTLES, ids=["sagemaker", "kms", "s3", "sts"])
def test_each_service_is_asked_again_after_its_own_throttle(
    make: Any,
    call: Callable[[Any], Any],
    throttle: Answer,
    monkeypatch: pytest.MonkeyPatch,
    loopback: Loopback,
) -> None:
    for name, value in {
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": loopback.url,
    }.items():
        monkeypatch.setenv(name, value)
    answers = [throttle, ANSWERS[make]]
    loopback.respond = lambda request: answers.pop(0)
    call(make())
    assert len(loopback.requests) == 2
