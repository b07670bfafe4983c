"""The core beside what others do: judging checks beside MLflow's validation, reading a report beside `json.loads`.

    python -m benchmarks.core                                        as in the page
    python -m benchmarks.core --checks 1000 --without-mlflow         fewer checks, ours alone

Both sides take turns, and processor time is counted, which other work on the machine disturbs less than time on the
clock. Judging is timed in a new process on both sides, once the checks and the figures are made.
"""

import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.environments import NotRun, prepare_python, read_versions
from benchmarks.measuring import (
    describe_spread,
    make_parser,
    read_count,
    run_process,
    run_program,
    take_rounds,
    write_result,
)
from checks.evidence import Document, Evidence
from checks.judge import judge
from checks.reports import read_report
from checks.thresholds import Check, Mode, ThresholdFile

MISSING = 1_000  # metrics that no report has, each with a name like one that it has
READING_FACTOR = 4  # how many times `json.loads` reading a report may take
# How much of what `json.loads` holds a report may hold: half of what it held when this was first asked for.
HOLDING_FACTOR = 0.55
_NOW = datetime(2026, 1, 1, tzinfo=UTC)

OUR_RUN = "import sys; from benchmarks.core import judge_once; print(judge_once(int(sys.argv[1])))"
MLFLOW_RUN = """
import sys, time
from types import SimpleNamespace
from mlflow.models import MetricThreshold
from mlflow.models.evaluation.validation import validate_evaluation_results
count = int(sys.argv[1])
thresholds = {f"figure_{n}": MetricThreshold(threshold=0.5, greater_is_better=True) for n in range(count)}
metrics = {f"figure_{n}": 0.6512 for n in range(count)}
started = time.process_time()
validate_evaluation_results(thresholds, SimpleNamespace(metrics=metrics), None)
print(time.process_time() - started)
"""


def time_of(work: Callable[[], object]) -> float:
    """Return the seconds of processor time that `work` takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def read_time(python: Path | str, program: str, checks: int) -> float:
    """Return the seconds of processor time that a program prints, in a process of its own."""
    run = subprocess.run(
        [str(python), "-c", program, str(checks)], check=True, capture_output=True, text=True
    )
    return float(run.stdout.split()[-1])


def bytes_held_by(work: Callable[[], object]) -> int:
    """Return the bytes of what `work` returns, with all that is made for it and kept."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        _kept = work()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def make_content(count: int) -> bytes:
    """Return a report of so many figures with their sample sizes."""
    figures = {f"figure_{number}": {"value": 0.6512, "samples": 300} for number in range(count)}
    return json.dumps({"team_metrics": figures}).encode()


def make_thresholds(count: int, metric: str) -> ThresholdFile:
    """Return a file of so many checks, of which each is about `metric` with its number."""
    checks = (
        Check.model_validate({"name": f"c{n}", "why": "w", "metric": f"{metric}{n}", "at_least": 0.5})
        for n in range(count)
    )
    return ThresholdFile("t", "t.yaml", "0" * 64, ("*",), Mode.ENFORCE, tuple(checks))


def judge_once(count: int) -> float:
    """Return the seconds of processor time that judging takes by so many checks, in a process that did nothing else."""
    thresholds = make_thresholds(count, "team.figure_")
    evidence = Evidence((read_report(Document("r.json", make_content(count))),))
    return time_of(lambda: judge(thresholds, evidence, decided_at=_NOW))


def measure_memory(checks: int) -> float:
    """Return the megabytes of a process that reads a report of so many figures and judges as many checks."""
    return run_process([sys.executable, "-c", OUR_RUN, str(checks)]).largest_mb


def main() -> None:
    """Measure both questions in so many rounds."""
    parser = make_parser("core", __doc__, rounds=5)
    parser.add_argument("--checks", type=read_count, default=100_000, metavar="COUNT")
    parser.add_argument("--without-mlflow", action="store_true")
    given = parser.parse_args()
    mlflow = NotRun("left out") if given.without_mlflow else prepare_python("mlflow")
    content = make_content(given.checks)
    without = make_thresholds(MISSING, "team.figur_")
    few = json.dumps({"team_metrics": {f"figure_{n}": {"value": 0.6} for n in range(MISSING)}}).encode()
    little_evidence = Evidence((read_report(Document("r.json", few)),))
    judged: list[float] = []
    missed: list[float] = []
    by_mlflow: list[float] = []
    read: list[float] = []
    loaded: list[float] = []
    # In turns, so that other work on the machine disturbs all of them.
    for _ in take_rounds(given.rounds):
        judged.append(read_time(sys.executable, OUR_RUN, given.checks))
        missed.append(time_of(lambda: judge(without, little_evidence, decided_at=_NOW).findings[0].reason))
        if not isinstance(mlflow, NotRun):
            by_mlflow.append(read_time(mlflow, MLFLOW_RUN, given.checks))
        loaded.append(time_of(lambda: json.loads(content)))
        read.append(time_of(lambda: read_report(Document("r.json", content))))
    factors = [ours / theirs for ours, theirs in zip(read, loaded, strict=True)]
    # Afterwards, since noting each piece of memory takes time.
    held = bytes_held_by(lambda: read_report(Document("r.json", content))) / given.checks
    held_by_json = bytes_held_by(lambda: json.loads(content)) / given.checks
    write_result(
        "core",
        "python -m benchmarks.core",
        {
            "checks": given.checks,
            "rounds": given.rounds,
            "judging_cpu_seconds": describe_spread(judged),
            "mlflow_cpu_seconds": describe_spread(by_mlflow) if by_mlflow else str(mlflow),
            "missing": MISSING,
            "missing_cpu_seconds": describe_spread(missed, digits=3),
            "reading_cpu_seconds": describe_spread(read),
            "json_loads_cpu_seconds": describe_spread(loaded),
            "reading_by_json_loads": describe_spread(factors),
            "bytes_a_measurement": round(held),
            "json_loads_bytes_a_measurement": round(held_by_json),
            "bytes_by_json_loads": round(held / held_by_json, 2),
            "judging_largest_mb": round(measure_memory(given.checks)),
            "target": {
                "reading_by_json_loads": READING_FACTOR,
                "bytes_by_json_loads": HOLDING_FACTOR,
                "judging": "MLflow's time",
            },
        },
        read_versions("mlflow") if by_mlflow else {},
    )


if __name__ == "__main__":
    run_program(main)
