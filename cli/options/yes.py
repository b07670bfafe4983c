"""The option that answers what a command asks before it changes what everybody is judged by."""

from typing import Annotated

import typer

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Go on without asking, as where nobody can be asked.")]
