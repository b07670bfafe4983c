"""`governance audit`: what was decided, waived and overruled, and what no record explains."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import asdict, astuple
from rich.table import Table

from aws.decision_log import DecisionLog
from checks.errors import GovernanceError
from cli.display.terminal import clean_text, console_for
from cli.lookup.decisions_place import log_at
from cli.lookup.inputs import input_at
from cli.options.output_format import AuditFormat
from pipelines.audit_entries import AuditEntry, list_live_entries, list_recorded_entries

if TYPE_CHECKING:
    from pipelines.loosened_thresholds import ThresholdsSince

SCHEMA = "governance.audit/1"
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet takes a cell for a formula


def audit(
    *,
    group: str | None,
    since: str | None,
    live: bool,
    decisions: str | None,
    decisions_bucket: str | None,
    thresholds_bucket: str | None,
    output_format: AuditFormat,
) -> None:
    """Carry out `governance audit`, whose arguments these are."""
    log = _find_log(decisions, decisions_bucket)
    thresholds = _find_thresholds(thresholds_bucket)
    entries = _list_entries(log, group, _read_day(since), thresholds, live=live)
    if group is not None and since is None:
        entries = _warn_of_nothing(entries, group)
    if output_format is AuditFormat.CSV:
        _write_csv(entries)
    elif output_format is AuditFormat.JSON:
        _write_json(entries)
    else:
        _print_table(entries)


def _find_log(decisions: str | None, bucket: str | None) -> DecisionLog:
    if decisions is not None:
        return log_at(decisions)
    if bucket is None:
        raise GovernanceError(
            "there are no decisions to look at: give --decisions, or set GOVERNANCE_DECISIONS_BUCKET to the stack's "
            "output DecisionsBucket"
        )
    from aws.clients import s3_client  # noqa: PLC0415 - help needs no boto3
    from cli.display.version_status import log_in_bucket  # noqa: PLC0415 - as above

    return log_in_bucket(s3_client(), bucket)


def _find_thresholds(bucket: str | None) -> "ThresholdsSince | None":
    if bucket is None:
        print(
            "note: whether thresholds were loosened since is not looked at: set GOVERNANCE_THRESHOLDS_BUCKET, or give "
            "--thresholds-bucket",
            file=sys.stderr,
        )
        return None
    from aws.clients import s3_client  # noqa: PLC0415 - help needs no boto3
    from pipelines.loosened_thresholds import ThresholdsSince  # noqa: PLC0415 - as above
    from pipelines.published_thresholds import PublishedThresholds  # noqa: PLC0415 - as above

    published = PublishedThresholds(s3_client(), bucket)
    return ThresholdsSince(published, lambda place, most: input_at(place).read(most).content)


def _read_day(since: str | None) -> datetime:
    if since is None:
        return _ALWAYS
    try:
        day = datetime.combine(date.fromisoformat(since), datetime.min.time(), UTC)
    except ValueError as error:
        raise GovernanceError(f"--since {since}: there is no such day; write it as 2026-01-31") from error
    return day - timedelta(seconds=1)  # the log returns what is after a moment, to the second


def _list_entries(
    log: DecisionLog,
    group: str | None,
    since: datetime,
    thresholds: "ThresholdsSince | None",
    *,
    live: bool,
) -> Iterator[AuditEntry]:
    """Yield the entries of one group after the other, and tell on stderr which one is looked at."""
    recorded = log.folders() if group is None else (group,)
    if not live:
        for name in recorded:
            print(f"{name}: reading the records", file=sys.stderr)
            yield from list_recorded_entries(log, name, since, thresholds)
        return
    from aws.clients import sagemaker_client  # noqa: PLC0415 - help needs no boto3
    from aws.model_registry import SageMakerModelRegistry  # noqa: PLC0415 - as above

    registry = SageMakerModelRegistry(sagemaker_client())
    registered = set(registry.groups() if group is None else (group,))
    for name in sorted({*recorded, *registered}):
        print(f"{name}: reading the records and the registry", file=sys.stderr)
        yield from list_recorded_entries(log, name, since, thresholds)
        if name in registered:
            yield from list_live_entries(registry, log, name, since)


def _warn_of_nothing(entries: Iterator[AuditEntry], group: str) -> Iterator[AuditEntry]:
    """Yield the entries of a group; where it never had any, its name may be misspelt, and that is said on stderr."""
    entry = None
    for entry in entries:
        yield entry
    if entry is None:
        print(
            f"warning: {group}: nothing was ever recorded about a version of this group; look at its spelling",
            file=sys.stderr,
        )


def _write_csv(entries: Iterable[AuditEntry]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(AuditEntry.__struct_fields__)
    for entry in entries:
        writer.writerow(_as_cell(value) for value in astuple(entry))


def _as_cell(value: object) -> str:
    """Return text on one line that a spreadsheet takes for text, whoever wrote it."""
    text = "" if value is None else clean_text(str(value)).plain
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write_json(entries: Iterable[AuditEntry]) -> None:
    """Write one document, an entry a line, each when it is found: of a long history nothing is held."""
    sys.stdout.write(f'{{"schema": "{SCHEMA}", "entries": [')
    for number, entry in enumerate(entries):
        sys.stdout.write(f"{',' if number else ''}\n{json.dumps(asdict(entry))}")
    sys.stdout.write("\n]}\n")


def _print_table(entries: Iterable[AuditEntry]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Version", "At", "Kind", "What", "By"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        by = clean_text(entry.by or "-")
        table.add_row(
            clean_text(f"{entry.group}/{entry.version}"), entry.at, entry.kind, clean_text(entry.what), by
        )
    with console_for(sys.stdout) as console:
        console.print(table if table.row_count else "nothing was found")
