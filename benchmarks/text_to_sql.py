"""How fast text-to-SQL pairs are scored, beside the targets, and that memory does not grow with their number.

    python benchmarks/text_to_sql.py ../shared/data/spider

The pairs are those of `pairs_with_official_verdicts.jsonl`, scored by the command line. First as they are; then over
and over (`--repeated SIZE …`), so that what was scored before can be remembered; then over and over with no two alike
(`--distinct SIZE …`): each gold query and prediction differs in its white space from all others, so that nothing can be
remembered.

Pairs per second are given with start-up (from starting the command to its end) and steady (less what the command takes
for one pair), each with its ratio to the two targets: 1,143, ten times the pairs per second of Spider's command line
(972 in 8.5 s), and 3,352, three times BIRD's (972 in 0.87 s), on two cores. Both are of wall clock. `by CPU` is the
steady figure from the processor time that all processes took, times the number of cores: it depends less on what else
the machine does. `MB` is the largest resident memory of any process.
"""

import argparse
import itertools
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PAIRS = "pairs_with_official_verdicts.jsonl"
BLANKS = " \t"
SHORT = 1_000
TARGETS = (1143, 3352)
COMMAND = (sys.executable, "-c", "from cli.main import main; main()", "score", "text-to-sql")
_RATIOS = " ".join(f"{f'/{target:,.0f}':>7}" for target in TARGETS)
HEADER = (
    f"{'pairs':>9} {'':8} {'seconds':>8} | {'started':>8} {_RATIOS} | {'steady':>8} {_RATIOS} | "
    f"{'by CPU':>8} {_RATIOS} | {'MB':>5}"
)


@dataclass(frozen=True)
class Usage:
    """What one command took: wall clock and processor time in seconds, and resident memory in MB."""

    seconds: float
    processor: float
    memory: float


def read_spider(data: Path) -> list[dict[str, str]]:
    lines = [json.loads(line) for line in (data / PAIRS).read_text(encoding="utf-8").splitlines()]
    return [
        {key: line[key] for key in ("question", "database", "gold_sql", "predicted_sql")} for line in lines
    ]


def make_unlike(sql: str, number: int) -> str:
    """Return `sql` with `number` written in spaces and tabs after its first word: another text, the same query."""
    first, _, rest = sql.partition(" ")
    return first + "".join(BLANKS[int(digit)] for digit in f"{number:b}") + " " + rest


def make_pairs(pairs: list[dict[str, str]], size: int, *, repeated: bool) -> Iterator[dict[str, object]]:
    for number, pair in enumerate(itertools.islice(itertools.cycle(pairs), size)):
        varied = {}
        if not repeated:
            varied = {key: make_unlike(pair[key], number) for key in ("gold_sql", "predicted_sql")}
        yield {
            "id": number,
            **pair,
            **varied,
            "facets": {"database": pair["database"]},
            "latency_seconds": 0.5,
        }


def measure(data: Path, pairs: Iterable[dict[str, object]], workers: int | None) -> Usage:
    """Run the command on `pairs` and return what it and its processes took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(pair) + "\n" for pair in pairs)
        arguments = [*COMMAND, str(path), "--databases", str(data / "databases"), "-o", f"{folder}/evidence"]
        arguments += ["--workers", str(workers)] if workers else []
        silent = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
        started = time.perf_counter()
        process = os.posix_spawn(sys.executable, arguments, os.environ, file_actions=silent)
        _, status, used = os.wait4(process, 0)
        seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"the command failed: {' '.join(arguments)}")
    return Usage(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def divide(pairs: int, seconds: float) -> float:
    """Return pairs per second; NaN where the clock is too coarse to tell the time of one pair from that of all."""
    return pairs / seconds if seconds > 0 else math.nan


def make_line(kind: str, size: int, used: Usage, start: Usage) -> str:
    """Return a line of the table; `start` is what one pair takes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    rates = (
        divide(size, used.seconds),
        divide(size - 1, used.seconds - start.seconds),
        divide(cores * (size - 1), used.processor - start.processor),
    )
    shown = " | ".join(
        f"{each:>8,.0f} " + " ".join(f"{each / target:>7.2f}" for target in TARGETS) for each in rates
    )
    return f"{size:>9,} {kind:8} {used.seconds:>8.2f} | {shown} | {used.memory:>5,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="the folder of the Spider pairs with official verdicts")
    parser.add_argument("--repeated", type=int, nargs="*", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--distinct", type=int, nargs="*", default=[972, 10_000, 100_000])
    parser.add_argument("--workers", type=int, help="processes; default: one a core")
    options = parser.parse_args()
    pairs = read_spider(options.data)

    def run(size: int, *, repeated: bool) -> Usage:
        """Take the median of three runs where they are short, as other work on the machine shows in those."""
        times = 3 if size <= SHORT else 1
        rounds = [
            measure(options.data, make_pairs(pairs, size, repeated=repeated), options.workers)
            for _ in range(times)
        ]
        return Usage(
            *(statistics.median(getattr(one, name) for one in rounds) for name in Usage.__annotations__)
        )

    # First one pair, which is nearly all start-up: the steady figures are what the others take beyond it.
    start = run(1, repeated=True)
    print(f"one pair: {start.seconds:.2f} s, of which {start.processor:.2f} s of processor time\n{HEADER}")
    print(make_line("as it is", len(pairs), run(len(pairs), repeated=True), start), flush=True)
    for kind, sizes in (("repeated", options.repeated), ("distinct", options.distinct)):
        for size in sizes:
            print(make_line(kind, size, run(size, repeated=kind == "repeated"), start), flush=True)


if __name__ == "__main__":
    main()
