"""A scoring run that is killed goes on where it stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from cli.exit_codes import ExitCode
from cli.main import run

ITEMS = 12


def arguments(responses: Path, output: Path, cache: Path, url: str) -> list[str]:
    judge = ["--judge", "openai:judge-1", "--judge-url", url, "--embeddings", "none", "--concurrency", "2"]
    scored = ["--metric", "context_precision", "--cache", str(cache)]
    return ["score", "rag", str(responses), "-o", str(output), *judge, *scored]


def test_a_killed_run_is_resumed_without_asking_anything_twice(
    tmp_path: Path, write_responses: Any, judge_server: Any, reply: Any, good: Any
) -> None:
    responses, output, cache = (
        write_responses(*({} for _ in range(ITEMS))),
        tmp_path / "out",
        tmp_path / "cache.db",
    )
    judge_server.script = lambda number, title, prompt: reply(good(title, prompt), delay=0.2)  # time to kill
    options = arguments(responses, output, cache, judge_server.url)
    program = "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))"
    first = subprocess.Popen([sys.executable, "-c", program, *options], stdout=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while len(judge_server.requests) < ITEMS // 2 and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert not (output / "evaluation.json").exists()
    asked_before = [request["messages"][0]["content"] for request in judge_server.requests]
    assert ITEMS // 2 <= len(asked_before) < ITEMS
    judge_server.requests.clear()
    judge_server.script = lambda number, title, prompt: reply(good(title, prompt))

    assert run(options) == ExitCode.APPROVED

    asked_after = [request["messages"][0]["content"] for request in judge_server.requests]
    in_flight_at_the_kill = set(asked_before) & set(asked_after)
    assert len(in_flight_at_the_kill) <= 2  # asked, but the answer came to nobody
    assert len({*asked_before, *asked_after}) == ITEMS
    assert len(asked_before) + len(asked_after) == ITEMS + len(in_flight_at_the_kill)
    evaluation = json.loads((output / "evaluation.json").read_text())
    assert evaluation["rag_metrics"]["coverage"] == {"value": 1.0, "samples": ITEMS}
    assert sorted(path.name for path in output.iterdir() if not path.name.startswith(".")) == [
        "evaluation.json",
        "results.jsonl",
    ]
