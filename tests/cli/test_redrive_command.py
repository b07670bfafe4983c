"""`governance redrive` shows what it puts back, and ends with the code that says whether anything was left."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aws import clients
from cli.main import run
from tests.dead_letter_stack import BY_THE_FUNCTION, REGION, VERSION, DeadLetterStack, deployed
from tests.kept_clients import kept_session

# As CloudFormation says it; the client sends to AWS_ENDPOINT_URL all the same.
QUEUE = f"https://sqs.{REGION}.amazonaws.com/123456789012/dead"
LEFT = "error: stack Gate: 1 of 2 messages are still in the queue; the first: it is no JSON\n"


@pytest.fixture
def stack(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeadLetterStack]:
    """The stack, in the AWS of the environment."""
    for name, value in {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    cached = (clients.cloudformation_client, clients.sqs_client, clients.lambda_client)
    for client in cached:
        client.cache_clear()
    make: Callable[..., Any] = kept_session().client  # its types want a literal name of a service
    with deployed(moto_url, make) as found:
        yield found
    for client in cached:
        client.cache_clear()


def test_events_go_back_and_are_shown(stack: DeadLetterStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.send(BY_THE_FUNCTION)
    assert run(["redrive", "Gate"]) == 0
    assert capsys.readouterr() == (f"put back: {VERSION}: start: no pipeline\n", "")
    assert run(["redrive", "Gate"]) == 0
    assert capsys.readouterr() == ("The dead-letter queues of Gate are empty.\n", "")
    assert len(stack.invoked) == 1


def test_the_stack_is_that_of_the_environment(
    stack: DeadLetterStack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GOVERNANCE_STACK_NAME", "Gate")
    stack.send(BY_THE_FUNCTION)
    assert run(["redrive", "--dry-run", "--most", "1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"would be put back: {VERSION}: start: no pipeline",
        "More may be there: these are the 1 that one run takes.",
    ]
    assert (stack.invoked, stack.waiting) == ([], 1)


def test_what_is_left_is_an_error_that_says_why(
    stack: DeadLetterStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.send("{")
    stack.send(BY_THE_FUNCTION)
    assert run(["redrive", "Gate"]) == 2
    captured = capsys.readouterr()
    left, back = captured.out.splitlines()
    assert (left.startswith("left: message "), left.endswith(": it is no JSON")) == (True, True)
    assert back == f"put back: {VERSION}: start: no pipeline"
    assert captured.err == LEFT


def test_programs_get_one_object(stack: DeadLetterStack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.send(BY_THE_FUNCTION)
    stack.send("{")
    assert run(["redrive", "Gate", "--format", "json"]) == 2
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    ids = [message.pop("message_id") for message in document["messages"]]
    assert len(set(ids)) == 2
    assert document == {
        "schema": "governance.redrive/1",
        "stack": "Gate",
        "dry_run": False,
        "queues": [QUEUE],
        "messages": [
            {
                "queue": QUEUE,
                "outcome": "put_back",
                "reason": None,
                "function": "start",
                "about": [VERSION],
                "error": "no pipeline",
            },
            {
                "queue": QUEUE,
                "outcome": "left",
                "reason": "it is no JSON",
                "function": None,
                "about": [],
                "error": None,
            },
        ],
    }
    assert captured.err == LEFT
