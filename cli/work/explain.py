"""`governance explain`: a decision record, or the status of a version, for people."""

from functools import partial
from typing import TYPE_CHECKING, TextIO

import typer
from msgspec import Struct
from rich.text import Text

from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.outputs import OUTPUTS
from cli.display.decision_text import show_record
from cli.display.terminal import console_for
from cli.display.told_records import tell_record
from cli.display.worst_items import lines_about_worst_items
from cli.exit_codes import ExitCode, exit_code_of_status
from cli.lookup.check_origins import find_origins
from cli.lookup.named_records import read_record
from cli.options.decision_outputs import DecisionOutputs, write_json
from cli.options.output_format import DecisionFormat
from pipelines.step_settings import UngovernedGroups

if TYPE_CHECKING:
    from cli.lookup.left_alone import LeftAlone
    from cli.lookup.version_standings import FoundStanding
    from pipelines.version_standing import Standing


def explain(
    *,
    decision: str,
    items: int,
    decisions_bucket: str | None,
    thresholds_bucket: str | None,
    ungoverned_groups: UngovernedGroups,
    model_package_groups: str,
    output_format: DecisionFormat,
    output: list[str] | None,
    annotate: str | None,
    failures: bool,
) -> None:
    """Carry out `governance explain`, whose arguments these are."""
    outputs = DecisionOutputs.of(output_format, output)
    shown = _Shown(annotate, items, failures)
    if decision.startswith("arn:"):
        # A record in a file needs no boto3, which takes half a second.
        from aws.arns import ModelPackageArn  # noqa: PLC0415
        from cli.lookup.left_alone import LeftAlone  # noqa: PLC0415
        from cli.lookup.version_standings import find_standing  # noqa: PLC0415

        region = ModelPackageArn.parse(decision).region
        left_alone = LeftAlone(thresholds_bucket, ungoverned_groups, model_package_groups, region=region)
        found = find_standing(decision, decisions_bucket)
        outputs.deliver(partial(_write_version, found, left_alone, shown))
        raise typer.Exit(_exit_code_of(found.known.standing))
    outputs.deliver(partial(_write_record, read_record(decision), decision, shown))


class _Shown(Struct, frozen=True):
    """What is shown of a decision, whatever the format."""

    annotate: str | None
    items: int
    failures_only: bool

    def write_items(self, record: DecisionRecord, stream: TextIO) -> None:
        with console_for(stream) as console:
            for line in lines_about_worst_items(record, self.items):
                console.print(Text(line), soft_wrap=True)


def _write_record(
    record: DecisionRecord, place: str, shown: _Shown, output_format: DecisionFormat, stream: TextIO
) -> None:
    match output_format:
        case DecisionFormat.JSON:
            write_json(record.to_bytes().decode(), stream)
        case DecisionFormat.TEXT:
            show_record(record, stream, failures_only=shown.failures_only)
            shown.write_items(record, stream)
        case _:
            told = tell_record(record, find_origins(shown.annotate, record), subject=place, uri=place)
            stream.write(OUTPUTS[output_format]([told]))


def _write_version(
    found: "FoundStanding",
    left_alone: "LeftAlone",
    shown: _Shown,
    output_format: DecisionFormat,
    stream: TextIO,
) -> None:
    record = found.known.record
    match output_format:
        case DecisionFormat.JSON:
            if record is None:
                arn = found.known.standing.package.arn
                raise GovernanceError(
                    f"{arn}: no decision about it is known, and so there is no record to print"
                )
            write_json(record.to_bytes().decode(), stream)
        case DecisionFormat.TEXT:
            _print_standing(found, left_alone, shown, stream)
        case _:
            from cli.display.told_decisions import tell_standing  # noqa: PLC0415 - boto3 takes half a second

            told = tell_standing(found.known, find_origins(shown.annotate, record))
            stream.write(OUTPUTS[output_format]([told]))


def _print_standing(found: "FoundStanding", left_alone: "LeftAlone", shown: _Shown, stream: TextIO) -> None:
    from cli.display.version_status import print_standing  # noqa: PLC0415 - boto3 takes half a second

    print_standing(
        found.known,
        stream,
        failures_only=shown.failures_only,
        why_left_alone=left_alone.why_or_tell,
    )
    if found.by_metadata:
        stream.write(
            "found       by the version's metadata, which whoever writes the version can change: set "
            "GOVERNANCE_DECISIONS_BUCKET to look in the stack's own bucket\n"
        )
    if found.known.record is not None:
        shown.write_items(found.known.record, stream)


def _exit_code_of(standing: "Standing") -> ExitCode:
    if standing.deciding is None:
        return ExitCode.NEEDS_REVIEW
    package = standing.package
    code = exit_code_of_status(package.approval_status, decided=standing.is_decided)
    undecided_approval = code is ExitCode.NEEDS_REVIEW and not package.is_pending
    return ExitCode.NEEDS_REVIEW if undecided_approval else ExitCode.APPROVED
