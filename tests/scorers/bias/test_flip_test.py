"""The flip test, against neighbours found one by one."""

import tracemalloc
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorers.bias import flip_test as module
from scorers.bias.flip_test import flip_test, numeric_columns
from scorers.bias.metrics import Undefined


def columns_of(matrix: Any) -> list[pd.Series]:
    return [pd.Series(column, name=f"f{index}") for index, column in enumerate(np.asarray(matrix).T)]


def one_by_one(matrix: Any, group: Any, predicted: Any) -> float:
    neighbors = 5 if (~group).sum() > 9 else 1
    flips = 0
    for row in np.flatnonzero(group):
        distances = np.linalg.norm(matrix[~group] - matrix[row], axis=1)
        votes = predicted[~group][np.argsort(distances)[:neighbors]]
        flips += int(predicted[row]) - int(2 * votes.sum() > neighbors)
    return float(flips / group.sum())


@pytest.mark.parametrize("most_pairs", [0, module.MOST_PAIRS])
@pytest.mark.parametrize("features", [1, 3, 16])
@pytest.mark.parametrize("rows", [4, 12, 20, 300])
def test_the_vote_of_the_nearest_others(
    features: int, rows: int, most_pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", most_pairs)
    monkeypatch.setattr(module, "TREE_CHUNK", 7)
    monkeypatch.setattr(module, "BRUTE_CHUNK", 11)
    random = np.random.default_rng(rows + features)
    matrix = random.normal(size=(rows, features))
    group = np.arange(rows) % 3 == 0
    predicted = random.random(rows) < 0.5
    expected = one_by_one(matrix, group, predicted)
    assert flip_test(columns_of(matrix), group, predicted) == pytest.approx(expected, abs=1e-12)


def test_of_equally_near_others_those_count_that_the_library_takes() -> None:
    # nine of the eleven others are at the distances 0 and 1; smclarify 0.5 with numpy 1.24 votes "positive" here,
    # where the first five or the last five of the nearest, in the order of the rows, would not
    others = [3, 1, 2, 3, 1, 0, 2, 0, 3, 0, 2]
    labels = [True, False, False, False, True, True, False, True, True, False, False]
    matrix = np.array([[value] for value in (*others, 1)])
    group = np.arange(12) == 11
    assert flip_test(columns_of(matrix), group, np.array([*labels, False])) == -1.0
    assert flip_test(columns_of(matrix), group, np.array([*labels, True])) == 0.0


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 0)
    monkeypatch.setattr(module, "TREE_CHUNK", 10)
    told: list[tuple[int, int]] = []
    matrix, group = np.arange(100.0).reshape(-1, 1), np.arange(100) < 30
    flip_test(columns_of(matrix), group, group, lambda done, total: told.append((done, total)))
    assert told == [(10, 30), (20, 30), (30, 30)]


def test_progress_of_what_needs_no_search_is_told_once() -> None:
    told: list[tuple[int, int]] = []
    matrix, group = np.arange(100.0).reshape(-1, 1), np.arange(100) < 30
    flip_test(columns_of(matrix), group, group, lambda done, total: told.append((done, total)))
    assert told == [(30, 30)]


# Few values make ties, rounding makes equal what is far off or nearly equal, and the largest overflow.
CELLS = st.sampled_from(
    [
        st.booleans(),
        st.integers(0, 3),
        st.integers(-(2**62), 2**62),
        st.integers(0, 4).map(lambda tenths: tenths / 10),
        st.integers(0, 4).map(lambda tenths: 1e8 + tenths / 10),
        st.sampled_from([0.0, 5e-324, 1e-170, 3e-170]),
        st.floats(-3, 3),
        st.floats(allow_nan=False, allow_infinity=False),
    ]
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[pd.Series], Any, Any]:
    """Columns, a group and predictions; now and then so many columns that the library uses no tree."""
    rows = draw(st.integers(2, 40))
    columns = [
        pd.Series(draw(st.lists(cells, min_size=rows, max_size=rows)))
        for cells in draw(st.lists(CELLS, min_size=1, max_size=3))
    ]
    group, predicted = np.array(draw(st.lists(st.booleans(), min_size=2 * rows, max_size=2 * rows))).reshape(
        2, rows
    )
    group[:2] = True, False
    return columns * draw(st.sampled_from([1, 1, 6, 16])), group, predicted


@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")  # scikit-learn's, of numbers that overflow
@given(tables())
def test_votes_without_a_search_are_those_of_the_search(table: Any) -> None:
    columns, group, predicted = table
    votes = module._vote_if_certain(columns, group, predicted)
    if votes is not None:
        assert votes == module._vote_by_search(columns, group, predicted, None)


