"""The processes that run hostile SQL: watched, replaced, and without anything of their parent's."""

import mmap
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scorers.evidence_writer import EvidenceWriter
from scorers.text_to_sql.predictions import Pair
from scorers.text_to_sql.running import worker_pool
from scorers.text_to_sql.running.fork_server import ForkServer
from scorers.text_to_sql.running.messages import BatchAnswer, read_answer
from scorers.text_to_sql.running.query_worker import _Scorers
from scorers.text_to_sql.running.worker_pool import WorkerPool
from scorers.text_to_sql.running.worker_state import STATE, Phase, WorkerState
from scorers.text_to_sql.score import TextToSqlSettings, score_text_to_sql
from scorers.text_to_sql.verdicts.verdict import PairOutcome
from tests.scorers.text_to_sql.conftest import WritePairs

COUNT_WITHOUT_END = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"
MANY = 1_000  # pairs: enough to keep any number of processes busy that is asked for here


def settings_for(folder: Path, seconds: float) -> dict[str, Any]:
    return {
        "targets": {"shop": ("sqlite", str(folder / "shop.sqlite"))},
        "schemas": {},
        "dialect": None,
        "extract_sql": False,
        "keep_distinct": False,
        "limits": {"seconds": seconds, "rows": 1_000, "memory": 512 * 1024 * 1024},
    }


def find_workers(pool: WorkerPool[Pair]) -> list[int]:
    """Return the processes of the workers, which are forked from the pool's server."""
    server = pool._server.process
    children = Path(f"/proc/{server}/task/{server}/children")
    if not children.exists():
        pytest.skip("this system shows no processes under /proc")
    return [int(process) for process in children.read_text().split()]


def pairs_around(sql: str) -> list[Pair]:
    return [
        Pair(number, "shop", "SELECT name FROM customer", predicted)
        for number, predicted in enumerate(["SELECT name FROM customer", sql, "SELECT id FROM customer"])
    ]


def pairs_for_all_workers() -> list[Pair]:
    """Pairs of so many gold queries that each worker gets some, so that all have started once they are scored."""
    return [Pair(number, "shop", f"SELECT {number}", "SELECT 1") for number in range(40)]


def test_a_process_that_dies_costs_the_pair_in_hand_and_is_replaced(shop: Path) -> None:
    def kill_when_running(pool: WorkerPool[Pair]) -> None:
        (worker,) = pool._workers
        while worker.state()[1] is not Phase.PREDICTION or worker.state()[0] != 1:
            time.sleep(0.01)
        (process,) = find_workers(pool)
        killed.append(process)
        os.kill(process, signal.SIGKILL)

    killed: list[int] = []

    with WorkerPool[Pair](workers=1) as pool:
        pool.configure(settings_for(shop, 60.0), MANY)
        killer = threading.Thread(target=kill_when_running, args=(pool,))
        killer.start()
        verdicts = [verdict for _, verdict in pool.score(pairs_around(COUNT_WITHOUT_END))]
        killer.join()
        (other,) = find_workers(pool)
    assert killed != [other]
    assert [verdict.verdict for verdict in verdicts] == [
        PairOutcome.CORRECT,
        PairOutcome.WORKER_CRASH,
        PairOutcome.WRONG_RESULT,
    ]
    assert verdicts[1].correct is False
    assert verdicts[1].reason == "the scoring process died of it"


def test_a_process_that_hangs_beyond_the_engine_s_own_limit_is_stopped(shop: Path) -> None:
    """With a negative grace the watchdog comes before the engine does."""
    with WorkerPool[Pair](workers=1, grace_seconds=-59.0) as pool:
        pool.configure(settings_for(shop, 60.0), MANY)
        verdicts = [verdict for _, verdict in pool.score(pairs_around(COUNT_WITHOUT_END))]
    assert [verdict.verdict for verdict in verdicts] == [
        PairOutcome.CORRECT,
        PairOutcome.TIMEOUT,
        PairOutcome.WRONG_RESULT,
    ]


def test_a_process_is_stopped_and_replaced_where_the_caller_hears_of_no_end(shop: Path) -> None:
    """Who starts the caller may have had ends of processes ignored, which all that is started inherits."""
    heard = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with WorkerPool[Pair](workers=1, grace_seconds=-59.0) as pool:
            pool.configure(settings_for(shop, 60.0), MANY)
            verdicts = [verdict.verdict for _, verdict in pool.score(pairs_around(COUNT_WITHOUT_END))]
    finally:
        signal.signal(signal.SIGCHLD, heard)
    assert verdicts == [PairOutcome.CORRECT, PairOutcome.TIMEOUT, PairOutcome.WRONG_RESULT]
    assert not Path(f"/proc/{pool._server.process}").exists()


