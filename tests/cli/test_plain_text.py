"""What a pipe gets without rich is what rich would write where nothing is to be wrapped."""

import json
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from checks.decision_record import parse_record
from cli.display.decision_screen import draw_decision
from cli.display.decision_text import show_record, tell_decision
from cli.display.plain_text import align, clean_line
from cli.display.terminal import console_for

PROJECT = Path(__file__).resolve().parents[2]
ENGINE = {"name": "gate", "version": "1"}
RECORDS = sorted((PROJECT / "examples").glob("*/version-*/expected_decision.json"))
# A mark follows its letter: of one alone rich shows nothing.
PIECES = ("a", "b", ".", " ", "é", "e\u0301", "漢", "字", "🙂", "\t", "\x07")
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join).map(clean_line)


def _drawn(rows: list[list[str]], least: int) -> list[str]:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=least, no_wrap=True)
    for _ in rows[0][1:]:
        table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    plain = StringIO()
    with console_for(plain) as console:
        console.print(table)
    return plain.getvalue().splitlines()


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), min_size=1)
    ),
    st.integers(0, 12),
)
@settings(max_examples=40, deadline=None)
def test_rows_are_aligned_as_rich_aligns_them(rows: list[list[str]], least: int) -> None:
    assert list(align(rows, (least,))) == _drawn(rows, least)


@pytest.mark.parametrize("failures_only", [False, True], ids=["all", "failures"])
def test_a_decision_in_a_pipe_is_what_is_drawn_without_an_edge(failures_only: bool) -> None:
    for path in RECORDS:
        content = {**json.loads(path.read_bytes()), "decided_at": "2026-01-31T00:00:00Z", "engine": ENGINE}
        record = parse_record(json.dumps(content).encode())
        drawn, plain = StringIO(), StringIO()
        with console_for(drawn) as console:
            draw_decision(console, tell_decision(record, failures_only=failures_only))
        show_record(record, plain, failures_only=failures_only)
        assert plain.getvalue() == drawn.getvalue(), path
