"""Commands that are listed without being imported: a module's imports are paid for by those who run its command."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from enum import EnumType
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from msgspec import Struct
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from checks.errors import GovernanceError
from cli.command_examples import add_examples

# Beside this room are the others: in a checkout at the top, once installed in one package.
_HOME = Path(__file__).resolve().parents[1]
_WRITTEN_AS_USUAL = re.compile(r"[1-9][0-9]{0,8}")
_ASKED_OF_PATHS = ("exists", "writable", "resolve_path", "allow_dash", "path_type")


class CommandEntry(Struct, frozen=True):
    """One row of the command table.

    `path` is what the user types (`"score rag"`). `target` is `.module:attribute`, the module relative to this room,
    which has another name once it is installed; the attribute is a function with typer annotations, or a
    `typer.Typer` with sub-commands. `extra` names the optional dependencies that the
    command needs beside those of the command line itself. `writes_evidence` gives the command the option `--about`.
    `needs_checkout` is true of what is no part of an installation, since it deploys the stack from its source.
    """

    path: str
    target: str
    summary: str
    extra: str | None = None
    writes_evidence: bool = False
    needs_checkout: bool = False


class OptionIfGiven(TyperOption):
    """An option that is read only where it is given."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """Return the value as typer reads it, and of `None` what its callback makes."""
        return _read_value(self, ctx, value, super().process_value)


class ArgumentIfGiven(TyperArgument):
    """An argument that is read only where it is given."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """Return the value as typer reads it, and of `None` what its callback makes."""
        return _read_value(self, ctx, value, super().process_value)


def _read_value(
    param: TyperOption | TyperArgument, ctx: Any, value: Any, read: Callable[[Any, Any], Any]
) -> Any:
    """Return what a value comes to, asking typer's `read` where there is something to find out."""
    if not _is_given(param, value):
        return _take_none(param, ctx)
    if not _is_plain(param, value):
        return read(ctx, value)
    plain = param.type_descriptor.annotation(value)
    return plain if param.callback is None else param.callback(ctx, param, plain)


def _is_given(param: TyperOption | TyperArgument, value: Any) -> bool:
    """Whether there is something to read; typer makes a model of pydantic to read even that there is nothing."""
    return value is not None or param.required


def _is_plain(param: TyperOption | TyperArgument, value: Any) -> bool:
    """Whether a value is what its type makes of it: a text, texts, the choice, path or number of one, or a default.

    For these typer would load pydantic, which takes as long as all else that some commands load.
    """
    kind, asked = param.type_descriptor.annotation, param.type_descriptor.parameter_info
    if asked.parser is not None:
        return False
    if param.multiple or param.nargs != 1:
        return kind == list[str] and bool(value)
    # A text, a flag, a default, or a text that is read as what it says.
    return type(value) is kind or (isinstance(value, str) and _is_plainly_written(kind, asked, value))


def _is_plainly_written(kind: Any, asked: Any, value: str) -> bool:
    """Whether a text is a choice as it is spelt, a whole number, or a path."""
    if isinstance(kind, EnumType):
        return value in list(kind)
    if kind is int:
        return asked.min is None and asked.max is None and _WRITTEN_AS_USUAL.fullmatch(value) is not None
    if kind is not Path or any(getattr(asked, name) for name in _ASKED_OF_PATHS):
        return False
    # Whatever else is asked of it: typer says what is wrong with a path that cannot be read.
    return asked.file_okay and asked.dir_okay and (not Path(value).exists() or os.access(value, os.R_OK))


def _take_none(param: TyperOption | TyperArgument, ctx: Any) -> Any:
    nothing = () if param.multiple or param.nargs == -1 else None
    return nothing if param.callback is None else param.callback(ctx, param, nothing)


def _read_if_given(params: list[Any]) -> list[Any]:
    """Return parameters that typer made, which are read from here on only where they are given."""
    for param in params:  # typer takes no class for them
        match param:
            case TyperOption():
                param.__class__ = OptionIfGiven
            case TyperArgument():
                param.__class__ = ArgumentIfGiven
    return params


class LightGroup(TyperGroup):
    """A group of commands that passes on to one of them without loading pydantic, so that its help comes at once."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, `--help` among them, as such that are read only where they are given."""
        return _read_if_given(super().get_params(ctx))


class LightCommand(TyperCommand):
    """A command that reads those of its parameters that are given."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, `--help` among them, as such that are read only where they are given."""
        return _read_if_given(super().get_params(ctx))


class LazyCommand(TyperCommand):
    """A command known by its row in the table until somebody runs it."""

    def __init__(self, entry: CommandEntry) -> None:
        super().__init__(entry.path.split()[-1], help=entry.summary, rich_markup_mode=None)
        self._entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Parse the arguments with the command itself, importing it."""
        return self.loaded.make_context(info_name, args, parent, **extra)

    @cached_property
    def loaded(self) -> Any:
        """The typer command behind the row (its class is private to typer)."""
        module, _, attribute = self._entry.target.partition(":")
        target = getattr(import_module(module, __package__), attribute)
        if not isinstance(target, typer.Typer):
            command, target = target, typer.Typer(add_completion=False)
            target.command()(command)
        target.rich_markup_mode = None
        target.pretty_exceptions_enable = False
        for registered in target.registered_commands:
            if registered.cls is TyperCommand:  # typer's own, where the command names none
                registered.cls = LightCommand
        made = get_command(target)
        if self._entry.writes_evidence:
            from cli.options.about import add_about  # noqa: PLC0415 - for these alone

            add_about(made)
        add_examples(made, self._entry.path)
        return made


def missing_package(
    error: ModuleNotFoundError, arguments: Sequence[str], entries: Iterable[CommandEntry]
) -> GovernanceError | None:
    """Return how to get what the command of `arguments` lacks, or `None` where the defect is our own."""
    for entry in entries:
        path = entry.path.split()
        if list(arguments[: len(path)]) != path:
            continue
        if entry.needs_checkout:
            return GovernanceError(
                f"governance {entry.path}: it builds the stack from its source, which an installation does not have "
                f"({error.name}); clone the project and run `make setup` there"
            )
        if entry.extra is not None and not _is_ours(error.name or ""):
            return GovernanceError(
                f"governance {entry.path}: the package {error.name} is not installed; install "
                f'"sagemaker-model-governance[{entry.extra}]"'
            )
    return None


def _is_ours(module: str) -> bool:
    """Return whether a module that was not found would be one of this project."""
    top = module.partition(".")[0]
    return top == __name__.partition(".")[0] or (_HOME / top).is_dir()


def build_commands(entries: Iterable[CommandEntry], groups: dict[str, str]) -> dict[str, Any]:
    """Return the top-level commands by name; the commands of `groups` (name to help) are in their group."""
    commands: dict[str, Any] = {}
    for entry in entries:
        group, _, name = entry.path.rpartition(" ")
        if group and group not in commands:
            commands[group] = LightGroup(
                name=group, help=groups[group], commands={}, no_args_is_help=True, rich_markup_mode=None
            )
        (commands[group].commands if group else commands)[name] = LazyCommand(entry)
    return commands
