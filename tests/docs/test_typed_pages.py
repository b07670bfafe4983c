"""The README's first ten minutes and the engineer's guide, typed line by line in a folder of one's own.

A page marks what its reader does: `<!-- written: FILE -->` before a file, and `<!-- typed -->` before commands, where
`exit codes 0 1` are those of the commands in order (0 where none are named). A line `…` in what is shown means any
lines. All is typed into one bash, as a reader does, outside of the repository; the sandbox that the README starts is
the one in which the guide goes on. Commands but that of the sandbox are forked, as they are many: those of an
installation are started in tests/wheel.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.forked_governance import forked_governance

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
MARKED = re.compile(
    r"<!-- (?P<kind>written|typed)(?:: (?P<file>\S+))?(?:, exit codes (?P<codes>[\d ]+))? -->\n"
    r"```\w+\n(?P<text>.*?)```",
    re.DOTALL,
)
END = "--end-of-a-command--"
pytestmark = [pytest.mark.timeout(420), pytest.mark.slow]


@dataclass(frozen=True)
class Typed:
    """A command of a page, with what is shown of its output and how it is to end."""

    command: str
    shown: str
    code: int


def _commands(text: str, codes: str | None) -> list[Typed]:
    """The commands of a block, each with the lines below it."""
    parts = [part.partition("\n") for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]
    expected = [int(code) for code in codes.split()] if codes else [0] * len(parts)
    return [Typed(command, shown, code) for (command, _, shown), code in zip(parts, expected, strict=True)]


def _as_shown(shown: str) -> re.Pattern[str]:
    """What is printed where this is shown: `…` on a line of its own is any number of lines."""
    lines = [r"(?:.*\n)*?" if line == "…" else re.escape(line) + r"\n" for line in shown.splitlines()]
    return re.compile("".join(lines))


class Terminal:
    """A bash that is typed into, and what it printed."""

    def __init__(self, folder: Path, tools: Path) -> None:
        self.folder = self._start = folder
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= {
            "PATH": os.pathsep.join([str(tools), str(BIN), os.environ["PATH"]]),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "COLUMNS": "80",
        }
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # as a terminal shows it
            cwd=folder,
            env=environment,
            text=True,
        )

    def type(self, command: str) -> tuple[str, int]:
        """Type a command; return what a terminal shows, and its exit code."""
        stdin, stdout = self._bash.stdin, self._bash.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{command}\ncode=$?; echo; echo {END} $code\n")
        stdin.flush()
        lines: list[str] = []
        for line in stdout:
            if line.startswith(END):
                return "".join(lines).removesuffix("\n"), int(line.split()[1])
            lines.append(line)
        raise AssertionError(f"bash ended while it ran: {command}\n{''.join(lines)}")

    def close(self) -> None:
        """End the sandbox as the page says, and the shell."""
        self.type("kill %1 2>/dev/null && wait %1")
        self._bash.communicate("exit\n", timeout=120)

    def follow(self, page: Path) -> None:
        """Do what the page's reader does, in the order of the page, in a new folder."""
        self.folder = self._start / page.stem
        self.folder.mkdir()
        self.type(f"cd {self.folder}")
        for block in MARKED.finditer(page.read_text(encoding="utf-8")):
            if block["kind"] == "written":
                (self.folder / block["file"]).write_text(block["text"], encoding="utf-8")
                continue
            for typed in _commands(block["text"], block["codes"]):
                output, code = self.type(typed.command)
                assert code == typed.code, f"{page.name}: {typed.command}\n{output}"
                if typed.shown:
                    assert _as_shown(typed.shown).fullmatch(output), f"{page.name}: {typed.command}\n{output}"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the search path that has the command."""
    with forked_governance(tmp_path_factory.mktemp("forked")) as folder:
        yield folder


@pytest.fixture(scope="module")
def after_the_readme(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal in which the README was followed: its sandbox runs."""
    terminal = Terminal(tmp_path_factory.mktemp("first-ten-minutes"), tools)
    try:
        terminal.follow(PROJECT / "README.md")
        yield terminal
    finally:
        terminal.close()


def test_the_first_ten_minutes(after_the_readme: Terminal) -> None:
    listed, _ = after_the_readme.type(
        'python3 -c \'import boto3; print(*[(one["ModelPackageVersion"], one["ModelApprovalStatus"]) for one in '
        'boto3.client("sagemaker").list_model_packages(ModelPackageGroupName="shop")["ModelPackageSummaryList"]])\''
    )
    assert sorted(re.findall(r"\((\d), '(\w+)'\)", listed)) == [("1", "Rejected"), ("2", "Approved")]


def test_the_guides(after_the_readme: Terminal) -> None:
    after_the_readme.follow(PROJECT / "docs" / "engineers-guide.md")
    after_the_readme.follow(PROJECT / "docs" / "governance-guide.md")


def test_the_page_on_ci(tmp_path: Path, tools: Path) -> None:
    terminal = Terminal(tmp_path, tools)
    # Plug-ins of libraries that are here for other reasons, of which one takes seconds.
    terminal.type("export PYTEST_ADDOPTS='-p no:langsmith_plugin -p no:anyio -p no:typeguard'")
    try:
        terminal.follow(PROJECT / "docs" / "cicd.md")
    finally:
        terminal.close()


@pytest.mark.parametrize(
    "page", ["README.md", "docs/engineers-guide.md", "docs/governance-guide.md", "docs/cicd.md"]
)
def test_every_command_of_governance_on_the_page_is_typed(page: str) -> None:
    text = (PROJECT / page).read_text(encoding="utf-8")
    typed = sum(
        len(_commands(block["text"], block["codes"]))
        for block in MARKED.finditer(text)
        if block["kind"] == "typed"
    )
    shown = len(re.findall(r"^\$ ", text, re.MULTILINE))
    assert shown - typed == text.count("$ make ")
