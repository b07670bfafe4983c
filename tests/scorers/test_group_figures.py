"""One rule for groups and the gap between them, whatever a scorer's figures are."""

import ast
import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.measurements import Measured, Measurement, Support, Unmeasured
from scorers.group_figures import HERE, Figure, ScoredItem, measure_groups, measure_means

SCORERS = Path(__file__).parents[2] / "scorers"
GAP = "a.b_largest_gap"


def figure(value: float, samples: int, error: float | None = 0.5) -> Figure:
    stated = Measured("a.b", value, HERE, samples=samples, support=Support(standard_error=error))
    return Figure(stated, samples, None if error is None else Fraction(error) ** 2)


def no_value(reason: str) -> Unmeasured:
    return Unmeasured("a.b", reason, HERE)


EDGES: dict[str, tuple[dict[str, Figure | Unmeasured], Measurement]] = {
    "two groups": (
        {"r=x": figure(1, 2, 0.3), "r=y": figure(4, 3, 0.4)},
        Measured(GAP, 3, HERE, "r", samples=5, support=Support(standard_error=0.5)),
    ),
    "one group": ({"r=x": figure(1, 2)}, Unmeasured(GAP, "r has only one group", HERE, "r")),
    "one group with a value": (
        {"r=x": figure(1, 2), "r=y": no_value("none")},
        Unmeasured(GAP, "r has only one group", HERE, "r"),
    ),
    "no group with a value": (
        {"r=x": no_value("none"), "r=y": no_value("none")},
        Unmeasured(GAP, "r has no group with scores", HERE, "r"),
    ),
    "two that tie for highest: the first by name": (
        {"r=z": figure(4, 30, 0.1), "r=x": figure(1, 2, 0.3), "r=y": figure(4, 3, 0.4)},
        Measured(GAP, 3, HERE, "r", samples=5, support=Support(standard_error=0.5)),
    ),
    "two that tie for lowest: the first by name": (
        {"r=z": figure(1, 30, 0.1), "r=x": figure(4, 2, 0.3), "r=y": figure(1, 3, 0.4)},
        Measured(GAP, 3, HERE, "r", samples=5, support=Support(standard_error=0.5)),
    ),
    "all tie: the first by name, against itself": (
        {"r=y": figure(1, 30, 0.1), "r=x": figure(1, 3, 0.5)},
        Measured(GAP, 0, HERE, "r", samples=3, support=Support(standard_error=math.sqrt(0.5))),
    ),
    "an error that is unknown: no samples either": (
        {"r=x": figure(1, 2), "r=y": figure(4, 1, None)},
        Measured(GAP, 3, HERE, "r"),
    ),
    "all tie on one sample": (
        {"r=x": figure(1, 1, None), "r=y": figure(1, 1, None)},
        Measured(GAP, 0, HERE, "r", samples=1),
    ),
}


@pytest.mark.parametrize(("groups", "gap"), EDGES.values(), ids=EDGES)
def test_the_rule_at_the_edges(groups: dict[str, Figure | Unmeasured], gap: Measurement) -> None:
    whole = figure(2, 9).stated
    stated = {
        name: found.stated if isinstance(found, Figure) else found for name, found in sorted(groups.items())
    }
    first, *of_groups, last = measure_groups(whole, groups)
    assert first == whole
    assert [(one.facet, one.metric) for one in of_groups] == [(name, "a.b") for name in stated]
    assert last == gap


def test_each_column_has_a_gap_of_its_own() -> None:
    groups = {name: figure(value, 2) for name, value in (("s=1", 1), ("r=x", 2), ("s=2", 5), ("r=y", 2))}
    *_, of_r, of_s = measure_groups(figure(2, 4).stated, groups)
    assert [(one.facet, one.value) for one in (of_r, of_s) if isinstance(one, Measured)] == [
        ("r", 0),
        ("s", 4),
    ]


def test_a_group_without_values_says_what_its_items_say_most_often() -> None:
    items = [
        ScoredItem(("r=x",), [0.5]),
        ScoredItem(("r=y",), reasons=["the judge was cut off"]),
        ScoredItem(("r=y",), reasons=["the judge wrote prose", "the judge was cut off"]),
        ScoredItem(("r=z",)),
    ]
    found = {one.facet: one for one in measure_means("a.b", items, nothing="nothing here")}
    assert found["r=x"] == Measured("a.b", 0.5, HERE, "r=x", samples=1)
    assert found["r=y"] == Unmeasured(
        "a.b", "nothing here, most often because: the judge was cut off", HERE, "r=y"
    )
    assert found["r=z"] == Unmeasured("a.b", "nothing here", HERE, "r=z")
    assert found["r"] == Unmeasured(GAP, "r has only one group", HERE, "r")


@given(st.lists(st.tuples(st.sampled_from("wxyz"), st.floats(0, 1)), min_size=1))
def test_a_gap_is_between_the_highest_and_the_lowest_mean(values: list[tuple[str, float]]) -> None:
    items = [ScoredItem((f"r={group}",), [value]) for group, value in values]
    whole, *groups, gap = measure_means("a.b", items)
    means = [one.value for one in groups if isinstance(one, Measured)]
    assert isinstance(whole, Measured)
    assert min(means) - 1e-9 <= whole.value <= max(means) + 1e-9
    if len(means) == 1:
        assert isinstance(gap, Unmeasured)
    else:
        assert isinstance(gap, Measured)
        assert gap.value == max(means) - min(means)


def test_no_other_module_of_this_room_computes_a_gap() -> None:
    """Four modules did, each with a rule of its own for one group, ties and unknown errors."""
    naming = set()
    for path in SCORERS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_name = isinstance(node, ast.Name) and node.id == "LARGEST_GAP"
            is_text = isinstance(node, ast.Constant) and node.value == "_largest_gap"
            if is_name or is_text:
                naming.add(path.relative_to(SCORERS).as_posix())
    assert naming == {"group_figures.py"}
