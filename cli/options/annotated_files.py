"""The option that names the threshold files of a checkout, at whose lines annotations are shown."""

from typing import Annotated

import typer

AnnotatedFiles = Annotated[
    str | None,
    typer.Option(
        "--annotate",
        metavar="PATH",
        help="For sarif and github: threshold files of this checkout, at whose lines to show what was found.",
    ),
]
