"""How fast text-to-SQL pairs are scored, beside Spider's and BIRD's own evaluators, and what memory it takes.

    python -m benchmarks.text_to_sql DATA --spider DIR --bird DIR    as in the page
    python -m benchmarks.text_to_sql DATA --rounds 1 --distinct 1000 ours alone

DATA is a folder with `pairs_with_official_verdicts.jsonl`, `tables.json` and `databases`. The two directories are
checkouts of the evaluators (the folders of their `evaluation.py`), which run in an environment that is made for them.
Without a directory that side is not run. All are whole processes that take turns, BIRD's with as many processes as
there are cores.

Then as many pairs as --distinct says, no two alike: each gold query and prediction differs in its white space from all
others, so that nothing can be remembered. Ours and BIRD's take turns again, and Spider's, which takes the better part
of a minute, runs once. Steady is what these take beyond a run of few pairs, which is nearly all start-up: of one pair,
and by BIRD's evaluator of three. By processor time it is shared among the cores, and depends less on what else the
machine does.

Last, where the time goes: what the imports before the first pair take, each in a process of its own, and the shares of
what is done for a pair, of pairs that are all unlike.
"""

import argparse
import itertools
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import text_to_sql_parts
from benchmarks.environments import NotRun, prepare_python
from benchmarks.measuring import (
    Spent,
    describe_runs,
    describe_spread,
    make_parser,
    read_count,
    run_process,
    run_program,
    take_rounds,
    tell_progress,
    write_result,
)

PAIRS = "pairs_with_official_verdicts.jsonl"
BLANKS = " \f"  # a tab would part the columns of what the evaluators read
TARGETS = {"with_start": 1143, "steady": 3352, "by_spider": 10, "by_bird": 3}
NOT_RUN = "not run"
FEWEST = {"ours": 1, "spider": 1, "bird": 3}  # BIRD's divides by the number of pairs of each of three kinds
UNLIKE = 2_000  # pairs of which the parts are measured
LEAST_UNLIKE = 1_000  # of fewer, what they take beyond the start cannot be told from it
CORES = len(os.sched_getaffinity(0))
# `word_tokenize` splits into sentences first, by a model that is a download of its own; SQL is one sentence.
SPIDER_RUN = """
import nltk, runpy, sys
nltk.word_tokenize = nltk.tokenize.NLTKWordTokenizer().tokenize
sys.path.insert(0, sys.argv[1].rpartition("/")[0])
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

Pair = dict[str, str]


def read_pairs(data: Path) -> list[Pair]:
    """Return the pairs, each query on one line as the evaluators read them."""
    lines = [json.loads(line) for line in (data / PAIRS).read_text(encoding="utf-8").splitlines()]
    keys = ("question", "database", "gold_sql", "predicted_sql")
    return [{key: " ".join(line[key].split()) for key in keys} for line in lines]


def make_unlike(sql: str, number: int) -> str:
    """Return `sql` with `number` written in blanks after its first word: another text, the same query."""
    first, _, rest = sql.partition(" ")
    return first + "".join(BLANKS[int(digit)] for digit in f"{number:b}") + " " + rest


def make_unlike_pairs(pairs: list[Pair], size: int) -> Iterator[Pair]:
    """Yield as many pairs as asked for, no two of them alike."""
    for number, pair in enumerate(itertools.islice(itertools.cycle(pairs), size)):
        yield pair | {key: make_unlike(pair[key], number) for key in ("gold_sql", "predicted_sql")}


def write_pairs(pairs: Iterable[Pair], path: Path) -> Path:
    """Write pairs as the command reads them."""
    with path.open("w", encoding="utf-8") as file:
        for number, pair in enumerate(pairs):
            rest = {"facets": {"database": pair["database"]}, "latency_seconds": 0.5}
            file.write(json.dumps({"id": number, **pair, **rest}) + "\n")
    return path


def make_our_run(data: Path, pairs: Path) -> Callable[[], Spent]:
    """Return what scores a file by the command line, each time into a folder that is not there."""
    command = [str(Path(sys.executable).with_name("governance")), "score", "text-to-sql", str(pairs)]
    numbers = itertools.count()

    def run() -> Spent:
        folder = pairs.with_suffix(f".evidence-{next(numbers)}")
        return run_process([*command, "--databases", str(data / "databases"), "-o", str(folder)])

    return run


def make_spider_run(
    python: Path, checkout: Path, data: Path, pairs: list[Pair], work: Path
) -> Callable[[], Spent]:
    """Return what scores the same by Spider's evaluator: execution and exact set match."""
    gold = "".join(f"{pair['gold_sql']}\t{pair['database']}\n" for pair in pairs)
    (work / "gold.txt").write_text(gold, encoding="utf-8")
    predicted = "".join(pair["predicted_sql"] + "\n" for pair in pairs)
    (work / "predicted.txt").write_text(predicted, encoding="utf-8")
    files = [
        "--gold",
        f"{work}/gold.txt",
        "--pred",
        f"{work}/predicted.txt",
        "--table",
        f"{data}/tables.json",
    ]
    command = [str(python), "-c", SPIDER_RUN, f"{checkout}/evaluation.py", "--etype", "all", *files]
    return lambda: run_process([*command, "--db", f"{work.parent}/databases"])


