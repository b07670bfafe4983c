"""What the files of Model Monitor look like, whatever else is in them."""

from collections.abc import Mapping

from checks.strict_json import JsonValue

STATISTICS_SECTIONS = ("numerical_statistics", "string_statistics")
CONSTRAINTS_KEYS = frozenset({"inferred_type", "completeness", "num_constraints", "string_constraints"})


def is_statistics(document: JsonValue) -> bool:
    """Whether `document` says how many items its data set has: statistics of data or of model quality."""
    dataset = document.get("dataset") if isinstance(document, Mapping) else None
    return isinstance(dataset, Mapping) and "item_count" in dataset


def has_features(document: Mapping[str, JsonValue]) -> bool:
    """Whether `document` lists features as Model Monitor describes them, with statistics or with constraints."""
    features = document.get("features")
    described = CONSTRAINTS_KEYS | {*STATISTICS_SECTIONS}
    return isinstance(features, list) and any(
        isinstance(feature, Mapping) and described & feature.keys() for feature in features
    )


def has_statistics(document: Mapping[str, JsonValue]) -> bool:
    """Whether one of the features that `document` lists has statistics."""
    features = document.get("features")
    return isinstance(features, list) and any(
        isinstance(feature, Mapping) and feature.keys() & {*STATISTICS_SECTIONS} for feature in features
    )
