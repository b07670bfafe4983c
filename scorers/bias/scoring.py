"""The bias run: read the table or the results, compute the report, write it with where its figures come from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
from msgspec import Struct

from checks.facets import group_facet
from checks.strict_json import JsonValue
from scorers.bias.columns import BiasError, missing_column
from scorers.bias.outcome import Positive
from scorers.bias.report import OnFlipTest, bias_report, flip_test_features
from scorers.bias.results import Results, read_results, results_report
from scorers.bias.row_groups import Facet, Values, groups_of, other_spellings, parse_facet, several_spellings
from scorers.bias.tables import Table
from scorers.csv_files import COMMA
from scorers.evidence_writer import EvidenceWriter
from scorers.input_file import open_input

KIND = "bias"
ANALYSIS = "analysis.json"
PROVENANCE = "provenance"
FEW_ROWS = 30  # a rate over fewer moves by more than three hundredths with a single row
SHOWN_GROUPS = 5


class TableRun(Struct, frozen=True, kw_only=True):
    """What to compute for a table of predictions; see `scorers.bias.report.bias_report`. Facets are as typed."""

    label: str
    positive: Positive
    facets: Sequence[str]
    predicted: str | None = None
    group_variable: str | None = None
    features: Sequence[str] | None = None
    with_flip_test: bool = True
    separator: str = COMMA

    @property
    def outcome(self) -> list[str]:
        """The columns of labels: observed, and predicted where there are such."""
        return [name for name in (self.label, self.predicted) if name is not None]


class BiasEvidence(Struct, frozen=True):
    """What was written: the rows of each group (`column=value`), and remarks that the user should see."""

    rows_by_group: Mapping[str, int]
    remarks: Sequence[str]


def score_table(
    path: Path, run: TableRun, directory: Path, on_flip_test: OnFlipTest | None = None
) -> BiasEvidence:
    """Write the `analysis.json` of a table into `directory`.

    Raises:
        BiasError: when the table does not hold what is asked for.
    """
    with open_input(path) as source:
        table, facets = _load(path, run)
    remarks: list[str] = []
    with EvidenceWriter(directory) as evidence:
        document = bias_report(
            table,
            label=run.label,
            positive=run.positive,
            facets=facets,
            predicted=run.predicted,
            group_variable=run.group_variable,
            features=run.features,
            with_flip_test=run.with_flip_test,
            on_flip_test=on_flip_test,
            on_remark=remarks.append,
        )
        rows = _rows_by_group(table, facets)
        # The columns that hold the outcome are no features, whatever their type.
        used = set(_searched(run, list(table.columns))) - set(run.outcome)
        provenance: dict[str, JsonValue] = {
            **source.provenance(KIND, len(table)),
            "predicted": run.predicted,
            "group_variable": run.group_variable,
            "flip_test_features": [name for name in flip_test_features(table, run.features) if name in used],
            "rows_by_group": rows,
            "empty_facet_cells": _empty_cells(table, facets),
        }
        evidence.finish_report(ANALYSIS, {**document, PROVENANCE: provenance})
    return BiasEvidence(rows, [*remarks, *_remarks(table, facets, rows)])


def _load(path: Path, run: TableRun) -> tuple[pd.DataFrame, list[Facet]]:
    """Return the columns of the table that the run needs, and its facets."""
    source = Table(path, run.separator)
    facets = [parse_facet(text, source.columns) for text in run.facets]
    strata = [] if run.group_variable is None else [run.group_variable]
    searched = _searched(run, source.columns)
    needed = dict.fromkeys([*run.outcome, *strata, *(facet.column for facet in facets), *searched])
    for name in needed:
        if name not in source.columns:
            raise BiasError(f"{path}: {missing_column(name, source.columns)}")
    listed = [facet.column for facet in facets if facet.group is None or isinstance(facet.group, Values)]
    return source.load(list(needed), categories={*run.outcome, *strata, *listed}), facets


def score_results(
    path: Path, facets: Sequence[str], group_variable: str | None, directory: Path
) -> BiasEvidence:
    """Write the `analysis.json` of scored answers into `directory`.

    Raises:
        BiasError: when the results do not hold what is asked for.
        LinesError: naming the lines that are no results.
    """
    with open_input(path) as source:
        results = read_results(path)
    with EvidenceWriter(directory) as evidence:
        parsed = [parse_facet(text, list(results.facets.columns)) for text in facets]
        document = results_report(results, parsed, group_variable)
        rows = _rows_by_group(results.facets, parsed)
        provenance: dict[str, JsonValue] = {
            **source.provenance(KIND, len(results.correct) + results.unmeasured),
            "unmeasured": {"lines": results.unmeasured, "groups": dict(results.unmeasured_by_group)},
            "group_variable": group_variable,
            "rows_by_group": rows,
            "empty_facet_cells": _empty_cells(results.facets, parsed),
        }
        evidence.finish_report(ANALYSIS, {**document, PROVENANCE: provenance})
    return BiasEvidence(rows, [*_unmeasured(results), *_remarks(results.facets, parsed, rows)])


def _searched(run: TableRun, columns: Sequence[str]) -> Sequence[str]:
    """Return the columns to load for the flip test."""
    if run.predicted is None or not run.with_flip_test:
        return ()
    return columns if run.features is None else run.features


def _rows_by_group(table: pd.DataFrame, facets: Iterable[Facet]) -> dict[str, int]:
    """Return the rows of each group."""
    groups = ((facet, group) for facet in dict.fromkeys(facets) for group in groups_of(table, facet))
    return {group_facet(facet.column, group.name): int(group.rows.sum()) for facet, group in groups}


def _empty_cells(table: pd.DataFrame, facets: Iterable[Facet]) -> dict[str, JsonValue]:
    """Return the rows that are in no group because the facet's cell is empty."""
    return {facet.column: int(table[facet.column].isna().sum()) for facet in dict.fromkeys(facets)}


