"""What the tests of the examples share: one PostgreSQL with pgvector for the session."""

from collections.abc import Iterator

import pytest

from local_postgresql import running_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a server's first database."""
    with running_postgresql() as url:
        yield url
