"""Clarify's explainability report, `analysis.json` with `explanations`: global SHAP values and partial dependence.

Addressed as `explainability.kernel_shap.<label>.<feature>`, with each feature's share of the sum of absolute values
as `….<feature>.share` and the largest of the shares as `explainability.kernel_shap.<label>.top_share` (the share of
the features that a threshold file names is added up in `checks.sensitive_share`); partial dependence as
`explainability.pdp.<feature>.…`, by the keys and indices of the report. The shape is that of
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-processing-job-analysis-results.html.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from checks.evidence import ReportKind
from checks.exact import quotient, size, total
from checks.measurements import Measured, Measurement, Unmeasured
from checks.reports.clarify_bias import recognises as recognises_bias
from checks.reports.numbers import Node, make_gap, name_kind, read_measurement, read_numbers_below
from checks.reports.reader import Reader
from checks.strict_json import JsonValue

FORMAT = "clarify_explainability"
SECTION = "explanations"
PREFIX = "explainability"
GLOBAL_VALUES = "global_shap_values"


def recognises(document: JsonValue) -> bool:
    """Whether `document` holds explanations of Clarify; a word under that name beside something else is none."""
    if not isinstance(document, Mapping) or SECTION not in document:
        return False
    return isinstance(document[SECTION], Mapping) or recognises_bias(document)


def read(report: Node) -> Iterator[Measurement]:
    """Yield every number of every explanation."""
    explanations = report.child(SECTION)
    if not isinstance(explanations.value, Mapping):
        yield make_gap(PREFIX, explanations, _explain_misplaced(explanations, "an object of explanations"))
        return
    for method, explanation in explanations.members():
        prefix = f"{PREFIX}.{method}"
        if method == "kernel_shap":
            yield from _read_labels(prefix, explanation)
        elif method == "pdp":
            yield from _read_features(prefix, explanation)
        else:
            yield from read_numbers_below(prefix, explanation)


def _explain_misplaced(node: Node, wanted: str) -> str:
    return f"{name_kind(node.value)} where {wanted} belongs"


def _read_labels(prefix: str, labels: Node) -> Iterator[Measurement]:
    if not isinstance(labels.value, Mapping):
        yield make_gap(prefix, labels, _explain_misplaced(labels, "an object of labels"))
        return
    for label, entry in labels.members():
        yield from _read_shap(f"{prefix}.{label}", entry)


def _read_shap(prefix: str, entry: Node) -> Iterator[Measurement]:
    values = entry.child(GLOBAL_VALUES) if GLOBAL_VALUES in entry else entry
    if GLOBAL_VALUES not in entry or not isinstance(values.value, Mapping) or not values.value:
        yield make_gap(prefix, values, f"no object of {GLOBAL_VALUES}")
        return
    yield from _read_global_values(prefix, values)
    for key, part in entry.members():
        if key != GLOBAL_VALUES:
            yield from read_numbers_below(f"{prefix}.{key}", part)


def _read_features(prefix: str, features: Node) -> Iterator[Measurement]:
    if not isinstance(features.value, list):
        yield make_gap(prefix, features, _explain_misplaced(features, "a list of features"))
        return
    for _, feature in features.members():
        yield from _read_partial_dependence(prefix, feature)


def _read_global_values(prefix: str, values: Node) -> Iterator[Measurement]:
    features = [read_measurement(f"{prefix}.{name}", node) for name, node in values.members()]
    yield from features
    yield from _compute_shares(prefix, features, values)


def _compute_shares(prefix: str, features: Sequence[Measurement], values: Node) -> Iterator[Measurement]:
    sizes = [size(feature.value) for feature in features if isinstance(feature, Measured)]
    whole = total(sizes)
    if len(sizes) < len(features):
        reason = "not every feature has a value, so the shares of the total are unknown"
    elif not (whole > 0 and math.isfinite(whole)):
        reason = "the values sum up to zero, or to more than a double holds, so there are no shares"
    else:
        shares = [quotient(part, whole) for part in sizes]
        for feature, share in zip(features, shares, strict=True):
            yield Measured(f"{feature.metric}.share", share, feature.source)
        yield Measured(f"{prefix}.top_share", max(shares), values.source)
        return
    for feature in features:
        yield Unmeasured(f"{feature.metric}.share", reason, feature.source)
    yield Unmeasured(f"{prefix}.top_share", reason, values.source)


def _read_partial_dependence(prefix: str, feature: Node) -> Iterator[Measurement]:
    if not isinstance(feature.value, Mapping) or not isinstance(feature.value.get("feature_name"), str):
        yield make_gap(prefix, feature, "a feature without a name")
        return
    name = feature.child("feature_name").text()
    for key, part in feature.members():
        if key != "feature_name":
            yield from read_numbers_below(f"{prefix}.{name}.{key}", part)


READER = Reader(format=FORMAT, kind=ReportKind.EXPLAINABILITY, recognises=recognises, read=read)
