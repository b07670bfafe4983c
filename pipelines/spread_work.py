"""Work on thousands of things, part by part, in several processes or threads at once."""

import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from checks.garbage import pause_collecting

_Thing = TypeVar("_Thing")
_Result = TypeVar("_Result")

# Few enough for progress to be seen, and for everyone to have something to do to the end.
_PART_OF_PROCESS, _PART_OF_THREAD = 250, 25


@dataclass(frozen=True, slots=True)
class Workers:
    """How many work at once: processes where the work is computing, threads where it is waiting for an answer."""

    processes: int = 1
    threads: int = 1


ALONE = Workers()


def work_on_parts(
    work: Callable[[Sequence[_Thing]], _Result], things: Sequence[_Thing], workers: Workers
) -> Iterator[tuple[int, _Result]]:
    """Yield what `work` makes of each part of `things`, in their order, with the number of things in it.

    Processes are copies of this one, so `work` and what it is given and makes are pickled, and it makes no cyclic
    garbage; this one alone works where the system cannot copy it, and on few things. What `work` raises is passed on.
    """
    if workers.threads > 1:
        many, do = _PART_OF_THREAD, work
    else:
        many, do = _PART_OF_PROCESS, partial(_work_undisturbed, work)
    parts = [things[start : start + many] for start in range(0, len(things), many)]
    pool = _open_pool(workers, len(parts))
    if pool is None:
        for part in parts:
            yield len(part), do(part)
        return
    with pool:
        for part, found in zip(parts, pool.map(do, parts), strict=True):
            yield len(part), found


def _work_undisturbed(work: Callable[[Sequence[_Thing]], _Result], part: Sequence[_Thing]) -> _Result:
    with pause_collecting():
        return work(part)


def _open_pool(workers: Workers, parts: int) -> Executor | None:
    processes, threads = min(workers.processes, parts), min(workers.threads, parts)
    if threads > 1:
        return ThreadPoolExecutor(threads)
    if processes > 1 and _can_fork():
        # A copy of this process has all modules at once; a new one would import them for longer than it judges a part.
        return ProcessPoolExecutor(processes, multiprocessing.get_context("fork"))
    return None


def _can_fork() -> bool:
    """Whether this process can be copied: a lock that another thread holds would be held in the copy without end."""
    return sys.platform == "linux" and threading.active_count() == 1
