"""`--about`, which every `governance score` command takes: what the evidence is about."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from msgspec.structs import astuple, replace
from typer.main import get_command

from checks.errors import GovernanceError
from checks.subject import Subject

OPTION = "--about"
KEYS = ("name", "group", "image", "model_data")


def parse_about(given: Sequence[str]) -> Subject | None:
    """Read the values of `--about`: `KEY=VALUE`, or a name alone; `None` where there is none.

    Raises:
        GovernanceError: a key is unknown, given twice, or without a value.
    """
    subject = Subject()
    for text in given:
        key, separator, value = text.partition("=")
        key, value = (key, value) if separator else ("name", text)
        if key not in KEYS or not value:
            raise GovernanceError(
                f'{OPTION} "{text}": give a name, or KEY=VALUE with one of {", ".join(KEYS)}'
            )
        if getattr(subject, key) is not None:
            raise GovernanceError(f"{OPTION} {key}: given twice")
        subject = replace(subject, **{key: value})
    return subject if any(astuple(subject)) else None


def add_about(command: Any) -> None:
    """Give a command, or each command of a group, the option; it is said around the run, and no command knows it."""
    subcommands = getattr(command, "commands", None)
    if subcommands is None:
        command.params.append(_option())
        return
    for subcommand in subcommands.values():
        add_about(subcommand)


def _option() -> Any:
    """The option as typer makes it of a command that has it."""
    app = typer.Typer(add_completion=False)
    app.command()(_with_about)
    (option,) = [param for param in get_command(app).params if param.name == "about"]
    option.expose_value = False
    return option


def _take_subject(context: typer.Context, given: list[str] | None) -> list[str] | None:
    subject = parse_about(given or ())
    if subject is not None:
        from scorers.evidence_writer import evidence_about  # noqa: PLC0415 - a scorer's import, for those who score

        context.with_resource(evidence_about(subject))
    return given


def _with_about(
    about: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|KEY=VALUE",
            callback=_take_subject,
            help="What is scored: a name, or group=, image= or model_data= of the version; may be repeated. "
            "Attached to another one, the evidence asks for review.",
        ),
    ] = None,
) -> None:
    pass
