"""SageMaker evaluation JSON: read, and written for the project's own scorers.

`{"text_to_sql_metrics": {"execution_accuracy": {"value": 0.84, "samples": 300}}}` is addressed as
`text_to_sql.execution_accuracy`. The shape is that of model quality metrics in SageMaker Model Registry and of
Model Monitor's model quality statistics (https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html).
Beside `value` and `standard_deviation` a metric may carry

- `samples`: the number of scored items,
- `standard_error`: the error of the value itself,
- `interval`: `{"low": …, "high": …, "confidence": 0.95}`,
- `error`: with a `null` value, why it could not be measured (as Clarify writes it),
- `facets`: the same again for groups, keyed `column=value`, or `column` for a figure about all its groups.

A top-level `provenance` says how the figures came about; it is evidence, but holds no measurements.

Groups are found whatever the case of `_metrics`, one level down too, and in each element of a list at the top; the
address is the same. A group, and what is in it, may be a list of `{"name": …, "value": …}`. A figure at
the top, outside of every group, is a gap at its own name: what it is a figure of cannot be told.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec.structs import replace

from checks.evidence import ReportKind
from checks.facets import is_group_of_column
from checks.measurements import Interval, Measured, Measurement, Members, Unmeasured
from checks.reports.clarify_bias import PREFIXES as BIAS_SECTIONS
from checks.reports.model_monitor_shape import is_statistics
from checks.reports.numbers import (
    MAX_POINTER,
    Node,
    find_error_beside,
    make_gap,
    name_kind,
    read_error,
    read_measurement,
    read_numbers_below,
    why_not_a_number,
)
from checks.reports.reader import Reader
from checks.reports.support import MOST_SAMPLES, SPREADS, add_stated_support, read_samples, why_no_spread
from checks.strict_json import JsonValue

FORMAT = "sagemaker_evaluation"
GROUP_SUFFIX = "_metrics"
PROVENANCE = "provenance"


def _write_entry(measurement: Measurement) -> dict[str, JsonValue]:
    match measurement:
        case Unmeasured():
            return {"value": None, "error": measurement.reason}
        case Measured():
            support = measurement.support
            entry: dict[str, JsonValue] = {
                "value": measurement.value,
                "samples": measurement.samples,
                "standard_deviation": support.standard_deviation,
                "standard_error": support.standard_error,
                "interval": None if support.interval is None else _write_interval(support.interval),
            }
            return {key: part for key, part in entry.items() if part is not None}


def _write_interval(interval: Interval) -> dict[str, JsonValue]:
    return {"low": interval.low, "high": interval.high, "confidence": interval.confidence}


def write_evaluation(
    measurements: Iterable[Measurement], provenance: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return the evaluation JSON that holds `measurements`; reading it gives them back.

    A measurement's metric is `<group>.<name>`; a facet's entry is under its metric.

    Raises:
        ValueError: when a metric has no group, or one metric and facet are given twice (a defect of the caller).
    """
    document: dict[str, dict[str, dict[str, JsonValue]]] = {}
    facets: dict[str, dict[str, JsonValue]] = {}
    for given in measurements:
        group, _, name = given.metric.partition(".")
        if not name:
            raise ValueError(f"{given.metric}: a metric is named <group>.<name>")
        metric = document.setdefault(group + GROUP_SUFFIX, {}).setdefault(name, {})
        if given.facet is None:
            target, entry = metric, _write_entry(given)
        else:
            target, entry = facets.setdefault(given.metric, {}), {given.facet: _write_entry(given)}
            metric["facets"] = target
        if target.keys() & entry.keys():
            raise ValueError(f"{given.metric} (facet {given.facet}) is given twice")
        target.update(entry)
    return {**document, PROVENANCE: dict(provenance)}


def recognises(document: JsonValue) -> bool:
    """Whether `document` has groups of metrics, and is not of Model Monitor, which counts the items of its data set."""
    if isinstance(document, Mapping):
        around = (value for key, value in document.items() if key != PROVENANCE)
        return not is_statistics(document) and (any(map(is_group, document)) or any(map(_has_groups, around)))
    return isinstance(document, list) and bool(document) and all(map(_is_evaluation, document))


