"""The page of what is assumed of AWS: every row is whole, and every test and step that it names is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "aws-assumptions.md"
RECORD = ROOT / "infra" / "contract" / "record.py"
OPEN = "## Open"


def rows(part: str) -> list[list[str]]:
    """The cells of each row of the tables in a part of the page."""
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] not in ("what is assumed", "question")]


SETTLED, _, UNSETTLED = PAGE.read_text(encoding="utf-8").partition(OPEN)
ROWS = [*rows(SETTLED), *rows(UNSETTLED)]
TESTS = sorted({name for row in ROWS for name in re.findall(r"`(tests/\S+::\w+)`", row[-1])})
STEPS = sorted({step for row in rows(UNSETTLED) for step in re.findall(r"`([^`]+)`", row[2])})


@cache
def functions_of(path: str) -> frozenset[str]:
    """The names of the functions that a file of tests defines."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def texts_of(path: Path) -> Iterator[str]:
    """Every text in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_row_is_whole() -> None:
    assert len(rows(SETTLED)) > 25
    assert len(rows(UNSETTLED)) > 6
    assert {len(row) for row in rows(SETTLED)} == {3}
    assert {len(row) for row in rows(UNSETTLED)} == {4}
    for row in ROWS:
        assert all(row), row
        assert re.search(r"`tests/\S+::\w+`", row[-1]), row[0]


@pytest.mark.parametrize("test", TESTS)
def test_a_test_that_the_page_names_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    assert name in functions_of(path)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_the_page_names_is_recorded(step: str) -> None:
    assert step in set(texts_of(RECORD))


def test_pages_of_aws_are_those_of_aws() -> None:
    links = re.findall(r"\]\((https?://[^)]*)\)", PAGE.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not link.startswith("https://docs.aws.amazon.com/")] == []
