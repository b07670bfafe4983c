"""The flip test, against neighbours found one by one."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

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


@pytest.mark.parametrize("features", [1, 3, 16])
@pytest.mark.parametrize("rows", [4, 12, 20, 300])
def test_the_vote_of_the_nearest_others(features: int, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
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
    monkeypatch.setattr(module, "TREE_CHUNK", 10)
    told: list[tuple[int, int]] = []
    matrix, group = np.arange(100.0).reshape(-1, 1), np.arange(100) < 30
    flip_test(columns_of(matrix), group, group, lambda done, total: told.append((done, total)))
    assert told == [(10, 30), (20, 30), (30, 30)]


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
