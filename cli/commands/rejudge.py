"""`governance rejudge`: a version is judged again, by the thresholds that are in force now."""

from cli.options.output_format import Format, OutputFormat
from cli.options.review import OfDecisionsBucket, Reason, ReviewedVersion
from cli.options.yes import Yes
from pipelines.step_settings import SeparationOfDuties


def command(
    version: ReviewedVersion,
    *,
    reason: Reason,
    decisions_bucket: OfDecisionsBucket,
    yes: Yes = False,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Have a version judged again, as after a corrected limit or a new waiver; with a record of who asked and why.

    The record is written first, then the version is set back to pending, and the gate judges it as a new one:
    `governance wait` says what comes of it. The new decision names this record, and this record the decision before.

    Exits with 0 when it was sent back, 2 when it was refused or somebody else decided meanwhile.
    """
    from checks.review_record import ReviewAction
    from cli.lookup.reviewing import carry_out

    carry_out(
        version,
        ReviewAction.REJUDGE,
        reason,
        decisions_bucket=decisions_bucket,
        separation=SeparationOfDuties.REQUIRED,
        yes=yes,
        output_format=output_format,
    )
