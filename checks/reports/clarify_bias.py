"""Clarify's bias report, `analysis.json`: pre- and post-training bias metrics by facet.

Addressed as `bias.pre_training.CI` and `bias.post_training.DPPL`, with the facet `column=value`. The shape is that of
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-processing-job-analysis-results.html. An undefined metric
has a null `value` and its reason in `error`, or the text `Infinity` or `-Infinity`. A group without a metric that other
groups have is a gap at that metric and facet.

The list that `bias_report()` of the library smclarify returns, saved alone, is read as well. It names no column, so the
facet is the value or threshold of the group by itself; whether a metric is of before or after training is known by its
name.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from checks.evidence import ReportKind
from checks.facets import group_facet
from checks.measurements import Measurement, Unmeasured
from checks.reports.numbers import Node, make_gap, name_kind, read_error, read_measurement, read_numbers_below
from checks.reports.reader import Reader
from checks.strict_json import JsonValue

FORMAT = "clarify_bias"
PREFIXES = {
    "pre_training_bias_metrics": "bias.pre_training",
    "post_training_bias_metrics": "bias.post_training",
}
# https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html and
# https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html
_PRE_TRAINING = frozenset({"CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL"})
_POST_TRAINING = frozenset(
    {"DPPL", "DI", "DCA", "DCAcc", "DCR", "SD", "RD", "DAR", "DRR", "AD", "TE", "CDDPL", "FT", "GE"}
)
_LIBRARY = "bias"
_TEXTS = frozenset({"name", "value", "error", "description"})


def recognises(document: JsonValue) -> bool:
    """Whether `document` holds bias metrics of Clarify."""
    if isinstance(document, list):
        return bool(document) and all(map(_is_group, document))
    return isinstance(document, Mapping) and any(key in document for key in PREFIXES)


def _is_group(value: JsonValue) -> bool:
    return isinstance(value, Mapping) and {"value_or_threshold", "metrics"} <= value.keys()


def read(report: Node) -> Iterator[Measurement]:
    """Yield every bias metric."""
    if isinstance(report.value, list):
        yield from map(_add_stage, _read_library(report))
        return
    for key, prefix in PREFIXES.items():
        if key in report:
            yield from _read_section(report.child(key), prefix)


def _read_library(report: Node) -> Iterator[Measurement]:
    by_facet: dict[str, list[Measurement]] = {}
    for _, group in report.members():
        facet = _read_value(group) or ""
        by_facet.setdefault(facet, []).extend(read_group(group, _LIBRARY, facet))
    for measurements in by_facet.values():
        yield from measurements
    yield from find_missing_metrics(_LIBRARY, by_facet, report)


def _add_stage(found: Measurement) -> Measurement:
    """Return a measurement of the library with the stage of its metric: `bias.pre_training.CI` for `bias.CI`."""
    rest = found.metric.removeprefix(f"{_LIBRARY}.")
    name = rest.partition(".")[0]
    if name in _PRE_TRAINING:
        return replace(found, metric=f"{PREFIXES['pre_training_bias_metrics']}.{rest}")
    if name in _POST_TRAINING:
        return replace(found, metric=f"{PREFIXES['post_training_bias_metrics']}.{rest}")
    return found


def _read_section(section: Node, prefix: str) -> Iterator[Measurement]:
    """Yield the metrics of one section.

    A section that names no facet at all is read as one of which nothing is known, for the whole and for any facet.
    """
    facets = section.child("facets") if "facets" in section else section
    if "facets" not in section or not isinstance(facets.value, Mapping) or not facets.value:
        misplaced = "facets" in section and facets.value != {}
        reason = f"{name_kind(facets.value)} where an object of facets belongs"
        reason = reason if misplaced else "it has no facets"
        yield make_gap(prefix, facets, reason)
        return
    by_facet: dict[str, list[Measurement]] = {}
    for column, groups in facets.members():
        if not isinstance(groups.value, list) or not groups.value:
            reason = (
                "it has no groups" if groups.value == [] else f"{name_kind(groups.value)} where groups belong"
            )
            by_facet.setdefault(column, []).append(make_gap(prefix, groups, reason, facet=column))
            continue
        for _, group in groups.members():
            value = _read_value(group)
            facet = column if value is None else group_facet(column, value)
            by_facet.setdefault(facet, []).extend(read_group(group, prefix, facet))
    for measurements in by_facet.values():
        yield from measurements
    yield from find_missing_metrics(prefix, by_facet, facets)


def _read_value(group: Node) -> str | None:
    """Return the value or threshold that a group is named by, if any."""
    given = group.value.get("value_or_threshold") if isinstance(group.value, Mapping) else None
    is_named = isinstance(given, str | int | float) and not isinstance(given, bool)
    return group.child("value_or_threshold").text() if is_named else None


def read_group(group: Node, prefix: str, facet: str | None) -> Iterator[Measurement]:
    """Yield the metrics of one group, or the gap of all of them."""
    if not isinstance(group.value, Mapping):
        yield make_gap(prefix, group, f"{name_kind(group.value)} where a group belongs", facet=facet)
        return
    error = read_error(group.value.get("error"))
    metrics = group.child("metrics") if "metrics" in group else group
    if error is not None:
        yield make_gap(prefix, group, error, facet=facet)
    elif not isinstance(metrics.value, list) or not metrics.value:
        yield make_gap(prefix, metrics, "the group has no metrics", facet=facet)
    if isinstance(metrics.value, list):
        for _, metric in metrics.members():
            yield from _read_metric(metric, prefix, facet)


def _read_metric(metric: Node, prefix: str, facet: str | None) -> Iterator[Measurement]:
    entry = metric.value
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        yield make_gap(prefix, metric, "a metric without a name", facet=facet)
        return
    address = f"{prefix}.{metric.child('name').text()}"
    if "value" in entry:
        yield read_measurement(address, metric.child("value"), facet=facet, error=entry.get("error"))
    else:
        yield make_gap(address, metric, read_error(entry.get("error")) or 'no "value" in it', facet=facet)
    for key, extra in metric.members():
        if key not in _TEXTS:
            yield from read_numbers_below(f"{address}.{key}", extra, facet=facet)


def find_missing_metrics(
    prefix: str, by_facet: Mapping[str, Sequence[Measurement]], node: Node
) -> Iterator[Unmeasured]:
    """Yield a gap for each metric that a facet lacks and that others have."""
    names = dict.fromkeys(
        one.metric
        for found in by_facet.values()
        for one in found
        if one.metric.count(".") == prefix.count(".") + 1
    )
    for facet, found in by_facet.items():
        present = {one.metric for one in found}
        if prefix not in present:  # else all of it is a gap
            for name in names:
                if name not in present:
                    yield make_gap(name, node, "this group has no such metric, and others have", facet=facet)


READER = Reader(format=FORMAT, kind=ReportKind.BIAS, recognises=recognises, read=read)
