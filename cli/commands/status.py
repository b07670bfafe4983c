"""`governance status`: how a version is, or the newest versions of a group, and which decision says so."""

from typing import Annotated

import typer

from cli.options.decision_records import Decisions
from cli.options.decisions_bucket import DecisionsBucket
from cli.options.governed_groups import HeldTo, Ungoverned
from cli.options.output_format import Chart, Format, OutputFormat
from cli.options.thresholds_bucket import ThresholdsBucket
from pipelines.step_settings import EVERY_GROUP, UngovernedGroups

NEWEST = 3


def command(
    version_or_group: Annotated[
        str, typer.Argument(metavar="ARN|GROUP", help="A version's ARN, or the name of a group.")
    ],
    *,
    newest: Annotated[
        int, typer.Option("--versions", min=1, max=100, help="How many of a group's newest versions.")
    ] = NEWEST,
    decisions: Decisions = None,
    decisions_bucket: DecisionsBucket = None,
    thresholds_bucket: ThresholdsBucket = None,
    ungoverned_groups: Ungoverned = UngovernedGroups.IGNORE,
    model_package_groups: HeldTo = EVERY_GROUP,
    output_format: OutputFormat = Format.TEXT,
    chart: Chart = None,
) -> None:
    """Show how a version is, or the newest of a group: its status, what gave it, the record, and the first reasons.

    Exits with 0 when it could be shown, whatever the status.
    """
    from cli.work.status import show_status

    show_status(
        version_or_group=version_or_group,
        newest=newest,
        decisions=decisions,
        decisions_bucket=decisions_bucket,
        thresholds_bucket=thresholds_bucket,
        ungoverned_groups=ungoverned_groups,
        model_package_groups=model_package_groups,
        output_format=output_format,
        chart=chart,
    )
