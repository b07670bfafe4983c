"""`governance sandbox up` and `governance sandbox demo`: the deployed stack on this machine, without an account."""

from pathlib import Path
from typing import Annotated

import typer

import sandbox as _sandbox  # noqa: F401 - an installation has none, which its help says, too

_Context = Annotated[
    list[str] | None,
    typer.Option("--context", "-c", metavar="NAME=VALUE", help="A setting of the stack, as for cdk deploy."),
]


def up(
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the variables there, to source."),
    ] = None,
    context: _Context = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="NAME=VALUE", help="What AWS does on a bad day, as throttled=0.05."),
    ] = None,
) -> None:
    """Keep an embedded AWS running with the stack deployed; print the environment that points at it.

    Set those variables, and any boto3 script, the AWS CLI and governance itself work against it. Ctrl-C or
    SIGTERM ends it, and everything in it is gone, the file of variables too.
    """
    from cli.work.sandbox import keep_up

    keep_up(output=output, context=context, fault=fault)


def demo(
    *,
    examples: Annotated[
        Path | None,
        typer.Option("--examples", metavar="DIR", help="Folder of examples.", show_default="those that ship"),
    ] = None,
    context: _Context = None,
) -> None:
    """Deploy into an embedded AWS, register every example version, and show each decision as it falls.

    Exits with 0 when every version got what its folder expects, 2 otherwise.
    """
    from cli.work.sandbox import run_demo

    run_demo(examples=examples, context=context)
