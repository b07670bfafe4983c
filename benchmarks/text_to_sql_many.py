"""Whether a million text-to-SQL pairs are scored in the memory of ten thousand, and as fast.

    python -m benchmarks.text_to_sql_many DATA                 as in the page; it takes minutes, and a gigabyte of disk
    python -m benchmarks.text_to_sql_many DATA --pairs 100000  a tenth of that

DATA is the folder of `python -m benchmarks.text_to_sql`. No two pairs are alike: each gold query and prediction differs
in its white space from all others, so that nothing can be remembered. Each size is scored once, and one pair in so many
rounds, which is nearly all start-up. `make bench` does not run this.
"""

import tempfile
from pathlib import Path

from benchmarks.measuring import (
    make_parser,
    run_program,
    take_rounds,
    tell_progress,
    write_result,
)
from benchmarks.text_to_sql import (
    PAIRS,
    TARGETS,
    describe_distinct,
    make_our_run,
    make_unlike_pairs,
    read_pairs,
    read_size,
    write_pairs,
)

FEW = 10_000


def main() -> None:
    """Score few pairs and many, once each."""
    parser = make_parser("text_to_sql_many", __doc__, rounds=3)
    parser.add_argument("data", type=Path, help="the folder of the Spider pairs with official verdicts")
    parser.add_argument("--pairs", type=read_size, default=1_000_000, metavar="COUNT", help="beside 10,000")
    given = parser.parse_args()
    if not (given.data / PAIRS).is_file():
        parser.error(f"{given.data} holds no {PAIRS}")
    pairs = read_pairs(given.data)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        one = make_our_run(given.data, write_pairs(pairs[:1], work / "one.jsonl"))
        start = [one() for _ in take_rounds(given.rounds)]
        distinct = []
        for size in (FEW, given.pairs):
            tell_progress(f"  {size:,} pairs of which no two are alike")
            path = write_pairs(make_unlike_pairs(pairs, size), work / f"distinct-{size}.jsonl")
            distinct.append(describe_distinct(make_our_run(given.data, path)(), size, start))
    write_result(
        "text_to_sql_many",
        "python -m benchmarks.text_to_sql_many DATA",
        {"rounds": given.rounds, "distinct": distinct, "target": {"steady": TARGETS["steady"]}},
    )


if __name__ == "__main__":
    run_program(main)
