"""`governance redrive`: the events in the dead-letter queues of a stack go back to the functions that they were for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from checks.errors import GovernanceError
from cli.options.output_format import Format, OutputFormat, print_json
from pipelines.step_settings import STACK_NAME

if TYPE_CHECKING:
    from aws.dead_letters import Redriven, StackQueues

SCHEMA = "governance.redrive/1"
MOST_AT_ONCE = 1000


def command(
    stack: Annotated[
        str, typer.Argument(metavar="STACK", envvar="GOVERNANCE_STACK_NAME", help="The CloudFormation stack.")
    ] = STACK_NAME,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be put back; change nothing.")
    ] = False,
    most: Annotated[
        int, typer.Option("--most", min=1, max=10 * MOST_AT_ONCE, help="How many messages at most.")
    ] = MOST_AT_ONCE,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Put back the events that a stack's dead-letter queues hold: the function of each is invoked with it again.

    A message is deleted once Lambda took its event. Fix first what the message says: an event that fails again comes
    back to the queue. Putting one back twice starts nothing twice.

    Exits with 0 when everything was put back or the queues are empty, 2 when something was left.
    """
    from aws.clients import cloudformation_client, lambda_client, sqs_client
    from aws.dead_letters import find_queues, hold_letters, redrive
    from scorers.progress import Progress

    found = find_queues(cloudformation_client(), stack)
    done: list[Redriven] = []
    with hold_letters(sqs_client(), found, most=most) as held:
        progress = Progress(len(held.letters), "messages")
        for one in redrive(lambda_client(), held, dry_run=dry_run):
            done.append(one)
            progress.advance()
    if output_format is Format.JSON:
        print_json(_document(stack, found, done, dry_run=dry_run))
    else:
        _print(stack, done, is_full=len(done) == most)
    if left := [one for one in done if one.reason is not None]:
        raise GovernanceError(
            f"stack {stack}: {len(left)} of {len(done)} messages are still in the queue; the first: {left[0].reason}"
        )


def _print(stack: str, done: Sequence["Redriven"], *, is_full: bool) -> None:
    if not done:
        print(f"The dead-letter queues of {stack} are empty.")
        return
    for one in done:
        print(f"{one.outcome}: {_describe(one)}")
    if is_full:
        print(f"More may be there: these are the {len(done):,} that one run takes.")


def _describe(one: "Redriven") -> str:
    from aws.dead_letters import Undelivered

    content = one.letter.content
    if not isinstance(content, Undelivered):
        return f"message {one.letter.message_id}: {one.reason}"
    about = ", ".join(content.about) or f"message {one.letter.message_id}"
    return f"{about}: {content.function}: {content.error}"


def _document(
    stack: str, found: "StackQueues", done: Sequence["Redriven"], *, dry_run: bool
) -> Mapping[str, object]:
    return {
        "schema": SCHEMA,
        "stack": stack,
        "dry_run": dry_run,
        "queues": list(found.queues),
        "messages": [_message(one) for one in done],
    }


def _message(one: "Redriven") -> Mapping[str, object]:
    from aws.dead_letters import Undelivered

    content = one.letter.content
    known = content if isinstance(content, Undelivered) else None
    return {
        "queue": one.letter.queue,
        "message_id": one.letter.message_id,
        "outcome": one.outcome.name.lower(),
        "reason": one.reason,
        "function": known and known.function,
        "about": list(known.about) if known else [],
        "error": known and known.error,
    }
