"""Work on thousands of things, part by part, in several processes or threads at once."""

import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, TypeVar

from msgspec import Struct

from checks.garbage import pause_collecting

_Thing = TypeVar("_Thing")
_Result = TypeVar("_Result")

# Few enough for progress to be seen, and for everyone to have something to do to the end.
_PART_OF_PROCESS, _PART_OF_THREAD = 250, 25


class Workers(Struct, frozen=True):
    """How many work at once: processes where the work is computing, threads where it is waiting for an answer."""

    processes: int = 1
    threads: int = 1


ALONE = Workers()


def work_on_parts(
    work: Callable[[Sequence[_Thing]], _Result], things: Sequence[_Thing], workers: Workers
) -> Iterator[tuple[int, _Result]]:
    """Yield what `work` makes of each part of `things`, in their order, with the number of things in it.

    Processes are copies of this one, and have `work` and `things` from it: only what `work` makes is pickled, and it
    makes no cyclic garbage. This one alone works where the system cannot copy it, and on few things. What `work` raises
    is passed on.
    """
    many = _PART_OF_THREAD if workers.threads > 1 else _PART_OF_PROCESS
    places = [slice(start, min(start + many, len(things))) for start in range(0, len(things), many)]
    processes, threads = min(workers.processes, len(places)), min(workers.threads, len(places))

    def do(place: slice) -> _Result:
        return work(things[place])

    def do_undisturbed(place: slice) -> _Result:
        with pause_collecting():
            return do(place)

    made: Iterator[_Result]
    with ExitStack() as pools:
        if threads > 1:
            made = pools.enter_context(ThreadPoolExecutor(threads)).map(do, places)
        elif processes > 1 and _can_fork():
            # A copy has all modules at once; a new process would import them for longer than it judges a part.
            context = multiprocessing.get_context("fork")
            copies = ProcessPoolExecutor(processes, context, _given.append, (do_undisturbed,))
            made = pools.enter_context(copies).map(_work_as_given, places)
        else:
            made = map(do_undisturbed, places)
        for place, found in zip(places, made, strict=True):
            yield place.stop - place.start, found


# What a copy of this process is to do, which needs no pickling: the copy has it before it begins.
_given: list[Callable[[slice], Any]] = []


def _work_as_given(place: slice) -> Any:
    return _given[-1](place)


def _can_fork() -> bool:
    """Whether this process can be copied: a lock that another thread holds would be held in the copy without end."""
    return sys.platform == "linux" and threading.active_count() == 1
