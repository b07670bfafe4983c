"""`governance thresholds impact`: what an edit of threshold files would have done to the versions of the past."""

from typing import Annotated

import typer

from cli.options.output_format import ImpactFormat
from cli.options.thresholds_bucket import ThresholdsBucket


def command(
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="LIVE is what is in force, LIVE@VERSION what was; or a file or folder, s3:// too.",
        ),
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same as it is to be.")],
    *,
    history: Annotated[
        str,
        typer.Option(
            "--history",
            metavar="PLACE",
            help="The decisions bucket as s3://BUCKET, a part of it, or a folder with a copy of it.",
        ),
    ],
    fail_on_flip: Annotated[
        bool, typer.Option("--fail-on-flip", help="Exit with 4 where a version would be decided otherwise.")
    ] = False,
    fail_on_loosened: Annotated[
        bool,
        typer.Option("--fail-on-loosened", help="Exit with 5 where less is asked for without a --reason."),
    ] = False,
    thresholds_bucket: ThresholdsBucket = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why it is right to ask for less; shown.")
    ] = None,
    output_format: Annotated[
        ImpactFormat,
        typer.Option("--format", help="For people, for programs, for a pull request, or a page with charts."),
    ] = ImpactFormat.TEXT,
) -> None:
    """Judge the versions of the past by two sets of threshold files, and show what the new one changes.

    Shown are the versions that would be decided otherwise and by which check, in what less is asked for, and of each
    check that changed how many versions are within 10 % of its limit and which margins shrink. What was judged is read
    from the copies that the gate keeps; ages and waivers count as of the day of each decision. Of several decisions
    about a version it is the newest.

    Exits with 0, and with 4 or 5 where --fail-on-flip or --fail-on-loosened say so; 4 comes first.
    """
    from cli.work.thresholds_impact import show_impact

    show_impact(
        old=old,
        new=new,
        history=history,
        fail_on_flip=fail_on_flip,
        fail_on_loosened=fail_on_loosened,
        thresholds_bucket=thresholds_bucket,
        reason=reason,
        output_format=output_format,
    )
