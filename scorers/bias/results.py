"""Bias of generative models: was a question answered correctly, by the group that asks.

Read are the `results.jsonl` of scoring text-to-SQL and RAG: each line has `facets`, such as `{"region": "CA"}`, and
`correct`: true, false, or null where it could not be measured. The rule for null: such a line counts neither as right
nor as wrong, it is left out, and how many were is part of the evidence and of the output.

In `pre_training_bias_metrics` the observed label is `correct`. In `post_training_bias_metrics` every question calls
for a correct answer (the observed label is always positive) and `correct` is what the model did, so that DPPL, AD and
RD are the difference and DI the ratio of the groups' rates of correct answers. Metrics that need questions which call
for a wrong answer are undefined, and say so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from msgspec import Struct

from checks.errors import GovernanceError
from checks.strict_json import JsonValue
from scorers.bias.columns import BiasError, Booleans, column_of
from scorers.bias.disparity import NOT_PROVIDED, read_strata
from scorers.bias.metrics import Undefined
from scorers.bias.report import (
    POST_TRAINING_KEY,
    POST_TRAINING_NAMES,
    PRE_TRAINING_KEY,
    Measures,
    Section,
    analysis_document,
    post_training,
    pre_training,
)
from scorers.bias.row_groups import Facet, Group
from scorers.item_groups import facet_groups
from scorers.lines import Line, check_lines

CORRECT = "correct"
POSITIVE = "true"
NO_NEGATIVES = Undefined("every question calls for a correct answer, so there are no negative labels")
NO_FEATURES = Undefined("FlipTest: scored answers have no feature columns to search for neighbours in")
UNDEFINED = {**dict.fromkeys(("DAR", "DCR", "DRR", "SD", "TE"), NO_NEGATIVES), "FT": NO_FEATURES}
NONE_CORRECT = Undefined("No positive predicted labels in set: no question was answered correctly")

Facets = Mapping[str, JsonValue]


class Results(Struct, frozen=True):
    """Scored answers: a row each in `facets` (a column a facet), `correct` by row, and what was left out."""

    facets: pd.DataFrame
    correct: Booleans
    unmeasured: int
    unmeasured_by_group: Mapping[str, int]


def read_results(path: Path) -> Results:
    """Read `results.jsonl`.

    Raises:
        LinesError: naming each line that has no `correct` or whose `facets` are no mapping.
        BiasError: when no line was measured, or none has a facet.
    """
    rows: list[tuple[bool, Facets]] = []
    left_out: Counter[str] = Counter()

    def take(line: Line) -> str | None:
        correct, facets = line.value.get(CORRECT), line.value.get("facets") or {}
        if CORRECT not in line.value or not (correct is None or isinstance(correct, bool)):
            return '"correct" is to be true, false or null; read the results.jsonl that scoring wrote'
        # Facets are checked before `correct` sorts the lines: a wrong one is a fault of the file in either case.
        try:
            groups = facet_groups(facets)
        except GovernanceError as error:
            return str(error)
        if isinstance(correct, bool) and isinstance(facets, Mapping):
            rows.append((correct, facets))
        else:
            left_out.update(groups)
        return None

    lines = check_lines(path, take)
    if not rows:
        raise BiasError(f"{path}: none of the {lines:,} lines is measured; `correct` is null in each")
    table = _table([facets for _, facets in rows])
    if table.empty:
        raise BiasError(
            f'{path}: no line has facets, such as {{"region": "CA"}}; give the scorer items with facets'
        )
    return Results(table, np.array([correct for correct, _ in rows]), lines - len(rows), dict(left_out))


def results_report(
    results: Results, facets: Iterable[Facet], group_variable: str | None = None
) -> dict[str, JsonValue]:
    """Return the bias metrics of `results` as the JSON of an `analysis.json`.

    `group_variable` is the facet whose groups are the strata of CDDL and CDDPL.

    Raises:
        BiasError: when the results do not hold what is asked for.
    """
    strata = (
        NOT_PROVIDED if group_variable is None else read_strata(column_of(results.facets, group_variable))
    )
    wanted = np.ones_like(results.correct)

    def before(_column: str, group: Group) -> Measures:
        return pre_training(results.correct, group, strata)

    def after(_column: str, group: Group) -> Measures:
        if not results.correct.any():
            return dict.fromkeys(POST_TRAINING_NAMES, NONE_CORRECT)
        return {**post_training(wanted, results.correct, group, strata), **UNDEFINED}

    sections = (
        Section(POST_TRAINING_KEY, CORRECT, POSITIVE, after),
        Section(PRE_TRAINING_KEY, CORRECT, POSITIVE, before),
    )
    return analysis_document(results.facets, facets, sections)


def _table(rows: list[Facets]) -> pd.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame({name: _column([row.get(name) for row in rows]) for name in names})


def _column(cells: list[JsonValue]) -> pd.Series:
    """Return one facet: integers as such, so that a threshold can be held against them, all else as texts."""
    if all(cell is None or (isinstance(cell, int) and not isinstance(cell, bool)) for cell in cells):
        return pd.Series(cells, dtype="Int64")
    return pd.Series([_text(cell) for cell in cells], dtype="str")


def _text(cell: JsonValue) -> str | None:
    """Return how `scorers.item_groups` names the group."""
    if cell is None:
        return None
    return str(cell).lower() if isinstance(cell, bool) else str(cell)
