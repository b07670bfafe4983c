"""`governance explain`: a decision record, or the status of a version, for people."""

import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.text import Text

from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.outputs import OUTPUTS
from checks.outputs.told import Told
from cli.display.decision_text import show_record
from cli.display.terminal import console_for
from cli.display.told_records import tell_record
from cli.display.worst_items import lines_about_worst_items
from cli.exit_codes import ExitCode, exit_code_of_status
from cli.lookup.check_origins import find_origins
from cli.lookup.named_records import read_record
from cli.options.annotated_files import AnnotatedFiles
from cli.options.decisions_bucket import DecisionsBucket
from cli.options.failures_only import FailuresOnly
from cli.options.output_format import DecisionFormat, print_json_text
from cli.options.thresholds_bucket import HeldTo, ThresholdsBucket, Ungoverned
from disk.writing import write_whole
from pipelines.step_settings import EVERY_GROUP, UngovernedGroups

if TYPE_CHECKING:
    from cli.lookup.left_alone import LeftAlone
    from cli.lookup.version_standings import FoundStanding
    from pipelines.version_standing import Standing


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
    model_package_groups: HeldTo = EVERY_GROUP,
    output_format: Annotated[
        DecisionFormat,
        typer.Option(
            "--format", help="For people, the decision record, a comment, a test report, annotations."
        ),
    ] = DecisionFormat.TEXT,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there, and nothing on stdout."),
    ] = None,
    annotate: AnnotatedFiles = None,
    failures: FailuresOnly = False,
) -> None:
    """Show a decision record for people: the verdict, every finding, and why; or, of a version, what gave its status.

    Behind a figure that failed come the items that cost it most, where the evidence still has item results.

    Exits with 0 when it could be shown, whatever was decided; 3 when no decision about the version exists, or when it
    is approved without one.
    """
    text = StringIO()
    shown = _Shown(sys.stdout if output is None else text, output_format, annotate, items, failures)
    if decision.startswith("arn:"):
        # A record in a file needs no boto3, which takes half a second.
        from aws.arns import ModelPackageArn  # noqa: PLC0415
        from cli.lookup.left_alone import LeftAlone  # noqa: PLC0415

        region = ModelPackageArn.parse(decision).region
        left_alone = LeftAlone(thresholds_bucket, ungoverned_groups, model_package_groups, region=region)
        code = _explain_version(decision, decisions_bucket, left_alone, shown)
    else:
        code = ExitCode.APPROVED
        _explain_record(decision, shown)
    if output is not None:
        write_whole(output, text.getvalue().encode())
        print(f"written to {output}", file=sys.stderr)
    raise typer.Exit(code)


@dataclass(frozen=True, slots=True)
class _Shown:
    """How a decision is shown, and where to."""

    stream: TextIO
    output_format: DecisionFormat
    annotate: str | None
    items: int
    failures_only: bool

    def write_output(self, told: Told) -> None:
        self.stream.write(OUTPUTS[self.output_format]([told]))

    def write_json(self, record: DecisionRecord) -> None:
        if self.stream is sys.stdout:
            print_json_text(record.to_bytes().decode())
        else:
            self.stream.write(record.to_bytes().decode())

    def write_items(self, record: DecisionRecord) -> None:
        with console_for(self.stream) as console:
            for line in lines_about_worst_items(record, self.items):
                console.print(Text(line), soft_wrap=True)


def _explain_record(place: str, shown: _Shown) -> None:
    record = read_record(place)
    if shown.output_format is DecisionFormat.JSON:
        shown.write_json(record)
    elif shown.output_format is DecisionFormat.TEXT:
        show_record(record, shown.stream, failures_only=shown.failures_only)
        shown.write_items(record)
    else:
        origins = find_origins(shown.annotate, record)
        shown.write_output(tell_record(record, origins, subject=place, uri=place))


def _explain_version(
    arn: str, decisions_bucket: str | None, left_alone: "LeftAlone", shown: _Shown
) -> ExitCode:
    from cli.lookup.version_standings import find_standing  # noqa: PLC0415 - boto3 takes half a second

    found = find_standing(arn, decisions_bucket)
    if shown.output_format is DecisionFormat.JSON:
        if found.known.record is None:
            raise GovernanceError(f"{arn}: no decision about it is known, and so there is no record to print")
        shown.write_json(found.known.record)
    elif shown.output_format is DecisionFormat.TEXT:
        _print_standing(found, left_alone, shown)
    else:
        from cli.display.told_decisions import tell_standing  # noqa: PLC0415 - as above

        shown.write_output(tell_standing(found.known, find_origins(shown.annotate, found.known.record)))
    return _exit_code_of(found.known.standing)


def _print_standing(found: "FoundStanding", left_alone: "LeftAlone", shown: _Shown) -> None:
    from cli.display.version_status import print_standing  # noqa: PLC0415 - boto3 takes half a second

    print_standing(
        found.known,
        shown.stream,
        failures_only=shown.failures_only,
        why_left_alone=left_alone.why_or_tell,
    )
    if found.by_metadata:
        shown.stream.write(
            "found       by the version's metadata, which whoever writes the version can change: set "
            "GOVERNANCE_DECISIONS_BUCKET to look in the stack's own bucket\n"
        )
    if found.known.record is not None:
        shown.write_items(found.known.record)


def _exit_code_of(standing: "Standing") -> ExitCode:
    if standing.deciding is None:
        return ExitCode.NEEDS_REVIEW
    package = standing.package
    code = exit_code_of_status(package.approval_status, decided=standing.is_decided)
    undecided_approval = code is ExitCode.NEEDS_REVIEW and not package.is_pending
    return ExitCode.NEEDS_REVIEW if undecided_approval else ExitCode.APPROVED
