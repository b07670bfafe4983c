"""`governance explain`: a decision record for people."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from checks.errors import GovernanceError
from checks.record import MAX_RECORD_BYTES, DecisionRecord, DecisionRecordError, parse_record
from cli.show import show_record
from disk.reading import read_bounded


def command(
    decision: Annotated[str, typer.Argument(help="A decision record: a file, or an s3:// URI.")],
) -> None:
    """Show a decision record for people: the verdict, every finding, and why.

    Exits with 0 when it could be shown, whatever was decided.
    """
    show_record(read_record(decision), sys.stdout)


def read_record(where: str) -> DecisionRecord:
    """Read the decision record in a file or at an `s3://` URI.

    Raises:
        GovernanceError: it cannot be read, or is none.
    """
    try:
        return parse_record(read_content(where))
    except DecisionRecordError as error:
        raise GovernanceError(f"{where}: {error}") from error


def read_content(where: str) -> bytes:
    """Return the bytes of a file or of an `s3://` object.

    Raises:
        GovernanceError: they cannot be read.
    """
    if not where.startswith("s3://"):
        return read_bounded(Path(where), max_bytes=MAX_RECORD_BYTES)
    from aws.clients import s3_client  # noqa: PLC0415 - a local record needs no boto3, which takes half a second
    from aws.decision_log import S3DecisionLog  # noqa: PLC0415 - ditto

    return S3DecisionLog(s3_client(), where.rpartition("/")[0]).read(where)
