"""The page for those who change the project names what there is: rooms, functions, files, registries, tests."""

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ROOMS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
    "root_packages"
]
CODE = re.findall(r"`([^`\n]+)`", PAGE)
NAMES = sorted({word for word in CODE if re.fullmatch(r"\w+(\.\w+)+", word) and word.split(".")[0] in ROOMS})
PATHS = sorted({word for word in CODE if re.fullmatch(r"[\w.-]+/[\w./-]*|[\w-]+\.(md|toml)", word)})
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.partition("| to add |")[2].splitlines()[2:]
    if line.startswith("|")
]
ASKED = [
    "a limit kind",
    "a facet rule",
    "a report format",
    "a scorer",
    "a command",
    "a setting",
    "an alarm",
    "a sandbox event",
    "a decision output",
]


def definition(name: str) -> ast.stmt | None:
    """Where a dotted name is defined: a function, a class, or an assignment; read, for an import may take seconds."""
    parts = name.split(".")
    module = next(
        length
        for length in range(len(parts) - 1, 0, -1)
        if (PROJECT / Path(*parts[:length])).with_suffix(".py").is_file()
        or (PROJECT / Path(*parts[:length]) / "__init__.py").is_file()
    )
    place = PROJECT / Path(*parts[:module])
    file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
    found: ast.stmt | None = None
    body = ast.parse(file.read_text(encoding="utf-8")).body
    for part in parts[module:]:
        found = next((statement for statement in body if part in _defined_by(statement)), None)
        body = found.body if isinstance(found, ast.ClassDef) else []
    return found


def _defined_by(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_one_of_the_code(name: str) -> None:
    assert definition(name) is not None


@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_there(path: str) -> None:
    assert (PROJECT / path).exists()


def test_the_main_job_names_functions_of_every_room_on_its_way() -> None:
    told = PAGE.partition("## The main job")[2].partition("\n## ")[0]
    named = [name for name in NAMES if f"`{name}`" in told]
    assert all(isinstance(definition(name), ast.FunctionDef | ast.ClassDef) for name in named)
    assert {name.split(".")[0] for name in named} >= {"lambdas", "pipelines", "checks", "aws", "scorers"}


@pytest.mark.parametrize("what", ASKED)
def test_the_table_says_how_to_add(what: str) -> None:
    assert [row for row in ROWS if row[0].startswith(what)] != []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_has_files_to_change_a_name_that_the_code_reads_and_a_test_to_copy(row: list[str]) -> None:
    what, change, known_by, test = row
    assert any(f"`{path}`" in change for path in PATHS), what
    assert test.strip("`") in PATHS, what
    assert test.startswith("`tests/"), what
    names = re.findall(r"`([\w.]+)`", known_by)
    assert names, what
    for name in names:
        assert name in NAMES, what
        assert name.rpartition(".")[2] in _read_names(), f"{name}: no code reads it"


@cache
def _read_names() -> frozenset[str]:
    """Every name that some statement of a room reads: what is only defined is not among them."""
    files = subprocess.run(
        ["git", "ls-files", "--", *(f"{room}/*.py" for room in ROOMS)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse((PROJECT / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return frozenset(found)


def test_the_page_is_one_page() -> None:
    assert len(PAGE.splitlines()) <= 110
