"""A server that the pools of text-to-SQL share, for the tests that ask for it."""

from collections.abc import Iterator

import pytest

from scorers.text_to_sql.running import worker_pool
from scorers.text_to_sql.running.fork_server import ForkServer
from tests.scorers.lent_fork_server import LentForkServer


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    with ForkServer() as server:
        yield server


@pytest.fixture
def lent_fork_server(fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every pool of this test use the server of the run."""
    monkeypatch.setattr(worker_pool, "ForkServer", lambda: LentForkServer(fork_server))
