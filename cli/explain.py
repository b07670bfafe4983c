"""`governance explain`: a decision record, or how a version stands, for people."""

import sys
from typing import Annotated

import typer

from cli.decisions_bucket import DecisionsBucket
from cli.exit_codes import ExitCode, exit_code_of_status
from cli.failures_option import FailuresOnly
from cli.records import read_record
from cli.show import show_record


def command(
    decision: Annotated[
        str,
        typer.Argument(help="A decision record (a file, an s3:// URI, - for stdin), or a version's ARN."),
    ],
    *,
    decisions_bucket: DecisionsBucket = None,
    failures: FailuresOnly = False,
) -> None:
    """Show a decision record for people: the verdict, every finding, and why; or, of a version, what gave its status.

    Exits with 0 when it could be shown, whatever was decided; 3 when no decision about the version exists, or when it
    is approved without one.
    """
    if decision.startswith("arn:"):
        raise typer.Exit(_explain_version(decision, decisions_bucket, failures_only=failures))
    show_record(read_record(decision), sys.stdout, failures_only=failures)


def _explain_version(arn: str, decisions_bucket: str | None, *, failures_only: bool) -> ExitCode:
    # A record in a file needs no boto3, which takes half a second.
    from aws.arns import ModelPackageArn  # noqa: PLC0415
    from aws.clients import s3_client  # noqa: PLC0415
    from aws.versions import describe_version  # noqa: PLC0415
    from cli.standing import log_around, log_in_bucket, show_standing  # noqa: PLC0415
    from pipelines.settings import DECISION_URI_PROPERTY  # noqa: PLC0415

    package = describe_version(arn)
    region = ModelPackageArn.parse(arn).region
    if decisions_bucket is not None:
        standing = show_standing(
            package, log_in_bucket(s3_client(region), decisions_bucket), failures_only=failures_only
        )
    else:
        named = package.metadata.get(DECISION_URI_PROPERTY)
        standing = show_standing(
            package, log_around(s3_client(region), named, package), failures_only=failures_only
        )
        if standing.deciding is not None:
            print(
                "found       by the version's metadata, which whoever writes the version can change: set "
                "GOVERNANCE_DECISIONS_BUCKET to look in the stack's own bucket"
            )
    if standing.deciding is None:
        return ExitCode.NEEDS_REVIEW
    code = exit_code_of_status(package.approval_status, decided=standing.is_decided)
    undecided_approval = code is ExitCode.NEEDS_REVIEW and not package.is_pending
    return ExitCode.NEEDS_REVIEW if undecided_approval else ExitCode.APPROVED
