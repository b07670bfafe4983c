"""What moto works out for a request is worked out once for all that are like it, and is what moto says."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import backends
from moto.server import DomainDispatcherApplication, create_backend_app

from sandbox.quick_dispatch import dispatch_quickly


class Counted(list[Any]):
    """A list that counts how often somebody goes through it."""

    times = 0

    def __iter__(self) -> Iterator[Any]:
        self.times += 1
        return super().__iter__()


@pytest.fixture(autouse=True)
def quick() -> None:
    dispatch_quickly()


@pytest.mark.parametrize(
    ("host", "service"),
    [("sqs.us-east-1.amazonaws.com", "sqs"), ("bucket.s3.amazonaws.com", "s3"), ("localhost", None)],
)
def test_the_service_of_a_host_is_looked_for_once(host: str, service: str | None) -> None:
    application = DomainDispatcherApplication(create_backend_app)
    patterns = application.backend_url_patterns = Counted(application.backend_url_patterns)
    assert [application.get_backend_for_host(host) for _ in range(3)] == [service] * 3
    assert patterns.times == 1


def test_the_modules_of_moto_are_listed_once() -> None:
    first = backends.list_of_moto_modules()
    assert {"s3", "sagemaker", "sqs"} <= set(first)
    assert backends.list_of_moto_modules() is first


def test_times_of_a_list_are_those_of_its_objects(moto_url: str) -> None:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    make: Callable[..., Any] = boto3.client  # its types want a literal name of a service
    s3 = make("s3", endpoint_url=moto_url, **keys)
    s3.create_bucket(Bucket="times-of-a-list")
    s3.put_object(Bucket="times-of-a-list", Key="key")
    told = s3.head_object(Bucket="times-of-a-list", Key="key")["LastModified"]
    for _ in range(2):
        (listed,) = s3.list_objects_v2(Bucket="times-of-a-list")["Contents"]
        assert listed["LastModified"] == told
