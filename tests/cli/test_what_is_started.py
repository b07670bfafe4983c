"""What a command starts and opens in one run, counted: processes, files of SQLite, connections of the network."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.past_gate import make_past_gate

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "diabetes-progression"
# One process imports what all share, and each command runs in a copy of it that counts what Python's auditing tells.
PROGRAM = """
import contextlib, json, os, sys
from collections import Counter
import cli.main
from cli.entry import main
EVENTS = {"subprocess.Popen": "processes", "os.fork": "processes", "os.posix_spawn": "processes",
          "sqlite3.connect": "SQLite files", "socket.connect": "network"}
for name, arguments in json.load(sys.stdin).items():
    sys.stdout.flush()
    if os.fork() == 0:
        counted = Counter()
        sys.addaudithook(lambda event, _: counted.update([EVENTS[event]] if event in EVENTS else []))
        sys.argv = ["governance", *arguments]
        code = 0
        with open(os.devnull, "w") as nowhere:
            kept, sys.stdout, sys.stderr = sys.stdout, nowhere, nowhere
            try:
                main()
            except SystemExit as ended:
                code = ended.code
        print(json.dumps([name, code, counted]), file=kept, flush=True)
        os._exit(0)
    os.wait()
"""
PAIRS, DATABASES, VERSIONS = 40, 3, 20


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """How each command ended, and what it started and opened."""
    folder = tmp_path_factory.mktemp("started")
    for number in range(DATABASES):
        connection = sqlite3.connect(folder / f"shop{number}.sqlite")
        connection.execute("CREATE TABLE customer (id INTEGER, name TEXT)")
        connection.close()
    pairs = (
        {
            "id": n,
            "database": f"shop{n % DATABASES}",
            "question": "?",
            "gold_sql": "SELECT name FROM customer",
        }
        | {"predicted_sql": f"SELECT name FROM customer WHERE id < {n}", "latency_seconds": 0.5}
        for n in range(PAIRS)
    )
    (folder / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    gate = make_past_gate(folder / "past", versions=VERSIONS, checks=3, reports=2)
    commands = {
        "check": f"check {EXAMPLE}/thresholds.yaml --evidence {EXAMPLE}/version-1/evidence",
        "thresholds impact": f"thresholds impact {gate.old} {gate.new} --history {gate.history}",
        "help of score text-to-sql": "score text-to-sql --help",
        "score text-to-sql": f"score text-to-sql {folder}/pairs.jsonl --databases {folder} -o {folder}/sql",
    }
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps({name: words.split() for name, words in commands.items()}),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: (code, counted) for name, code, counted in map(json.loads, answer.stdout.splitlines())}


@pytest.mark.parametrize(
    ("name", "started"),
    [
        ("check", {}),
        ("thresholds impact", {}),  # few versions; many are spread over the cores
        ("help of score text-to-sql", {}),
        # The interpreter that workers are forked from; the ids, the latencies, and each database once.
        ("score text-to-sql", {"processes": 1, "SQLite files": 2 + DATABASES}),
    ],
)
def test_a_run_starts_and_opens_no_more_than_it_needs(
    runs: dict[str, Any], name: str, started: dict[str, int]
) -> None:
    assert runs[name] == (0, started)
