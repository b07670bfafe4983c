"""Model Monitor's `statistics.json`: of data quality, with statistics by feature, or of model quality.

A feature's statistics are addressed by the keys that lead to them, with the feature's name as the facet:
`model_monitor.statistics.numerical_statistics.mean`. Metrics of model quality are addressed as
`model_monitor.regression.mse`; beside the evaluation of a training pipeline, whose `regression.mse` rests on other
data, they are metrics of their own. Their `standard_deviation` is that of the metric over five samples of the data,
and no sample size belongs to it. A feature without the statistics that others of its kind have is a gap at each of
them. The shapes are those of
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-statistics.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html.
"""

from collections.abc import Iterator, Mapping, Sequence

from checks.evidence import ReportKind
from checks.measurements import Measurement, Unmeasured
from checks.reports.evaluation import is_group, name_group, read_group
from checks.reports.model_monitor_shape import STATISTICS_SECTIONS, is_statistics
from checks.reports.numbers import Node, make_gap, name_kind, read_numbers_below
from checks.reports.reader import Reader
from checks.strict_json import JsonValue

FORMAT = "model_monitor_statistics"
PREFIX = "model_monitor.statistics"
# The statistics that Model Monitor gives of a feature, by the type that it infers.
SECTION_OF = {
    "Integral": "numerical_statistics",
    "Fractional": "numerical_statistics",
    "String": "string_statistics",
}


def recognises(document: JsonValue) -> bool:
    """Whether `document` says how many items its data set has, beside statistics or metrics."""
    if not isinstance(document, Mapping) or not is_statistics(document):
        return False
    return "features" in document or any(map(is_group, document))


def read(report: Node) -> Iterator[Measurement]:
    """Yield every number of the report."""
    for key, part in report.members():
        if key == "features":
            yield from _read_features(part)
        elif is_group(key):
            yield from read_group(f"model_monitor.{name_group(key)}", part)
        else:
            yield from read_numbers_below(f"{PREFIX}.{key}", part)


def _read_features(features: Node) -> Iterator[Measurement]:
    if not isinstance(features.value, list):
        yield make_gap(PREFIX, features, f"{name_kind(features.value)} where a list of features belongs")
        return
    named = [feature for _, feature in features.members()]
    known = {section: _list_statistics(section, named) for section in STATISTICS_SECTIONS}
    for feature in named:
        yield from read_feature_numbers(PREFIX, feature)
        yield from _find_missing_statistics(feature, known)


def _list_statistics(section: str, features: Sequence[Node]) -> Sequence[str]:
    """Return the statistics that any feature has in `section`."""
    sections = (feature.value.get(section) for feature in features if isinstance(feature.value, Mapping))
    return list(dict.fromkeys(name for one in sections if isinstance(one, Mapping) for name in one))


def _find_missing_statistics(feature: Node, known: Mapping[str, Sequence[str]]) -> Iterator[Unmeasured]:
    """Yield a gap for each statistic that other features of this kind have and this one has not."""
    facet = read_feature_name(feature)
    if facet is None or not isinstance(feature.value, Mapping):
        return
    present = [section for section in STATISTICS_SECTIONS if section in feature.value]
    for section in present:
        given = feature.value[section]
        if isinstance(given, Mapping):
            for name in known[section]:
                if name not in given:
                    reason = "this feature has no such statistic, and others have"
                    yield make_gap(f"{PREFIX}.{section}.{name}", feature.child(section), reason, facet=facet)
        else:
            reason = f"{name_kind(given)} where an object of statistics belongs"
            yield make_gap(f"{PREFIX}.{section}", feature.child(section), reason, facet=facet)
    if not present:
        missing = SECTION_OF.get(str(feature.value.get("inferred_type")))
        address = PREFIX if missing is None else f"{PREFIX}.{missing}"
        yield make_gap(address, feature, "this feature has no statistics", facet=facet)


def read_feature_name(feature: Node) -> str | None:
    """Return the name of a feature, or `None` where it has none."""
    if not isinstance(feature.value, Mapping) or not isinstance(feature.value.get("name"), str | int):
        return None
    return feature.child("name").text()


def read_feature_numbers(prefix: str, feature: Node) -> Iterator[Measurement]:
    """Yield every number about one feature, with its name as the facet."""
    name = read_feature_name(feature)
    if name is None:
        # Whose figures these are cannot be told: a gap for every check that is about all features.
        yield make_gap(prefix, feature, "a feature without a name", facet=feature.source.pointer)
        return
    for key, part in feature.members():
        if key != "name":
            yield from _read_statistics(f"{prefix}.{key}", part, name)


def _read_statistics(metric: str, node: Node, facet: str) -> Iterator[Measurement]:
    if not isinstance(node.value, Mapping) or not node.value:
        yield from read_numbers_below(metric, node, facet=facet)
        return
    yield Unmeasured(metric, "an object where a number belongs", node.source, facet, itself_only=True)
    for key, part in node.members():
        if key == "sketch":  # thousands of raw points, which the buckets beside it sum up
            reason = "the raw sketch of a distribution holds no metric; its buckets do"
            yield make_gap(f"{metric}.{key}", part, reason, facet=facet)
        else:
            yield from _read_statistics(f"{metric}.{key}", part, facet)


READER = Reader(format=FORMAT, kind=ReportKind.DATA_STATISTICS, recognises=recognises, read=read)
