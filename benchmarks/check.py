"""`governance check` as a whole process, beside what others take for checks of twenty figures.

    python -m benchmarks.check                                       as in the page: some minutes
    python -m benchmarks.check --rounds 1 --without deepchecks       fewer of it

Each side is started anew, reads its input from files, holds twenty figures against twenty limits that all are met, and
ends; none reports its use to its makers, which would be a wait for the network. Ours reads four reports and a threshold
file. MLflow validates the figures of an evaluation. Soda scans a table of DuckDB with the figures as its columns; Great
Expectations, deepchecks and Evidently look at a data frame of them, read from CSV; promptfoo asserts twenty figures of
the answer of a provider that echoes a file. An interpreter that imports pydantic and PyYAML is what nothing built on
them can be quicker than; one that makes a model, for which pydantic imports most of it, is beside it. The sides take
turns; ours and the interpreters, which are quick, seven in each round, of which the one in the middle counts.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.environments import NotRun, prepare_node, prepare_python, read_versions
from benchmarks.measuring import (
    Spent,
    describe_failure,
    describe_runs,
    describe_spread,
    make_parser,
    run_process,
    run_program,
    take_rounds,
    tell_progress,
    write_result,
)

OURS = "governance check"
REPORTS, CHECKS = 4, 20
TURNS = range(7)  # of each round, by what takes a fraction of a second: one run of it says little
MOST_BARE_INTERPRETERS = 2.6  # how many times the bare interpreter ours is to take
NAMES = [f"figure_{number}" for number in range(CHECKS)]
VALUE, LIMIT = 0.9, 0.5
# By which each alternative keeps from reporting that it was used, and from asking whether there is a newer one.
QUIET = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GX_ANALYTICS_ENABLED": "false",
    "DISABLE_LATEST_VERSION_CHECK": "true",
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
}

MODEL = """
import pydantic, yaml
class Model(pydantic.BaseModel):
    value: int
"""
MLFLOW = """
import json, sys
from types import SimpleNamespace
from mlflow.models import MetricThreshold
from mlflow.models.evaluation.validation import validate_evaluation_results
metrics = json.load(open(sys.argv[1]))
limits = {name: MetricThreshold(threshold=0.5, greater_is_better=True) for name in metrics}
validate_evaluation_results(limits, SimpleNamespace(metrics=metrics), None)
"""
GREAT_EXPECTATIONS = """
import sys
import great_expectations as gx
import pandas as pd
frame = pd.read_csv(sys.argv[1])
context = gx.get_context(mode="ephemeral")
batch = context.data_sources.add_pandas("figures").add_dataframe_asset("all")
batch = batch.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
suite = gx.ExpectationSuite(name="limits", expectations=[
    gx.expectations.ExpectColumnMinToBeBetween(column=name, min_value=0.5) for name in frame.columns])
sys.exit(0 if batch.validate(suite).success else 1)
"""
EVIDENTLY = """
import sys
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import MinValue
from evidently.tests import gte
frame = pd.read_csv(sys.argv[1])
data = Dataset.from_pandas(frame, data_definition=DataDefinition(numerical_columns=list(frame.columns)))
found = Report([MinValue(column=name, tests=[gte(0.5)]) for name in frame.columns]).run(data)
sys.exit(0 if all(test["status"] == "SUCCESS" for test in found.dict()["tests"]) else 1)
"""
DEEPCHECKS = """
import sys
import pandas as pd
from deepchecks.core import CheckResult, ConditionCategory, ConditionResult
from deepchecks.tabular import Dataset, SingleDatasetCheck, Suite
class Least(SingleDatasetCheck):
    def __init__(self, column):
        super().__init__()
        self.column = column
    def run_logic(self, context, dataset_kind):
        return CheckResult(float(context.get_data_by_kind(dataset_kind).data[self.column].min()))
def judge(value):
    return ConditionResult(ConditionCategory.PASS if value >= 0.5 else ConditionCategory.FAIL)
