"""Conditional demographic disparity (CDDL on labels, CDDPL on predicted labels), vectorised over the strata."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from msgspec import Struct

from scorers.bias.columns import SLICE, Booleans, CellKind, distinct, kind_of
from scorers.bias.metrics import Undefined, Value

# The library gives 0 here, which a threshold would take for a measured equality.
NO_COMPARISON = Undefined("every row, or none, is in the group; there is nobody to compare with")
NOT_PROVIDED = Undefined("Group variable is empty or not provided")


class Strata(Struct, frozen=True):
    """The subgroups of a group variable: `codes` holds each row's subgroup, -1 where it has none."""

    codes: npt.NDArray[np.int32]
    number: int


def read_strata(group_variable: pd.Series) -> Strata | Undefined:
    """Return the subgroups that `group_variable` divides the rows into.

    Rows with an empty cell are in no subgroup. As in the library, texts beside empty cells are undefined.
    """
    empty = group_variable.isna()
    kind = kind_of(group_variable)
    if empty.all():
        return NOT_PROVIDED
    if (kind is CellKind.TEXTS and empty.any()) or kind is CellKind.MIXED:
        return Undefined(
            "Group variable mixes texts with empty cells or numbers, which cannot be put in one order"
        )
    codes, values = distinct(group_variable)
    return Strata(codes, len(values))


def conditional_disparity(group: Booleans, positive: Booleans, strata: Strata | Undefined) -> Value:
    """Return the mean over the strata, weighted by their rows, of the group's demographic disparity.

    A stratum's disparity is the group's share of its rejected (not positive) rows minus the group's share of its
    accepted rows; a share of no rows counts as 0. `group` and `positive` are booleans of shape (rows,).
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-data-bias-metric-cddl.html
    """
    if isinstance(strata, Undefined):
        return strata
    if not group.any() or group.all():
        return NO_COMPARISON
    if not positive.any():
        return Undefined("No positive labels in set")
    if positive.all():
        return Undefined("No negative labels in set")
    placed = strata.codes >= 0
    everyone = _by_outcome(strata, positive, placed)
    members = _by_outcome(strata, positive, placed & group)
    shares = np.divide(members, everyone, out=np.zeros(members.shape), where=everyone > 0)
    return float(np.average(shares[:, 0] - shares[:, 1], weights=everyone.sum(axis=1)))


def _by_outcome(strata: Strata, positive: Booleans, wanted: Booleans) -> npt.NDArray[np.int64]:
    """Return the wanted rows of each stratum, not positive and positive: shape (strata, 2).

    The rows are counted slice by slice, since counting takes eight bytes a row.
    """
    cells = 2 * strata.number
    tallies = np.zeros(cells, dtype=np.int64)
    step = max(SLICE, cells)
    for start in range(0, len(positive), step):
        rows = slice(start, start + step)
        codes = strata.codes[rows][wanted[rows]]
        tallies += np.bincount(2 * codes.astype(np.int64) + positive[rows][wanted[rows]], minlength=cells)
    return tallies.reshape(-1, 2)
