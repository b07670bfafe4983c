"""What SageMaker refuses of executions of pipelines: one above the quota, and a token that it had."""

from typing import Any

from moto.sagemaker.exceptions import ConflictException, SagemakerClientError

from sandbox.faults import ActiveFaults

RUNNING = frozenset({"Executing", "Stopping"})


class ResourceLimitExceededError(SagemakerClientError):
    """One more than the account may have at once."""

    code = "ResourceLimitExceeded"


def refuse_above_quota(backend: Any, faults: ActiveFaults) -> None:
    """Refuse an execution where as many run as the account of moto's `backend` may have; AWS queues none.

    Raises:
        ResourceLimitExceededError: as many run.
    """
    executions = [
        execution
        for pipeline in backend.pipelines.values()
        for execution in pipeline.pipeline_executions.values()
    ]
    running = sum(execution.pipeline_execution_status in RUNNING for execution in executions)
    quota = faults.settings.concurrent_executions
    if running < quota:
        return
    faults.count("executions refused by the quota")
    raise ResourceLimitExceededError(
        f"The account-level service limit 'Number of concurrent pipeline executions' is {quota}, with current "
        f"utilization of {running} and a request delta of 1. Please use AWS Service Quotas to request an increase."
    )


def refuse_repeated_token(execution_arn: str, faults: ActiveFaults) -> None:
    """Refuse a token that started an execution before, where the faults say so.

    Raises:
        ConflictException: the faults say so.
    """
    if faults.settings.repeated_token == "conflict":  # noqa: S105 - a word, no secret
        raise ConflictException(f"The client request token was used for {execution_arn}")
