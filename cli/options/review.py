"""The options of those who decide about a version."""

from typing import Annotated

import typer

from cli.options.bucket_name import check_bucket_name
from pipelines.step_settings import SeparationOfDuties

Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever asks in a year.")]
ReviewedVersion = Annotated[str, typer.Argument(metavar="ARN", help="The version.")]
OfDecisionsBucket = Annotated[
    str,
    typer.Option(
        "--decisions-bucket",
        metavar="NAME",
        envvar="GOVERNANCE_DECISIONS_BUCKET",
        callback=check_bucket_name,
        help="The stack's output DecisionsBucket.",
    ),
]
Separation = Annotated[
    SeparationOfDuties,
    typer.Option(
        "--separation-of-duties",
        envvar="GOVERNANCE_SEPARATION_OF_DUTIES",
        help="The stack's output SeparationOfDuties: whether somebody else than who registered it has to approve.",
    ),
]
