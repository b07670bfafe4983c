"""Completion in the shell: what a real bash is offered, the scripts of the others, and what it costs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
# As bash does it at the tabulator: it fills in the line that was typed, and calls the function that completes it.
PRESS_TAB = """
source "$2"
COMP_LINE=$1 COMP_POINT=${#1}
read -ra COMP_WORDS <<< "$1"
[[ $1 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
"$(complete -p governance | sed 's/.*-F \\([^ ]*\\) .*/\\1/')" governance
printf '%s\\n' "${COMPREPLY[@]}"
"""
THRESHOLD_COMMANDS = (
    "init", "validate", "show", "impact", "schema", "publish", "list", "diff", "get", "withdraw", "rollback"
)  # fmt: skip
HEAVY = ("boto3", "botocore", "pandas", "numpy", "rapidfuzz", "duckdb", "moto", "aws_cdk")
COMPLETED = """
import json, sys
from cli.main import run
code = run([])
print(json.dumps([code, [name for name in sys.argv[1:] if name in sys.modules]]), file=sys.stderr)
"""


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **more}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What bash is given once, when it starts."""
    shown = subprocess.run(
        ["governance", "--show-completion", "bash"], capture_output=True, env=environment(), check=True
    )
    file = tmp_path_factory.mktemp("completion") / "governance.sh"
    file.write_bytes(shown.stdout)
    return file


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("governance sco", ["score"]),
        ("governance thresholds ", [*THRESHOLD_COMMANDS]),
        ("governance score safety m", ["memorization"]),
        ("governance score bias table.csv --facet sex --pre", ["--predicted"]),
        ("governance thresholds init --task ", ["rag", "text-to-sql", "language-model", "classifier"]),
        ("governance register --gr", ["--group"]),
        ("governance score rag --abo", ["--about"]),
        ("governance sandbox up --con", ["--context"]),
    ],
)
def test_bash_is_offered_commands_options_and_values(script: Path, typed: str, offered: list[str]) -> None:
    result = subprocess.run(
        ["bash", "--norc", "-c", PRESS_TAB, "bash", typed, script],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert (result.stdout.split(), result.stderr) == (offered, "")


@pytest.mark.parametrize(
    "words",
    [
        "wait --",
        "register --",
        "explain --",
        "score text-to-sql --",
        "score bias --",
        "sandbox up --",
        "collect --",
    ],
)
def test_completing_a_commands_options_loads_nothing_heavy(words: str) -> None:
    typed = f"governance {words}"
    result = subprocess.run(
        [sys.executable, "-c", COMPLETED, *HEAVY],
        capture_output=True,
        text=True,
        env=environment(
            _GOVERNANCE_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=str(len(typed.split()) - 1)
        ),
        check=True,
    )
    assert "--help" in result.stdout.split()
    assert json.loads(result.stderr) == [0, []]


@pytest.mark.parametrize(
    ("shell", "begins"),
    [
        ("bash", "_governance_completion() {"),
        ("zsh", "#compdef governance"),
        ("fish", "complete --command governance"),
    ],
)
def test_each_shell_has_its_script(shell: str, begins: str) -> None:
    result = subprocess.run(
        ["governance", "--show-completion", shell],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert result.stdout.startswith(begins)
    if (program := shutil.which(shell)) is not None:  # what the shell itself says of its script
        subprocess.run([program, "-n"], input=result.stdout, text=True, check=True)


@pytest.mark.parametrize(
    ("shell", "answer"),
    [("zsh", '"register":"Upload evidence'), ("fish", "register\tUpload evidence")],
)
def test_the_other_shells_are_answered_in_their_own_way(shell: str, answer: str) -> None:
    asked = environment(
        _GOVERNANCE_COMPLETE=f"complete_{shell}",
        _TYPER_COMPLETE_ARGS="governance reg",
        _TYPER_COMPLETE_FISH_ACTION="get-args",
    )
    result = subprocess.run(["governance"], capture_output=True, text=True, env=asked, check=True)
    assert answer in result.stdout


def test_it_is_installed_for_the_shell_of_the_user(tmp_path: Path) -> None:
    subprocess.run(
        ["governance", "--install-completion", "bash"],
        capture_output=True,
        env=environment(HOME=str(tmp_path)),
        check=True,
    )
    assert ".bash_completions/governance.sh" in (tmp_path / ".bashrc").read_text()
    assert (tmp_path / ".bash_completions" / "governance.sh").is_file()