def make_bird_run(python: Path, checkout: Path, pairs: list[Pair], work: Path) -> Callable[[], Spent]:
    """Return what scores the same by BIRD's evaluator: its execution accuracy."""
    predicted = {
        str(number): f"{pair['predicted_sql']}\t----- bird -----\t{pair['database']}"
        for number, pair in enumerate(pairs)
    }
    (work / "predict_dev.json").write_text(json.dumps(predicted), encoding="utf-8")
    gold = "".join(f"{pair['gold_sql']}\t{pair['database']}\n" for pair in pairs)
    (work / "dev_gold.sql").write_text(gold, encoding="utf-8")
    kinds = [{"difficulty": kind} for kind in ("simple", "moderate", "challenging")]
    levels = [kind for _, kind in zip(pairs, itertools.cycle(kinds), strict=False)]
    (work / "levels.json").write_text(json.dumps(levels), encoding="utf-8")
    command = [str(python), f"{checkout}/evaluation.py", "--data_mode", "dev", "--num_cpus", str(CORES)]
    command += ["--predicted_sql_path", f"{work}/", "--ground_truth_path", f"{work}/"]
    return lambda: run_process(
        [*command, "--db_root_path", f"{work.parent}/databases/", "--diff_json_path", f"{work}/levels.json"]
    )


def lay_out_databases(data: Path, work: Path) -> None:
    """Link the databases as both evaluators look for them: each in a folder of its own."""
    for database in (data / "databases").glob("*.sqlite"):
        folder = work / "databases" / database.stem
        folder.mkdir(parents=True)
        (folder / database.name).symlink_to(database.resolve())


def describe_scoring(runs: list[Spent], pairs: int) -> dict[str, Any]:
    """Return what the rounds took, and what that comes to."""
    rate = describe_spread([pairs / run.seconds for run in runs], digits=0)
    return {**describe_runs(runs), "pairs_per_second": rate}


def read_size(word: str) -> int:
    """Return how many unlike pairs an option asks for.

    Raises:
        ArgumentTypeError: it is no number, or too small a one.
    """
    size = read_count(word)
    if size < LEAST_UNLIKE:
        raise argparse.ArgumentTypeError(f"{word} is below {LEAST_UNLIKE:,}, the fewest that say something")
    return size


def describe_distinct(run: Spent, pairs: int, start: list[Spent], fewest: int = 1) -> dict[str, Any]:
    """Return what a run of pairs takes beyond its start, a pair; the start is that of runs of the `fewest`."""
    beyond = run.seconds - min(one.seconds for one in start)
    beyond_by_cpu = run.cpu_seconds - min(one.cpu_seconds for one in start)
    return {
        "pairs": pairs,
        "seconds": round(run.seconds, 2),
        "with_start": round(pairs / run.seconds),
        "steady": round((pairs - fewest) / beyond),
        "steady_by_cpu": round(CORES * (pairs - fewest) / beyond_by_cpu),
        "largest_mb": round(run.largest_mb),
    }


def compare(ours: list[Spent], theirs: list[Spent]) -> dict[str, Any] | str:
    """Return how many times as many pairs a second ours scores, round by round."""
    if not theirs:
        return NOT_RUN
    times = [other.seconds / own.seconds for own, other in zip(ours, theirs, strict=True)]
    by_cpu = [other.cpu_seconds / own.cpu_seconds for own, other in zip(ours, theirs, strict=True)]
    return {"times": describe_spread(times, 1), "times_by_cpu": describe_spread(by_cpu, 1)}


