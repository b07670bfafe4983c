"""The option that says where decision records are looked for."""

from typing import Annotated

import typer

from cli.options.bucket_name import check_bucket_name

DecisionsBucket = Annotated[
    str | None,
    typer.Option(
        "--decisions-bucket",
        metavar="NAME",
        envvar="GOVERNANCE_DECISIONS_BUCKET",
        callback=check_bucket_name,
        help="The stack's output DecisionsBucket.",
    ),
]
