"""`governance check`: judge local reports against a threshold file, with no AWS at all."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer

from checks.errors import GovernanceError
from checks.judge import judge
from checks.record import DecisionRecord
from checks.selection import thresholds_for_group
from checks.thresholds import ThresholdFile
from cli.exit_codes import exit_code_of
from cli.files import read_evidence, read_thresholds
from cli.show import show_record
from disk.writing import write_whole


class Format(StrEnum):
    """How a decision is printed."""

    TEXT = "text"
    JSON = "json"


def command(
    thresholds: Annotated[Path, typer.Argument(help="A threshold file, or with --group a folder of them.")],
    *,
    evidence: Annotated[
        list[Path],
        typer.Option(
            "--evidence", "-e", metavar="PATH...", help="Report files, or folders: every *.json below."
        ),
    ],
    further_evidence: Annotated[list[Path] | None, typer.Argument(metavar="PATH", hidden=True)] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="NAME", help="Take the file that applies to this group.")
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="For people, or a decision record.")
    ] = Format.TEXT,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there, and nothing on stdout."),
    ] = None,
) -> None:
    """Judge local reports against a threshold file; no AWS.

    Exits with 0 when the evidence would be approved, 1 rejected, 3 needs review, 2 could not try.
    """
    file = _thresholds(thresholds, group)
    found = read_evidence([*evidence, *(further_evidence or [])])
    now = datetime.now(UTC)
    decision = judge(file, found, today=now.date())
    record = DecisionRecord.of(decision, thresholds=file, evidence=found, decided_at=now)
    _deliver(record, output_format, output)
    raise typer.Exit(exit_code_of(record.decision))


def _thresholds(path: Path, group: str | None) -> ThresholdFile | None:
    if path.is_dir() and group is None:
        raise GovernanceError(
            f"{path}: a folder; say which group to judge for with --group, or name one file"
        )
    files = [examined.file for examined in read_thresholds([path])]
    return files[0] if group is None else thresholds_for_group(files, group)


def _deliver(record: DecisionRecord, output_format: Format, output: Path | None) -> None:
    if output is None and output_format is Format.TEXT:
        show_record(record, sys.stdout)
        return
    content = record.to_bytes() if output_format is Format.JSON else _text(record)
    if output is None:
        sys.stdout.write(content.decode())
        return
    write_whole(output, content)
    print(f"{record.decision}: written to {output}", file=sys.stderr)


def _text(record: DecisionRecord) -> bytes:
    text = StringIO()
    show_record(record, text)
    return text.getvalue().encode()
