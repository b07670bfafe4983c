"""`governance stack empty` asks for the stack's name before it deletes anything."""

from typing import Any

import pytest

from aws import clients, stack_buckets
from cli.main import run


@pytest.fixture
def emptied(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The lists of buckets that were emptied."""
    calls: list[list[str]] = []

    def empty(_client: Any, buckets: list[str]) -> int:
        calls.append(buckets)
        return 7

    monkeypatch.setattr(clients, "cloudformation_client", lambda: None)
    monkeypatch.setattr(clients, "s3_client", lambda: None)
    monkeypatch.setattr(stack_buckets, "buckets_to_delete", lambda _client, stack: [f"{stack}-evidence"])
    monkeypatch.setattr(stack_buckets, "empty_buckets", empty)
    return calls


def test_the_name_of_the_stack_confirms(emptied: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stack", "empty", "Gate", "--confirm", "Gate"]) == 0
    assert emptied == [["Gate-evidence"]]
    assert capsys.readouterr().out == "7 object versions deleted from 1 buckets\n"


def test_another_name_deletes_nothing(emptied: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stack", "empty", "Gate", "--confirm", "gate"]) == 2
    assert emptied == []
    assert '"gate" is not the name of the stack, Gate: nothing was deleted' in capsys.readouterr().err
