"""Synchronous clients of AWS behind the asynchronous interface of models, and their errors as those of requests."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

from aws.aws_errors import (
    AwsAccessDeniedError,
    AwsError,
    AwsNotFoundError,
    AwsThrottledError,
    AwsUnreachableError,
)
from checks.strict_json import JsonValue
from scorers.endpoints.protocols import Fault, RequestError

T = TypeVar("T")
NO_ANSWER_IN_TIME = "ReadTimeoutError"


class ThreadedModel:
    """A synchronous client behind the asynchronous interface: a thread for each request in flight."""

    def __init__(self, description: Mapping[str, JsonValue], threads: int) -> None:
        self._description, self._threads = description, threads
        self._pool: ThreadPoolExecutor | None = None

    @property
    def description(self) -> Mapping[str, JsonValue]:
        """Provider, model and settings."""
        return self._description

    async def __aenter__(self) -> Self:
        """Start the threads."""
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="model")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the threads to finish what they do."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def call(self, function: Callable[[], T]) -> T:
        """Run `function` in one of the threads.

        Raises:
            RequestError: for what `aws` raises.
        """
        with _request_errors():
            return await asyncio.get_running_loop().run_in_executor(self._pool, function)


@contextmanager
def _request_errors() -> Iterator[None]:
    """Turn what `aws` raises into a `RequestError`."""
    try:
        yield
    except AwsThrottledError as error:
        raise RequestError(str(error), Fault.THROTTLED) from error
    except AwsUnreachableError as error:
        unreachable = error.code.endswith("Error") and error.code != NO_ANSWER_IN_TIME  # botocore's exception
        raise RequestError(str(error), Fault.UNREACHABLE if unreachable else Fault.FAILED) from error
    except (AwsAccessDeniedError, AwsNotFoundError) as error:
        raise RequestError(str(error), Fault.DENIED) from error
    except AwsError as error:
        raise RequestError(str(error), Fault.REJECTED) from error
