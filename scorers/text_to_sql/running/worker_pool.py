"""Worker processes that score pairs, watched: one that hangs or dies costs the pair that it had in hand."""

import itertools
import json
import math
import mmap
import select
import socket
import tempfile
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from msgspec import Struct

from checks.errors import GovernanceError
from scorers.text_to_sql.running.fork_server import ForkServer
from scorers.text_to_sql.running.messages import Batch, Channel, read_answer, write_message
from scorers.text_to_sql.running.worker_state import STATE, Phase
from scorers.text_to_sql.verdicts.verdict import PairOutcome, PairVerdict

_BATCH = 32
_WINDOW = 20_000  # pairs read ahead of the oldest one without a verdict
_QUEUED = 4 * _BATCH  # pairs that each worker has waiting before more are read
_POLL_MILLISECONDS = 250
_SECONDS_TO_START = 60.0  # a process on a busy machine, its imports included


class ScorablePair(Protocol):
    """What the pool needs of a pair."""

    @property
    def database(self) -> str:
        """The name of the database."""

    @property
    def gold_sql(self) -> str:
        """The query that answers the question."""

    @property
    def predicted_sql(self) -> str:
        """The query to score."""


AnyPair = TypeVar("AnyPair", bound=ScorablePair)


class _Numbered(Struct, Generic[AnyPair], frozen=True):
    number: int
    pair: AnyPair


