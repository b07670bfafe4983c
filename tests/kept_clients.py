"""Clients of boto3 that tests share as long as the environment leads them to the same AWS.

Making one takes as long as twenty requests to moto. Commands that run in one process with each other forget theirs
between tests, whose environments differ; what is forgotten is found again here where the environment is the same.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest

from aws import clients
from aws.service_files import make_session


@contextmanager
def keep_clients() -> Iterator[None]:
    """Within the block the clients of the commands are of these sessions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clients, "_session", kept_session)
        yield


def kept_session(region: str | None = None) -> boto3.Session:
    """The session that a process would make with this environment: the one that was made with it, and its clients."""
    read = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
    return _session_in(
        region or os.environ.get("AWS_REGION") or None, (*read, ("HOME", os.environ.get("HOME", "")))
    )


@cache
def _session_in(region: str | None, _environment: tuple[tuple[str, str], ...]) -> boto3.Session:
    session: Any = make_session(region)
    session.client = cache(session.client)
    made: boto3.Session = session
    return made
