"""When two results are the same: Spider's execution match and BIRD's execution accuracy.

Spider's is the definition of taoyds/test-suite-sql-eval (Zhong, Yu and Klein, "Semantic Evaluation for Text-to-SQL
with Distilled Test Suites", EMNLP 2020; `exec_eval.py`), BIRD's that of the BIRD benchmark (Li et al., "Can LLM Already
Serve as A Database Interface?", NeurIPS 2023; `evaluation.py`). The verdicts are theirs; the algorithms are not:
columns are matched by their content instead of by trying every permutation.
"""

import operator
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from itertools import chain

Row = tuple[Hashable, ...]


class ResultTable:
    """The rows of one result, with the forms that comparisons need, each made once."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    @property
    def width(self) -> int:
        """The number of columns; 0 for no rows."""
        return len(self.rows[0]) if self.rows else 0

    def is_like(self, other: "ResultTable") -> bool:
        """Whether both have the same rows in the same order, which every comparison takes for equal.

        Values of several columns must be written alike too, since `unordered_rows` tells 1 from 1.0.
        """
        if self.rows != other.rows:
            return False
        return self.width == 1 or all(map(operator.eq, self._write_values(), other._write_values()))

    def _write_values(self) -> Iterator[str]:
        return map(repr, chain.from_iterable(self.rows))

    @cached_property
    def row_set(self) -> frozenset[Row]:
        """The distinct rows."""
        return frozenset(self.rows)

    @cached_property
    def columns(self) -> list[Row]:
        """The columns, each as the tuple of its values."""
        return list(zip(*self.rows, strict=True))

    @cached_property
    def unordered_rows(self) -> Sequence[Row]:
        """Each row with its values sorted by text and type, as Spider's quick rejection compares them.

        The sort tells 1 from 1.0, so that `(12, 1)` and `(12, 1.0)` come out in different orders and are rejected
        although their values are equal: a trait of the official evaluator that its published figures include.
        """
        if self.width == 1:
            return self.rows
        return [tuple(sorted(row, key=_write_with_type)) for row in self.rows]

    @cached_property
    def unordered_row_set(self) -> frozenset[Row]:
        """The distinct unordered rows."""
        return self.row_set if self.width == 1 else frozenset(self.unordered_rows)


def _write_with_type(value: Hashable) -> str:
    return f"{value}{type(value)}"


def is_bird_match(gold: ResultTable, predicted: ResultTable) -> bool:
    """Whether both results have the same set of rows, columns in the same order (BIRD's execution accuracy)."""
    return gold is predicted or gold.rows == predicted.rows or gold.row_set == predicted.row_set


def is_execution_match(gold: ResultTable, predicted: ResultTable, *, ordered: bool) -> bool:
    """Whether some permutation of the columns makes both results equal (Spider's execution match).

    Duplicates count. With `ordered` the rows must come in the same order. Two empty results are equal.
    """
    if gold is predicted or gold.is_like(predicted):
        return True
    if len(gold.rows) != len(predicted.rows) or gold.width != predicted.width:
        return False
    if ordered:
        return gold.unordered_rows == predicted.unordered_rows and (
            Counter(gold.columns) == Counter(predicted.columns)
        )
    if gold.unordered_row_set != predicted.unordered_row_set:
        return False
    if Counter(gold.rows) == Counter(predicted.rows):
        return True
    return gold.width > 1 and _match_columns(gold.columns, predicted.columns)


def _match_columns(gold: list[Row], predicted: list[Row]) -> bool:
    """Whether the columns of `predicted` can be arranged so that both are equal bags of rows."""
    bags = [frozenset(Counter(column).items()) for column in predicted]
    candidates = []
    for column in gold:
        bag = frozenset(Counter(column).items())
        candidates.append([index for index, other in enumerate(bags) if other == bag])
    start = [0] * len(gold[0])
    return _extend(gold, predicted, candidates, (start, start), frozenset())


def _extend(
    gold: list[Row],
    predicted: list[Row],
    candidates: list[list[int]],
    classes: tuple[list[int], list[int]],
    used: frozenset[int],
) -> bool:
    """Place the columns from `len(used)` on; rows of one class agree in all columns placed so far."""
    position = len(used)
    if position == len(gold):
        return True
    tried: set[Row] = set()
    for index in candidates[position]:
        column = predicted[index]
        if index in used or column in tried:  # an equal column would lead to the same end
            continue
        tried.add(column)
        refined = _refine(classes, gold[position], column)
        if refined is not None and _extend(gold, predicted, candidates, refined, used | {index}):
            return True
    return False


def _refine(
    classes: tuple[list[int], list[int]], gold: Row, predicted: Row
) -> tuple[list[int], list[int]] | None:
    """Split the classes of rows by one more column each; `None` where the bags of classes differ."""
    numbers: dict[tuple[int, Hashable], int] = {}
    left = [numbers.setdefault(key, len(numbers)) for key in zip(classes[0], gold, strict=True)]
    right = [numbers.get(key, -1) for key in zip(classes[1], predicted, strict=True)]
    return (left, right) if Counter(left) == Counter(right) else None
