"""`governance stack empty`: the buckets of a stack that is about to be deleted."""

from typing import Annotated

import typer

from checks.errors import GovernanceError


def command(
    stack: Annotated[str, typer.Argument(help="The CloudFormation stack.", show_default=False)],
    *,
    confirm: Annotated[
        str | None,
        typer.Option(
            "--confirm", metavar="NAME", help="The stack's name again, instead of being asked for it."
        ),
    ] = None,
) -> None:
    """Delete everything in the buckets of a stack: evidence, threshold files, decisions, and every old version.

    CloudFormation deletes no bucket that holds anything, so this comes before `cdk destroy`; `make destroy` runs both.
    It refuses where the stack keeps its buckets (removal_policy=retain) and where one has Object Lock.
    """
    from aws.clients import cloudformation_client, s3_client
    from aws.stack_buckets import buckets_to_delete, empty_buckets

    buckets = buckets_to_delete(cloudformation_client(), stack)
    typed = confirm
    if typed is None:
        print(
            f"Everything in {', '.join(buckets)} will be deleted: no decision can be shown or replayed again."
        )
        typed = typer.prompt("The stack's name, to go on")
    if typed != stack:
        raise GovernanceError(f'"{typed}" is not the name of the stack, {stack}: nothing was deleted')
    print(f"{empty_buckets(s3_client(), buckets)} object versions deleted from {len(buckets)} buckets")
