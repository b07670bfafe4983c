"""Patterns of groups, addresses of metrics, and facets: what can match nothing, and what is probably misspelt."""

import re
from collections.abc import Iterator, Sequence

from checks.catalogue import CATALOGUE, find_metric
from checks.catalogue.metric import Facets
from checks.catalogue.names import find_full_names, find_near_names
from checks.doubts.doubt import Doubt, short
from checks.facets import EVERY, column_of, group_facet, is_group_of_column, split_facet
from checks.selection import MAX_GROUP_NAME, gains_by_suffix, matches_no_group
from checks.thresholds import Check, ThresholdFile
from checks.yaml_source import Path

_MOST_LISTED = 3
_PLACEHOLDER = re.compile(r"<[^<>]+>")
_PLACEHOLDERS = frozenset(found for metric in CATALOGUE for found in _PLACEHOLDER.findall(metric.address))


def doubt_patterns(file: ThresholdFile) -> Iterator[Doubt]:
    """Yield the patterns of groups that no name can match, and a suffix that makes none of them match more."""
    for index, pattern in enumerate(file.applies_to):
        if matches_no_group(pattern):
            message = (
                f'"{short(pattern)}" matches no group: a name begins and ends with a letter or digit, and has at most '
                f"{MAX_GROUP_NAME} of letters, digits and hyphens"
            )
            yield Doubt(("applies_to", "model_package_groups", index), message, refused=True)
    if file.mlflow_suffix and not any(map(gains_by_suffix, file.applies_to)):
        message = (
            "no pattern matches more by it: what ends in * matches the suffix already, and a name with it has at most "
            f"{MAX_GROUP_NAME} characters; leave it out"
        )
        yield Doubt(("applies_to", "mlflow_suffix"), message, refused=False)


def doubt_metric(check: Check, path: Path) -> Iterator[Doubt]:
    """Yield what is doubtful about the name of the metric of the check at `path`, at most one thing."""
    metric, path = check.metric, (*path, "metric")
    if "*" in metric.split(".") or ("*" in metric and find_metric(metric) is None):
        message = "a check is about one metric, and * is none; write a check for each metric"
        yield Doubt(path, message, refused=True)
    elif copied := [one for one in _PLACEHOLDER.findall(metric) if one in _PLACEHOLDERS]:
        message = f"{short(copied[0])} is a placeholder for a name of your report; write that name instead"
        yield Doubt(path, message, refused=True)
    elif whole := find_full_names(metric):
        message = f"this is the last part of {_list_first(whole)}; write the whole address"
        if "." not in metric:
            message += (
                f'; put a figure of your own under "metrics" in its report, and write metrics.{short(metric)}'
            )
        yield Doubt(path, message, refused=False)
    elif near := find_near_names(metric):
        message = (
            f"no report has this metric, as far as the catalogue knows; did you mean {_list_first(near)}?"
        )
        yield Doubt(path, message, refused=False)


def _list_first(names: Sequence[str]) -> str:
    *first, last = names[:_MOST_LISTED]
    listed = f"{', '.join(first)} or {last}" if first else last
    return f"{listed} ({len(names) - _MOST_LISTED} more have it)" if len(names) > _MOST_LISTED else listed


def doubt_facet(check: Check, path: Path) -> Iterator[Doubt]:
    """Yield what is doubtful about the facet of the check at `path`: how it is spelt, and whether its metric has it."""
    metric = find_metric(check.metric)
    facet_path: Path = (*path, "facet")
    if check.facet is not None:
        yield from (Doubt(facet_path, *problem) for problem in _doubt_spelling(check.facet))
    if metric is None:
        return
    what = f"{short(check.metric)} is there"
    match metric.facets, check.facet:
        case Facets.WHOLE, str():
            yield Doubt(facet_path, f"{what} for the whole only; leave facet out", refused=False)
        case ((Facets.GROUPS | Facets.COLUMN), None):
            yield Doubt(
                (*path, "metric"), f'{what} by facet only; say which, or "*" for every one', refused=False
            )
        case Facets.COLUMN, str(facet) if is_group_of_column(facet):
            meant = short(column_of(facet))
            yield Doubt(facet_path, f'{what} for a column as a whole; did you mean "{meant}"?', refused=False)


def _doubt_spelling(facet: str) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong with the text of a facet, and whether that can match nothing at all."""
    if facet == EVERY:
        return
    column, value = split_facet(facet)
    group = value or ""
    if "*" in column or group == "*":
        name = column.strip("* ") or "column"
        yield (
            f'only "*" by itself is every group; for every group of a column write "{short(name)}"',
            True,
        )
    elif not column.strip():
        yield 'there is no column before the "="; write "column=value"', True
    elif column != column.strip() or group != group.strip():
        tidy = group_facet(column.strip(), group.strip())
        yield f'the spaces around "=" count as part of the names; did you mean "{short(tidy)}"?', False
    elif value == "":
        yield f'this is the group whose value is empty; for every group write "{short(column)}"', False
    elif "*" in group:
        yield f'the * is taken literally; for every group of the column write "{short(column)}"', False
