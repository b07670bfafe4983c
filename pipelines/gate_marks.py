"""What the gate leaves on a version that stays pending, by which its own update is told from everybody else's.

An update of the gate sends an event, as any other. Judging the version again for it would update it again, without an
end. But anybody who registers a version writes its metadata, so that they count only as far as what nobody else can
make confirms them: a sealed record in the decision log, or an execution of the gate's own pipeline that failed.

The models that check a whole record take longer to load than all else that starts an execution, so that records are
read here without them; the seal confirms the rest.
"""

import hashlib
import json
from collections.abc import Mapping

from aws.aws_errors import AwsError, AwsNotFoundError
from aws.decision_log import DecisionLog
from aws.executions import SUCCEEDED, Executions
from aws.model_packages import ModelPackage
from aws.record_seals import Seals
from aws.registry_names import (
    DECISION_DIGEST_PROPERTY,
    DECISION_URI_PROPERTY,
    FAILED_EXECUTION_PROPERTY,
    PENDING,
    STATUS_PROPERTY,
    UNDECIDED_DIGEST_PROPERTY,
    UNDECIDED_URI_PROPERTY,
)
from checks.errors import GovernanceError
from pipelines.record_keys import created_text, execution_id, records_folder, statement


def is_left_for_review(package: ModelPackage, decisions: DecisionLog, seals: Seals) -> bool:
    """Whether a decision of the gate about this very package left it pending."""
    return _is_confirmed(DECISION_URI_PROPERTY, DECISION_DIGEST_PROPERTY, package, decisions, seals)


def is_left_undecided(
    package: ModelPackage, decisions: DecisionLog, seals: Seals, executions: Executions
) -> bool:
    """Whether the gate said of this very package that nothing may or could be decided about it."""
    return _is_confirmed(
        UNDECIDED_URI_PROPERTY, UNDECIDED_DIGEST_PROPERTY, package, decisions, seals
    ) or _names_failed_execution(package, executions)


def _is_confirmed(
    uri_property: str, digest_property: str, package: ModelPackage, decisions: DecisionLog, seals: Seals
) -> bool:
    """Whether the metadata name a record by its digest, which step one sealed, about this very package.

    A version that was set back to pending was left otherwise: it bears no mark.
    """
    uri, digest = package.metadata.get(uri_property), package.metadata.get(digest_property)
    if uri is None or digest is None or package.metadata.get(STATUS_PROPERTY) != package.approval_status:
        return False
    if f"/{records_folder(package)}/" not in uri:
        return False
    try:
        content, seal = decisions.read_sealed(uri)
    except AwsError:
        raise
    except GovernanceError:
        return False  # there is no such record, or the URI names none
    execution = _execution_of(content, package)
    if execution is None or seal is None or hashlib.sha256(content).hexdigest() != digest:
        return False
    return seals.is_genuine(statement(digest, package.arn, execution), seal)


def _execution_of(content: bytes, package: ModelPackage) -> str | None:
    """The execution that made the record `content`, or `None` where that left no version pending, or another one."""
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        return None
    judged = record.get("model_package") if isinstance(record, Mapping) else None
    if not isinstance(judged, Mapping):
        return None
    is_this = (judged.get("arn"), judged.get("created")) == (package.arn, created_text(package))
    thresholds = record.get("thresholds")
    is_dry_run = isinstance(thresholds, Mapping) and thresholds.get("mode") == "dry_run"
    is_undecided = "decision" not in record
    leaves_pending = is_dry_run or is_undecided or record.get("decision") == "NeedsReview"
    return str(record.get("execution")) if is_this and leaves_pending else None


def _names_failed_execution(package: ModelPackage, executions: Executions) -> bool:
    """Whether the metadata name an execution of the gate for this very package that failed and was given up.

    Whoever can start the pipeline could name one that failed for another reason. That keeps the version pending, and
    counted among those that nothing was decided about: no status comes of it.
    """
    arn = package.metadata.get(FAILED_EXECUTION_PROPERTY)
    if arn is None or package.metadata.get(STATUS_PROPERTY) != PENDING:
        return False
    try:
        execution_id(arn)
        execution = executions.describe(arn)
    except AwsNotFoundError:
        return False  # the pipeline was made anew
    except AwsError:
        raise
    except GovernanceError:
        return False  # no ARN of an execution
    failed = execution.is_finished and execution.status != SUCCEEDED
    return failed and execution.about == package.arn and execution.started > package.created
