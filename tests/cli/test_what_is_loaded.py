"""What a command loads before it begins its work, by modules: a clock tells one machine from another, not this."""

import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer import _adapters

from benchmarks import first_items
from cli.command_table import COMMANDS, GROUPS
from cli.main import run

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = "examples/diabetes-progression"
# One process loads what all share, and each command runs in a copy of it that tells what it has loaded.
PROGRAM = """
import contextlib, gc, io, json, os, sys
import cli.main
from cli.entry import main
for name, arguments in json.load(sys.stdin).items():
    sys.stdout.flush()
    if os.fork() == 0:
        sys.argv = ["governance", *arguments]
        collected = sum(generation["collections"] for generation in gc.get_stats())
        with open(os.devnull, "w") as nowhere:
            kept, sys.stdout, sys.stderr = sys.stdout, nowhere, nowhere
            with contextlib.suppress(SystemExit):
                main()
        collected = sum(generation["collections"] for generation in gc.get_stats()) - collected
        left = len(gc.get_objects())
        # By what each calls itself: one that pydantic imports is the command's own.
        modules = sorted({getattr(module, "__name__", known) for known, module in sys.modules.items()})
        bases = [sys.modules["pydantic"].BaseModel] if "pydantic.main" in modules else []
        for base in bases:
            bases += base.__subclasses__()
        models = [model.__name__ for model in bases[1:]]
        print(json.dumps([name, modules, models, collected, left]), file=kept, flush=True)
        os._exit(0)
    os.wait()
"""
# What is loaded when the process is started that text-to-SQL runs queries in.
STARTING = """
import sys
known = {*sys.modules}
sys.addaudithook(
    lambda event, _: print(*(sys.modules.keys() - known), flush=True) if event == "os.posix_spawn" else None
)
sys.argv = "governance score text-to-sql nothing.jsonl -o out --databases .".split()
from model_governance.__main__ import main
main()
"""
MSGSPEC = {"msgspec", "typing_extensions"}  # values are made of it
TYPER = {"typer", "annotated_doc", "shellingham"} | MSGSPEC
PYDANTIC = {"pydantic", "pydantic_core", "annotated_types", "typing_inspection"}
THRESHOLDS = TYPER | PYDANTIC | {"yaml"}
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
HELP = _loads("--help", TYPER, 190)  # what a command does is no part of its help
TABLE = {
    "help": HELP,
    "check": _loads(
        f"check {EXAMPLE}/thresholds.yaml --evidence {EXAMPLE}/version-1/evidence", THRESHOLDS, 377
    ),
    "check --format json": _loads(
        f"check {EXAMPLE}/thresholds.yaml --evidence {EXAMPLE}/version-1/evidence --format json",
        THRESHOLDS,
        373,
    ),
    "wait": _loads("wait nothing", THRESHOLDS | {"rich"}, 480),
    "score text-to-sql": _loads(f"score text-to-sql {SCORING} --databases .", TYPER, 290),
    "score rag": _loads(f"score rag {SCORING} --judge none --embeddings none", TYPER | {"tenacity"}, 385),
    "score feedback": _loads(f"score feedback {SCORING}", TYPER, 270),
    "score bias": _loads(
        "score bias nothing.csv -o out --label l --positive 1 --facet sex --no-flip-test", TYPER | PANDAS, 745
    ),
    "score safety bbq": _loads(f"score safety bbq {SCORING}", TYPER, 270),
    "score safety toxicity": _loads(
        f"score safety toxicity {SCORING} --scorer file --scorer-name raters", TYPER | {"tenacity"}, 360
    ),
    "score safety memorization": _loads(
        f"score safety memorization {SCORING} --corpus {EXAMPLE}/README.md",
        TYPER | {"numpy", "rapidfuzz"},
        415,
    ),
    "score safety disinformation": _loads(
        f"score safety disinformation {SCORING}", TYPER | {"tenacity"} | SACREBLEU, 460
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


TEXTS = TYPER | SACREBLEU | {"rapidfuzz", "regex", "rouge_score", "six", "tenacity"}
HTTPX2 = {"anyio", "h11", "httpcore2", "httpx2", "idna", "sniffio", "truststore"}
WORDLLAMA = {
    "certifi",
    "charset_normalizer",
    "numpy",
    "requests",
    "safetensors",
    "tokenizers",
    "toml",
    "urllib3",
    "wordllama",
}
# What has scored one item has loaded all that the others need, and what writes and shows the evidence.
SCORED = {
    "text-to-sql": TYPER,
    "rag": TEXTS | PYDANTIC | HTTPX2 | WORDLLAMA,
    "rag without models": TEXTS,
    "feedback": TYPER,
    **dict.fromkeys(
        ("bias of a table", "bias of a table, without the flip test"),
        TYPER | PANDAS | {"zstandard"},  # by which pandas reads CSV
    ),
    "bias of scored answers": TYPER | PANDAS,
    "safety bbq": TYPER,
    "safety toxicity, as rated by others": TYPER | {"tenacity"},
    "safety toxicity, rated offline": TYPER | {"numpy", "tenacity"},
    "safety memorization": TYPER | {"numpy", "rapidfuzz"},
    "safety disinformation": TYPER | SACREBLEU | {"tenacity"},
}


@dataclass(frozen=True)
class Ended:
    """What a command has loaded at its end, how often Python looked for garbage meanwhile, and in how much it will.

    `models` are those of pydantic that it has made.
    """

    modules: set[str]
    models: list[str]
    collections: int
    left: int


def run_forked(commands: dict[str, list[str]], folder: Path) -> dict[str, Ended]:
    """Run commands in `folder`, and return what can be said of each at its end."""
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(commands),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    ended = map(json.loads, answer.stdout.splitlines())
    return {name: Ended(set(modules), *counts) for name, modules, *counts in ended}


def find_packages(modules: set[str]) -> set[str]:
    """Return the packages of others that modules belong to."""
    own = {path.name for path in PROJECT.iterdir() if (path / "__init__.py").exists()}
    packages = {module.partition(".")[0] for module in modules} - own - set(sys.stdlib_module_names)
    # What begins with an underscore belongs to the interpreter, to an installation or to a compiled module, and what
    # customises a site to the machine.
    return {package for package in packages if not package.startswith("_")} - {
        "cython_runtime",
        "sitecustomize",
        "usercustomize",
    }


@pytest.fixture(scope="module")
def loaded() -> dict[str, Ended]:
    """What can be said of each command of the table at its end."""
    return run_forked({name: row.arguments.split() for name, row in TABLE.items()}, PROJECT)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """What can be said of each way of scoring when it has scored one item."""
    folder = tmp_path_factory.mktemp("items")
    first_items.write_inputs(folder)
    with first_items.serving_judge() as judge:
        commands = {
            name: ["score", *shlex.split(typed.format(judge=judge)), "-o", f"evidence {number}"]
            for number, (name, typed) in enumerate(first_items.COMMANDS.items())
        }
        found = run_forked(commands, folder)
    assert len([*folder.glob("evidence */*.json")]) == len(commands)
    return found


@pytest.mark.parametrize("name", TABLE)
def test_a_command_loads_what_it_needs_and_nothing_else(loaded: dict[str, Ended], name: str) -> None:
    assert find_packages(loaded[name].modules) == TABLE[name].packages
    assert len(loaded[name].modules) <= TABLE[name].modules


@pytest.mark.parametrize("name", first_items.COMMANDS)
def test_one_item_is_scored_by_what_it_needs_and_nothing_else(scored: dict[str, Ended], name: str) -> None:
    assert find_packages(scored[name].modules) == SCORED[name]
    assert not scored[name].modules & {"pyarrow.parquet", "scipy", "sklearn"}


def test_where_queries_run_is_started_before_what_that_can_do_without_is_loaded() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", STARTING], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    loaded = set(ran.stdout.split())
    assert "scorers.text_to_sql.running.fork_server" in loaded
    assert find_packages(loaded) == {"pydantic"}  # the name by which it finds plug-ins
    assert not loaded & {"typing", "subprocess", "threading"}
    assert len(loaded) <= 55


def test_help_knows_no_decision(loaded: dict[str, Ended]) -> None:
    knowing = {name for name, ended in loaded.items() if "checks.decision" in ended.modules}
    assert not {name for name in knowing if name.startswith("help")}
    assert "check" in knowing


def test_no_command_looks_for_garbage_in_what_it_imports(
    loaded: dict[str, Ended], scored: dict[str, Ended]
) -> None:
    assert {name: ended.collections for name, ended in (loaded | scored).items() if ended.collections} == {}
    # At the end of the process Python looks through what is left once more: thousands of objects were imported.
    assert {name: ended.left for name, ended in (loaded | scored).items() if ended.left > 1_000} == {}


def test_check_makes_models_of_pydantic_for_what_it_reads_alone(loaded: dict[str, Ended]) -> None:
    of_thresholds = {"_Model", "ThresholdContent", "Check", "AppliesTo", "Waiver"}
    assert set(loaded["check"].models) == of_thresholds
    assert set(loaded["check --format json"].models) == of_thresholds


def test_check_reads_what_it_is_given_without_a_model_of_typer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read: list[object] = []
    monkeypatch.setattr(_adapters, "try_build_adapter", lambda annotation, _: read.append(annotation))
    example = PROJECT / EXAMPLE
    assert run(["check", f"{example}/thresholds.yaml", "--evidence", f"{example}/version-1/evidence"]) == 0
    assert read == []
    assert capsys.readouterr().out.startswith("Approved\n")


def test_every_command_that_scores_is_in_the_table() -> None:
    scoring = {entry.path for entry in COMMANDS if entry.writes_evidence}
    assert {path for path in scoring if any(name.startswith(path) for name in TABLE)} == scoring
