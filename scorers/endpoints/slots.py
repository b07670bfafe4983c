"""Slots for requests in flight: the scoring that has come least far goes first."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """A semaphore with precedence.

    Scorings ask in steps, each after the answer to the one before. First come, first served would leave the long
    chains for the end, when most slots are empty; beginning every scoring early keeps them full.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._turns = itertools.count()

    @asynccontextmanager
    async def slot(self, step: int) -> AsyncIterator[None]:
        """Hold a slot; of those who wait, the lowest `step` goes first, and of those the one who came first."""
        if self._free:
            self._free -= 1
        else:
            await self._turn(step)
        try:
            yield
        finally:
            self._release()

    async def _turn(self, step: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (step, next(self._turns), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the slot was handed over and nobody is there to take it
                self._release()
            raise

    def _release(self) -> None:
        while self._waiting:
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
