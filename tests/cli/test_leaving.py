"""The end of the process: at once where nothing but memory is left, and Python's own where something is."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import atexit, os, sys, threading
from model_governance.__main__ import main

class Object:
    def __del__(self, write=os.write):
        write(2, b"freed;")

sys.kept = Object()
{before}
main()
"""


@dataclass(frozen=True)
class Ending:
    """What there is before a command, and what is said on stderr when it ends."""

    before: str
    said: str


TABLE = {
    "nothing is left": Ending("", ""),
    "something was registered": Ending("atexit.register(os.write, 2, b'registered;')", "registered;freed;"),
    "a thread goes on": Ending(
        "threading.Thread(target=lambda: threading.main_thread().join() or os.write(2, b'thread;')).start()",
        "thread;freed;",
    ),
}


def run(
    arguments: list[str], before: str = "", stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE
) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own, which does `before` first."""
    command = [sys.executable, "-c", PROGRAM.format(before=before), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, stdout=stdout, stderr=stderr, env=environment, text=True, check=False)


@pytest.mark.parametrize("name", TABLE)
def test_a_process_ends_at_once_where_nothing_is_left_to_do(name: str) -> None:
    ended = run(["--help"], TABLE[name].before)
    assert (ended.returncode, ended.stderr) == (0, TABLE[name].said)
    assert ended.stdout.startswith("Usage: governance")


def test_the_exit_code_is_that_of_the_command() -> None:
    ended = run(["check", "nothing.yaml", "--evidence", "."])
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: nothing.yaml: ")


@pytest.mark.parametrize("arguments", [["--help"], ["thresholds", "schema"]], ids=["short", "long"])
def test_output_that_cannot_be_written_is_one_message_and_no_verdict(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = run(arguments, stdout=full.fileno())
    assert (ended.returncode, ended.stderr) == (2, "error: stdout: No space left on device\n")


def test_messages_that_cannot_be_written_change_nothing() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = run(["check", "nothing.yaml", "--evidence", "."], stderr=full.fileno())
    assert (ended.returncode, ended.stdout) == (2, "")


def test_a_process_without_output_ends_as_well() -> None:
    ended = run(["check", "nothing.yaml", "--evidence", "."], before="sys.stdout = None")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