def _is_evaluation(document: JsonValue) -> bool:
    return isinstance(document, Mapping) and recognises(document)


def _has_groups(value: JsonValue) -> bool:
    """Whether there are groups in `value`: of the many things below the top only what is built as one counts."""
    return isinstance(value, Mapping) and any(
        is_group(key) and (isinstance(group, Mapping) or is_named_list(group)) for key, group in value.items()
    )


def is_group(key: str) -> bool:
    """Whether a key names a group of metrics, in whatever case."""
    return (
        key.lower().endswith(GROUP_SUFFIX)
        and len(key) > len(GROUP_SUFFIX)
        and key.lower() not in BIAS_SECTIONS
    )


def name_group(key: str) -> str:
    """Return the name of the group whose key is `key`: `Classification` for `Classification_Metrics`."""
    return key[: -len(GROUP_SUFFIX)]


def read(report: Node) -> Iterator[Measurement]:
    """Yield every metric of every group, and of every facet."""
    if isinstance(report.value, list):
        for _, evaluation in report.members():
            yield from read(evaluation)
        return
    members = [(key, child) for key, child in report.members() if key != PROVENANCE]
    for key, child in members:
        if is_group(key):
            yield from read_group(name_group(key), child)
        elif isinstance(child.value, Mapping) and any(map(is_group, child.value)):
            yield from _read_around_groups(key, child)
        else:
            yield from _find_gaps_outside(key, child)
    yield from _find_failed_runs(members)


def _read_around_groups(address: str, node: Node) -> Iterator[Measurement]:
    """Yield the groups of an object that has groups, such as one of several runs, and the gaps of the rest of it."""
    for key, child in node.members():
        if is_group(key):
            yield from read_group(name_group(key), child)
        else:
            yield from _find_gaps_outside(f"{address}.{key}", child)


def _find_failed_runs(members: Sequence[tuple[str, Node]]) -> Iterator[Measurement]:
    """Yield a gap of each group for each run that failed: beside runs with groups it has none, but an error.

    So does one that is named as they are, but for its number, and holds nothing (`fold_2` beside `fold_1`).
    """
    runs = {key: child for key, child in members if not is_group(key) and _has_groups(child.value)}
    names = {_remove_number(key) for key in runs}
    groups = dict.fromkeys(name_group(key) for run in runs.values() for key in run.object() if is_group(key))
    for key, child in members:
        if key in runs or is_group(key):
            continue
        error = find_error_beside(child.value)
        if error is None and _remove_number(key) not in names:
            continue
        for group in groups:
            yield make_gap(group, child, f"{key} has no group of metrics" + (f": {error}" if error else ""))


def _remove_number(key: str) -> str:
    return "".join(character for character in key if not character.isdigit())


_TOO_DEEP = "a group of metrics is too far down to be read; put it at the top, or one level down"
_MOST_OUTSIDE = 1_000  # told one by one


def _find_gaps_outside(address: str, node: Node) -> Iterator[Measurement]:
    """Yield the gaps of what is outside of every group: another report may have figures at these addresses."""
    if _is_figure(node.value):
        yield Unmeasured(address, _OUTSIDE, node.source, itself_only=True)
        return
    found = list(islice(read_numbers_below(address, node), _MOST_OUTSIDE + 1))
    if len(found) > _MOST_OUTSIDE:
        yield make_gap(address, node, "there is more here than can be told, outside of every group")
        return
    keys = dict.fromkeys(key for one in found for key in one.source.pointer.split("/")[:-1] if is_group(key))
    for key in keys:
        yield make_gap(name_group(key), node, _TOO_DEEP)
    for one in found:
        reason = one.reason if isinstance(one, Unmeasured) else _OUTSIDE
        yield Unmeasured(one.metric, reason, one.source, itself_only=True)