def _remarks(table: pd.DataFrame, facets: Iterable[Facet], rows: Mapping[str, int]) -> Iterator[str]:
    for facet in dict.fromkeys(facets):
        column = table[facet.column]
        if empty := int(column.isna().sum()):
            yield f"{facet.column} is empty in {empty:,} rows, which count as everyone else"
        yield from _spellings(column, facet)
    for group, number in rows.items():
        if number == 0:
            yield f"{group}: no row is in this group; its metrics are undefined"
        elif number == len(table):
            yield f"{group}: every row is in this group; its metrics are undefined"
    few = {group: min(number, len(table) - number) for group, number in rows.items()}
    small = [f"{group} {number:,}" for group, number in few.items() if 0 < number < FEW_ROWS]
    if small:
        shown = ", ".join(small[:SHOWN_GROUPS]) + (", …" if len(small) > SHOWN_GROUPS else "")
        yield f"fewer than {FEW_ROWS} rows in a group, or beside it, so that one row moves its figures: {shown}"


def _spellings(column: pd.Series, facet: Facet) -> Iterator[str]:
    """Say where a facet's groups are spelt in several ways, so that one group is divided."""
    match facet.group:
        case None:
            for cells in several_spellings(column):
                yield f"facet {facet.column}: {', '.join(cells)} differ in case only, and are groups of their own"
        case Values(values):
            if others := other_spellings(column, values):
                yield (
                    f"facet {facet.column}: {', '.join(others)} differs in case only, and counts as everyone else; "
                    "name it too, or write both alike"
                )


def _unmeasured(results: Results) -> Iterator[str]:
    if results.unmeasured:
        groups = ", ".join(
            f"{group}: {count:,}" for group, count in sorted(results.unmeasured_by_group.items())
        )
        yield f"{results.unmeasured:,} lines are not measured (correct is null) and left out: {groups or 'no group'}"
