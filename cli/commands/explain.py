"""`governance explain`: a decision record, or the status of a version, for people."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from checks.decision_record import DecisionRecord
from cli.display.decision_text import show_record
from cli.display.terminal import console_for
from cli.display.worst_items import lines_about_worst_items
from cli.exit_codes import ExitCode, exit_code_of_status
from cli.lookup.named_records import read_record
from cli.options.decisions_bucket import DecisionsBucket
from cli.options.failures_only import FailuresOnly
from cli.options.thresholds_bucket import ThresholdsBucket, Ungoverned
from pipelines.step_settings import UngovernedGroups

if TYPE_CHECKING:
    from cli.lookup.left_alone import LeftAlone


def command(
    decision: Annotated[
        str,
        typer.Argument(help="A decision record (a file, an s3:// URI, - for stdin), or a version's ARN."),
    ],
    *,
    items: Annotated[
        int, typer.Option("--items", min=0, max=1_000, help="How many of the worst items of a failed figure.")
    ] = 5,
    decisions_bucket: DecisionsBucket = None,
    thresholds_bucket: ThresholdsBucket = None,
    ungoverned_groups: Ungoverned = UngovernedGroups.IGNORE,
    failures: FailuresOnly = False,
) -> None:
    """Show a decision record for people: the verdict, every finding, and why; or, of a version, what gave its status.

    Behind a figure that failed come the items that cost it most, where the evidence still has item results.

    Exits with 0 when it could be shown, whatever was decided; 3 when no decision about the version exists, or when it
    is approved without one.
    """
    if decision.startswith("arn:"):
        # A record in a file needs no boto3, which takes half a second.
        from aws.arns import ModelPackageArn  # noqa: PLC0415
        from cli.lookup.left_alone import LeftAlone  # noqa: PLC0415

        left_alone = LeftAlone(thresholds_bucket, ungoverned_groups, ModelPackageArn.parse(decision).region)
        code = _explain_version(decision, decisions_bucket, left_alone, items, failures_only=failures)
        raise typer.Exit(code)
    record = read_record(decision)
    show_record(record, sys.stdout, failures_only=failures)
    _show_items(record, items)


def _show_items(record: DecisionRecord, items: int) -> None:
    with console_for(sys.stdout) as console:
        for line in lines_about_worst_items(record, items):
            console.print(Text(line), soft_wrap=True)


def _explain_version(
    arn: str, decisions_bucket: str | None, left_alone: "LeftAlone", items: int, *, failures_only: bool
) -> ExitCode:
    from aws.arns import ModelPackageArn  # noqa: PLC0415
    from aws.clients import s3_client  # noqa: PLC0415
    from aws.registry_names import DECISION_URI_PROPERTY  # noqa: PLC0415
    from aws.version_lookup import describe_version  # noqa: PLC0415
    from cli.display.version_status import log_around, log_in_bucket, look_up, print_standing  # noqa: PLC0415

    package = describe_version(arn)
    region = ModelPackageArn.parse(arn).region
    show = partial(
        print_standing, stream=sys.stdout, failures_only=failures_only, why_left_alone=left_alone.why_or_tell
    )
    if decisions_bucket is not None:
        known = look_up(package, log_in_bucket(s3_client(region), decisions_bucket))
        show(known)
    else:
        named = package.metadata.get(DECISION_URI_PROPERTY)
        known = look_up(package, log_around(s3_client(region), named, package))
        show(known)
        if known.standing.deciding is not None:
            print(
                "found       by the version's metadata, which whoever writes the version can change: set "
                "GOVERNANCE_DECISIONS_BUCKET to look in the stack's own bucket"
            )
    if known.record is not None:
        _show_items(known.record, items)
    standing = known.standing
    if standing.deciding is None:
        return ExitCode.NEEDS_REVIEW
    code = exit_code_of_status(package.approval_status, decided=standing.is_decided)
    undecided_approval = code is ExitCode.NEEDS_REVIEW and not package.is_pending
    return ExitCode.NEEDS_REVIEW if undecided_approval else ExitCode.APPROVED
