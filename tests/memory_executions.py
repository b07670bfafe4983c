"""Executions of the gate in memory: one for each token, with a quota, under a clock that the test sets."""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec.structs import replace

from aws.aws_errors import AwsError, AwsNotFoundError, AwsThrottledError
from aws.executions import ExecutionStep, PipelineExecution, request_token

PREFIX = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/model-governance/execution/"


class MemoryExecutions:
    """The twin of `PipelineExecutions`. Nothing ends by itself: the test says how.

    `quota` is how many may run at once; `is_throttled` refuses every call, `list_lags` lists none.
    """

    def __init__(self, *, quota: int = 20) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.quota = quota
        self.is_throttled = False
        self.answers_conflict = False
        self.list_lags = False
        self.retries: list[str] = []
        self.by_token: dict[str, str] = {}
        self._by_arn: dict[str, PipelineExecution] = {}
        self._steps: dict[str, tuple[ExecutionStep, ...]] = {}

    def start(self, model_package_arn: str, *, changed_at: datetime) -> str | None:
        self._ask()
        token = request_token(model_package_arn, changed_at)
        if token in self.by_token:
            return None if self.answers_conflict else self.by_token[token]
        self._take_a_place()
        arn = f"{PREFIX}e{len(self._by_arn)}"
        self.by_token[token] = arn
        self._by_arn[arn] = PipelineExecution(arn, "Executing", None, self.now, model_package_arn)
        return arn

    def retry(self, execution_arn: str, *, at: datetime) -> None:
        del at
        self._ask()
        if self._by_arn[execution_arn].status != "Failed":
            raise AwsError(f"{execution_arn}: it did not fail", code="ConflictException")
        self._take_a_place()
        self.retries.append(execution_arn)
        self.end(execution_arn, "Executing")

    def find(self, model_package_arn: str, *, since: datetime) -> PipelineExecution | None:
        return self.newest_by_version(since=since).get(model_package_arn)

    def newest_by_version(self, *, since: datetime) -> Mapping[str, PipelineExecution]:
        self._ask()
        of_versions = [] if self.list_lags else [one for one in self._by_arn.values() if one.started >= since]
        return {str(one.about): one for one in of_versions}

    def describe(self, execution_arn: str) -> PipelineExecution:
        self._ask()
        if execution_arn not in self._by_arn:
            raise AwsNotFoundError(f"{execution_arn}: there is none", code="ResourceNotFound")
        return self._by_arn[execution_arn]

    def steps(self, execution_arn: str) -> tuple[ExecutionStep, ...]:
        self._ask()
        return self._steps.get(execution_arn, ())

    def end(self, execution_arn: str, status: str = "Succeeded", *, reason: str | None = None) -> None:
        """Let an execution end, or run on, with this status; `reason` is why its first step failed."""
        failure = None if reason is None else "Step failure: One or multiple steps failed."
        self._by_arn[execution_arn] = replace(
            self._by_arn[execution_arn], status=status, failure_reason=failure
        )
        self._steps[execution_arn] = (ExecutionStep("EvaluateModelPackage", status, reason),)

    @property
    def running(self) -> list[PipelineExecution]:
        return [one for one in self._by_arn.values() if not one.is_finished]

    @property
    def all(self) -> list[PipelineExecution]:
        return list(self._by_arn.values())

    def _ask(self) -> None:
        if self.is_throttled:
            raise AwsThrottledError("slow down", code="ThrottlingException")

    def _take_a_place(self) -> None:
        if len(self.running) >= self.quota:
            raise AwsThrottledError("as many run as may", code="ResourceLimitExceeded")
