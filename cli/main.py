"""The `governance` command: reads the arguments, runs one command, and turns what comes of it into an exit code."""

import os
import re
import sys
import traceback
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.completion import get_completion_inspect_parameters, install_callback, show_callback
from typer.exceptions import TyperException

from checks.errors import GovernanceError
from cli.command_table import COMMANDS, GROUPS
from cli.exit_codes import MEANINGS, ExitCode
from cli.lazy import LightGroup, build_commands, missing_package

_EMPTY_OPTION = re.compile(r"--[a-z-]+=")
DISTRIBUTION = "sagemaker-model-governance"
# Set by the scripts of --show-completion when a shell asks what may come next.
COMPLETING = "_GOVERNANCE_COMPLETE"


class RootGroup(LightGroup):
    """`governance` itself, with the commands of the table."""

    def __init__(self, **settings: Any) -> None:
        settings["commands"] = build_commands(COMMANDS, GROUPS)
        super().__init__(**settings)


app = typer.Typer(
    cls=RootGroup,
    name="governance",
    help="The model gate: score predictions into evidence, hold evidence against thresholds, read decisions.",
    epilog="Exit codes: "
    + "; ".join(f"{code:d} {meaning.general}" for code, meaning in MEANINGS.items())
    + ".",
    no_args_is_help=True,
    add_completion=False,  # typer's options guess the shell, and fail where it is a script or a container
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich's help costs a tenth of a second; plain help also reads well in a pipe
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - costs 20 ms, and only --version needs it

        print(version(DISTRIBUTION))
        raise typer.Exit


class Shell(StrEnum):
    """The shells that complete commands."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.callback()
def _governance(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    install_completion: Annotated[
        Shell | None,
        typer.Option(
            "--install-completion",
            help="Let this shell complete commands and options.",
            callback=install_callback,
            is_eager=True,
        ),
    ] = None,
    show_completion: Annotated[
        Shell | None,
        typer.Option(
            "--show-completion",
            help="Print the script that does so.",
            callback=show_callback,
            is_eager=True,
        ),
    ] = None,
) -> None:
    pass


def _put_plainly(error: TyperException) -> None:
    """Take out of a message about an argument what typer says of its own insides: pydantic's word, a list of Python."""
    if not isinstance(error, typer.BadParameter):
        return
    error.message = error.message.removeprefix("Value error, ")
    variables = getattr(error.param, "envvar", None)
    if isinstance(variables, list):
        option = getattr(error.param, "opts", [error.param_hint])[0]
        error.param_hint = f"'{option}' (env var: {' or '.join(repr(name) for name in variables)})"


def _report(error: BaseException) -> None:
    """Print `error` on stderr: one message where the user can fix it, a traceback where it is our defect."""
    match error:
        case GovernanceError():  # several problems have a line each, as editors read them
            separator = "\n" if "\n" in str(error) else " "
            print("\n".join([f"error:{separator}{error}", *getattr(error, "__notes__", ())]), file=sys.stderr)
        case TyperException():
            _put_plainly(error)
            show = getattr(error, "show", lambda: print(f"error: {error}", file=sys.stderr))
            show()
        case typer.Abort():
            print("error: input ended before a question was answered", file=sys.stderr)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        case _:
            traceback.print_exception(error)
            print("error: this is a defect of governance; nothing was decided", file=sys.stderr)


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse an empty argument: as a path it would be the current folder, and a variable that is not set leaves one."""
    for before, argument in zip(("", *arguments), arguments, strict=False):
        is_empty_option = _EMPTY_OPTION.fullmatch(argument) is not None
        if argument == "" or is_empty_option:
            option = argument if is_empty_option else before
            where = f"{option}: " if option.startswith("-") else ""
            raise GovernanceError(
                f"{where}an empty argument; is a variable of the script not set? Give a value, or leave it out"
            )


def run(arguments: Sequence[str] | None = None, *, begun: object = None) -> int:
    """Run the command line (by default the process's own) and return its exit code.

    `begun` is what `cli.entry` has begun for the command, which finds it as the `obj` of its context. Whatever goes
    wrong is `COULD_NOT_TRY`: no failure may look like a rejection.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if COMPLETING in os.environ:
            get_completion_inspect_parameters()  # registers what typer answers each shell
        _refuse_empty(arguments)
        outcome = app(arguments, prog_name="governance", standalone_mode=False, obj=begun)
        sys.stdout.flush()  # here it can be said that the disk is full
    except ModuleNotFoundError as error:
        _report(missing_package(error, arguments, COMMANDS) or error)
        return ExitCode.COULD_NOT_TRY
    except SystemExit as error:  # typer's end of a completion, or with 1 for a pipe that the reader closed
        return ExitCode.COULD_NOT_TRY if error.code else ExitCode.APPROVED
    except Exception as error:
        _report(error)
        return ExitCode.COULD_NOT_TRY
    if outcome == ExitCode.INTERRUPTED:
        print("interrupted", file=sys.stderr)
    return outcome if isinstance(outcome, int) else ExitCode.APPROVED
