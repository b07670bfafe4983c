"""Where the records of an execution are in the decision log, and what is sealed; light enough for `start_pipeline`."""

import re
from datetime import UTC

from aws.model_packages import ModelPackage, ModelPackageSummary
from checks.errors import GovernanceError
from pipelines.step_settings import (
    OUTCOME_SUFFIX,
    PAGE_SUFFIX,
    RECORD_SUFFIX,
    REVIEW_OUTCOME_SUFFIX,
    REVIEW_SUFFIX,
    REVIEWS_FOLDER,
    UNDECIDED_SUFFIX,
)

# No dot: an execution that could be called "x.outcome" would write where the outcome of "x" belongs.
_EXECUTION = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]+:pipeline/[A-Za-z0-9-]+/execution/(?P<id>[A-Za-z0-9-]{1,128})"
)

# An id of a caller is that of a user or a service, or of a role with the name of its session:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html ("Principal key values")
_USER_ID = re.compile(r"[A-Za-z0-9]{4,128}(:[\w+=,.@-]{1,64})?", re.ASCII)


class ExecutionNameError(GovernanceError):
    """Text that is not the ARN of a pipeline execution."""


class ReviewerIdError(GovernanceError):
    """Text that is not the id of a caller of AWS."""


def decision_key(package: ModelPackage, execution_arn: str) -> str:
    """The key of the decision that one execution makes about `package`; raises `ExecutionNameError`."""
    return f"{records_folder(package)}/{execution_id(execution_arn)}{RECORD_SUFFIX}"


def outcome_key(package: ModelPackage, execution_arn: str) -> str:
    """The key of the outcome of that decision, which is kept beside it."""
    return f"{records_folder(package)}/{execution_id(execution_arn)}{OUTCOME_SUFFIX}"


def undecided_key(package: ModelPackage, execution_arn: str) -> str:
    """The key of what an execution says of a version that it could not decide about."""
    return f"{records_folder(package)}/{execution_id(execution_arn)}{UNDECIDED_SUFFIX}"


def review_key(package: ModelPackage, user_id: str, name: str) -> str:
    """The key of a review by the caller with this id: in a folder that the bucket's policy lets only them write to.

    Raises:
        ReviewerIdError: it is no id of a caller of AWS.
    """
    if _USER_ID.fullmatch(user_id) is None:
        raise ReviewerIdError(
            f"{user_id[:200]!r} is no id of a caller as GetCallerIdentity gives it; use a role or a user of IAM"
        )
    return f"{records_folder(package)}/{REVIEWS_FOLDER}/{user_id}/{name}{REVIEW_SUFFIX}"


def review_outcome_key(review: str) -> str:
    """The key of what a review did to the version's status, beside the review with the key `review`; URIs likewise."""
    return review.removesuffix(REVIEW_SUFFIX) + REVIEW_OUTCOME_SUFFIX


def reviewer_id_of(uri: str) -> str | None:
    """Return whose folder the review at `uri` is in, by their id; `None` where no review is kept there."""
    *_, version, folder, user_id, name = ("", "", "", *uri.split("/"))
    is_kept = version.isdecimal() and folder == REVIEWS_FOLDER and name.endswith(REVIEW_SUFFIX)
    return user_id if is_kept else None


def is_decision(uri: str) -> bool:
    """Whether a decision is at `uri`, by its name: what else an execution writes has a further dot in it."""
    name = uri.rpartition("/")[2]
    return name.endswith(RECORD_SUFFIX) and "." not in name.removesuffix(RECORD_SUFFIX)


def page_uri(decision_uri: str) -> str:
    """Where the page about the decision at `decision_uri` is, where the deployment writes pages: beside it."""
    return decision_uri.removesuffix(RECORD_SUFFIX) + PAGE_SUFFIX


def is_outcome(uri: str) -> bool:
    """Whether the outcome of a decision of the gate is at `uri`: reviewers write further down alone."""
    folder, _, name = uri.rpartition("/")
    return name.endswith(OUTCOME_SUFFIX) and folder.rpartition("/")[2].isdecimal()


def decision_of_outcome(uri: str) -> str:
    """Return where the decision is whose outcome is at `uri`: beside it."""
    return uri.removesuffix(OUTCOME_SUFFIX) + RECORD_SUFFIX


def review_of_outcome(uri: str) -> str | None:
    """Return where the review is whose outcome is at `uri`; `None` where no outcome of a review is kept there."""
    review = uri.removesuffix(REVIEW_OUTCOME_SUFFIX) + REVIEW_SUFFIX
    return review if uri.endswith(REVIEW_OUTCOME_SUFFIX) and reviewer_id_of(review) else None


def records_folder(package: ModelPackage) -> str:
    """The folder of the decision log that holds everything about `package`."""
    return f"{package.group}/{package.version}"


def execution_id(execution_arn: str) -> str:
    """Return the last part of an execution's ARN, which names its records.

    Raises:
        ExecutionNameError: it is no such ARN, or has a name that SageMaker gives to no execution.
    """
    match = _EXECUTION.fullmatch(execution_arn)
    if match is None:
        raise ExecutionNameError(
            f"{execution_arn[:300]!r} is not the ARN of a pipeline execution: it looks like "
            "arn:aws:sagemaker:<region>:<account>:pipeline/<name>/execution/<letters, digits and hyphens>; "
            "let the pipeline call its steps"
        )
    return match["id"]


def created_text(package: ModelPackage | ModelPackageSummary) -> str:
    """When `package` was registered, as records say it: UTC to the millisecond, ISO 8601."""
    return package.created.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def statement(sha256: str, model_package_arn: str, execution_arn: str) -> bytes:
    """Return what a decision's seal is made for: which bytes, about which version, by which execution."""
    return "\n".join(("governance.seal/1", sha256, model_package_arn, execution_arn)).encode()