frame = pd.read_csv(sys.argv[1])
suite = Suite("limits", *[Least(name).add_condition("at least 0.5", judge) for name in frame.columns])
sys.exit(0 if suite.run(Dataset(frame, cat_features=[])).passed() else 1)
"""
SODA_SOURCE = """
data_source figures:
  type: duckdb
  path: {path}
"""
SODA_TABLE = """
import json, sys
import duckdb
figures = json.load(open(sys.argv[1]))
columns = ", ".join(f"{value} AS {name}" for name, value in figures.items())
duckdb.connect(sys.argv[2]).execute(f"CREATE TABLE figures AS SELECT {columns}")
"""


def write_ours(folder: Path) -> list[str]:
    """Write four reports and a threshold file, and return the command that holds one against the other."""
    evidence = folder / "evidence"
    evidence.mkdir()
    for number in range(REPORTS):
        figures = {name: {"value": VALUE} for name in NAMES[number::REPORTS]}
        (evidence / f"report-{number}.json").write_text(json.dumps({"team_metrics": figures}))
    checks = "".join(
        f"  - {{name: {name}, why: It is needed., metric: team.{name}, at_least: {LIMIT}}}\n"
        for name in NAMES
    )
    thresholds = folder / "thresholds.yaml"
    thresholds.write_text(f"name: limits\napplies_to: {{model_package_groups: ['*']}}\nchecks:\n{checks}")
    governance = Path(sys.executable).with_name("governance")
    return [str(governance), "check", str(thresholds), "--evidence", str(evidence)]


def write_python(program: str, given: str) -> Callable[[Path, Path], list[str]]:
    """Return what makes the command that runs `program` by a Python on the file `given`."""

    def make(python: Path, folder: Path) -> list[str]:
        return [str(python), "-c", program, str(folder / given)]

    return make


def write_soda(python: Path, folder: Path) -> list[str]:
    database, source, checks = (folder / name for name in ("figures.duckdb", "source.yml", "checks.yml"))
    subprocess.run([str(python), "-c", SODA_TABLE, str(folder / "figures.json"), str(database)], check=True)
    source.write_text(SODA_SOURCE.format(path=database))
    checks.write_text("checks for figures:\n" + "".join(f"  - min({name}) >= {LIMIT}\n" for name in NAMES))
    soda = python.with_name("soda")
    return [str(soda), "scan", "-d", "figures", "-c", str(source), str(checks)]


def write_promptfoo(command: Path, folder: Path) -> list[str]:
    limits = [{"type": "javascript", "value": f"JSON.parse(output).{name} >= {LIMIT}"} for name in NAMES]
    configuration = {
        "prompts": ["{{answer}}"],
        "providers": ["echo"],
        "tests": [{"vars": {"answer": f"file://{folder / 'figures.txt'}"}, "assert": limits}],
    }
    path = folder / "promptfooconfig.json"
    path.write_text(json.dumps(configuration))
    quiet = ["--no-cache", "--no-write", "--no-table", "--no-progress-bar"]
    return [str(command), "eval", "-c", str(path), *quiet]


# How each side's command is made, by its name and what its environment is made from.
ALTERNATIVES: dict[str, Callable[[Path, Path], list[str]]] = {
    "mlflow": write_python(MLFLOW, "figures.json"),
    "soda": write_soda,
    "great_expectations": write_python(GREAT_EXPECTATIONS, "figures.csv"),
    "evidently": write_python(EVIDENTLY, "figures.csv"),
    "deepchecks": write_python(DEEPCHECKS, "figures.csv"),
    "promptfoo": write_promptfoo,
}


def make_environment(folder: Path) -> dict[str, str]:
    """Return the environment of all sides: they keep what they keep in `folder`, and use no network."""
    home = folder / "home"
    (home / ".soda").mkdir(parents=True, exist_ok=True)
    (home / ".soda" / "config.yml").write_text("send_anonymous_usage_stats: false\n")
    return {**os.environ, **QUIET, "HOME": str(home), "PROMPTFOO_CONFIG_DIR": str(home / "promptfoo")}


def prepare(folder: Path, without: Sequence[str]) -> dict[str, list[str] | NotRun]:
    """Return the command of each side, or why it is not run."""
    figures = json.dumps(dict.fromkeys(NAMES, VALUE))
    (folder / "figures.json").write_text(figures)
    (folder / "figures.txt").write_text(
        figures
    )  # promptfoo would read a file that ends with .json as a structure
    (folder / "figures.csv").write_text(",".join(NAMES) + "\n" + ",".join([str(VALUE)] * CHECKS) + "\n")
    commands: dict[str, list[str] | NotRun] = {
        OURS: write_ours(folder),
        "pydantic and PyYAML": [sys.executable, "-c", "import pydantic, yaml"],
        "pydantic with a model, PyYAML": [sys.executable, "-c", MODEL],
    }
    for name, make in ALTERNATIVES.items():
        if name in without:
            commands[name] = NotRun("left out by --without")
            continue
        made = prepare_node(name) if name == "promptfoo" else prepare_python(name)
        commands[name] = made if isinstance(made, NotRun) else make(made, folder)
    return commands


def measure(
    commands: Mapping[str, list[str] | NotRun], rounds: int, environment: Mapping[str, str]
) -> dict[str, object]:
    """Run the sides in turns, each once before it counts, and return what they took."""
    runs = {name: command for name, command in commands.items() if not isinstance(command, NotRun)}
    not_run = {name: command for name, command in commands.items() if isinstance(command, NotRun)}
    tell_progress("  each once before it counts")
    for name, command in list(runs.items()):
        try:
            run_process(command, environment)
        except subprocess.CalledProcessError as error:
            not_run[name] = NotRun(f"ends with {describe_failure(error)}")
            del runs[name]
    found: dict[str, list[Spent]] = {name: [] for name in runs}
    quick = {name: command for name, command in runs.items() if name not in ALTERNATIVES}
    for _ in take_rounds(rounds):
        repeated = [
            {name: run_process(command, environment) for name, command in quick.items()} for _ in TURNS
        ]
        for name, command in runs.items():
            if name in quick:
                found[name].append(find_middle([turn[name] for turn in repeated]))
            else:
                found[name].append(run_process(command, environment))
    return {name: str(not_run[name]) if name in not_run else describe_side(name, found) for name in commands}


def find_middle(runs: Sequence[Spent]) -> Spent:
    """Return the run in the middle, by processor time."""
    return sorted(runs, key=lambda run: run.cpu_seconds)[len(runs) // 2]


def describe_side(name: str, found: Mapping[str, list[Spent]]) -> dict[str, object]:
    """Return what the rounds of a side took, and how many times as much as ours."""
    pairs = zip(found[name], found[OURS], strict=True)
    ratios = [one.cpu_seconds / mine.cpu_seconds for one, mine in pairs]
    return {**describe_runs(found[name]), "cpu_by_ours": describe_spread(ratios, digits=3)}


def main() -> None:
    """Measure all sides in so many rounds."""
    parser = make_parser("check", __doc__, rounds=5)
    names = ", ".join(ALTERNATIVES)
    parser.add_argument(
        "--without", action="append", default=[], choices=ALTERNATIVES, metavar="NAME", help=f"of {names}"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        commands = prepare(folder, given.without)
        sides = measure(commands, given.rounds, make_environment(folder))
    figures = {"checks": CHECKS, "reports": REPORTS, "rounds": given.rounds, "sides": sides}
    target = {"bare_interpreters": MOST_BARE_INTERPRETERS}
    versions = read_versions(*(name for name in ALTERNATIVES if not isinstance(sides[name], str)))
    write_result("check", "python -m benchmarks.check", {**figures, "target": target}, versions)


if __name__ == "__main__":
    run_program(main)
