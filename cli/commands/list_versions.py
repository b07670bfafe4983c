"""`governance list`: the groups of the model registry with their newest versions and status."""

from typing import Annotated

import typer

from cli.options.decision_records import Decisions
from cli.options.governed_groups import HeldTo, Ungoverned
from cli.options.output_format import Format, OutputFormat
from cli.options.thresholds_bucket import ThresholdsBucket
from pipelines.step_settings import EVERY_GROUP, UngovernedGroups

MOST_GROUPS = 50
NEWEST = 3


def command(
    *,
    group: Annotated[str | None, typer.Option("--group", metavar="NAME", help="Only this group.")] = None,
    newest: Annotated[
        int, typer.Option("--versions", min=1, max=1_000, help="How many of a group's newest versions.")
    ] = NEWEST,
    most: Annotated[
        int, typer.Option("--groups", min=1, max=10_000, help="How many groups, the newest first.")
    ] = MOST_GROUPS,
    decisions: Decisions = None,
    thresholds_bucket: ThresholdsBucket = None,
    ungoverned_groups: Ungoverned = UngovernedGroups.IGNORE,
    model_package_groups: HeldTo = EVERY_GROUP,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """List the model package groups with their newest versions and the status of each.

    Exits with 0 also when there is nothing to list, which it says.
    """
    from cli.work.list_versions import list_groups

    list_groups(
        group=group,
        newest=newest,
        most=most,
        decisions=decisions,
        thresholds_bucket=thresholds_bucket,
        ungoverned_groups=ungoverned_groups,
        model_package_groups=model_package_groups,
        output_format=output_format,
    )
