"""The versions of a group that may be served: those that a record of the gate, or of a reviewer, approved.

A status that somebody set by hand counts for nothing here, and neither does what the registry says of a version's model
data now: what was judged is in the decision record.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.artifact import MAX_ARCHIVE_BYTES, unpack
from assistant.configuration import Configuration
from aws.decision_log import DecisionLog
from aws.model_registry import ModelRegistry
from aws.registry_names import APPROVED
from aws.s3_objects import read_object
from aws.s3_uris import S3Uri
from checks.decision_record import parse_record
from checks.errors import GovernanceError
from pipelines.version_standing import ByGate, ByReviewer, Standing, look_up_standing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BY_GATE = "the gate"


class ApprovalError(GovernanceError):
    """A version is approved, and what was approved cannot be told."""


@dataclass(frozen=True, slots=True)
class ApprovedVersion:
    """A version by its ARN, who approved it, and the decision record that says what was judged."""

    arn: str
    approved_by: str
    decision_uri: str
    decision_digest: str


class ApprovedVersions:
    """The approved versions of `group`, by the records of the gate's decision log."""

    def __init__(self, group: str, registry: ModelRegistry, log: DecisionLog, s3: "S3Client") -> None:
        self._group = group
        self._registry = registry
        self._log = log
        self._s3 = s3

    def newest_first(self) -> Iterator[ApprovedVersion]:
        """Yield what may be served; each version is looked up when it is asked for.

        Raises:
            AwsError: the registry or the decision log could not be read.
            GovernanceError: a record is not what its place says.
        """
        for listed in self._registry.list(self._group, approval_status=APPROVED):
            standing = look_up_standing(self._registry.describe(listed.arn), self._log)
            approver, decided = _find_approver(standing), standing.deciding
            if approver is not None and decided is not None:
                yield ApprovedVersion(listed.arn, approver, decided.decision_uri, decided.decision_digest)

    def fetch(self, version: ApprovedVersion) -> Configuration:
        """Return the configuration that was approved.

        Raises:
            ApprovalError: the decision record is another one, or names no artifact.
            ArtifactError: the artifact is not what was approved.
            ObjectMissingError: the artifact is gone.
            AwsError: the record or the artifact could not be read.
        """
        uri = self._find_artifact(version)
        found = read_object(self._s3, S3Uri.parse(uri), max_bytes=MAX_ARCHIVE_BYTES)
        return unpack(found.content, uri)

    def _find_artifact(self, version: ApprovedVersion) -> str:
        content = self._log.read(version.decision_uri)
        if hashlib.sha256(content).hexdigest() != version.decision_digest:
            raise ApprovalError(
                f"{version.decision_uri}: not the decision by which {version.arn} was approved; find out who changed it"
            )
        judged = parse_record(content).model_package
        containers = () if judged is None else judged.containers
        artifacts = [one.model_data for one in containers if one.model_data]
        if judged is None or judged.arn != version.arn or len(artifacts) != 1:
            raise ApprovalError(
                f"{version.decision_uri}: names no one model artifact of {version.arn}; register it by register.py"
            )
        return artifacts[0]


def _find_approver(standing: Standing) -> str | None:
    """Return who approved a version whose status is `Approved`: `None` where no record says it."""
    match standing.source:
        case ByGate():
            return BY_GATE
        case ByReviewer(review):
            return review.record.reviewer.arn
    return None
