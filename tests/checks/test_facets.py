"""Facets: what each kind that a check may ask for is about, found among many, and covered by."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.facets import (
    AskedFacet,
    Every,
    GroupAbove,
    KnownFacets,
    Named,
    Whole,
    column_of,
    group_facet,
    is_group_of_column,
    parse_facet,
    split_facet,
)

ROOT = Path(__file__).resolve().parents[2]
ALL = [None, "age", "age=(60, inf)", "age=30", "age>60", "region", "region=CA", "region=CA=x", "regional=1"]


@pytest.mark.parametrize(
    ("text", "kind", "about", "covered_by"),
    [
        (None, Whole, [None], [None]),
        ("*", Every, ALL[1:], ["*"]),
        ("region", Named, ["region", "region=CA", "region=CA=x"], ["region", "*"]),
        ("region=CA", Named, ["region=CA", "region=CA=x"], ["region=CA", "*", "region"]),
        ("age>60", GroupAbove, ["age=(60, inf)", "age>60"], ["age>60", "*"]),
        ("age>60.0", GroupAbove, ["age=(60, inf)", "age>60"], ["age>60.0", "*"]),
        ("age=(60, inf)", GroupAbove, ["age=(60, inf)", "age>60"], ["age=(60, inf)", "*", "age"]),
    ],
    ids=str,
)
def test_each_kind_is_parsed_and_matched(
    text: str | None, kind: type[AskedFacet], about: list[str | None], covered_by: list[str | None]
) -> None:
    asked = parse_facet(text)
    assert (type(asked), asked.text) == (kind, text)
    assert [facet for facet in ALL if asked.concerns(facet)] == about
    assert list(asked.among(KnownFacets(ALL))) == about
    assert list(asked.covering()) == covered_by


@pytest.mark.parametrize(
    ("text", "column", "is_part"),
    [
        (None, "age", False),
        ("*", "age", False),
        ("age", "age", False),
        ("age=30", "age", True),
        ("age>60", "age", True),
        ("age=30", "ag", False),
    ],
    ids=str,
)
def test_a_group_is_part_of_its_column(text: str | None, column: str, is_part: bool) -> None:
    assert parse_facet(text).is_part_of(column) is is_part


NAMES = st.text(alphabet="ab=>*1 ", min_size=1, max_size=6)


@given(st.none() | NAMES, st.lists(st.none() | NAMES, max_size=8, unique=True))
def test_what_is_found_among_many_is_what_each_is_about(text: str | None, facets: list[str | None]) -> None:
    asked = parse_facet(text)
    assert set(asked.among(KnownFacets(facets))) == {facet for facet in facets if asked.concerns(facet)}


@pytest.mark.parametrize(
    ("facet", "parts"),
    [
        ("region=CA", ("region", "CA")),
        ("region", ("region", None)),
        ("region=", ("region", "")),
        ("a=b=c", ("a", "b=c")),
    ],
    ids=str,
)
def test_a_group_is_split_and_put_together(facet: str, parts: tuple[str, str | None]) -> None:
    column, value = parts
    assert split_facet(facet) == parts
    assert column_of(facet) == column
    assert is_group_of_column(facet) is (value is not None)
    assert (column if value is None else group_facet(column, value)) == facet


def test_no_other_module_of_the_core_looks_into_the_text_of_a_facet() -> None:
    looking = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "checks").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == "="
    }
    assert looking == {"checks/facets.py"}
