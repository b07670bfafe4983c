"""The option that names decision records, where the registry is not asked."""

from typing import Annotated

import typer

Decisions = Annotated[
    str | None,
    typer.Option(
        "--decisions",
        metavar="PLACE",
        help="Decision records in a folder, or below s3://bucket/prefix/; the registry is not asked.",
    ),
]
