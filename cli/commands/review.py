"""`governance review`: a person approves or rejects a version that the gate left to people."""

from typing import Annotated

import typer

from cli.options.output_format import Format, OutputFormat
from cli.options.review import OfDecisionsBucket, Reason, ReviewedVersion, Separation
from cli.options.yes import Yes
from pipelines.step_settings import SeparationOfDuties


def command(
    version: ReviewedVersion,
    *,
    approve: Annotated[bool, typer.Option("--approve", help="Approve it.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Reject it.")] = False,
    reason: Reason,
    decisions_bucket: OfDecisionsBucket,
    separation: Separation = SeparationOfDuties.REQUIRED,
    yes: Yes = False,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Approve or reject a version that waits for a review, with a record of who did it and why.

    The record is written first, beside the gate's, below a folder that only you can write to; then the status is set.
    A version that is decided already stays as it is: have it judged again by `governance rejudge`. Nobody approves
    what they registered, unless the deployment says otherwise.

    Exits with 0 when it is done, 2 when it was refused or somebody else decided meanwhile.
    """
    from checks.review_record import ReviewAction
    from cli.lookup.reviewing import carry_out

    if approve == reject:
        raise typer.BadParameter(
            "say one of them: --approve or --reject", param_hint="'--approve' / '--reject'"
        )
    carry_out(
        version,
        ReviewAction.APPROVE if approve else ReviewAction.REJECT,
        reason,
        decisions_bucket=decisions_bucket,
        separation=separation,
        yes=yes,
        output_format=output_format,
    )
