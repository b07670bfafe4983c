"""A page of memory that a worker shares with its parent, so that its end can be put down to the right pair."""

import mmap
import struct
import time
from enum import IntEnum

STATE = struct.Struct("=ddd")  # index of the pair in its batch, phase, since when (monotonic clock)


class Phase(IntEnum):
    """What a worker is doing, so that its end can be put down to the right query."""

    STARTING = 0
    READING = 1
    GOLD = 2
    PREDICTION = 3
    COMPARING = 4


class WorkerState:
    """The shared page: written here, read by the parent."""

    def __init__(self, page: mmap.mmap) -> None:
        self._page = page
        self._index = -1

    def start(self, index: int) -> None:
        """Note that the pair `index` of the batch is next."""
        self._index = index
        self.enter(Phase.READING)

    def enter(self, phase: Phase) -> None:
        """Note what is being done for it from now on."""
        STATE.pack_into(self._page, 0, self._index, phase, time.monotonic())

    def idle(self) -> None:
        """Note that there is nothing to do."""
        self._index = -1
        self.enter(Phase.STARTING)