_OUTSIDE = (
    f'a figure outside of every group; put it into one, as in {{"model{GROUP_SUFFIX}": {{"name": 0.9}}}}'
)


def _is_figure(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return "value" in value
    return why_not_a_number(value) is None


_TO_VALUE = "/value"


def read_group(group: str, node: Node) -> Iterator[Measurement]:
    """Yield the metrics of one group, addressed as `group.name`."""
    if not node.value or not (isinstance(node.value, dict) or is_named_list(node.value)):
        misplaced = f"{name_kind(node.value)} where an object of metrics belongs"
        yield make_gap(group, node, "the group has no metric" if node.value == {} else misplaced)
        return
    if (stated := find_error_beside(node.value)) is not None:
        yield make_gap(group, node, stated)
    if not isinstance(node.value, dict):
        for name, entry in list_named_members(node):
            yield from read_metric(f"{group}.{name}", entry, facet=None)
        return
    pointer, name_from = node.source.pointer, len(group) + 1
    numbers = Members(node.source.uri, pointer, name_from)
    values = Members(node.source.uri, pointer, name_from, _TO_VALUE)
    longest = MAX_POINTER - len(f"{pointer}/{_TO_VALUE}")
    for name, value in node.value.items():
        metric = f"{group}.{name}"
        # Such a name is in a pointer as it is, and no pointer is too long by it.
        can_be_plain = len(name) <= longest and "~" not in name and "/" not in name
        plain = _read_plain(metric, value, numbers, values) if can_be_plain else None
        if plain is not None:
            yield plain
        else:
            yield from read_metric(metric, node.child(name), facet=None)


def _read_plain(metric: str, value: JsonValue, numbers: Members, values: Members) -> Measured | None:
    """Return the figure of an entry built as nearly all are, which `read_metric` returns alike; `None` of any other.

    That is a number, which is one of `numbers` then, or the `value` beside at most its `samples`, which is one of
    `values`. Large reports are made of these, and one is read in a fifth of the time: nothing is made but what is kept.
    """
    samples, place = None, numbers
    if type(value) is dict:
        if "value" not in value:
            return None
        if len(value) > 1:
            samples = value.get("samples")
            if len(value) > 2 or type(samples) is not int or not 1 <= samples <= MOST_SAMPLES:  # noqa: PLR2004
                return None
        value, place = value["value"], values
    if type(value) is not float or not math.isfinite(value):
        return None
    return Measured(metric, value, place, None, samples)


def is_named_list(value: JsonValue) -> bool:
    """Whether `value` is a list of `{"name": …, "value": …}`."""
    return isinstance(value, list) and bool(value) and all(map(_is_named, value))


def _is_named(value: JsonValue) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str) and bool(_READ & value.keys())


