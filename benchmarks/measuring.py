"""What every program here has in common: whole processes timed, and figures written with what they were measured on."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from checks.version import VERSION

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process and those that it started took: seconds, and the memory of the largest of them in MB."""

    seconds: float
    cpu_seconds: float
    largest_mb: float


def run_process(command: Sequence[str]) -> Spent:
    """Run a command to its end and return what it took.

    Raises:
        CalledProcessError: it failed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Spent(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


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


def write_result(name: str, command: str, figures: Mapping[str, object]) -> None:
    """Print the figures, and write them to `benchmarks/results` with machine, versions and date."""
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
        "versions": {"python": platform.python_version(), "governance": VERSION},
        "figures": figures,
    }
    text = json.dumps(result, indent=2) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(text)
    sys.stdout.write(text)
