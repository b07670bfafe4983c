"""`governance wait`: follow the executions that judge versions, and exit with what came of them."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

import typer

from checks.finding_text import reason_lines
from checks.outputs import OUTPUTS
from checks.outputs.told import Told
from cli.display.terminal import clean_text, console_for
from cli.display.told_decisions import tell_waited
from cli.display.version_status import print_standing
from cli.exit_codes import ExitCode, worst_of
from cli.lookup.check_origins import find_origins
from cli.lookup.waiting import Waited, wait_for
from cli.options.decision_outputs import DecisionOutputs
from cli.options.durations import parse_duration
from cli.options.output_format import DecisionFormat
from pipelines.step_settings import UngovernedGroups
from pipelines.version_standing import describe_source

SCHEMA = "governance.wait/1"
MOST_REASONS = 100  # of a record's, in the JSON


def wait(
    *,
    arns: list[str],
    timeout: str,
    pipeline: str,
    decisions_bucket: str | None,
    thresholds_bucket: str | None,
    ungoverned_groups: UngovernedGroups,
    model_package_groups: str,
    output_format: DecisionFormat,
    output: list[str] | None,
    annotate: str | None,
    failures: bool,
) -> None:
    """Carry out `governance wait`, whose arguments these are."""
    outputs = DecisionOutputs.of(output_format, output)  # refused before anything is waited for
    waited = wait_for(
        arns,
        timeout=parse_duration(timeout),
        pipeline=pipeline,
        decisions_bucket=decisions_bucket,
        thresholds_bucket=thresholds_bucket,
        ungoverned_groups=ungoverned_groups,
        model_package_groups=model_package_groups,
    )
    deliver(waited, outputs, failures_only=failures, annotate=annotate)
    raise typer.Exit(worst_of(one.exit_code for one in waited))


def deliver(
    waited: Sequence[Waited],
    outputs: DecisionOutputs,
    *,
    failures_only: bool = False,
    annotate: str | None = None,
) -> None:
    """Write what came of each version to where `outputs` says; what could not be judged is an error on stderr.

    Outputs for other tools tell that too. `annotate` names the threshold files whose lines they point at.
    """

    def write(output_format: DecisionFormat, stream: TextIO) -> None:
        nothing_to_show = len(waited) == 1 and waited[0].exit_code is ExitCode.COULD_NOT_TRY
        match output_format:
            case DecisionFormat.TEXT if nothing_to_show and stream is sys.stdout:
                print(f"error: {waited[0].sentence}", file=sys.stderr)
            case DecisionFormat.TEXT:
                print_waited(waited, stream, failures_only=failures_only)
            case DecisionFormat.JSON:
                stream.write(to_json(waited))
            case _:
                stream.write(OUTPUTS[output_format]([_tell(one, annotate) for one in waited]))

    outputs.deliver(write)


def _tell(waited: Waited, annotate: str | None) -> Told:
    record = None if waited.known is None else waited.known.record
    return tell_waited(waited, find_origins(annotate, record))


def print_waited(waited: Sequence[Waited], stream: TextIO, *, failures_only: bool = False) -> None:
    """Print what came of each version: of several first a line each, then the status of each."""
    is_alone = len(waited) == 1
    with console_for(stream) as console:
        for one in waited:
            if not is_alone or one.known is None:
                console.print(clean_text(one.sentence if one.known is None else f"{one.arn}: {one.result}"))
    for one in waited:
        if one.known is not None:
            _print_notes(one, stream, is_alone=is_alone)
            print_standing(one.known, stream, failures_only=failures_only)


def _print_notes(one: Waited, stream: TextIO, *, is_alone: bool) -> None:
    with console_for(stream) as console:
        if not is_alone:
            console.print()
            console.print(clean_text(one.arn, "bold"))
        for note in one.reasons:
            console.print(clean_text(note))


def to_json(waited: Sequence[Waited]) -> str:
    """Return what came of one version as a JSON object, of several as an array of such objects in their order."""
    documents = [document_of(one) for one in waited]
    # Escaped, as a terminal or a log need not be UTF-8, and what reads it is a program.
    return json.dumps(documents[0] if len(documents) == 1 else documents, indent=2) + "\n"


def document_of(one: Waited) -> Mapping[str, object]:
    """Return what came of one version as the JSON says it."""
    standing = None if one.known is None else one.known.standing
    deciding = None if standing is None else standing.deciding
    record = None if one.known is None else one.known.record
    reasons = [] if record is None else list(reason_lines(record.findings))
    more = len(reasons) - MOST_REASONS
    return {
        "schema": SCHEMA,
        "model_package": one.arn,
        "result": one.result,
        "exit_code": int(one.exit_code),
        "status": one.status,
        "decision": None if deciding is None else deciding.decision,
        "outcome": None if deciding is None else deciding.outcome,
        "record_uri": None if deciding is None else deciding.decision_uri,
        "record_digest": None if deciding is None else deciding.decision_digest,
        "page_uri": None if one.known is None else one.known.page,
        "status_given_by": None if standing is None else describe_source(standing.source),
        "reasons": [
            *one.reasons,
            *reasons[:MOST_REASONS],
            *([f"and {more:,} more, in the record"] if more > 0 else []),
        ],
        "execution": one.execution,
        "seconds_waited": round(one.seconds, 1),
    }