class _Worker(Generic[AnyPair]):
    """One process, its queue, and the batch that it has in hand."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server
        self._settings = b""
        self._handed = 0.0
        self.queue: deque[_Numbered[AnyPair]] = deque()
        self.batch: list[_Numbered[AnyPair]] = []
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as page:
            page.truncate(STATE.size)
            self._page = mmap.mmap(page.fileno(), STATE.size)
            STATE.pack_into(self._page, 0, -1, Phase.STARTING, time.monotonic())
            self._number = self._server.start(theirs.fileno(), page.fileno())
        self.channel = Channel(ours)

    def configure(self, settings: bytes) -> None:
        """Tell it what to score with, before its first batch."""
        self._settings = settings
        self._send(settings)

    def _send(self, message: bytes) -> None:
        with suppress(ConnectionError):  # it died; reading from it says so
            self.channel.send(message)

    def hand(self, batch: list[_Numbered[AnyPair]]) -> None:
        """Give it a batch."""
        self.batch = batch
        self._handed = time.monotonic()
        pairs: Batch = [(one.pair.database, one.pair.gold_sql, one.pair.predicted_sql) for one in batch]
        self._send(write_message(pairs))

    def answer(self) -> bytes | None:
        """Return the answer to the batch in hand, or `None` where the process died."""
        try:
            return self.channel.receive()
        except (EOFError, OSError):
            return None

    def state(self) -> tuple[int, Phase, float]:
        """Return the index of the pair in hand, what is being done for it, and since when."""
        index, phase, since = STATE.unpack_from(self._page, 0)
        return int(index), Phase(int(phase)), max(float(since), self._handed)

    def restart(self) -> None:
        """Replace the process, dead or not."""
        self._server.stop(self._number)
        self.close()
        self._start()
        self._send(self._settings)

    def close(self) -> None:
        """Hang up."""
        self.channel.close()
        self._page.close()


class WorkerPool(Generic[AnyPair]):
    """At most as many processes as asked for, forked from a server that imports beside what the caller does.

    The server is the one given, or is started on entering; it ends with the pool either way. A pair whose query runs
    `grace_seconds` beyond the time limit loses its process. Pairs of one gold query go to one process, which remembers
    its result; an idle process helps another one out.
    """

    def __init__(self, workers: int, grace_seconds: float = 5.0, *, server: ForkServer | None = None) -> None:
        self._count, self._grace, self._given = workers, grace_seconds, server
        self._seconds = 0.0
        self._workers: list[_Worker[AnyPair]] = []

    def __enter__(self) -> Self:
        self._server = self._given or ForkServer()
        return self

    def configure(self, settings: Mapping[str, Any], pairs: int) -> None:
        """Start the processes that so many pairs keep busy, with what to score by: `make_worker_settings` makes it."""
        self._seconds = settings["limits"]["seconds"]
        message = json.dumps(settings).encode()
        for _ in range(min(self._count, math.ceil(pairs / _BATCH))):
            worker = _Worker[AnyPair](self._server)
            self._workers.append(worker)
            worker.configure(message)

    def hang_up(self) -> None:
        """Have the processes end while the caller goes on: all pairs are scored."""
        self._server.hang_up()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.close()
        self._server.close()

    def score(self, pairs: Iterable[AnyPair]) -> Iterator[tuple[AnyPair, PairVerdict]]:
        """Yield every pair with its verdict, in order, reading only as far ahead as the workers need."""
        source = itertools.starmap(_Numbered, enumerate(pairs))
        exhausted = False
        done: dict[int, tuple[AnyPair, PairVerdict]] = {}
        read = next_number = 0
        while True:
            # First pass: read ahead, so that no process waits for pairs.
            while not exhausted and read - next_number < _WINDOW and self._needs_pairs():
                items = list(itertools.islice(source, _BATCH))
                exhausted = len(items) < _BATCH
                read += len(items)
                for item in items:
                    self._route(item.pair).queue.append(item)
            # Second pass: hand out batches, take in verdicts.
            self._dispatch()
            for numbered, verdict in self._collect():
                done[numbered.number] = (numbered.pair, verdict)
            # Third pass: what is next in the file's order goes out, as far as it is done.
            while next_number in done:
                yield done.pop(next_number)
                next_number += 1
            if exhausted and next_number == read:
                return

    def _needs_pairs(self) -> bool:
        return any(len(worker.queue) < _QUEUED for worker in self._workers)

    def _route(self, pair: AnyPair) -> _Worker[AnyPair]:
        key = f"{pair.database}\0{pair.gold_sql}".encode(errors="surrogatepass")
        return self._workers[zlib.crc32(key) % len(self._workers)]

    def _dispatch(self) -> None:
        for worker in self._workers:
            if worker.batch:
                continue
            queue = worker.queue
            if not queue:  # help the one that has most to do out, unless it is soon done itself
                queue = max((other.queue for other in self._workers), key=len)
                if len(queue) <= 2 * _BATCH:
                    continue
            worker.hand([queue.popleft() for _ in range(min(_BATCH, len(queue)))])

    def _collect(self) -> Iterator[tuple[_Numbered[AnyPair], PairVerdict]]:
        busy = {worker.channel.fileno(): worker for worker in self._workers if worker.batch}
        poll = select.poll()
        for channel in busy:
            poll.register(channel, select.POLLIN)
        ready = {channel for channel, _ in poll.poll(_POLL_MILLISECONDS)} if busy else set()
        for channel, worker in busy.items():
            if channel in ready:
                yield from self._settle(worker)
            elif self._is_overdue(worker):
                yield self._replace(worker, overdue=True)

    def _settle(self, worker: _Worker[AnyPair]) -> Iterator[tuple[_Numbered[AnyPair], PairVerdict]]:
        message = worker.answer()
        if message is None:
            yield self._replace(worker, overdue=False)
            return
        batch = worker.batch
        worker.batch = []
        self._dispatch()  # first of all: the process scores what is next while this one reads the answer
        answer = read_answer(message)
        if answer.error is not None:
            raise GovernanceError(answer.error)
        yield from zip(batch, answer.verdicts, strict=True)

    def _is_overdue(self, worker: _Worker[AnyPair]) -> bool:
        index, _, since = worker.state()
        return time.monotonic() > since + (self._seconds + self._grace if index >= 0 else _SECONDS_TO_START)

    def _replace(self, worker: _Worker[AnyPair], *, overdue: bool) -> tuple[_Numbered[AnyPair], PairVerdict]:
        """Give the pair in hand its verdict and the rest of the batch to a new process."""
        index, phase, _ = worker.state()
        if index < 0:
            raise GovernanceError(
                "a scoring process could not start; give it more memory with --memory-limit-mb, or fewer --workers"
            )
        culprit = worker.batch.pop(index)
        worker.restart()
        if worker.batch:
            worker.hand(worker.batch)
        return culprit, self._make_failed_verdict(phase, overdue)

    def _make_failed_verdict(self, phase: Phase, overdue: bool) -> PairVerdict:
        reason = (
            f"stopped at the time limit of {self._seconds:g} s"
            if overdue
            else "the scoring process died of it"
        )
        if phase is Phase.GOLD:
            return PairVerdict(PairOutcome.GOLD_ERROR, reason)
        return PairVerdict(
            PairOutcome.TIMEOUT if overdue else PairOutcome.WORKER_CRASH,
            reason,
            correct=False,
            bird_match=False,
            exact_set_match=False,
            unsafe=False,
            execution_error=not overdue,
            timeout=overdue,
        )
