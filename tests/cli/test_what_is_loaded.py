"""What a command loads before it begins its work, by modules: a clock tells one machine from another, not this."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.command_table import COMMANDS, GROUPS

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = "examples/diabetes-progression"
# One process loads what all share, and each command runs in a copy of it that tells what it has loaded.
PROGRAM = """
import contextlib, io, json, os, sys
from cli.main import main
for name, arguments in json.load(sys.stdin).items():
    sys.stdout.flush()
    if os.fork() == 0:
        sys.argv = ["governance", *arguments]
        with open(os.devnull, "w") as nowhere:
            kept, sys.stdout, sys.stderr = sys.stdout, nowhere, nowhere
            with contextlib.suppress(SystemExit):
                main()
        print(json.dumps([name, sorted(sys.modules)]), file=kept, flush=True)
        os._exit(0)
    os.wait()
"""
TYPER = {"typer", "annotated_doc", "shellingham"}
PYDANTIC = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
RUNS = TYPER | PYDANTIC  # typer reads options with it
THRESHOLDS = RUNS | {"yaml"}
PANDAS = {"cloudpickle", "dateutil", "numpy", "pandas", "pyarrow", "pytz", "six"}
SACREBLEU = {"colorama", "lxml", "portalocker", "sacrebleu", "tabulate", "wcwidth"}


@dataclass(frozen=True)
class Loaded:
    """The packages of others that a command loads, and how many modules in all, of the interpreter's too, at most."""

    arguments: str
    packages: frozenset[str]
    modules: int


def _loads(arguments: str, packages: set[str], modules: int) -> Loaded:
    return Loaded(arguments, frozenset(packages), modules)


# A file that is not there is refused where the first item would be read.
SCORING = "nothing.jsonl -o out"
HELP = _loads("--help", TYPER, 200)  # what a command does is no part of its help
TABLE = {
    "help": HELP,
    "check": _loads(
        f"check {EXAMPLE}/thresholds.yaml --evidence {EXAMPLE}/version-1/evidence", THRESHOLDS, 415
    ),
    "check --format json": _loads(
        f"check {EXAMPLE}/thresholds.yaml --evidence {EXAMPLE}/version-1/evidence --format json",
        THRESHOLDS,
        415,
    ),
    "wait": _loads("wait nothing", THRESHOLDS | {"rich"}, 530),
    "score text-to-sql": _loads(f"score text-to-sql {SCORING} --databases .", RUNS | {"rich"}, 450),
    "score rag": _loads(
        f"score rag {SCORING} --judge none --embeddings none", RUNS | {"rich", "tenacity"}, 500
    ),
    "score feedback": _loads(f"score feedback {SCORING}", RUNS | {"rich"}, 425),
    "score bias": _loads(
        "score bias nothing.csv -o out --label l --positive 1 --facet sex --no-flip-test", RUNS | PANDAS, 850
    ),
    "score safety bbq": _loads(f"score safety bbq {SCORING}", RUNS, 375),
    "score safety toxicity": _loads(
        f"score safety toxicity {SCORING} --scorer file --scorer-name raters", RUNS | {"tenacity"}, 430
    ),
    "score safety memorization": _loads(
        f"score safety memorization {SCORING} --corpus {EXAMPLE}/README.md",
        RUNS | {"numpy", "rapidfuzz"},
        520,
    ),
    "score safety disinformation": _loads(
        f"score safety disinformation {SCORING}", RUNS | {"tenacity"} | SACREBLEU, 535
    ),
}
BENCHMARKS = ("bbq", "disinformation", "memorization", "toxicity")
TABLE |= {
    f"help of {path}": _loads(f"{path} --help", set(HELP.packages), HELP.modules)
    for path in (
        *GROUPS,
        *(entry.path for entry in COMMANDS),
        *(f"score safety {name}" for name in BENCHMARKS),
    )
}


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """The modules that each command of the table has loaded at its end."""
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps({name: row.arguments.split() for name, row in TABLE.items()}),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name: set(modules) for name, modules in map(json.loads, answer.stdout.splitlines())}


@pytest.mark.parametrize("name", TABLE)
def test_a_command_loads_what_it_needs_and_nothing_else(loaded: dict[str, set[str]], name: str) -> None:
    own = {path.name for path in PROJECT.iterdir() if (path / "__init__.py").exists()}
    packages = {module.partition(".")[0] for module in loaded[name]} - own - set(sys.stdlib_module_names)
    # What begins with an underscore belongs to the interpreter, to an installation or to a compiled module, and what
    # customises a site to the machine.
    packages = {package for package in packages if not package.startswith("_")} - {
        "cython_runtime",
        "sitecustomize",
        "usercustomize",
    }
    assert packages == TABLE[name].packages
    assert len(loaded[name]) <= TABLE[name].modules


def test_every_command_that_scores_is_in_the_table() -> None:
    scoring = {entry.path for entry in COMMANDS if entry.writes_evidence}
    assert {path for path in scoring if any(name.startswith(path) for name in TABLE)} == scoring
