"""The option that says where decision records are looked for."""

from typing import Annotated

import typer

DecisionsBucket = Annotated[
    str | None,
    typer.Option(
        "--decisions-bucket",
        metavar="NAME",
        envvar="GOVERNANCE_DECISIONS_BUCKET",
        help="The stack's output DecisionsBucket.",
    ),
]
