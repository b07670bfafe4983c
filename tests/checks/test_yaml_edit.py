"""Values of a YAML text moved one by one: what is not asked for stays as it is, byte for byte."""

import difflib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.yaml_edit import NewValue, ValueEdit, YamlEditError, edit_yaml
from checks.yaml_source import Path, parse_yaml

TEXT = """\
# The bar of the churn models.
name: churn
owners: [ann@example.com, bob@example.com]  # who answers
checks:
  # Agreed in spring.
  - name: accuracy
    why: >-
      People rely
      on it.
    metric: a.b  # of the test set
    at_least: 0.80  # not less

    # Far from the limit.
    on_failure: "review"
  - {name: drift, why: 'Because.', metric: a.c, between: [-0.1, 0.1], confidence: 0.9}
  - confidence: 0.95
    name: last
    why: Because.
    metric: a.d
    at_most: 2
waivers:
  - check: accuracy   # until it is better
    reason: It was agreed.
    approved_by: ann@example.com
    expires: 2027-03-31
    # of the first
  - check: last
    reason: |
      Two lines
      of it.
    approved_by: ann@example.com
    expires: 2027-04-30
# The end.
"""
WAIVER = {
    "check": "drift",
    "reason": "Known: see #12",
    "approved_by": "bob@example.com",
    "expires": "2027-01-01",
}


def changed(text: str, path: Path, value: NewValue, *after: str) -> list[str]:
    """The lines that an edit takes away and adds."""
    edited = edit_yaml(text, [ValueEdit(path, value, after)])
    lines = difflib.ndiff(text.splitlines(keepends=True), edited.splitlines(keepends=True))
    return [line.rstrip("\n") for line in lines if line[0] in "+-"]


@pytest.mark.parametrize(
    ("path", "value", "after", "expected"),
    [
        pytest.param(
            ("checks", 0, "at_least"),
            0.85,
            (),
            ["-     at_least: 0.80  # not less", "+     at_least: 0.85  # not less"],
            id="a number beside a comment",
        ),
        pytest.param(
            ("checks", 1, "between", 0),
            -0.2,
            (),
            [
                "-   - {name: drift, why: 'Because.', metric: a.c, between: [-0.1, 0.1], confidence: 0.9}",
                "+   - {name: drift, why: 'Because.', metric: a.c, between: [-0.2, 0.1], confidence: 0.9}",
            ],
            id="one end of two",
        ),
        pytest.param(
            ("checks", 0, "on_failure"),
            "warn",
            (),
            ['-     on_failure: "review"', "+     on_failure: warn"],
            id="text in quotes",
        ),
        pytest.param(
            ("checks", 0, "confidence"),
            0.95,
            ("at_least",),
            ["+     confidence: 0.95"],
            id="a new key behind another",
        ),
        pytest.param(
            ("checks", 2, "on_missing"), "review", (), ["+     on_missing: review"], id="a new key at the end"
        ),
        pytest.param(
            ("checks", 1, "on_failure"),
            "warn",
            (),
            [
                "-   - {name: drift, why: 'Because.', metric: a.c, between: [-0.1, 0.1], confidence: 0.9}",
                "+   - {name: drift, why: 'Because.', metric: a.c, between: [-0.1, 0.1], confidence: 0.9, "
                "on_failure: warn}",
            ],
            id="a new key in brackets",
        ),
        pytest.param(
            ("checks", 0, "at_least"), None, (), ["-     at_least: 0.80  # not less"], id="a key gone"
        ),
        pytest.param(
            ("checks", 2, "confidence"),
            None,
            (),
            ["-   - confidence: 0.95", "-     name: last", "+   - name: last"],
            id="the key behind a dash gone",
        ),
        pytest.param(
            ("checks", 1, "confidence"),
            None,
            (),
            [
                "-   - {name: drift, why: 'Because.', metric: a.c, between: [-0.1, 0.1], confidence: 0.9}",
                "+   - {name: drift, why: 'Because.', metric: a.c, between: [-0.1, 0.1]}",
            ],
            id="a key in brackets gone",
        ),
        pytest.param(
            ("waivers", 1),
            None,
            (),
            [
                "-   - check: last",
                "-     reason: |",
                "-       Two lines",
                "-       of it.",
                "-     approved_by: ann@example.com",
                "-     expires: 2027-04-30",
            ],
            id="an item gone",
        ),
        pytest.param(
            ("waivers", 2),
            WAIVER,
            (),
            [
                "+   - check: drift",
                '+     reason: "Known: see #12"',
                "+     approved_by: bob@example.com",
                "+     expires: 2027-01-01",
            ],
            id="a new item",
        ),
        pytest.param(
            ("waivers", 1, "reason"),
            "One line.",
            (),
            ["+     reason: One line.", "-     reason: |", "-       Two lines", "-       of it."],
            id="a block of text",
        ),
    ],
)
def test_an_edit_changes_its_own_lines_alone(
    path: Path, value: NewValue, after: tuple[str, ...], expected: list[str]
) -> None:
    assert changed(TEXT, path, value, *after) == expected


