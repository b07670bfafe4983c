"""What the pages show is what the program does: files, commands and outputs are compared with the real ones."""

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from checks.reports import READERS
from cli.command_table import COMMANDS
from cli.exit_codes import MEANINGS, ExitCode
from cli.main import run
from demo.examples import find_examples
from pipelines.report_slots import slot_of

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
    *sorted((PROJECT / "examples").rglob("*.md")),
]
SHOWN_FILE = re.compile(r"<!-- file: (?P<path>\S+) -->\n```\w*\n(?P<content>.*?)```", re.DOTALL)
SHOWN_RUN = re.compile(
    r"<!-- run, exit (?P<code>\d) -->\n```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)```", re.DOTALL
)
COMMAND = re.compile(r"^\$ governance (.*)$", re.MULTILINE)
DEMO_LINE = re.compile(
    r"^ok  (?P<version>\S+)  +(?P<expected>\w+(?: decision)?)  +(?P<decided>\w+(?: decision)?)", re.MULTILINE
)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def _reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_reference", PROJECT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_references_are_those_of_the_models_and_of_the_commands() -> None:
    for path, text in _reference().pages().items():
        assert path.read_text(encoding="utf-8") == text, "run .venv/bin/python docs/reference.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_files_are_shown_as_they_are(page: Path) -> None:
    for match in SHOWN_FILE.finditer(page.read_text(encoding="utf-8")):
        assert match["content"] == (PROJECT / match["path"]).read_text(encoding="utf-8"), match["path"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_commands_print_what_is_shown(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("COLUMNS", "80")
    for match in SHOWN_RUN.finditer(page.read_text(encoding="utf-8")):
        program, *arguments = shlex.split(match["command"])
        assert program == "governance"
        code = run(arguments)
        output = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-01-31T12:00:00Z", capsys.readouterr().out)
        assert (output.strip("\n"), str(code)) == (match["output"].strip("\n"), match["code"]), match[
            "command"
        ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_command_that_is_shown_exists(page: Path) -> None:
    known = {entry.path for entry in COMMANDS}
    for shown in COMMAND.findall(page.read_text(encoding="utf-8")):
        words = shown.split()
        assert words[0].startswith("-") or words[0] in known or " ".join(words[:2]) in known, shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


def test_the_threshold_files_that_ship_agree_with_those_of_the_examples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(PROJECT)
    files = [*Path("thresholds").glob("*.yaml"), *Path("examples").glob("*/thresholds.yaml")]
    assert run(["thresholds", "validate", *map(str, files)]) == 0


def test_every_exit_code_is_documented_once_with_its_meaning() -> None:
    assert set(MEANINGS) == set(ExitCode)
    for page in (PROJECT / "README.md", PROJECT / "docs" / "commands.md"):
        rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert rows == [(str(int(code)), meaning.general) for code, meaning in MEANINGS.items()], page


def test_the_demo_that_is_shown_has_the_decisions_of_the_examples() -> None:
    versions = {version.name: version for version in find_examples(PROJECT / "examples")}
    shown = DEMO_LINE.findall((PROJECT / "docs" / "demo.md").read_text("utf-8"))
    for name, expected, decided in shown:
        version = versions[name]
        decision = "no decision" if version.expected_failure else version.expected_decision["decision"]
        assert (expected, decided) == (decision, decision), name
    assert {expected for _, expected, _ in shown} == {"Approved", "Rejected", "NeedsReview", "no decision"}


def test_the_first_page_is_short() -> None:
    assert len((PROJECT / "README.md").read_text("utf-8").splitlines()) < 120


def test_every_slot_that_register_fills_is_documented() -> None:
    page = (PROJECT / "docs" / "evidence.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+\.\w+)`(?:, if free)? \|$", page, re.MULTILINE))
    assert documented == {str(slot) for reader in READERS if (slot := slot_of(reader.kind)) is not None}
