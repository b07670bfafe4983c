"""The option that folds what passed."""

from typing import Annotated

import typer

FailuresOnly = Annotated[
    bool, typer.Option("--failures", help="Show only what does not pass, and count what does; JSON has all.")
]
