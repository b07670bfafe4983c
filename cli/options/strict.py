"""The option that takes warnings for problems."""

from typing import Annotated

import typer

Strict = Annotated[bool, typer.Option("--strict", help="Take warnings for problems: exit with 2.")]
