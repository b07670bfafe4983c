"""`governance report`: the page about one decision, for a committee or an auditor."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from checks.decision_record import DecisionRecord
from checks.errors import GovernanceError
from checks.outcome_record import NOT_CARRIED_OUT
from checks.review_record import ReviewRecord
from cli.exit_codes import ExitCode
from cli.lookup.named_records import read_record
from disk.writing import write_whole

if TYPE_CHECKING:
    from aws.decision_log import DecisionLog


def write_report(
    *,
    decision: str,
    output: Path | None,
    history: str | None,
    earlier: int,
    decisions_bucket: str | None,
) -> None:
    """Carry out `governance report`, whose arguments these are."""
    if decision.startswith("arn:"):
        record, log, reviews = _find_version(decision, decisions_bucket)
    else:
        record, log, reviews = read_record(decision), None, ()
    if record is None:
        print(f"{decision}: no decision about it is known, so there is no page to write", file=sys.stderr)
        raise typer.Exit(ExitCode.NEEDS_REVIEW)
    if history is not None:
        if record.model_package is None:
            raise GovernanceError(
                "--history: the record is of a check without a version, so no version is an earlier one; leave it out"
            )
        from cli.lookup.decisions_place import log_at  # noqa: PLC0415 - a record alone needs none of it

        log = log_at(history)
    place = None if decision == "-" else decision
    _write(record, _list_earlier(record, log, earlier), place, reviews, output)


def _find_version(
    arn: str, decisions_bucket: str | None
) -> tuple[DecisionRecord | None, "DecisionLog | None", Sequence[ReviewRecord]]:
    """Return the record of the decision behind the version's status, the log that it is in, and its reviews."""
    from aws.arns import ModelPackageArn  # noqa: PLC0415 - boto3 takes half a second
    from aws.clients import s3_client  # noqa: PLC0415
    from cli.display.version_status import log_around  # noqa: PLC0415
    from cli.lookup.version_standings import find_standing  # noqa: PLC0415

    known = find_standing(arn, decisions_bucket).known
    if known.record is None or known.standing.deciding is None:
        return None, None, []
    uri, package = known.standing.deciding.decision_uri, known.standing.package
    log = log_around(s3_client(ModelPackageArn.parse(arn).region), uri, package)
    carried_out = [
        one for one in known.standing.reviews if one.outcome and one.outcome.outcome != NOT_CARRIED_OUT
    ]
    return known.record, log, [one.record for one in carried_out]


def _list_earlier(record: DecisionRecord, log: "DecisionLog | None", most: int) -> list[DecisionRecord]:
    if log is None or record.model_package is None:
        return []
    from pipelines.earlier_decisions import list_earlier  # noqa: PLC0415 - a record alone needs none of it

    return list_earlier(log, record.model_package.group, record.model_package.version, most=most)


def _write(
    record: DecisionRecord,
    earlier: list[DecisionRecord],
    place: str | None,
    reviews: Sequence[ReviewRecord],
    output: Path | None,
) -> None:
    from pages.decision_page import write_decision_page  # noqa: PLC0415 - its libraries are an extra

    page = write_decision_page(record, earlier, place, reviews)
    if output is None:
        sys.stdout.buffer.write(page.encode())
        return
    write_whole(output, page.encode())
    trends = f", with trends over {len(earlier)} earlier versions" if earlier else ""
    print(f"written to {output}{trends}", file=sys.stderr)
