"""The process that runs hostile SQL: bounded memory, no files to write, nothing of its parent's but the pairs.

Forked by `forking` with two file descriptors: a socket for messages, which are JSON (the parent unpickles nothing
that comes from here), and a page of shared memory that says what is being done, should the process not live to tell.
"""

import gc
import logging
import mmap
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

from checks.errors import GovernanceError
from scorers.text_to_sql.engines.databases import DatabaseTarget, load_engine, open_engine
from scorers.text_to_sql.engines.process_memory import RESERVED_BY_DUCKDB, bound_resources
from scorers.text_to_sql.engines.query_engine import QueryLimits
from scorers.text_to_sql.reading.parsing import MAX_RECURSION
from scorers.text_to_sql.reading.schema import read_schema_json
from scorers.text_to_sql.running.bounded_cache import BoundedCache
from scorers.text_to_sql.running.messages import (
    Batch,
    BatchAnswer,
    Channel,
    read_batch,
    read_settings,
    write_message,
)
from scorers.text_to_sql.running.pair_scorer import PairScorer, ScoringMemory
from scorers.text_to_sql.running.worker_state import STATE, WorkerState
from scorers.text_to_sql.verdicts.verdict import PairVerdict

_OBJECTS_BETWEEN_COLLECTIONS = 100_000
_OPEN_DATABASES = 64


class _Scorers:
    """The databases as pairs ask for them."""

    def __init__(self, settings: Mapping[str, Any], state: WorkerState) -> None:
        self._settings, self._state = settings, state
        self._limits = QueryLimits(**settings["limits"])
        self._memory = ScoringMemory()
        self._open: BoundedCache[str, PairScorer] = BoundedCache(_OPEN_DATABASES, discard=PairScorer.close)

    def score(self, database: str, gold_sql: str, predicted_sql: str) -> PairVerdict:
        scorer = self._open.get(database, lambda: self._open_scorer(database))
        return scorer.score(gold_sql, predicted_sql)

    def _open_scorer(self, database: str) -> PairScorer:
        schema = self._settings["schemas"].get(database)
        return PairScorer(
            open_engine(DatabaseTarget(*self._settings["targets"][database]), self._limits),
            schema=None if schema is None else read_schema_json(schema),
            dialect=self._settings["dialect"],
            extract=self._settings["extract_sql"],
            keep_distinct=self._settings["keep_distinct"],
            enter=self._state.enter,
            memory=self._memory,
            name=database,
        )


def serve(channel: Channel, state: WorkerState) -> None:
    """BatchAnswer batches of pairs until the parent hangs up."""
    settings = read_settings(channel.receive())
    kinds = {kind for kind, _ in settings["targets"].values()}
    for kind in kinds:
        load_engine(kind)  # now: its code is not to count against the bound
    bound_resources(settings["limits"]["memory"] + (RESERVED_BY_DUCKDB if "duckdb" in kinds else 0))
    scorers = _Scorers(settings, state)
    while True:
        try:
            batch = read_batch(channel.receive())
        except (EOFError, ConnectionError):
            return
        channel.send(write_message(_answer(scorers, state, batch)))


def _answer(scorers: _Scorers, state: WorkerState, batch: Batch) -> BatchAnswer:
    verdicts = []
    try:
        for index, (database, gold_sql, predicted_sql) in enumerate(batch):
            state.start(index)
            verdicts.append(scorers.score(database, gold_sql, predicted_sql))
    except GovernanceError as error:
        return BatchAnswer(error=str(error))
    state.idle()  # not on other exceptions: the process ends with them, and the state says on which pair
    return BatchAnswer(tuple(verdicts))


def prepare() -> None:
    """Set this interpreter up for workers that are forked from it."""
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    sys.setrecursionlimit(MAX_RECURSION)
    load_engine("sqlite")  # of most databases, and quickly imported
    gc.freeze()  # what was imported is no rubbish, and pages that nothing writes to are shared
    gc.enable()
    # What is remembered is no rubbish, and sqlglot's trees alone are such that only a collection frees it.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


def serve_descriptors(connection: int, page: int) -> None:
    """Serve the parent over a socket and a page of shared memory, until it hangs up."""
    shared = mmap.mmap(page, STATE.size)
    os.close(page)
    serve(Channel(socket.socket(fileno=connection)), WorkerState(shared))
