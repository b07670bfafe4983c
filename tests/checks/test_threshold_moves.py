"""Moves on the workbench: which are allowed, and that none shifts the place of another."""

import pytest

from checks.threshold_file import read_source
from checks.threshold_moves import NewWaiver, ThresholdMove, apply_moves
from checks.yaml_edit import YamlEditError

BOM = b"\xef\xbb\xbf"
FILE = b"""\
name: churn
owners: [ann@example.com]
applies_to: {model_package_groups: [churn]}
checks:
  - {name: a, why: Because., metric: m.a, between: [0, 1]}
  - {name: b, why: Because., metric: m.b, at_most: 2}
waivers:
  - check: a
    reason: The first.
    approved_by: ann@example.com
    expires: 2027-03-31
  - check: b  # the second
    reason: The second.
    approved_by: ann@example.com
    expires: 2027-03-31
"""
NEW = NewWaiver(check="a", reason="The new.", approved_by="ann@example.com", expires="2027-04-01")


def reasons_after(*moves: tuple[tuple[int | str, ...], object], content: bytes = FILE) -> list[str]:
    """The reasons of the waivers that the file has after the moves."""
    made = [
        ThresholdMove.model_validate({"source": "f", "path": path, "value": value}) for path, value in moves
    ]
    moved = apply_moves({"f": content}, made)["f"]
    read = read_source(moved, "f").content
    assert read is not None
    return [waiver.reason for waiver in read.waivers or ()]


@pytest.mark.parametrize(
    ("moves", "reasons"),
    [
        pytest.param([], ["The first.", "The second."], id="none"),
        pytest.param([(("waivers", 0), None)], ["The second."], id="the first gone"),
        pytest.param([(("waivers", 0), None), (("waivers", 1), None)], [], id="all gone"),
        pytest.param(
            [(("waivers", 0), None), (("waivers", 1, "reason"), "Another."), (("waivers", "new"), NEW)],
            ["Another.", "The new."],
            id="gone, changed and new at once",
        ),
        pytest.param(
            [(("waivers", 0), None), (("waivers", 1), None), (("waivers", "new"), NEW)],
            ["The new."],
            id="all exchanged",
        ),
        pytest.param(
            [(("waivers", 0), None), (("waivers", 0, "reason"), "Lost.")],
            ["The second."],
            id="changed and gone",
        ),
    ],
)
def test_waivers_come_go_and_change_at_once(
    moves: list[tuple[tuple[int | str, ...], object]], reasons: list[str]
) -> None:
    assert reasons_after(*moves) == reasons
    assert reasons_after(*moves, content=BOM + FILE) == reasons


def test_a_first_waiver_gets_a_list() -> None:
    without = FILE.partition(b"waivers:")[0]
    assert reasons_after((("waivers", "new"), NEW), content=without) == ["The new."]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("checks", 0, "metric"), "m.c", id="a metric"),
        pytest.param(("checks", 0, "between", 2), 1.0, id="a third end"),
        pytest.param(("checks", 0, "between", 0), "x", id="a text for an end"),
        pytest.param(("waivers", 0, "approved_by"), "me", id="who approved"),
        pytest.param(("waivers", 0), "x", id="a waiver as text"),
        pytest.param(("waivers", "new"), None, id="a new one of nothing"),
        pytest.param(("owners", 0), "me", id="the owners"),
    ],
)
def test_nothing_else_is_moved(path: tuple[int | str, ...], value: object) -> None:
    with pytest.raises(YamlEditError, match="cannot be moved here"):
        reasons_after((path, value))
