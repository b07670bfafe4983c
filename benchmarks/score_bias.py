"""`governance score bias` as a whole process, beside fairlearn on the same table.

    python -m benchmarks.score_bias                                  as in the page: fairlearn takes minutes a round
    python -m benchmarks.score_bias --rows 10000 --rounds 1          whether it runs here
    python -m benchmarks.score_bias --without-fairlearn              ours alone

Both read the same CSV. Ours computes its metrics without the flip test for four facets; fairlearn computes eight
metrics for each group of the four facets with `MetricFrame`. Since it takes minutes it runs less often. Beside it a
table of 1,000 rows, with the flip test and without. How many figures each computes is counted in what it wrote.
"""

import json
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bias import FACETS, POST_TRAINING, PRE_TRAINING, list_metrics, make_table
from benchmarks.environments import NotRun, prepare_python, read_versions
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
open(sys.argv[3], "w").write(str(figures))
"""


def command(table: Path, output: Path, *, flip_test: bool) -> list[str]:
    """Return the command that scores the table."""
    facets = [word for facet in FACETS for word in ("--facet", facet)]
    return [
        str(Path(sys.executable).with_name("governance")), "score", "bias", str(table),
        "--label", "label", "--positive", "1", "--predicted", "predicted", "--group-variable", "stratum",
        *facets, "--flip-test" if flip_test else "--no-flip-test", "-o", str(output),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rounds:
    """What the rounds of each side took, and how many figures each computed of the large table."""

    ours: list[Spent] = field(default_factory=list)
    fairlearn: list[Spent] = field(default_factory=list)
    with_flip_test: list[Spent] = field(default_factory=list)
    without_flip_test: list[Spent] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)


def count_figures(output: Path) -> int:
    """Return how many figures an analysis holds that was written to `output`; what was left out is none."""
    analysis = json.loads((output / "analysis.json").read_text())
    values = [list_metrics(kind, analysis[kind]).values() for kind in (PRE_TRAINING, POST_TRAINING)]
    return sum(value is not None for kind in values for value in kind)


def measure(folder: Path, rows: int, rounds: int, fairlearn: Path | NotRun, fairlearn_rounds: int) -> Rounds:
    """Score the large table and the small one in so many rounds, in turns."""
    large, small = folder / "large.csv", folder / "small.csv"
    tell_progress(f"  writing a table of {rows:,} rows")
    make_table(rows).to_csv(large, index=False)
    make_table(SMALL).to_csv(small, index=False)
    found = Rounds()
    for turn in take_rounds(rounds):
        output = folder / f"large-{turn}"
        found.ours.append(run_process(command(large, output, flip_test=False)))
        found.figures["ours"] = count_figures(output)
        if not isinstance(fairlearn, NotRun) and turn < fairlearn_rounds:
            tell_progress("  fairlearn, which takes minutes for a million rows")
            counted = folder / "fairlearn.txt"
            words = [str(large), ",".join(FACETS), str(counted)]
            found.fairlearn.append(run_process([str(fairlearn), "-c", FAIRLEARN, *words]))
            found.figures["fairlearn"] = int(counted.read_text())
        for flip_test, spent in ((True, found.with_flip_test), (False, found.without_flip_test)):
            spent.append(
                run_process(command(small, folder / f"small-{flip_test}-{turn}", flip_test=flip_test))
            )
    return found


def compare(theirs: list[Spent], ours: list[Spent]) -> dict[str, float]:
    """Return how many times as much processor time they take as ours, round by round."""
    pairs = zip(theirs, ours, strict=False)
    return describe_spread([one.cpu_seconds / mine.cpu_seconds for one, mine in pairs], digits=1)


def main() -> None:
    """Measure the large table and the small one."""
    parser = make_parser("score_bias", __doc__, rounds=3)
    parser.add_argument("--rows", type=read_count, default=1_000_000, metavar="COUNT")
    parser.add_argument("--fairlearn-rounds", type=read_count, default=1, metavar="COUNT")
    parser.add_argument("--without-fairlearn", action="store_true")
    given = parser.parse_args()
    fairlearn = NotRun("left out") if given.without_fairlearn else prepare_python("fairlearn")
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), given.rows, given.rounds, fairlearn, given.fairlearn_rounds)
    figures: dict[str, object] = {
        "rows": given.rows,
        "facets": len(FACETS),
        "rounds": given.rounds,
        "figures": found.figures,
        "ours": describe_runs(found.ours),
        "fairlearn": describe_runs(found.fairlearn) if found.fairlearn else str(fairlearn),
        "small_rows": SMALL,
        "small_with_flip_test": describe_runs(found.with_flip_test),
        "small_without_flip_test": describe_runs(found.without_flip_test),
    }
    if found.fairlearn:
        figures["fairlearn_rounds"] = len(found.fairlearn)
        figures["fairlearn_cpu_by_ours"] = compare(found.fairlearn, found.ours)
    versions = read_versions("fairlearn") if found.fairlearn else {}
    write_result("score_bias", "python -m benchmarks.score_bias", figures, versions)


if __name__ == "__main__":
    run_program(main)
