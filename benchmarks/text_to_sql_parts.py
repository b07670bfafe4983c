"""Where the processor time of scoring text-to-SQL pairs goes: before the first pair, and for each."""

import gc
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import patch

from benchmarks.measuring import describe_spread, run_process
from scorers.text_to_sql.engines.databases import Databases, open_engine
from scorers.text_to_sql.engines.query_engine import QueryLimits
from scorers.text_to_sql.engines.sqlite import SqliteEngine
from scorers.text_to_sql.running import pair_scorer
from scorers.text_to_sql.running.pair_scorer import PairScorer, ScoringMemory

Pair = dict[str, str]
# What is imported before the first pair, each beyond what an interpreter takes that imports nothing.
IMPORTS = {
    "the command line, typer with it": "import cli.main",
    "what reads pairs and writes evidence": "import scorers.text_to_sql.score",
    # As the process does it that workers are forked from.
    "what runs and reads queries, sqlglot with it, in another process": """
from scorers.text_to_sql.running.late_metadata import replaced_metadata
with replaced_metadata():
    import scorers.text_to_sql.running.query_worker
""",
}
# None of these calls another of them.
_PARTS: dict[str, tuple[tuple[object, str], ...]] = {
    "the database runs the queries": ((SqliteEngine, "run"),),
    "Spider's parser reads them": ((pair_scorer, "parse_spider_sql"),),
    "what it read of them is compared": ((pair_scorer, "is_component_match"),),
    "results are compared": ((pair_scorer, "is_execution_match"), (pair_scorer, "is_bird_match")),
    "a prediction is looked over: is it plain?": ((pair_scorer, "is_plain_query"),),
    "sqlglot reads a prediction that is not": ((pair_scorer, "read_sql"),),
    "texts are changed as Spider's evaluator does, and cut": (
        *((pair_scorer, name) for name in ("write_spider_text", "cut_out_statement", "find_unsafe_reason")),
    ),
}
_REST = "all else: remembering, and what is said of a pair"


def measure_imports(rounds: int) -> dict[str, dict[str, float]]:
    """Return the processor time in seconds that each group of imports takes of a process of its own."""
    alone = [_spend("pass") for _ in range(rounds)]
    found = {"an interpreter that imports nothing": describe_spread(alone)}
    for part, program in IMPORTS.items():
        found[part] = describe_spread([max(0.0, _spend(program) - min(alone)) for _ in range(rounds)])
    return found


def _spend(program: str) -> float:
    return run_process([sys.executable, "-c", f"import gc; gc.disable()\n{program}"]).cpu_seconds


def measure_pairs(data: Path, pairs: Iterable[Pair]) -> dict[str, Any]:
    """Score pairs in this process, and return microseconds a pair and the shares of the parts in per cent."""
    databases = Databases(str(data / "databases"))
    memory = ScoringMemory()
    spent: dict[str, float] = defaultdict(float)
    scorers: dict[str, PairScorer] = {}
    scored = 0
    with ExitStack() as open_until_the_end, _counted(spent):
        gc.collect()
        started = process_time()
        for pair in pairs:
            name = pair["database"]
            if name not in scorers:
                engine = open_engine(databases.find(name), QueryLimits())
                scorers[name] = PairScorer(engine, memory=memory, name=name)
                open_until_the_end.callback(scorers[name].close)
            scorers[name].score(pair["gold_sql"], pair["predicted_sql"])
            scored += 1
        whole = process_time() - started
    spent[_REST] = whole - sum(spent.values())
    shares = {part: round(100 * spent[part] / whole) for part in (*_PARTS, _REST)}
    return {"pairs": scored, "microseconds": round(1e6 * whole / scored), "shares": shares}


@contextmanager
def _counted(spent: dict[str, float]) -> Iterator[None]:
    """Let the calls of each part count what they take for it."""
    with ExitStack() as stack:
        for part, calls in _PARTS.items():
            for owner, name in calls:
                timed = _time_calls(getattr(owner, name), part, spent)
                stack.enter_context(patch.object(owner, name, timed))
        yield


def _time_calls(function: Callable[..., Any], part: str, spent: dict[str, float]) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        started = process_time()
        try:
            return function(*arguments, **named)
        finally:
            spent[part] += process_time() - started

    return run