def test_a_worker_has_no_secrets_and_cannot_write(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with WorkerPool[Pair](workers=1) as pool:
        pool.configure(settings_for(shop, 5.0), MANY)
        list(pool.score(pairs_around("SELECT 1")))
        process = Path(f"/proc/{find_workers(pool)[0]}")
        environment = (process / "environ").read_bytes()
        limits = (process / "limits").read_text()
    assert b"AWS_" not in environment
    assert b"PYTHONHASHSEED=0" in environment  # what sqlglot says of bad SQL depends on it
    sizes = next(line for line in limits.splitlines() if line.startswith("Max file size"))
    assert sizes.split()[3] == "0"


def test_pairs_are_read_as_they_are_needed(shop: Path) -> None:
    read = 0

    def endless() -> Iterator[Pair]:
        nonlocal read
        while True:
            read += 1
            yield Pair(read, "shop", "SELECT name FROM customer", f"SELECT {read}")

    with WorkerPool[Pair](workers=1) as pool:
        pool.configure(settings_for(shop, 5.0), MANY)
        scored = pool.score(endless())
        for _ in range(100):
            next(scored)
    assert read < 1_000


def test_memory_does_not_grow_with_the_number_of_distinct_pairs(shop: Path) -> None:
    """The caches are full after some 7,000 pairs; 3,500 more would take 20 MB if they were remembered too."""

    def pairs(count: int) -> Iterator[Pair]:
        for number in range(count):
            yield Pair(
                number, "shop", f"SELECT {number}, name FROM customer", f"SELECT name, {number} FROM customer"
            )

    def resident(pool: WorkerPool[Pair]) -> int:
        (process,) = find_workers(pool)
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    with WorkerPool[Pair](workers=1) as pool:
        pool.configure(settings_for(shop, 5.0), MANY)
        full = 0
        for count, _ in enumerate(pool.score(pairs(11_500)), start=1):
            if count == 8_000:
                full = resident(pool)
        grown = resident(pool) - full
    assert grown < 8 * 1024 * 1024


def test_there_is_a_process_for_every_core_unless_told_otherwise_or_pairs_are_few(
    shop: Path, write_pairs: WritePairs, evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    enter = WorkerPool.__enter__

    def note(pool: WorkerPool[Pair]) -> WorkerPool[Pair]:
        started.append(pool)
        return enter(pool)

    monkeypatch.setattr(WorkerPool, "__enter__", note)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    for workers, pairs in ((None, 70), (1, 70), (2, 1)):  # 32 pairs go to a process at once
        path = write_pairs(*[{"predicted_sql": "SELECT name FROM customer"}] * pairs)
        score_text_to_sql(path, shop, evidence, TextToSqlSettings(workers=workers))
    assert [len(pool._workers) for pool in started] == [3, 1, 1]


def test_every_worker_is_forked_from_one_interpreter_and_none_outlives_the_pool(shop: Path) -> None:
    with WorkerPool[Pair](workers=3) as pool:
        pool.configure(settings_for(shop, 5.0), MANY)
        list(pool.score(pairs_for_all_workers()))
        found = find_workers(pool)
        server = pool._server.process
    assert len(found) == 3
    assert not any(Path(f"/proc/{process}").exists() for process in (server, *found))


def test_the_processes_end_before_the_evidence_is_written(
    shop: Path, write_pairs: WritePairs, evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ForkServer()
    ended: list[int] = []
    finish = EvidenceWriter.finish

    def note(self: EvidenceWriter, *arguments: Any) -> None:
        os.waitid(os.P_PID, server.process, os.WEXITED | os.WNOWAIT)  # without end, did nobody hang up
        ended.append(server.process)
        finish(self, *arguments)

    monkeypatch.setattr(EvidenceWriter, "finish", note)
    path = write_pairs({"predicted_sql": "SELECT name FROM customer"})
    score_text_to_sql(path, shop, evidence, server=server)
    assert ended == [server.process]


def test_a_worker_that_is_busy_ends_with_the_pool(shop: Path) -> None:
    with WorkerPool[Pair](workers=1) as pool:
        pool.configure(settings_for(shop, 60.0), MANY)
        scored = pool.score(pairs_around("SELECT 1") * 20 + pairs_around(COUNT_WITHOUT_END))
        next(scored)
        (worker,) = find_workers(pool)
    assert not Path(f"/proc/{worker}").exists()


def test_what_was_left_open_for_all_that_is_started_is_no_file_of_the_workers(
    shop: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("token")
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        with WorkerPool[Pair](workers=1, server=ForkServer()) as pool:
            pool.configure(settings_for(shop, 5.0), MANY)
            list(pool.score(pairs_around("SELECT 1")))
            processes = [pool._server.process, *find_workers(pool)]
            found = {
                str(file.readlink())
                for process in processes
                for file in Path(f"/proc/{process}/fd").iterdir()
            }
    assert len(processes) == 2
    assert os.devnull in found
    assert str(secret) not in found


def test_what_an_environment_runs_in_each_interpreter_is_not_run_where_queries_are(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `sitecustomize`, and the code of `.pth` files, which Python's `site` runs both."""
    ran = tmp_path / "ran"
    (tmp_path / "sitecustomize.py").write_text(f"open({str(ran)!r}, 'w').close()")
    monkeypatch.syspath_prepend(tmp_path)
    with WorkerPool[Pair](workers=1, server=ForkServer()) as pool:
        pool.configure(settings_for(shop, 5.0), MANY)
        assert len(list(pool.score(pairs_around("SELECT 1")))) == 3
    assert not ran.exists()
    elsewhere = {**os.environ, "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", "pass"], env=elsewhere, check=True)
    assert ran.exists()


def test_a_worker_has_no_file_of_another_one(shop: Path) -> None:
    """Each has a socket of its own and a page of shared memory, and not the one through which workers are started."""
    with WorkerPool[Pair](workers=2) as pool:
        pool.configure(settings_for(shop, 5.0), MANY)
        list(pool.score(pairs_for_all_workers()))
        found = [
            set(map(os.readlink, Path(f"/proc/{process}/fd").iterdir())) for process in find_workers(pool)
        ]
    sockets = [{file for file in files if file.startswith("socket:")} for files in found]
    assert [len(each) for each in sockets] == [1, 1]
    assert sockets[0].isdisjoint(sockets[1])


def test_a_worker_opens_each_database_once(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    connect = sqlite3.connect

    def note(database: str, **options: Any) -> sqlite3.Connection:
        opened.append(database)
        connection: sqlite3.Connection = connect(database, **options)
        return connection

    monkeypatch.setattr(sqlite3, "connect", note)
    (shop / "other.sqlite").write_bytes((shop / "shop.sqlite").read_bytes())
    settings = settings_for(shop, 5.0)
    settings["targets"]["other"] = ("sqlite", str(shop / "other.sqlite"))
    scorers = _Scorers(settings, WorkerState(mmap.mmap(-1, STATE.size)))
    for number in range(20):
        scorers.score(("shop", "other")[number % 2], "SELECT name FROM customer", f"SELECT {number}")
    assert len(opened) == 2


def test_a_worker_has_its_next_batch_before_its_last_answer_is_read(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy: list[bool] = []
    with WorkerPool[Pair](workers=1) as pool:

        def note(message: bytes) -> BatchAnswer:
            busy.append(bool(pool._workers[0].batch))
            return read_answer(message)

        monkeypatch.setattr(worker_pool, "read_answer", note)
        pool.configure(settings_for(shop, 5.0), MANY)
        assert len(list(pool.score(pairs_for_all_workers() * 3))) == 120
    assert busy == [True, True, True, False]


def test_what_workers_are_forked_from_loads_what_reads_sql_and_nothing_else() -> None:
    program = (
        "from scorers.text_to_sql.running import forking\n"
        "with forking.replaced_metadata():\n    from scorers.text_to_sql.running import query_worker\n"
        "import sys; print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    loaded = set(ran.stdout.decode().split())
    packages = {module.partition(".")[0] for module in loaded} - sys.stdlib_module_names
    assert {"msgspec", "sqlglot"} <= packages
    assert not packages & {
        "pydantic",
        "pydantic_core",
        "typer",
        "rich",
        "yaml",
        "duckdb",
        "sqlalchemy",
        "lkml",
    }
    assert not loaded & {
        *("multiprocessing", "subprocess", "hashlib", "json"),
        "scorers.text_to_sql.reading.answers",
    }
    assert len(loaded) <= 235
