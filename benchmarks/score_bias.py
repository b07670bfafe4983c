"""`governance score bias` as a whole process, beside fairlearn on the same table.

    python -m benchmarks.score_bias [--rows 1000000] [--rounds 3] [--fairlearn-rounds 1] [--without-fairlearn]

Both read the same CSV. Ours computes 231 figures without the flip test for four facets; fairlearn computes eight
metrics for each group of the four facets, 88 figures, with `MetricFrame`. fairlearn takes minutes, so that it runs less
often. Beside it a table of 1,000 rows, with the flip test and without.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.bias import FACETS, make_table
from benchmarks.environments import NotRun, prepare_python
from benchmarks.measuring import Spent, describe_runs, describe_spread, run_process, write_result

SMALL = 1_000
FAIRLEARN = """
import sys
import pandas as pd
from fairlearn.metrics import (
    MetricFrame, count, false_negative_rate, false_positive_rate, mean_prediction, selection_rate, true_negative_rate,
    true_positive_rate,
)
from sklearn.metrics import accuracy_score
table, facets = pd.read_csv(sys.argv[1]), sys.argv[2].split(",")
metrics = {one.__name__: one for one in (
    accuracy_score, count, false_negative_rate, false_positive_rate, mean_prediction, selection_rate,
    true_negative_rate, true_positive_rate)}
figures = 0
for facet in facets:
    frame = MetricFrame(
        metrics=metrics, y_true=table["label"], y_pred=table["predicted"], sensitive_features=table[facet])
    figures += frame.by_group.size
print(figures)
"""


def command(table: Path, output: Path, *, flip_test: bool) -> list[str]:
    """Return the command that scores the table."""
    facets = [word for facet in FACETS for word in ("--facet", facet)]
    return [
        str(Path(sys.executable).with_name("governance")), "score", "bias", str(table),
        "--label", "label", "--positive", "1", "--predicted", "predicted", "--group-variable", "stratum",
        *facets, "--flip-test" if flip_test else "--no-flip-test", "-o", str(output),
    ]  # fmt: skip


def main() -> None:
    """Measure the large table and the small one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fairlearn-rounds", type=int, default=1)
    parser.add_argument("--without-fairlearn", action="store_true")
    given = parser.parse_args()
    library = NotRun("left out") if given.without_fairlearn else prepare_python("fairlearn")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        large, small = folder / "large.csv", folder / "small.csv"
        make_table(given.rows).to_csv(large, index=False)
        make_table(SMALL).to_csv(small, index=False)
        ours, theirs = [], []
        kinds: dict[bool, list[Spent]] = {True: [], False: []}
        for turn in range(given.rounds):
            ours.append(run_process(command(large, folder / f"large-{turn}", flip_test=False)))
            if not isinstance(library, NotRun) and turn < given.fairlearn_rounds:
                theirs.append(run_process([str(library), "-c", FAIRLEARN, str(large), ",".join(FACETS)]))
            for flip_test, spent in kinds.items():
                spent.append(
                    run_process(command(small, folder / f"small-{flip_test}-{turn}", flip_test=flip_test))
                )
    figures: dict[str, object] = {
        "rows": given.rows,
        "facets": len(FACETS),
        "rounds": given.rounds,
        "ours": describe_runs(ours),
        "fairlearn": describe_runs(theirs) if theirs else str(library),
        "small_rows": SMALL,
        "small_with_flip_test": describe_runs(kinds[True]),
        "small_without_flip_test": describe_runs(kinds[False]),
    }
    if theirs:
        pairs = list(zip(theirs, ours, strict=False))
        figures["fairlearn_by_ours"] = describe_spread([one.seconds / mine.seconds for one, mine in pairs])
    write_result("score_bias", "python -m benchmarks.score_bias", figures)


if __name__ == "__main__":
    main()
