"""Clarify's bias metrics beside smclarify, the library that defines them: how long each computes, and what comes out.

    python -m benchmarks.bias                                        as in the page
    python -m benchmarks.bias --rows 10000 --flip-test-rows 1000 --rounds 1      whether it runs here

smclarify 0.5 needs pandas < 2, numpy < 1.25 and scikit-learn < 1.3, so its environment is of Python 3.10. Both read the
same CSV, each in a process of its own, and compute all metrics but FT by four facets with a group variable; FT is
computed apart, on fewer rows. The seconds are those of computing; processor time and memory are of the whole process.
"""

import json
import math
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

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
from scorers.bias import Facet, Values, bias_report
from scorers.bias.tables import Table

FACETS = ("sex", "region", "band", "veteran")
FEATURES = 6
PYTHON = "3.10"  # of smclarify
REPORT, FLIP_TEST = "report", "flip test"
MOST_DIFFERENCE = 1e-9
POST_TRAINING = "post_training_bias_metrics"
PRE_TRAINING = "pre_training_bias_metrics"

OURS = "import sys; from benchmarks.bias import write_ours; write_ours(*sys.argv[1:])"
SMCLARIFY = """
import json, logging, sys, time
logging.disable(logging.CRITICAL)
import pandas as pd
from smclarify.bias.metrics import POSTTRAINING_METRICS, PRETRAINING_METRICS
from smclarify.bias.report import FacetColumn, LabelColumn, StageType, bias_report
path, facets, flip_test = sys.argv[1], sys.argv[2].split(","), sys.argv[3] == "flip test"
table = pd.read_csv(path)
for facet in facets:
    table[facet] = table[facet].astype("category")
group = table.pop("stratum")
names = {
    StageType.PRE_TRAINING: [] if flip_test else [metric.__name__ for metric in PRETRAINING_METRICS],
    StageType.POST_TRAINING: ["FT"] if flip_test else [m.__name__ for m in POSTTRAINING_METRICS if m.__name__ != "FT"],
}
started = time.perf_counter()
found = {
    f"{facet}={group_report['value_or_threshold']}.{stage.value}.{metric['name']}": metric["value"]
    for facet in facets
    for stage, metrics in names.items() if metrics
    for group_report in bias_report(
        table.drop(columns=[other for other in facets if other != facet]), FacetColumn(facet),
        LabelColumn("label", table["label"], [1]), stage, LabelColumn("predicted", table["predicted"]),
        metrics=metrics, group_variable=group)
    for metric in group_report["metrics"]
}
json.dump({"seconds": time.perf_counter() - started, "metrics": found}, open(sys.argv[4], "w"))
"""


@dataclass(slots=True)
class Side:
    """What one side took for a table in each round, and the metrics that it came to."""

    spent: list[Spent] = field(default_factory=list)
    computing_seconds: list[float] = field(default_factory=list)
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def run(self, command: Sequence[str], output: Path) -> None:
        """Run a command that writes its figures to `output`."""
        self.spent.append(run_process([*command, str(output)]))
        figures = json.loads(output.read_text())
        self.computing_seconds.append(figures["seconds"])
        self.metrics = figures["metrics"]

    def describe(self) -> dict[str, object]:
        """Return what the rounds took."""
        return {"computing_seconds": describe_spread(self.computing_seconds), **describe_runs(self.spent)}


def make_table(rows: int) -> pd.DataFrame:
    random = np.random.default_rng(20240601)
    label = random.random(rows) < 0.3
    predicted = np.where(random.random(rows) < 0.8, label, ~label)
    facets = {
        "sex": random.integers(0, 2, rows),
        "region": random.choice(["north", "south", "east", "west"], rows),
        "band": random.choice(["18-30", "31-50", "51+"], rows),
        "veteran": random.integers(0, 2, rows),
    }
    features = {f"feature_{index}": random.normal(size=rows).round(6) for index in range(FEATURES)}
    return pd.DataFrame({
        **facets, **features, "stratum": random.integers(0, 20, rows),
        "label": label.astype(int), "predicted": predicted.astype(int),
    })  # fmt: skip