@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")  # scikit-learn's, of numbers that overflow
@given(tables())
def test_distances_are_those_of_scikit_learn_to_the_last_bit(table: Any) -> None:
    columns, group, _ = table
    matrix = np.column_stack(columns)
    with np.errstate(over="ignore", invalid="ignore"):
        ours = module._squared_distances(matrix[group], matrix[~group])
        from sklearn.metrics.pairwise import euclidean_distances  # noqa: PLC0415 - takes a second, and every worker collects this file

        theirs = euclidean_distances(matrix[group], matrix[~group], squared=True)
    np.testing.assert_array_equal(ours, theirs)


def test_integers_in_many_columns_are_searched_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAIRS", 0)
    monkeypatch.setattr(module, "PARTITION_CHUNK", 1 << 14)
    columns = columns_of(np.arange(16 * 2_000).reshape(-1, 16))
    group = np.arange(2_000) % 2 == 0
    tracemalloc.start()
    flip_test(columns, group, group)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000  # a position for each pair would be 8,000,000


class SearchedError(Exception):
    """Somebody searched with scikit-learn."""


@pytest.mark.parametrize(
    ("others", "labels", "is_searched"),
    [
        # the member is at 0; five of twelve others count
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], "+++------+++", False),
        ([1, 2, 3, 4, 5, 5, 7, 8, 9, 10, 11, 12], "++--+-++++++", True),  # the fifth decides
        ([1, 2, 3, 4, 5, 5, 7, 8, 9, 10, 11, 12], "++--++------", False),  # both say the same
        ([1, 2, 3, 4, 5, 5, 7, 8, 9, 10, 11, 12], "+---++------", False),  # only one of both counts
        ([1, 2, 3, 4, 5, 5, 7, 8, 9, 10, 11, 12], "+++-+-------", False),  # four have decided
        ([1, 2, 2, 2, 2, 2, 2, 8, 9, 10, 11, 12], "+++-++-+++++", False),  # four of six, two of them negative
        ([1, 2, 2, 2, 2, 2, 2, 8, 9, 10, 11, 12], "+++----+++++", True),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], "++----------", False),  # two are no majority
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], "+++---------", True),
        (
            [1, 2, 3, 4, 5, 5 + 1e-15, 7, 8, 9, 10, 11, 12],
            "++---+------",
            True,
        ),  # but for rounding, they are tied
        ([1e200, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "++++++++++++", True),  # its square is no number
    ],
)
def test_scikit_learn_is_asked_where_a_vote_depends_on_its_search(
    others: list[float], labels: str, is_searched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sklearn.neighbors.NearestNeighbors", mock.Mock(side_effect=SearchedError))
    matrix = np.array([[0.0], *([other] for other in others)])
    predicted = np.array([True, *(label == "+" for label in labels)])
    group = np.arange(13) < 1
    if is_searched:
        with pytest.raises(SearchedError):
            flip_test(columns_of(matrix), group, predicted)
    else:
        assert flip_test(columns_of(matrix), group, predicted) == one_by_one(matrix, group, predicted)


def test_scikit_learn_searches_among_many_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.neighbors.NearestNeighbors", mock.Mock(side_effect=SearchedError))
    matrix, group = np.arange(100.0).reshape(-1, 1), np.arange(100) < 30
    monkeypatch.setattr(module, "MOST_PAIRS", 30 * 70)
    assert flip_test(columns_of(matrix), group, group) == 1.0
    monkeypatch.setattr(module, "MOST_PAIRS", 30 * 70 - 1)
    with pytest.raises(SearchedError):
        flip_test(columns_of(matrix), group, group)


NUMBERS = pd.Series(np.arange(20.0), name="income")
GROUP = np.arange(20) < 8


@pytest.mark.parametrize(
    ("features", "group", "reason"),
    [
        ([], GROUP, "FlipTest: no numeric feature column is left to search for neighbours in"),
        ([pd.Series(list("ab" * 10))], GROUP, "FlipTest does not support non-numeric columns"),
        ([NUMBERS.where(NUMBERS > 2)], GROUP, "FlipTest: empty or infinite cells in income (3)"),
        ([NUMBERS], GROUP & False, "Facet set is empty"),
        ([NUMBERS], GROUP | True, "Negated Facet set is empty"),
    ],
)
def test_what_cannot_be_searched_is_undefined(features: list[pd.Series], group: Any, reason: str) -> None:
    assert flip_test(features, group, GROUP) == Undefined(reason)


def test_by_default_columns_of_numbers_are_searched() -> None:
    table = pd.DataFrame({"a": [1], "b": [1.5], "c": [True], "d": ["x"], "e": pd.to_datetime(["2024-01-01"])})
    assert numeric_columns(table) == ["a", "b", "c"]