def test_a_list_may_come_and_go_whole() -> None:
    gone = edit_yaml(TEXT, [ValueEdit(("waivers",), None)])
    assert gone == TEXT.partition("waivers:")[0] + "# The end.\n"
    back = edit_yaml(gone, [ValueEdit(("waivers",), [WAIVER])])
    assert parse_yaml(back).data == {**_data(gone), "waivers": [WAIVER]}
    assert back.startswith(gone.removesuffix("# The end.\n"))


def test_edits_follow_one_another() -> None:
    edited = edit_yaml(TEXT, [ValueEdit(("waivers", 2), WAIVER), ValueEdit(("waivers", 0), None)])
    assert [one["check"] for one in _data(edited)["waivers"]] == ["last", "drift"]
    assert "# of the first" in edited


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("is_ended", [True, False], ids=["last line ended", "last line open"])
def test_line_ends_stay(ending: str, is_ended: bool) -> None:
    text = ending.join(["checks:", "- name: a", "  at_least: 1 # x"]) + ending * is_ended
    edited = edit_yaml(
        text, [ValueEdit(("checks", 0, "confidence"), 0.9), ValueEdit(("checks", 0, "at_least"), 2)]
    )
    assert edited == text.replace("1 # x", f"2 # x{ending}  confidence: 0.9")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        pytest.param(
            ("checks", 9, "at_least"), 1, "checks[9].at_least: there is no such place", id="no place"
        ),
        pytest.param(("owners", 2), WAIVER, "a list in brackets gets no new item here", id="brackets"),
        pytest.param(("checks", 0, "at_least"), "a\ud800", "half a character", id="no text at all"),
    ],
)
def test_what_cannot_be_made_alone_is_refused(path: Path, value: NewValue, message: str) -> None:
    with pytest.raises(YamlEditError) as raised:
        edit_yaml(TEXT, [ValueEdit(path, value)])
    assert message in str(raised.value)


def test_a_text_that_is_wrong_already_is_left_alone() -> None:
    with pytest.raises(YamlEditError, match="has problems"):
        edit_yaml("a: &x 1\n", [ValueEdit(("a",), 2)])


SCALARS = [("checks", place, key) for place, key in ((0, "at_least"), (1, "confidence"), (2, "at_most"))]
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6)


@settings(max_examples=40)
@given(path=st.sampled_from(SCALARS), value=NUMBERS)
def test_law_a_moved_number_is_there_and_nothing_else_differs(path: Path, value: float) -> None:
    edited = edit_yaml(TEXT, [ValueEdit(path, value)])
    assert _at(edited, path) == value
    pairs = zip(TEXT.splitlines(), edited.splitlines(), strict=True)
    assert sum(old != new for old, new in pairs) <= 1


@settings(max_examples=40)
@given(reason=st.text(min_size=1, max_size=40))
def test_law_any_text_is_read_back_or_refused(reason: str) -> None:
    try:
        edited = edit_yaml(TEXT, [ValueEdit(("waivers", 0, "reason"), reason)])
    except YamlEditError:
        return
    assert _at(edited, ("waivers", 0, "reason")) == reason
    assert edited.partition("    reason: ")[0] == TEXT.partition("    reason: ")[0]


def _data(text: str) -> dict[str, list[dict[str, object]]]:
    data: Any = parse_yaml(text).data
    assert isinstance(data, dict)
    return data


def _at(text: str, path: Path) -> object:
    found: Any = parse_yaml(text).data
    for part in path:
        found = found[part]
    return found
