"""What botocore is told once a process is what it would find each time."""

import inspect
import io
from functools import partial
from typing import Any

import botocore.session
import pytest
from botocore import hooks, useragent
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders, accepts_kwargs
from botocore.handlers import BUILTIN_HANDLERS
from urllib3 import HTTPResponse

from sandbox.botocore_files import read_once


class Handler:
    def some(self, name: str) -> None:
        """Take a name."""

    def any(self, **keywords: object) -> None:
        """Take what comes."""

    def __call__(self, **keywords: object) -> None:
        """Take what comes."""


@pytest.fixture(autouse=True)
def told_once() -> None:
    read_once()


@pytest.mark.parametrize(
    "handlers",
    [
        pytest.param([entry[1] for entry in BUILTIN_HANDLERS], id="those of botocore"),
        pytest.param(
            [Handler().some, Handler().any, Handler(), partial(Handler().any, name="x")], id="others"
        ),
    ],
)
def test_a_handler_takes_keywords_where_its_signature_says_so(handlers: list[Any]) -> None:
    expected = [bool(accepts_kwargs(handler)) for handler in handlers]
    assert True in expected
    found: list[Any] = [hooks.accepts_kwargs(handler) for handler in handlers]
    assert found == expected


@pytest.mark.parametrize(
    ("name", "now"),
    [
        pytest.param(
            "before-call.machinelearning.Predict", "before-call.machine-learning.Predict", id="a part"
        ),
        pytest.param("docs.autoscaling.x", "docs.auto-scaling.x", id="another part"),
        pytest.param("before-call.s3.PutObject", "before-call.s3.PutObject", id="no other name"),
    ],
)
def test_events_have_the_names_that_botocore_gives_them(name: str, now: str) -> None:
    heard: list[str] = []
    emitter = hooks.EventAliaser(hooks.HierarchicalEmitter())
    emitter.register(name, lambda event_name, **_: heard.append(event_name))
    for _ in range(2):
        emitter.emit(name)
        emitter.emit(now)
    assert heard == [now] * 4


def test_another_session_inspects_the_signature_of_no_function(monkeypatch: pytest.MonkeyPatch) -> None:
    inspected: list[object] = []
    monkeypatch.setattr(inspect, "getfullargspec", inspected.append)
    botocore.session.get_session().create_client("s3", region_name="us-east-1")
    assert [handler for handler in inspected if inspect.isroutine(handler)] == []


def test_the_next_request_spells_no_part_of_its_user_agent_again() -> None:
    client: Any = botocore.session.get_session().create_client(
        "s3", region_name="us-east-1", aws_access_key_id="user", aws_secret_access_key="secret"
    )
    sent: list[str] = []

    def take(request: Any, **_: object) -> Any:
        sent.append(request.headers["User-Agent"].decode())
        return AWSResponse(request.url, 200, HTTPHeaders(), HTTPResponse(io.BytesIO(), preload_content=False))

    client.meta.events.register("before-send.s3.HeadBucket", take)
    spelt: Any = useragent.sanitize_user_agent_string_component
    misses = []
    for _ in range(2):
        client.head_bucket(Bucket="bucket")
        misses.append(spelt.cache_info().misses)
    assert misses[0] == misses[1]
    assert sent[0] == sent[1]
    assert sent[0].startswith(f"Botocore/{botocore.__version__} ")
