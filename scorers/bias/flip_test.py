"""The flip test (FT): would a member of the group be judged otherwise, were they one of the others?

As the library does it: the five nearest neighbours (one, where the others number nine or fewer) of each member of the
group among the others, by Euclidean distance over the numeric features as they are, vote on the member's label.
FT = (members predicted positive whose neighbours are negative − the reverse) / members.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-post-training-bias-metric-ft.html

Which of several neighbours at the same distance count is decided by the search, so the search is the library's own
(scikit-learn's k-d tree or its brute force, by scikit-learn's own rule); only the members are asked for in chunks, on
all cores, and the features are taken out of the table once. To import it takes longer than all else of a small table,
whose votes mostly are the same whichever neighbours at the same distance count: then nothing is searched.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from scorers.bias.columns import Booleans
from scorers.bias.metrics import Undefined, Value

NEIGHBORS = 5
FEW_OTHERS = 9  # up to so many others, the single nearest one decides
TREE_CHUNK = 8_192
BRUTE_CHUNK = 65_536  # large: scikit-learn orders equals otherwise when few are asked for
MAX_TREE_FEATURES = 15
PARTITION_CHUNK = 1 << 22  # pairs of a member and another, each with a distance of eight bytes
MOST_PAIRS = 1 << 22  # beyond it, comparing all pairs takes longer than to import scikit-learn

Matrix = npt.NDArray[np.generic]
Doubles = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Advance = Callable[[int, int], None]


def numeric_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of `table` that the search can use: numbers and booleans."""
    return [str(column) for column in table.columns if _is_numeric(table[column])]


def flip_test(
    features: Sequence[pd.Series], group: Booleans, predicted: Booleans, advance: Advance | None = None
) -> Value:
    """Return FT of `group` over the columns `features`; `group`, `predicted` and each column have the shape (rows,).

    `advance` is called with the members done and their number as the search goes on.
    """
    if not group.any():
        return Undefined("Facet set is empty")
    if group.all():
        return Undefined("Negated Facet set is empty")
    if problem := _unusable(features):
        return Undefined(problem)
    members = int(np.count_nonzero(group))
    votes = None
    if members * (len(group) - members) <= MOST_PAIRS:
        votes = _vote_if_certain(features, group, predicted)
    if votes is None:
        votes = _vote_by_search(features, group, predicted, advance)
    elif advance is not None:
        advance(members, members)
    return (int(np.count_nonzero(predicted & group)) - votes) / members


def _is_numeric(column: pd.Series) -> bool:
    return pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype)


def _unusable(features: Sequence[pd.Series]) -> str:
    """Say why the search cannot run on `features`; nothing where it can."""
    if not features:
        return "FlipTest: no numeric feature column is left to search for neighbours in"
    if not all(map(_is_numeric, features)):
        return "FlipTest does not support non-numeric columns"
    counts = [(column.name, _count_gaps(column)) for column in features]
    gaps = [f"{name} ({count:,})" for name, count in counts if count]
    return f"FlipTest: empty or infinite cells in {', '.join(gaps)}" if gaps else ""


def _count_gaps(column: pd.Series) -> int:
    """Return how many cells of `column` are empty or infinite."""
    return int((~np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))).sum())


def _count_neighbors(others: Positions) -> int:
    return NEIGHBORS if len(others) > FEW_OTHERS else 1


def _vote_if_certain(features: Sequence[pd.Series], group: Booleans, predicted: Booleans) -> int | None:
    """Return for how many members their neighbours vote "positive"; `None` where a vote depends on the search.

    A vote depends on it where others are as near as the last of the neighbours, but for rounding, and the majority with
    some of them is not that with the rest.
    """
    others = np.flatnonzero(~group)
    neighbors, labels = _count_neighbors(others), predicted[others]
    points, other_points = _matrix(features, np.flatnonzero(group)), _matrix(features, others)
    with np.errstate(over="ignore", invalid="ignore"):
        distances = _squared_distances(points, other_points)
        sizes = _squared_norms(points) + _squared_norms(other_points).max()
    if not np.isfinite(2 * sizes).all():
        return None
    # Rounding moves a distance by at most (features + 2) eps times the sum of both squares, here and in the library.
    # To compare two distances as it does, that counts four times; twice as much is left for errors of errors.
    number = np.finfo(float)
    slack = (8 * (len(features) + 2) * (number.eps * sizes + number.tiny))[:, np.newaxis]
    last = np.partition(distances, neighbors - 1)[:, neighbors - 1, np.newaxis]
    is_nearer = distances < last - slack
    is_tied = ~is_nearer & (distances <= last + slack)
    positive, tied_positive = _count_rows(is_nearer & labels), _count_rows(is_tied & labels)
    left = neighbors - _count_rows(is_nearer)  # so many of the tied ones count
    most = positive + np.minimum(left, tied_positive)
    fewest = positive + np.maximum(left - _count_rows(is_tied & ~labels), 0)
    votes = 2 * most > neighbors
    is_certain = np.array_equal(votes, 2 * fewest > neighbors)
    return int(np.count_nonzero(votes)) if is_certain else None