def write_ours(table: str, facets: str, what: str, output: str) -> None:
    """Compute the metrics of a table, and write them with the seconds that it took."""
    columns = [*facets.split(","), "stratum", "label", "predicted"]
    source = Table(Path(table))
    # The library searches without the other facets and the group variable, so ours is given the same features.
    others = [name for name in source.columns if name not in columns]
    features = others if what == FLIP_TEST else []
    loaded = source.load([*columns, *features], categories=columns)
    if what == FLIP_TEST:
        import_module("sklearn.neighbors")  # as the library has it before it begins
    started = time.perf_counter()
    document: Any = bias_report(
        loaded,
        label="label",
        positive=Values((1,)),
        facets=[Facet(name) for name in facets.split(",")],
        predicted="predicted",
        group_variable="stratum",
        features=features,
        with_flip_test=what == FLIP_TEST,
    )
    seconds = time.perf_counter() - started
    metrics = {
        **list_metrics("pre_training", document[PRE_TRAINING]),
        **list_metrics("post_training", document[POST_TRAINING]),
    }
    Path(output).write_text(json.dumps({"seconds": seconds, "metrics": metrics}))


def list_metrics(stage: str, section: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a section of the report by facet, group, stage and metric."""
    values = {}
    for facet, groups in section["facets"].items():
        for group in groups:
            place = f"{facet}={group['value_or_threshold']}.{stage}"
            values.update({f"{place}.{metric['name']}": metric["value"] for metric in group["metrics"]})
    return values


def compare(what: str, rows: int, rounds: int, folder: Path, library: Path | NotRun) -> dict[str, object]:
    """Compute the metrics of a table by both sides in so many rounds, in turns, and return what came of it."""
    table = folder / f"{what}.csv"
    tell_progress(f"  {what}: a table of {rows:,} rows")
    make_table(rows).to_csv(table, index=False)
    ours, theirs = Side(), Side()
    words = [str(table), ",".join(FACETS), what]
    for _ in take_rounds(rounds):
        ours.run([sys.executable, "-c", OURS, *words], folder / "ours.json")
        if not isinstance(library, NotRun):
            theirs.run([str(library), "-c", SMCLARIFY, *words], folder / "smclarify.json")
    found: dict[str, object] = {"rows": rows, "ours": ours.describe(), "smclarify": str(library)}
    if theirs.spent:
        pairs = zip(theirs.computing_seconds, ours.computing_seconds, strict=True)
        found["smclarify"] = theirs.describe()
        found["smclarify_by_ours"] = describe_spread([one / mine for one, mine in pairs], digits=1)
        found["metrics"] = len(theirs.metrics)
        found["differing"] = list_differing(theirs.metrics, ours.metrics)
    return found


def list_differing(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Return the names of their metrics that ours are not equal to, but for rounding."""
    return [name for name, value in theirs.items() if not is_same(value, ours[name])]


def is_same(theirs: Any, ours: Any) -> bool:
    """Whether two values are the same number, but for rounding, or the same text."""
    if isinstance(theirs, float | int) and isinstance(ours, float | int):
        return math.isclose(theirs, ours, rel_tol=0, abs_tol=MOST_DIFFERENCE)
    return bool(theirs == ours)


def main() -> None:
    """Compute all metrics but FT of a table, and FT of a smaller one, by both sides."""
    parser = make_parser("bias", __doc__, rounds=3)
    parser.add_argument("--rows", type=read_count, default=1_000_000, metavar="COUNT")
    parser.add_argument("--flip-test-rows", type=read_count, default=30_000, metavar="COUNT")
    given = parser.parse_args()
    library = prepare_python("smclarify", version=PYTHON)
    with tempfile.TemporaryDirectory() as folder:
        tables = {
            what: compare(what, rows, given.rounds, Path(folder), library)
            for what, rows in ((REPORT, given.rows), (FLIP_TEST, given.flip_test_rows))
        }
    versions = {} if isinstance(library, NotRun) else read_versions("smclarify")
    figures = {"rounds": given.rounds, "facets": len(FACETS), "tables": tables}
    write_result("bias", "python -m benchmarks.bias", figures, versions)


if __name__ == "__main__":
    run_program(main)
