"""Model Monitor's `constraints.json`: of data quality, by feature, or of model quality, by metric.

Addressed by the keys that lead to a number: `model_monitor.constraints.completeness` with the feature's name as the
facet, `model_monitor.constraints.regression_constraints.mse.threshold`. The shapes are those of
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html.
"""

from collections.abc import Iterator, Mapping

from checks.evidence import ReportKind
from checks.measurements import Measurement, Unmeasured
from checks.reports.model_monitor_shape import has_features, has_statistics, is_statistics
from checks.reports.model_monitor_statistics import read_feature_name, read_feature_numbers
from checks.reports.numbers import Node, make_gap, name_kind, read_numbers_below
from checks.reports.reader import Reader
from checks.strict_json import JsonValue

FORMAT = "model_monitor_constraints"
PREFIX = "model_monitor.constraints"
GROUP_SUFFIX = "_constraints"


def recognises(document: JsonValue) -> bool:
    """Whether `document` has constraints by feature or by metric, and no statistics."""
    if not isinstance(document, Mapping) or is_statistics(document) or has_statistics(document):
        return False
    return has_features(document) or any(
        key.endswith(GROUP_SUFFIX) and isinstance(part, Mapping) for key, part in document.items()
    )


def read(report: Node) -> Iterator[Measurement]:
    """Yield every number of the constraints."""
    for key, part in report.members():
        if key != "features":
            yield from read_numbers_below(f"{PREFIX}.{key}", part)
        elif isinstance(part.value, list):
            features = [feature for _, feature in part.members()]
            has_completeness = any("completeness" in feature for feature in features)
            for feature in features:
                yield from read_feature_numbers(PREFIX, feature)
                yield from _find_missing_completeness(feature, has_completeness)
        else:
            yield make_gap(PREFIX, part, f"{name_kind(part.value)} where a list of features belongs")


def _find_missing_completeness(feature: Node, others_have_it: bool) -> Iterator[Unmeasured]:
    """Yield a gap where a feature lacks the one number that Model Monitor gives of every feature."""
    facet = read_feature_name(feature)
    if facet is not None and others_have_it and "completeness" not in feature:
        reason = "this feature has no completeness, and others have"
        yield make_gap(f"{PREFIX}.completeness", feature, reason, facet=facet)


READER = Reader(format=FORMAT, kind=ReportKind.DATA_CONSTRAINTS, recognises=recognises, read=read)
