"""What differs between two sets of threshold files."""

import pytest

from checks.threshold_difference import ChangeKind, FileChange, KeyChange, compare_thresholds
from checks.threshold_set import compile_thresholds

FILE = """\
name: churn
owners: [risk@example.com]
applies_to: {model_package_groups: [churn]}
waivers:
  - {check: speed, reason: r, approved_by: risk@example.com, expires: 2030-01-31}
checks:
  - {name: quality, why: w, metric: c.q, at_least: 0.8}
  - {name: speed, why: w, metric: c.s, at_most: 2}
"""
SPEED = {
    "name": "speed",
    "why": "w",
    "metric": "c.s",
    "at_most": 2.0,
    "on_failure": "reject",
    "on_missing": "reject",
    "on_inconclusive": "review",
}
WAIVER = {"check": "speed", "reason": "r", "approved_by": "risk@example.com", "expires": "2030-01-31"}


def compare(before: str | None, after: str | None) -> tuple[FileChange, ...]:
    old, new = (
        () if text is None else compile_thresholds({"churn.yaml": text.encode()}) for text in (before, after)
    )
    return compare_thresholds(old, new)


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        pytest.param("0.8}", "0.85}", [("check quality: at_least", 0.8, 0.85)], id="a limit"),
        pytest.param(
            "at_least: 0.8}",
            "at_most: 0.8}",
            [("check quality: at_least", 0.8, None), ("check quality: at_most", None, 0.8)],
            id="another kind of limit",
        ),
        pytest.param(
            "[churn]", '["churn-*"]', [("model_package_groups", ["churn"], ["churn-*"])], id="groups"
        ),
        pytest.param(
            "owners:", "mode: dry_run\nowners:", [("mode", "enforce", "dry_run")], id="a key of the file"
        ),
        pytest.param(
            "2030-01-31", "2030-02-28", [("waiver speed: expires", "2030-01-31", "2030-02-28")], id="a waiver"
        ),
        pytest.param(
            "  - {name: speed, why: w, metric: c.s, at_most: 2}\n",
            "  - {name: x, why: w, metric: c.x, at_most: 2}\n",
            [
                ("check speed", SPEED, None),
                ("check x", SPEED | {"name": "x", "metric": "c.x"}, None),
                ("waiver speed", WAIVER, None),
            ],
            id="a check and its waiver",
        ),
        pytest.param("name: churn\n", "name: churn  # ours\n", [], id="a comment"),
    ],
)
def test_each_thing_that_is_another_is_told_once(
    old: str, new: str, keys: list[tuple[str, object, object]]
) -> None:
    after = FILE.replace(old, new)
    if "name: x" in after:
        after = after.replace(after[after.index("waivers:") : after.index("checks:")], "")
        keys[1] = ("check x", None, SPEED | {"name": "x", "metric": "c.x"})
    (change,) = compare(FILE, after)
    assert change.kind is ChangeKind.CHANGED
    assert change.keys == tuple(KeyChange(*key) for key in keys)


def test_a_file_comes_goes_or_stays() -> None:
    new = FileChange(ChangeKind.NEW, "churn", ("churn",), 2)
    gone = FileChange(ChangeKind.WITHDRAWN, "churn", ("churn",), 2)
    assert (compare(None, FILE), compare(FILE, None), compare(FILE, FILE)) == ((new,), (gone,), ())
