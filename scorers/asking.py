"""Working through many requests at once, for raters, judges and the models that are asked."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from checks.errors import GovernanceError

T = TypeVar("T")


async def work_through(jobs: Iterable[T], work: Callable[[T], Awaitable[None]], workers: int) -> None:
    """Do `work` for every job, at most `workers` of them at once; jobs are taken as they are needed.

    Raises:
        GovernanceError: the first that a job raised; the others are stopped.
    """
    remaining = iter(jobs)

    async def one_after_another() -> None:
        for job in remaining:
            await work(job)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(one_after_another())
    except BaseExceptionGroup as errors:
        # Not by `except*`: what is raised in it comes out in another group in Python 3.11 before 3.11.4.
        ours, others = errors.split(GovernanceError)
        if ours is None or others is not None:
            raise
        raise _first(ours) from None


def _first(errors: BaseExceptionGroup[GovernanceError]) -> GovernanceError:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
