"""How long things take to start: the evaluating function out of the bundle, `--help` of commands, and the first item
that a command scores.

    python -m benchmarks.start                                       as in the page: some minutes
    python -m benchmarks.start --rounds 1                            whether it runs here

The bundle is unzipped twice, with its bytecode and without, into folders that nothing is written to, as a function's;
each round imports the function's handler from both, in new processes, with boto3, which Lambda has. Help is that of
every command, each a process. What scores one item, or a table of four rows, and writes its evidence takes little more
than until the first of many. Beside each is an interpreter that does nothing.
"""

import contextlib
import itertools
import os
import shlex
import sys
import tempfile
import zipfile
from pathlib import Path

from benchmarks import first_items
from benchmarks.measuring import (
    describe_spread,
    make_parser,
    run_process,
    run_program,
    take_rounds,
    tell_progress,
    write_result,
)
from cli.command_table import COMMANDS
from infra.bundle import BundleTarget, build_bundle

MOST_HELP_SECONDS = 0.25
MOST_FIRST_SECONDS = 1
HANDLER = "lambdas.handle_evaluate"
IMPORT = "import sys; sys.path.insert(0, sys.argv[1]); import {handler}"


def list_commands() -> list[list[str]]:
    """Return the words of every command that there is, `governance` itself first."""
    return [[], *(entry.path.split() for entry in COMMANDS if not entry.needs_checkout)]


def unzip(bundle: Path, folder: Path, *, bytecode: bool) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder, [n for n in archive.namelist() if bytecode or not n.endswith(".pyc")])
    return folder


def measure_first_items(governance: str, rounds: int) -> dict[str, list[float]]:
    """Return the seconds that each way of scoring takes for one item, in every round, by its name."""
    found: dict[str, list[float]] = {}
    for _ in take_rounds(rounds):
        for name, typed in first_items.COMMANDS.items():
            with (
                tempfile.TemporaryDirectory() as temporary,
                contextlib.chdir(temporary),
                first_items.serving_judge() as judge,
            ):
                first_items.write_inputs(Path(temporary))
                # A cache of an earlier round would have the answers.
                environment = os.environ | {"XDG_CACHE_HOME": temporary}
                words = shlex.split(typed.format(judge=judge))
                command = [governance, "score", *words, "-o", "evidence"]
                found.setdefault(name, []).append(run_process(command, environment).seconds)
    return found


def main() -> None:
    """Measure in turns."""
    given = make_parser("start", __doc__, rounds=7).parse_args()
    target = BundleTarget(f"{sys.version_info.major}.{sys.version_info.minor}", "x86_64-manylinux2014")
    bundle = build_bundle(target)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # a function's folder cannot be written to
    imports: dict[str, list[float]] = {"with_bytecode": [], "without_bytecode": []}
    help_seconds: dict[str, list[float]] = {}
    bare: list[float] = []
    governance = str(Path(sys.executable).with_name("governance"))
    with tempfile.TemporaryDirectory() as temporary:
        folders = {
            name: unzip(bundle, Path(temporary, name), bytecode=name == "with_bytecode") for name in imports
        }
        program = IMPORT.format(handler=HANDLER)
        tell_progress("  imports out of the bundle")
        for _, (name, folder) in itertools.product(take_rounds(given.rounds), folders.items()):
            imports[name].append(run_process([sys.executable, "-c", program, str(folder)]).seconds)
        del os.environ["PYTHONDONTWRITEBYTECODE"]
        tell_progress("  help of every command")
        for _ in take_rounds(given.rounds):
            bare.append(run_process([sys.executable, "-c", "pass"]).seconds)
            for words in list_commands():
                spent = run_process([governance, *words, "--help"])
                help_seconds.setdefault(" ".join(["governance", *words]), []).append(spent.seconds)
    tell_progress("  the first item of every command that scores")
    first_seconds = measure_first_items(governance, given.rounds)
    medians = {name: describe_spread(found, digits=3) for name, found in help_seconds.items()}
    slowest = max(medians, key=lambda name: medians[name]["median"])
    write_result(
        "start",
        "python -m benchmarks.start",
        {
            "rounds": given.rounds,
            "handler": HANDLER,
            "import_seconds": {name: describe_spread(found) for name, found in imports.items()},
            "interpreter_seconds": describe_spread(bare, digits=3),
            "help_commands": len(medians),
            "help_slowest": slowest,
            "help_slowest_seconds": medians[slowest],
            "first_item_seconds": {name: describe_spread(found) for name, found in first_seconds.items()},
            "target": {"help_seconds": MOST_HELP_SECONDS, "first_item_seconds": MOST_FIRST_SECONDS},
        },
    )


if __name__ == "__main__":
    run_program(main)