def list_named_members(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield members by their key, or those of a list of `{"name": …, "value": …}` by their name."""
    if is_named_list(node.value):
        yield from ((member.child("name").text(), member) for _, member in node.members())
    else:
        yield from node.members()


_SUPPORT = ("samples", *SPREADS)
_READ = frozenset({"value", "error", "facets", "interval", *_SUPPORT})
_READ_OR_NAME = _READ | {"name"}
_NO_VALUE = 'no "value" in it; write {"value": 0.9}, or {"value": null, "error": "why there is none"}'


def read_metric(metric: str, node: Node, facet: str | None) -> Iterator[Measurement]:
    """Yield one entry: an object with `value` or `facets`, a bare number, or a nested thing such as a curve."""
    value = node.value
    if isinstance(value, dict) and ("value" in value or "facets" in value):
        yield from _read_entry_with_value(metric, node, facet)
    elif isinstance(value, dict) and value:
        yield from _read_nested(metric, node, facet)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        # A curve, a matrix, a list of named entries: it is no figure itself, and its parts are.
        yield Unmeasured(metric, why_not_a_number(value) or "", node.source, facet, itself_only=True)
        for key, child in list_named_members(node):
            yield from read_metric(f"{metric}.{key}", child, facet)
    else:
        yield read_measurement(metric, node, facet=facet)


def _read_nested(metric: str, node: Node, facet: str | None) -> Iterator[Measurement]:
    """Yield what an object without a value holds: its own parts, unless it says that there was an error."""
    if (stated := find_error_beside(node.value)) is not None:
        yield make_gap(metric, node, stated, facet=facet)
        return
    yield Unmeasured(metric, _NO_VALUE, node.source, facet, itself_only=True)
    for key, child in node.members():
        yield from read_metric(f"{metric}.{key}", child, facet)


_WITHIN_A_FACET = "facets within a facet are not read; write each as one facet of the metric"


def _read_entry_with_value(metric: str, node: Node, facet: str | None) -> Iterator[Measurement]:
    entry = node.object()
    if "value" in entry:
        found = read_measurement(metric, node.child("value"), facet=facet, error=entry.get("error"))
        yield add_stated_support(found, samples=entry.get("samples"), entry=entry)
        if "samples" in entry or "standard_deviation" in entry or "standard_error" in entry:
            yield from _find_unusable_support(metric, node, facet)
    elif entry.keys() - {"facets", "name"}:
        reason = read_error(entry.get("error")) or _NO_VALUE
        yield Unmeasured(metric, reason, node.source, facet, itself_only=True)
    if "facets" in entry:
        yield from _read_facets(metric, node, facet)
    if not entry.keys() <= _READ_OR_NAME:
        for key, child in node.members():
            if key not in _READ_OR_NAME:
                yield from read_numbers_below(f"{metric}.{key}", child, facet=facet)


def _read_facets(metric: str, node: Node, facet: str | None) -> Iterator[Measurement]:
    facets = node.child("facets")
    if facet is not None:
        for group, group_entry in facets.members():
            yield make_gap(metric, group_entry, _WITHIN_A_FACET, facet=f"{facet},{group}")
        return
    facets.object()
    for group, group_entry in facets.members():
        yield from _read_facet(metric, group_entry, group)
        yield from _spread_error_to_facet(metric, node, group)


def _read_facet(metric: str, node: Node, facet: str) -> Iterator[Measurement]:
    """Yield the entry of one facet: its figure, or the gap at exactly that facet."""
    value = node.value
    if isinstance(value, dict) and "value" in value:
        found = list(_read_entry_with_value(metric, node, facet))
    elif isinstance(value, dict):
        found = [make_gap(metric, node, read_error(value.get("error")) or _NO_VALUE, facet=facet)]
    else:
        found = [read_measurement(metric, node, facet=facet)]
    for one in found:
        # The figure of a column as a whole is one of its own; those of its groups may be known all the same.
        is_column = not is_group_of_column(facet) and isinstance(one, Unmeasured) and one.metric == metric
        yield replace(one, itself_only=True) if is_column and isinstance(one, Unmeasured) else one


def _spread_error_to_facet(metric: str, node: Node, facet: str) -> Iterator[Measurement]:
    """Yield the error of an entry that has facets and no value of its own: it is about each of them."""
    entry = node.object()
    if "value" not in entry and (stated := read_error(entry.get("error"))) is not None:
        yield make_gap(metric, node, stated, facet=facet)


def _find_unusable_support(metric: str, node: Node, facet: str | None) -> Iterator[Unmeasured]:
    """Yield a gap for each spread and sample size that cannot be used, at its own address."""
    entry = node.object()
    for key in _SUPPORT:
        if key not in entry:
            continue
        value = entry[key]
        problem = _why_no_samples(value) if key == "samples" else why_no_spread(value)
        if problem is not None:
            reason = why_not_a_number(value) or problem
            yield make_gap(f"{metric}.{key}", node.child(key), reason, facet=facet)


def _why_no_samples(value: JsonValue) -> str | None:
    return "is null" if value is None else read_samples(value)[1]


READER = Reader(format=FORMAT, kind=ReportKind.MODEL_QUALITY, recognises=recognises, read=read)
