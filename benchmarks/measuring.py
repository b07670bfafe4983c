"""What every program here has in common: its options, whole processes timed, and figures written with the machine."""

import argparse
import json
import os
import platform
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from checks.version import VERSION

RESULTS = Path(__file__).parent / "results"
INTERRUPTED = 130  # the exit code of a program that Ctrl-C ended
# A process counts the memory of the one that started it as its own: so a small one starts what is measured.
_LAUNCHER = """
import os, sys, time
nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=nowhere)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
if code:
    sys.exit(code if code > 0 else 128 - code)
print(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
_LONGEST_REASON = 200  # characters of what a program that failed says


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process and those that it started took: seconds, and the memory of the largest of them in MB."""

    seconds: float
    cpu_seconds: float
    largest_mb: float


def make_parser(part: str, description: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """Return the parser of a program's options, which are `--rounds` and what the program adds."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{part}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rounds", type=read_count, default=rounds, metavar="COUNT", help=f"{rounds} without this option"
    )
    return parser


def read_count(word: str) -> int:
    """Return the whole number above 0 that an option names.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not word.isascii() or not word.isdecimal() or int(word) == 0:
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number above 0")
    return int(word)


def run_program(main: Callable[[], None]) -> None:
    """Run a program's `main`; a command that fails, and Ctrl-C, end it with one message and nothing written."""
    try:
        main()
    except subprocess.CalledProcessError as error:
        command = shlex.join(error.cmd)
        print(f"error: {command}: ends with {describe_failure(error)}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


def describe_failure(error: subprocess.CalledProcessError) -> str:
    """Return the exit code of a command that failed, and the last that it said."""
    said = shorten_message(error.stderr or "")
    return f"{error.returncode}: {said}" if said else str(error.returncode)


def shorten_message(text: str) -> str:
    """Return the end of what a program says, on one line."""
    return " ".join(text.split())[-_LONGEST_REASON:]


def tell_progress(text: str) -> None:
    """Say on standard error what is done now."""
    print(text, file=sys.stderr, flush=True)


def take_rounds(rounds: int) -> Iterator[int]:
    """Yield the number of each round from 0, and say which one begins."""
    for number in range(rounds):
        tell_progress(f"  round {number + 1} of {rounds}")
        yield number


def run_process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Spent:
    """Run a command to its end, with this environment or that of this process, and return what it took.

    Raises:
        CalledProcessError: it failed; `stderr` is what it said.
    """
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command]
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        process = subprocess.Popen(
            launcher,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment,
            text=True,
            process_group=0,
        )
        try:
            told, _ = process.communicate()
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if process.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, stderr=said.read())
    seconds, cpu_seconds, largest_kb = map(float, told.split())
    return Spent(seconds, cpu_seconds, largest_kb / 1024)


def describe_spread(numbers: Sequence[float], digits: int = 2) -> dict[str, float]:
    """Return the median of the rounds, with the least and the most."""
    found = {"median": statistics.median(numbers), "least": min(numbers), "most": max(numbers)}
    return {name: round(number, digits) for name, number in found.items()}


def describe_runs(runs: Sequence[Spent]) -> dict[str, object]:
    """Return what the rounds of a command took."""
    return {
        "seconds": describe_spread([run.seconds for run in runs]),
        "cpu_seconds": describe_spread([run.cpu_seconds for run in runs]),
        "largest_mb": describe_spread([run.largest_mb for run in runs], digits=0),
    }


def write_result(
    name: str, command: str, figures: Mapping[str, object], versions: Mapping[str, str] | None = None
) -> None:
    """Print the figures, and write them to `benchmarks/results` with machine, date, and the versions of what ran."""
    machine = {
        "cores": len(os.sched_getaffinity(0)),
        "processor": platform.machine(),
        "system": platform.system(),
        "load_of_15_minutes": round(os.getloadavg()[2], 1),
    }
    result = {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine,
        "versions": {"python": platform.python_version(), "governance": VERSION, **(versions or {})},
        "figures": figures,
    }
    text = json.dumps(result, indent=2) + "\n"
    RESULTS.mkdir(exist_ok=True)
    write_whole(RESULTS / f"{name}.json", text)
    sys.stdout.write(text)


def write_whole(path: Path, text: str) -> None:
    """Write a file that is never there in half, whenever this process ends."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