def _count_rows(true: Booleans) -> Positions:
    counts: Positions = np.count_nonzero(true, axis=1)
    return counts


def _vote_by_search(
    features: Sequence[pd.Series], group: Booleans, predicted: Booleans, advance: Advance | None
) -> int:
    """Return for how many members the neighbours that the library finds vote "positive"."""
    members, others = np.flatnonzero(group), np.flatnonzero(~group)
    neighbors, labels = _count_neighbors(others), predicted[others]
    is_small = len(features) <= MAX_TREE_FEATURES and neighbors < len(others) // 2
    find_nearest = _search(_matrix(features, others), neighbors, by_tree=is_small)
    chunk = TREE_CHUNK if is_small else BRUTE_CHUNK
    votes = done = 0
    for rows in np.array_split(members, math.ceil(len(members) / chunk)):
        voted = 2 * labels[find_nearest(_matrix(features, rows))].sum(axis=1) > neighbors
        votes += int(np.count_nonzero(voted))
        done += len(rows)
        if advance is not None:
            advance(done, len(members))
    return votes


def _search(others: Matrix, neighbors: int, *, by_tree: bool) -> Callable[[Matrix], Positions]:
    """Return a function from members to the positions of their nearest others, shape (members, neighbors)."""
    if not by_tree and others.dtype != np.float64:
        return lambda members: _nearest_by_partition(others, members, neighbors)
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - with SciPy a second, for who searches alone

    search = NearestNeighbors(n_neighbors=neighbors, algorithm="kd_tree" if by_tree else "brute", n_jobs=-1)
    search.fit(others)
    return lambda members: search.kneighbors(members, return_distance=False)


def _nearest_by_partition(others: Matrix, members: Matrix, neighbors: int) -> Positions:
    """Return the nearest others where all features are integers: equals are then many.

    The library takes those that numpy's partition happens to put first. Since numpy 1.25 that depends on the
    processor for doubles; for long doubles it is still the partition of numpy 1.24, with which the library runs.
    """
    chunk = max(PARTITION_CHUNK // len(others), 1)
    nearest = np.empty((len(members), neighbors), dtype=np.intp)
    for start in range(0, len(members), chunk):
        rows = slice(start, start + chunk)
        distances = _squared_distances(members[rows], others).astype(np.longdouble)
        nearest[rows] = np.argpartition(distances, neighbors - 1)[:, :neighbors]
    return nearest


def _squared_distances(members: Matrix, others: Matrix) -> Doubles:
    """Return the squares of Euclidean distances, shape (members, others), as scikit-learn comes to them."""
    distances: Doubles = -2 * (members.astype(float) @ others.astype(float).T)
    distances += _squared_norms(members)[:, np.newaxis]
    distances += _squared_norms(others)
    return np.maximum(distances, 0, out=distances)


def _squared_norms(points: Matrix) -> Doubles:
    as_doubles = points.astype(float)
    norms: Doubles = np.einsum("ij,ij->i", as_doubles, as_doubles)
    return norms


def _matrix(features: Sequence[pd.Series], rows: Positions) -> Matrix:
    """Return `rows` of `features`, shape (rows, features), filled column by column to hold no second copy."""
    kinds = {"b": bool, "i": int, "u": int}
    found = {kinds.get(column.dtype.kind, float) for column in features}
    matrix: npt.NDArray[np.generic] = np.empty(
        (len(rows), len(features)), dtype=found.pop() if len(found) == 1 else float
    )
    for position, column in enumerate(features):
        matrix[:, position] = column.to_numpy()[rows]
    return matrix
