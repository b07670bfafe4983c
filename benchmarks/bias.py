"""Speed and memory of the bias metrics, side by side with smclarify where it installs.

    python benchmarks/bias.py [--rows 1000000] [--flip-test-rows 30000] [--library PYTHON]

smclarify 0.5 needs pandas < 2, numpy < 1.25 and scikit-learn < 1.3, so it runs in an environment of its own that uv
makes in a temporary folder with Python 3.9 or 3.10; where there is no such Python or no package index, the run says so
and shows our figures alone. Both compute all metrics but FT for the same table, label, predictions and four facets,
group variable included, in turns, and the metrics are compared; FT is timed apart on fewer rows. Memory is that of a
process that loads the table from CSV and computes everything but FT, and of one that computes FT too.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scorers.bias import Facet, Values, bias_report
from scorers.bias.tables import Table

FACETS = ("sex", "region", "band", "veteran")
FEATURES = 6
LIBRARY = ("smclarify==0.5", "pandas<2", "numpy<1.25", "scikit-learn<1.3")
PYTHONS = ("3.10", "3.9")
POST_TRAINING = "post_training_bias_metrics"
PRE_TRAINING = "pre_training_bias_metrics"

LIBRARY_RUN = """
import json, logging, sys, time
logging.disable(logging.CRITICAL)
import pandas as pd
from smclarify.bias.metrics import POSTTRAINING_METRICS, PRETRAINING_METRICS
from smclarify.bias.report import FacetColumn, LabelColumn, StageType, bias_report
path, facets, flip_test = sys.argv[1], sys.argv[2].split(","), sys.argv[3] == "flip_test"
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
print(json.dumps({"seconds": time.perf_counter() - started, "metrics": found}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--flip-test-rows", type=int, default=30_000)
    parser.add_argument("--library", type=Path, help="a Python that has smclarify already")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--table", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.table, arguments.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        library = arguments.library or install_library(Path(folder) / "smclarify")
        for what, rows in (("report", arguments.rows), ("flip_test", arguments.flip_test_rows)):
            path = Path(folder) / f"{what}.csv"
            make_table(rows).to_csv(path, index=False)
            compare(path, rows, what, library)


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


def compare(path: Path, rows: int, what: str, library: Path | None) -> None:
    """Print one line of figures: ours and the library's, in turns, the better of two runs each."""
    print(f"{'All metrics but FT' if what == 'report' else 'FT alone'}, {rows:,} rows, {len(FACETS)} facets:")
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "smclarify": []}
    for _ in range(2):
        runs["ours"].append(run([sys.executable, __file__, "--measure", what, "--table", str(path)]))
        if library is not None:
            runs["smclarify"].append(
                run([str(library), "-c", LIBRARY_RUN, str(path), ",".join(FACETS), what])
            )
    ours = min(runs["ours"], key=lambda figures: figures["seconds"])
    mebibyte = 1024 * 1024
    print(
        f"  ours      {ours['seconds']:9.2f} s; the table takes {ours['table_bytes'] / mebibyte:.0f} MiB, "
        f"loading and computing {ours['peak_bytes'] / mebibyte:.0f} MiB "
        f"({ours['peak_bytes'] / ours['table_bytes']:.2f} times the table)"
    )
    if library is None:
        print("  smclarify did not install here: no comparison")
        return
    theirs = min(runs["smclarify"], key=lambda figures: figures["seconds"])
    print(f"  smclarify {theirs['seconds']:9.2f} s: {theirs['seconds'] / ours['seconds']:.0f} times as long")
    differing = [name for name, value in theirs["metrics"].items() if not same(value, ours["metrics"][name])]
    print(
        f"  {len(theirs['metrics'])} metrics, {len(differing)} of them differ by more than 1e-9 {differing or ''}"
    )


def same(theirs: Any, ours: Any) -> bool:
    if isinstance(theirs, float | int) and isinstance(ours, float | int):
        return math.isclose(theirs, ours, rel_tol=0, abs_tol=1e-9)
    return bool(theirs == ours)


def measure(path: Path, what: str) -> dict[str, Any]:
    """Compute in this process, whose peak memory is then the run's."""
    before = peak_bytes()
    source = Table(path)
    facet_columns = set(FACETS) | {"stratum", "label", "predicted"}
    wanted = [name for name in source.columns if what == "flip_test" or name in facet_columns]
    table = source.load(wanted, categories=facet_columns)
    # The library searches without the other facets and the group variable, so ours is given the same features.
    features = [name for name in wanted if name not in facet_columns]
    started = time.perf_counter()
    document: Any = bias_report(
        table,
        label="label",
        positive=Values((1,)),
        facets=[Facet(name) for name in FACETS],
        predicted="predicted",
        group_variable="stratum",
        features=features,
        with_flip_test=what == "flip_test",
    )
    seconds = time.perf_counter() - started
    metrics = {
        **list_metrics("pre_training", document[PRE_TRAINING]),
        **list_metrics("post_training", document[POST_TRAINING]),
    }
    table_bytes = int(table.memory_usage(deep=True).sum())
    return {
        "seconds": seconds,
        "metrics": metrics,
        "table_bytes": table_bytes,
        "peak_bytes": peak_bytes() - before,
    }


def list_metrics(stage: str, section: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a section of the report by facet, group, stage and metric."""
    values = {}
    for facet, groups in section["facets"].items():
        for group in groups:
            place = f"{facet}={group['value_or_threshold']}.{stage}"
            values.update({f"{place}.{metric['name']}": metric["value"] for metric in group["metrics"]})
    return values


def peak_bytes() -> int:
    """Return the largest resident set of this process so far (ru_maxrss would count what it was forked from)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def run(command: list[str]) -> dict[str, Any]:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"{command[0]} failed:\n{finished.stderr}")
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def install_library(folder: Path) -> Path | None:
    """Return a Python that has smclarify, or `None` where it does not install."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    pyenv = sorted(Path.home().glob(".pyenv/versions/3.10.*/bin/python"))  # uv does not look there by itself
    for version in [*map(str, pyenv[:1]), *PYTHONS] if uv else ():
        python = folder / "bin" / "python"
        steps = (
            ["venv", "--quiet", "--clear", "--python", version, str(folder)],
            ["pip", "install", "--quiet", "--python", str(python), *LIBRARY],
        )
        if all(
            subprocess.run([str(uv), *step], capture_output=True, check=False).returncode == 0
            for step in steps
        ):
            return python
    return None


if __name__ == "__main__":
    main()
