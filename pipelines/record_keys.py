"""Where the records of an execution are in the decision log, and what is sealed; light enough for `start_pipeline`."""

import re
from datetime import UTC

from aws.model_packages import ModelPackage, ModelPackageSummary
from checks.errors import GovernanceError
from pipelines.step_settings import OUTCOME_SUFFIX, PAGE_SUFFIX, RECORD_SUFFIX, UNDECIDED_SUFFIX

# No dot: an execution that could be called "x.outcome" would write where the outcome of "x" belongs.
_EXECUTION = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]+:pipeline/[A-Za-z0-9-]+/execution/(?P<id>[A-Za-z0-9-]{1,128})"
)


class ExecutionNameError(GovernanceError):
    """Text that is not the ARN of a pipeline execution."""


def decision_key(package: ModelPackage, execution_arn: str) -> str:
    """The key of the decision that one execution makes about `package`; raises `ExecutionNameError`."""
    return f"{records_folder(package)}/{execution_id(execution_arn)}{RECORD_SUFFIX}"


def outcome_key(package: ModelPackage, execution_arn: str) -> str:
    """The key of the outcome of that decision, which is kept beside it."""
    return f"{records_folder(package)}/{execution_id(execution_arn)}{OUTCOME_SUFFIX}"


def undecided_key(package: ModelPackage, execution_arn: str) -> str:
    """The key of what an execution says of a version that it could not decide about."""
    return f"{records_folder(package)}/{execution_id(execution_arn)}{UNDECIDED_SUFFIX}"


def is_decision(uri: str) -> bool:
    """Whether a decision is at `uri`, by its name: what else an execution writes has a further dot in it."""
    name = uri.rpartition("/")[2]
    return name.endswith(RECORD_SUFFIX) and "." not in name.removesuffix(RECORD_SUFFIX)


def page_uri(decision_uri: str) -> str:
    """Where the page about the decision at `decision_uri` is, where the deployment writes pages: beside it."""
    return decision_uri.removesuffix(RECORD_SUFFIX) + PAGE_SUFFIX


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
