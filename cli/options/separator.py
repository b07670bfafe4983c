"""Options that several `governance score` commands have."""

from typing import Annotated

import typer

Separator = Annotated[
    str, typer.Option(metavar="CHARACTER", help="The character between the cells of a CSV file.")
]
