"""What moto works out for a request is worked out once for all that are like it, and is what moto says."""

import string
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import backends
from moto.core import serialize
from moto.moto_api._internal.moto_random import MotoRandom
from moto.s3.models import FakeKey
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


@pytest.fixture
def s3(moto_url: str) -> Any:
    """A client of moto's server, which other tests have used."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    make: Callable[..., Any] = boto3.client  # its types want a literal name of a service
    return make("s3", endpoint_url=moto_url, **keys)


def test_versions_are_listed_without_their_content(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = "listed-versions"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first, second = (s3.put_object(Bucket=bucket, Key="key", Body=body)["VersionId"] for body in (b"1", b"2"))
    read: list[FakeKey] = []
    value = FakeKey.value

    def noted(key: FakeKey) -> bytes:
        read.append(key)
        return bytes(value.fget(key))

    monkeypatch.setattr(FakeKey, "value", value.getter(noted))
    for _ in range(2):
        listed = s3.list_object_versions(Bucket=bucket)["Versions"]
        assert {one["VersionId"]: one["IsLatest"] for one in listed} == {first: False, second: True}
    assert read == []
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"2"
    assert len(read) == 1


def test_times_of_a_list_are_those_of_its_objects(s3: Any) -> None:
    s3.create_bucket(Bucket="times-of-a-list")
    s3.put_object(Bucket="times-of-a-list", Key="key")
    told = s3.head_object(Bucket="times-of-a-list", Key="key")["LastModified"]
    for _ in range(2):
        (listed,) = s3.list_objects_v2(Bucket="times-of-a-list")["Contents"]
        assert listed["LastModified"] == told


def test_the_names_of_a_member_are_spelled_once(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spelled: list[str] = []
    spell = serialize.xform_name

    def noted(name: str) -> str:
        spelled.append(name)
        return str(spell(name))

    monkeypatch.setattr(serialize, "xform_name", noted)
    s3.create_bucket(Bucket="names-of-members")
    for key in ("first", "second"):
        s3.put_object(Bucket="names-of-members", Key=key)
    before = s3.list_objects_v2(Bucket="names-of-members")["Contents"]
    assert [one["Key"] for one in before] == ["first", "second"]
    spelled.clear()
    assert s3.list_objects_v2(Bucket="names-of-members")["Contents"] == before
    assert spelled == []


@pytest.mark.parametrize(
    ("options", "characters"),
    [
        ({}, string.ascii_letters + string.digits),
        ({"include_digits": False}, string.ascii_letters),
        ({"lower_case": True}, string.ascii_lowercase + string.digits),
    ],
)
def test_a_random_text_is_drawn_at_once(options: dict[str, bool], characters: str) -> None:
    draws: list[int] = []

    class Noted(MotoRandom):
        def choices(self, *given: Any, k: int) -> Any:
            draws.append(k)
            return super().choices(*given, k=k)

    text = Noted().get_random_string(length=5_000, **options)
    assert (len(text), set(text), draws) == (5_000, set(characters), [5_000])
    assert [len(Noted().get_random_string(**options)) for _ in range(2)] == [20, 20]