def make_runs(
    given: argparse.Namespace, evaluators: Path | NotRun, pairs: list[Pair], work: Path
) -> dict[str, Callable[[], Spent]]:
    """Return what scores the pairs on each side: ours, and the evaluators of which there is a checkout."""
    work.mkdir()
    sides = {"ours": make_our_run(given.data, write_pairs(pairs, work / "pairs.jsonl"))}
    if not isinstance(evaluators, NotRun) and given.spider is not None:
        sides["spider"] = make_spider_run(evaluators, given.spider, given.data, pairs, work)
    if not isinstance(evaluators, NotRun) and given.bird is not None:
        sides["bird"] = make_bird_run(evaluators, given.bird, pairs, work)
    return sides


def measure_distinct(
    runs: Mapping[str, Callable[[], Spent]], size: int, starts: Mapping[str, list[Spent]], rounds: int
) -> dict[str, Any]:
    """Return what each side takes of so many pairs that are unlike: Spider's once, the others in turns."""
    tell_progress(f"  {size:,} pairs of which no two are alike")
    took: dict[str, list[Spent]] = {side: [] for side in runs}
    for number in take_rounds(rounds):
        for side, run in runs.items():
            if side != "spider" or number == 0:
                took[side].append(run())
    found = {
        side: describe_distinct(find_median(spent), size, starts[side], FEWEST[side])
        for side, spent in took.items()
    }
    return {**found.pop("ours"), "evaluators": found}


def find_median(runs: Sequence[Spent]) -> Spent:
    """Return the run of the median time; of two in the middle, the quicker."""
    return sorted(runs, key=lambda run: run.seconds)[(len(runs) - 1) // 2]


def main() -> None:
    """Measure all sides in so many rounds."""
    parser = make_parser("text_to_sql", __doc__, rounds=3)
    parser.add_argument("data", type=Path, help="the folder of the Spider pairs with official verdicts")
    parser.add_argument("--spider", type=Path, help="a checkout of taoyds/test-suite-sql-eval")
    parser.add_argument("--bird", type=Path, help="the folder of BIRD's evaluation.py")
    parser.add_argument("--distinct", type=read_size, nargs="*", default=[10_000], metavar="COUNT")
    given = parser.parse_args()
    if not (given.data / PAIRS).is_file():
        parser.error(f"{given.data} holds no {PAIRS}")
    for checkout in (given.spider, given.bird):
        if checkout is not None and not (checkout / "evaluation.py").is_file():
            parser.error(f"{checkout} holds no evaluation.py")
    pairs = read_pairs(given.data)
    wanted = given.spider is not None or given.bird is not None
    evaluators = prepare_python("sql_evaluators") if wanted else NotRun("no checkout was given")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        lay_out_databases(given.data, work)
        sides = make_runs(given, evaluators, pairs, work / "pairs")
        few = {
            side: make_runs(given, evaluators, pairs[: FEWEST[side]], work / f"few-{side}")[side]
            for side in sides
        }
        runs: dict[str, list[Spent]] = {name: [] for name in ("ours", "spider", "bird")}
        starts: dict[str, list[Spent]] = {name: [] for name in sides}
        # In turns, so that other work on the machine disturbs all of them.
        for _ in take_rounds(given.rounds):
            for name, run in sides.items():
                starts[name].append(few[name]())
                runs[name].append(run())
        distinct = [
            measure_distinct(
                make_runs(given, evaluators, [*make_unlike_pairs(pairs, size)], work / f"distinct-{size}"),
                size,
                starts,
                given.rounds,
            )
            for size in given.distinct
        ]
    write_result(
        "text_to_sql",
        "python -m benchmarks.text_to_sql DATA --spider DIR --bird DIR",
        {
            "pairs": len(pairs),
            "rounds": given.rounds,
            "start": describe_scoring(starts["ours"], 1),
            "ours": describe_scoring(runs["ours"], len(pairs)),
            "spider": describe_scoring(runs["spider"], len(pairs)) if runs["spider"] else NOT_RUN,
            "bird": describe_scoring(runs["bird"], len(pairs)) if runs["bird"] else NOT_RUN,
            "by_spider": compare(runs["ours"], runs["spider"]),
            "by_bird": compare(runs["ours"], runs["bird"]),
            "distinct": distinct,
            "imports": text_to_sql_parts.measure_imports(given.rounds),
            "parts": text_to_sql_parts.measure_pairs(given.data, make_unlike_pairs(pairs, UNLIKE)),
            "target": TARGETS,
        },
    )


if __name__ == "__main__":
    run_program(main)
