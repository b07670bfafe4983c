import math
from collections import Counter
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorers.text_to_sql.verdicts.result_match import ResultTable, is_bird_match, is_execution_match

Rows = list[tuple[Any, ...]]


def by_trying_all_permutations(gold: Rows, predicted: Rows, ordered: bool) -> bool:
    """Spider's definition as it reads, without the quick rejection, which concerns 1 beside 1.0 only."""
    if not gold and not predicted:
        return True
    if len(gold) != len(predicted) or len(gold[0]) != len(predicted[0]):
        return False
    for order in permutations(range(len(gold[0]))):
        arranged = [tuple(row[index] for index in order) for row in predicted]
        if arranged == gold if ordered else Counter(arranged) == Counter(gold):
            return True
    return False


values = st.sampled_from([0, 1, 2, "a", "b", None, b"a"])


@st.composite
def two_results(draw: st.DrawFn) -> tuple[Rows, Rows]:
    width = draw(st.integers(1, 4))
    rows = st.lists(st.tuples(*[values] * width), max_size=5)
    gold = draw(rows)
    if draw(st.booleans()):
        return gold, draw(rows)
    order = draw(st.permutations(range(width)))
    shuffled = draw(st.permutations(gold))
    return gold, [tuple(row[index] for index in order) for row in shuffled]


@given(two_results(), st.booleans())
def test_columns_match_where_some_permutation_does(results: tuple[Rows, Rows], ordered: bool) -> None:
    gold, predicted = results
    expected = by_trying_all_permutations(gold, predicted, ordered)
    assert is_execution_match(ResultTable(gold), ResultTable(predicted), ordered=ordered) is expected


numbers = st.sampled_from([0, 0.0, -0.0, 1, 1.0, True, (1,), (1.0,), "1", None, math.nan])


@given(
    st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[numbers] * width), max_size=3)), st.data()
)
def test_results_that_are_alike_are_equal_by_every_comparison(rows: Rows, data: st.DataObject) -> None:
    same: dict[Any, list[Any]] = {0: [0, 0.0, -0.0], 1: [1, 1.0, True], (1,): [(1,), (1.0,)]}
    others = [tuple(data.draw(st.sampled_from(same.get(value, [value]))) for value in row) for row in rows]
    one, other = ResultTable(rows), ResultTable(others)
    if one.is_like(other):
        assert one.unordered_rows == other.unordered_rows
        assert Counter(one.columns) == Counter(other.columns)
        assert one.row_set == other.row_set


@pytest.mark.parametrize(
    ("gold", "predicted", "ordered", "spider", "bird"),
    [
        ([(1,)], [(1.0,)], False, True, True),
        ([(1,)], [("1",)], False, False, False),
        ([(0.3,)], [(0.1 + 0.2,)], False, False, False),
        ([("a",), ("a",)], [("a",)], False, False, True),
        ([("a", 1)], [(1, "a")], False, True, False),
        ([(1,), (2,)], [(2,), (1,)], True, False, True),
        ([(1,), (2,)], [(2,), (1,)], False, True, True),
        ([], [], True, True, True),
        ([], [(None,)], False, False, False),
        ([(12, 1)], [(12, 1.0)], True, False, True),
        (
            [(12, 1)],
            [(12, 1.0)],
            False,
            False,
            True,
        ),  # Spider's quick rejection sorts 1.0 before 12, and 1 behind
    ],
)
def test_values_rows_and_columns(
    gold: Rows, predicted: Rows, ordered: bool, spider: bool, bird: bool
) -> None:
    assert is_execution_match(ResultTable(gold), ResultTable(predicted), ordered=ordered) is spider
    assert is_bird_match(ResultTable(gold), ResultTable(predicted)) is bird


# Each passes every comparison but one: what would say "equal" without looking there is told by one of these rows.
ALMOST_EQUAL = {
    "equal sets, unequal bags, one column": ([("a",), ("a",), ("b",)], [("a",), ("b",), ("b",)], False),
    "equal sets, unequal bags, two columns": ([(1, 2), (1, 2), (3, 4)], [(1, 2), (3, 4), (3, 4)], False),
    "equal bags of each column, two columns": (
        [(1, 0), (2, 1), (1, 0), (0, 2)],
        [(1, 0), (2, 1), (0, 1), (0, 2)],
        False,
    ),
    "equal bags of each column, three columns": (
        [(1, 0, 0), (1, 0, 0), (0, 1, 1)],
        [(1, 0, 0), (0, 1, 0), (0, 1, 1)],
        False,
    ),
    "equal sets of values in each row": ([(1, 2), (3, 4)], [(1, 2), (4, 3)], False),
    "in order, equal values in each row": ([(1, 2), (3, 4)], [(2, 1), (3, 4)], True),
    "in order, other values in each row": ([(1, 2), (3, 4)], [(3, 2), (1, 4)], True),
    "in order, rows exchanged": ([(1, 2), (3, 4)], [(3, 4), (1, 2)], True),
    "a row more": ([(1,), (1,)], [(1,)], False),
    "a column more": ([(1, 1)], [(1,)], False),
    "rows beside none": ([(1,)], [], False),
}
# The counterparts: equal, and only a search for the right arrangement of the columns shows it.
EQUAL_AFTER_ALL = {
    "columns exchanged": ([(1, 0), (2, 1), (1, 0), (0, 2)], [(0, 1), (1, 2), (0, 1), (2, 0)], False),
    "columns exchanged in order": ([(1, 0), (2, 1)], [(0, 1), (1, 2)], True),
    # The first arrangement that fits the first column is a dead end.
    "the second arrangement": ([(0, 0, 1), (1, 0, 0)], [(0, 1, 0), (0, 0, 1)], False),
    "rows in another order": ([("a",), ("b",), ("a",)], [("b",), ("a",), ("a",)], False),
}


@pytest.mark.parametrize(("gold", "predicted", "ordered"), ALMOST_EQUAL.values(), ids=list(ALMOST_EQUAL))
def test_almost_equal_results_are_not_equal(gold: Rows, predicted: Rows, ordered: bool) -> None:
    assert not is_execution_match(ResultTable(gold), ResultTable(predicted), ordered=ordered)
    assert not is_execution_match(ResultTable(predicted), ResultTable(gold), ordered=ordered)


@pytest.mark.parametrize(
    ("gold", "predicted", "ordered"), EQUAL_AFTER_ALL.values(), ids=list(EQUAL_AFTER_ALL)
)
def test_results_are_equal_under_some_arrangement(gold: Rows, predicted: Rows, ordered: bool) -> None:
    assert is_execution_match(ResultTable(gold), ResultTable(predicted), ordered=ordered)
    assert is_execution_match(ResultTable(predicted), ResultTable(gold), ordered=ordered)


def test_many_alike_columns_end_soon() -> None:
    """Trying all permutations of twelve columns would not end."""
    gold = [tuple(row % (column + 2) for column in range(12)) for row in range(50)]
    predicted = [tuple(reversed(row)) for row in gold]
    assert is_execution_match(ResultTable(gold), ResultTable(predicted), ordered=False)
    same = [(1,) * 40] * 3
    other = [(1,) * 39 + (2,)] * 3
    assert not is_execution_match(ResultTable(same), ResultTable(other), ordered=False)
    assert is_execution_match(
        ResultTable(other), ResultTable([tuple(reversed(row)) for row in other]), ordered=False
    )
