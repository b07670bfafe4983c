"""Where decision records are looked for: a folder or prefix that the user names, the stack's bucket, or around one."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from aws.decision_log import DecisionLog, FolderDecisionLog, S3DecisionLog
from aws.model_packages import ModelPackage
from aws.registry_names import DECISION_URI_PROPERTY
from checks.errors import GovernanceError
from cli.display.version_status import log_around, log_in_bucket
from cli.lookup.inputs import is_in_s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOUND_BY_METADATA = (
    "records found by the version's metadata, which whoever writes the version can change: set "
    "GOVERNANCE_DECISIONS_BUCKET to look in the stack's own bucket"
)


def log_at(place: str) -> DecisionLog:
    """Return the decision log in a local folder, or below an `s3://` prefix.

    Raises:
        GovernanceError: there is no such folder, or the URI names no prefix.
    """
    if is_in_s3(place):
        from aws.clients import s3_client  # noqa: PLC0415

        return S3DecisionLog(s3_client(), place)
    if not Path(place).is_dir():
        raise GovernanceError(
            f"{place}: there is no such folder; name the one that holds GROUP/VERSION/ with the decision records"
        )
    return FolderDecisionLog(Path(place))


def log_of(packages: Iterable[ModelPackage], client: "S3Client", bucket: str | None) -> DecisionLog | None:
    """Return the log in `bucket`, or else the one around the record that the metadata of a version name, if any does.

    A note on stderr says where it was found by metadata.
    """
    if bucket is not None:
        return log_in_bucket(client, bucket)
    for package in packages:
        log = log_around(client, package.metadata.get(DECISION_URI_PROPERTY), package)
        if log is not None:
            print(FOUND_BY_METADATA, file=sys.stderr)
            return log
    return None
