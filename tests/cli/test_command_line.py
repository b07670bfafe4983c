"""The command line as a whole: what it lists, what it imports, and what comes of errors."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import typer

from checks.errors import GovernanceError
from cli import main as main_module
from cli.command_table import COMMANDS
from cli.lazy import CommandEntry
from cli.main import run

HEAVY = (
    "boto3",
    "botocore",
    "pydantic",
    "yaml",
    "pandas",
    "numpy",
    "rapidfuzz",
    "sagemaker",
    "rich",
    "moto",
    "aws_cdk",
)


GROUPS = sorted({entry.path.rpartition(" ")[0] for entry in COMMANDS} | {""})


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.path)
def test_the_file_of_a_command_is_named_as_the_command_is_typed(entry: CommandEntry) -> None:
    """`score rag` is in `commands/score_rag.py`; the commands of one program, as `sandbox`, may share a file."""
    typed = entry.path.replace(" ", "_").replace("-", "_")
    module = entry.target.partition(":")[0].removeprefix(".commands.")
    assert typed.startswith(module) or module.startswith(typed)


@pytest.mark.parametrize("group", GROUPS)
def test_help_imports_no_heavy_module(group: str) -> None:
    program = (
        "import sys; from cli.main import run; run(sys.argv[1:]);"
        f"sys.exit(repr([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    arguments = [*group.split(), "--help"]
    result = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert result.stderr == "[]\n"
    assert "Usage: governance" in result.stdout


@pytest.mark.parametrize("group", GROUPS)
def test_help_lists_every_command_of_its_group(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*group.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert "...\n" not in out.partition("Commands:")[2], "a summary is too long for 80 columns"
    listed = {line.split()[0] for line in out.splitlines() if line.startswith("  ")}
    assert {
        name for parent, _, name in (c.path.rpartition(" ") for c in COMMANDS) if parent == group
    } <= listed


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.path)
def test_every_listed_command_loads_and_has_help(
    entry: CommandEntry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*entry.path.split(), "--help"]) == 0
    assert f"Usage: governance {entry.path}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "name", "message"),
    [
        pytest.param(
            ["score", "rag", "x.jsonl", "-o", "y"],
            "httpx2.transports",
            "governance score rag: the package httpx2.transports is not installed; "
            'install "sagemaker-model-governance[rag]"',
            id="while the command runs or is imported",
        ),
        pytest.param(
            ["sandbox", "up"],
            "model_governance.sandbox",
            "governance sandbox up: it builds the stack from its source, which an installation does not have "
            "(model_governance.sandbox); clone the project and run `make setup` there",
            id="a command that an installation does not have",
        ),
        pytest.param(["score", "rag"], "scorers.rag.nowhere", None, id="our own module"),
        pytest.param(["check"], "httpx2", None, id="a command that needs no extra"),
    ],
)
def test_a_missing_optional_dependency_names_what_to_install(
    arguments: list[str],
    name: str,
    message: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("cli.main.app", _raise(ModuleNotFoundError(f"No module named {name!r}", name=name)))
    assert run(arguments) == 2
    shown = capsys.readouterr().err
    if message is None:
        assert "this is a defect of governance" in shown
    else:
        assert shown == f"error: {message}\n"


def _raise(error: BaseException) -> Callable[..., None]:
    def app(*_: object, **__: object) -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (GovernanceError("a.yaml:1:1: wrong; fix it"), "error: a.yaml:1:1: wrong; fix it\n"),
        (
            FileNotFoundError(2, "No such file or directory", "a.json"),
            "error: a.json: No such file or directory\n",
        ),
        (SystemExit(1), ""),
    ],
)
def test_no_failure_looks_like_a_rejection(
    error: BaseException, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main_module, "app", _raise(error))
    assert run([]) == 2
    assert capsys.readouterr().err == message


def test_a_defect_shows_its_traceback_and_is_no_rejection(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main_module, "app", _raise(ZeroDivisionError("division by zero")))
    assert run([]) == 2
    err = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in err
    assert err.endswith("error: this is a defect of governance; nothing was decided\n")


@pytest.mark.parametrize("arguments", [["chek"], ["--no-such-option"], ["score", "nothing"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Usage: governance" in capsys.readouterr().err


POLICY = [
    "--account",
    "123456789012",
    "--evidence-bucket",
    "e",
    "--thresholds-bucket",
    "t",
    "--decisions-bucket",
    "d",
]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["iam", "policy", "enginer", *POLICY, "--region", "eu-west-1"],
            "Invalid value for 'ROLE': 'enginer' is not one of 'engineer', 'ci', 'reviewer', 'auditor', "
            "'governance-team', 'model-account'.",
            id="none of the choices",
        ),
        pytest.param(
            ["iam", "policy", "ci", *POLICY],
            "Missing option '--region' (env var: 'AWS_REGION' or 'AWS_DEFAULT_REGION').",
            id="one of two variables",
        ),
        pytest.param(
            ["iam", "policy", "ci"],
            "Missing option '--account'.",
            id="no variable",
        ),
    ],
)
def test_what_is_wrong_with_an_argument_is_said_in_words(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable, raising=False)
    assert run(arguments) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"Error: {message}"


def test_ctrl_c_is_one_line_and_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted = typer.Typer()
    interrupted.command()(_raise_interrupt)
    monkeypatch.setattr(main_module, "app", interrupted)
    assert run([]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def _raise_interrupt() -> None:
    raise KeyboardInterrupt


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == "0.1.0\n"
