"""The flip test (FT): would a member of the group be judged otherwise, were they one of the others?

As the library does it: the five nearest neighbours (one, where the others number nine or fewer) of each member of the
group among the others, by Euclidean distance over the numeric features as they are, vote on the member's label.
FT = (members predicted positive whose neighbours are negative − the reverse) / members.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-post-training-bias-metric-ft.html

Which of several neighbours at the same distance count is decided by the search, so the search is the library's own
(scikit-learn's k-d tree or its brute force, by scikit-learn's own rule); only the members are asked for in chunks, on
all cores, and the features are taken out of the table once.
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
PARTITION_MEBIBYTES = 32

Matrix = npt.NDArray[np.generic]
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
    others = np.flatnonzero(~group)
    neighbors = NEIGHBORS if len(others) > FEW_OTHERS else 1
    label_of_others = predicted[others]
    is_small = len(features) <= MAX_TREE_FEATURES and neighbors < len(others) // 2
    find_nearest = _search(_matrix(features, others), neighbors, by_tree=is_small)
    members = np.flatnonzero(group)
    chunk = TREE_CHUNK if is_small else BRUTE_CHUNK
    flips = done = 0
    for rows in np.array_split(members, math.ceil(len(members) / chunk)):
        voted = 2 * label_of_others[find_nearest(_matrix(features, rows))].sum(axis=1) > neighbors
        flips += int(predicted[rows].sum()) - int(voted.sum())
        done += len(rows)
        if advance is not None:
            advance(done, len(members))
    return flips / len(members)


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


def _search(others: Matrix, neighbors: int, *, by_tree: bool) -> Callable[[Matrix], npt.NDArray[np.intp]]:
    """Return a function from members to the positions of their nearest others, shape (members, neighbors)."""
    if not by_tree and others.dtype != np.float64:
        return lambda members: _nearest_by_partition(others, members, neighbors)
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - with SciPy a second, for who searches alone

    search = NearestNeighbors(n_neighbors=neighbors, algorithm="kd_tree" if by_tree else "brute", n_jobs=-1)
    search.fit(others)
    return lambda members: search.kneighbors(members, return_distance=False)


def _nearest_by_partition(others: Matrix, members: Matrix, neighbors: int) -> npt.NDArray[np.intp]:
    """Return the nearest others where all features are integers: equals are then many.

    The library takes those that numpy's partition happens to put first. Since numpy 1.25 that depends on the
    processor for doubles; for long doubles it is still the partition of numpy 1.24, with which the library runs.
    """
    from sklearn.metrics import pairwise_distances_chunked  # noqa: PLC0415 - likewise

    def partition(distances: npt.NDArray[np.float64], _start: int) -> npt.NDArray[np.intp]:
        return np.argpartition(distances.astype(np.longdouble), neighbors - 1)[:, :neighbors]

    chunks = pairwise_distances_chunked(
        members, others, reduce_func=partition, working_memory=PARTITION_MEBIBYTES, squared=True
    )
    return np.vstack(list(chunks))


def _matrix(features: Sequence[pd.Series], rows: npt.NDArray[np.intp]) -> Matrix:
    """Return `rows` of `features`, shape (rows, features), filled column by column to hold no second copy."""
    kinds = {"b": bool, "i": int, "u": int}
    found = {kinds.get(column.dtype.kind, float) for column in features}
    matrix: npt.NDArray[np.generic] = np.empty(
        (len(rows), len(features)), dtype=found.pop() if len(found) == 1 else float
    )
    for position, column in enumerate(features):
        matrix[:, position] = column.to_numpy()[rows]
    return matrix
