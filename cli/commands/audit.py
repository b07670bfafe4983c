"""`governance audit`: what was decided, waived and overruled, and what no record explains."""

from typing import Annotated

import typer

from cli.options.decision_records import Decisions
from cli.options.decisions_bucket import DecisionsBucket
from cli.options.output_format import AuditFormat
from cli.options.thresholds_bucket import ThresholdsBucket


def command(
    *,
    group: Annotated[str | None, typer.Option("--group", metavar="NAME", help="Only this group.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only from this day on, as 2026-01-31, in UTC."),
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Ask the registry, too, for overrides and for what no record explains."),
    ] = False,
    decisions: Decisions = None,
    decisions_bucket: DecisionsBucket = None,
    thresholds_bucket: ThresholdsBucket = None,
    output_format: Annotated[AuditFormat, typer.Option("--format", help="For people, or for programs.")] = (
        AuditFormat.TABLE
    ),
) -> None:
    """List decisions and the waivers used; with --live also overrides, approvals without a record, what is undecided.

    Where the bucket of the thresholds in force is named, it is said of each decision in what less is asked by now.

    Exits with 0 when it could be listed, whatever was found.
    """
    from cli.work.audit import audit

    audit(
        group=group,
        since=since,
        live=live,
        decisions=decisions,
        decisions_bucket=decisions_bucket,
        thresholds_bucket=thresholds_bucket,
        output_format=output_format,
    )
