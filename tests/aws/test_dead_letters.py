"""What dead-letter queues hold goes back to the functions of the stack, and is deleted once Lambda took it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.awslambda.models import LambdaFunction

from aws.aws_errors import AwsError
from aws.dead_letters import (
    NoDeadLetterQueueError,
    Redriven,
    Undelivered,
    Unreadable,
    find_queues,
    hold_letters,
    redrive,
)
from tests.aws.conftest import make_client
from tests.dead_letter_stack import (
    BY_THE_FUNCTION,
    BY_THE_RULE,
    EVENT,
    FUNCTION,
    STACK,
    DeadLetterStack,
    deployed,
)

Run = Callable[..., list[Redriven]]


@pytest.fixture
def stack(moto_url: str) -> Iterator[DeadLetterStack]:
    with deployed(moto_url, lambda service: make_client(service, moto_url)) as found:
        yield found


@pytest.fixture
def run(stack: DeadLetterStack, moto_url: str) -> Run:
    """A run over the queues of the stack."""

    def go(*, most: int = 100, dry_run: bool = False) -> list[Redriven]:
        found = find_queues(make_client("cloudformation", moto_url), STACK)
        with hold_letters(stack.sqs, found, most=most) as held:
            return list(redrive(make_client("lambda", moto_url), held, dry_run=dry_run))

    return go


def test_what_the_rule_and_the_function_left_goes_back_to_the_function(
    stack: DeadLetterStack, run: Run
) -> None:
    stack.send(EVENT, BY_THE_RULE)
    stack.send(BY_THE_FUNCTION)
    done = run()
    assert [one.outcome for one in done] == ["put back", "put back"]
    assert sorted(
        one.letter.content.error for one in done if isinstance(one.letter.content, Undelivered)
    ) == [
        "NO_PERMISSIONS: it may not invoke it",
        "no pipeline",
    ]
    assert stack.invoked == [{"name": "start", "event": EVENT}] * 2
    assert run() == []


def test_a_dry_run_changes_nothing(stack: DeadLetterStack, run: Run) -> None:
    stack.send(BY_THE_FUNCTION)
    (only,) = run(dry_run=True)
    assert (only.outcome, only.reason, stack.invoked, stack.waiting) == ("would be put back", None, [], 1)


@pytest.mark.parametrize(
    ("body", "attributes", "reason"),
    [
        pytest.param("{", {}, "it is no JSON", id="no JSON"),
        pytest.param("[" * 100_000, {}, "it is no JSON", id="too deep"),
        pytest.param([], {}, "it is no JSON object", id="no object"),
        pytest.param({"a": 1}, {}, "neither EventBridge nor Lambda left it", id="of somebody else"),
        pytest.param(
            BY_THE_FUNCTION | {"requestPayload": "x"}, {}, "its event is no JSON object", id="no event"
        ),
        pytest.param(
            EVENT,
            BY_THE_RULE | {"TARGET_ARN": FUNCTION.replace("start", "payments")},
            "it is for payments, which is no function whose events the queues keep",
            id="of a function that is not the stack's",
        ),
        pytest.param(
            BY_THE_FUNCTION | {"requestContext": {"functionArn": FUNCTION.replace("start", "step")}},
            {},
            "it is for step, which is no function whose events the queues keep",
            id="of a function whose events are not kept",
        ),
    ],
)
def test_what_is_not_the_stacks_is_left_and_says_why(
    stack: DeadLetterStack, run: Run, body: object, attributes: dict[str, str], reason: str
) -> None:
    stack.send(body, attributes)
    (only,) = run()
    assert (only.outcome, only.reason) == ("left", reason)
    assert isinstance(only.letter.content, Unreadable)
    assert (stack.invoked, stack.waiting) == ([], 1)


def test_one_run_puts_back_a_bounded_number(stack: DeadLetterStack, run: Run) -> None:
    for _ in range(13):
        stack.send(BY_THE_FUNCTION)
    assert [len(run(most=12)), len(run(most=12))] == [12, 1]
    assert len(stack.invoked) == 13


def test_at_the_first_refusal_the_rest_is_left_for_the_next_run(
    stack: DeadLetterStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        stack.send(BY_THE_FUNCTION)
    with monkeypatch.context() as patched:
        patched.setattr(LambdaFunction, "invoke", _refuse)
        done = run()
    assert [one.outcome for one in done] == ["left"] * 3
    assert str(done[0].reason).startswith("function start: Invoke")
    assert [one.reason for one in done[1:]] == ["AWS refused one before it; nothing was tried"] * 2
    assert stack.waiting == 3
    assert [one.outcome for one in run()] == ["put back"] * 3


def _refuse(_function: Any, _body: Any, _request: Any, _response: Any) -> bytes:
    raise RuntimeError("moto answers an error of the server")


@pytest.mark.usefixtures("stack")
def test_a_stack_without_queues_or_none_at_all_is_said_to_be(moto_url: str) -> None:
    cloudformation = make_client("cloudformation", moto_url)
    topic = {"Type": "AWS::SNS::Topic"}
    template = json.dumps({"Resources": {"Topic": topic}})
    cloudformation.create_stack(StackName="Other", TemplateBody=template)
    with pytest.raises(NoDeadLetterQueueError, match="stack Other: has no dead-letter queue; name the stack"):
        find_queues(cloudformation, "Other")
    with pytest.raises(AwsError, match="stack Nowhere"):
        find_queues(cloudformation, "Nowhere")
