"""Classical models: labels and predictions of single items, out of which quality metrics are computed again.

The lines have `label` and `predicted`: of `binary_classification_metrics` 0 and 1 (or false and true), of
`multiclass_classification_metrics` any classes, of `regression_metrics` numbers. A `probability` of the positive label
is what the area under the curve is computed from. Definitions are those of SageMaker Model Monitor
(https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

from msgspec import Struct
from pydantic import Field

from checks.measurements import Measured, Measurement, Support
from scorers.group_figures import HERE
from scorers.recomputing.item_lines import Identity, ItemLine, ItemsError, Share, read_as, refuse_repeated
from scorers.recomputing.recomputed import Recomputed, ReportToRecompute

Label = Annotated[bool | int | float | str, Field(union_mode="smart")]


class LabelledLine(ItemLine):
    """An item with its observed and its predicted label."""

    id: Identity
    label: Label
    predicted: Label
    probability: Share | None = None


class _Counts(Struct, frozen=True):
    """Hits and misses of a binary classifier."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int


def recompute(report: ReportToRecompute) -> Recomputed:
    """Compute the metrics of each known group of the report again, for the whole and for each facet group."""
    lines = read_as(LabelledLine, report.items)
    refuse_repeated(str(line.id) for line in lines)
    found: list[Measurement] = []
    for key, measure in _GROUPS.items():
        if f"{key}_metrics" in report.document:
            found += _measure_all(key, measure, lines)
    return Recomputed(found, how="computed again from labels and predictions")


_Measure = Callable[[Sequence[LabelledLine]], Iterator[tuple[str, float, int]]]


def _measure_all(group: str, measure: _Measure, lines: Sequence[LabelledLine]) -> Iterator[Measurement]:
    parts: dict[str | None, list[LabelledLine]] = {None: list(lines)}
    for line in lines:
        for name in line.groups:
            parts.setdefault(name, []).append(line)
    for facet, of_part in parts.items():
        for metric, value, samples in measure(of_part):
            yield _state(f"{group}.{metric}", value, samples, facet, of_part)


def _state(
    metric: str, value: float, samples: int, facet: str | None, lines: Sequence[LabelledLine]
) -> Measured:
    """Return the figure with its support: of a share its samples, of an area its error, of anything else none."""
    name = metric.partition(".")[2]
    if name in _SHARES:
        return Measured(metric, value, HERE, facet, samples=samples)
    if name == "auc":
        positives = sum(_is_positive(line.label) for line in lines)
        error = _find_area_error(value, positives, len(lines) - positives)
        return Measured(metric, value, HERE, facet, samples=samples, support=Support(standard_error=error))
    return Measured(metric, value, HERE, facet)


_SHARES = frozenset(
    {
        "accuracy",
        "recall",
        "precision",
        "specificity",
        "true_positive_rate",
        "true_negative_rate",
        "false_positive_rate",
        "false_negative_rate",
    }
)


def _measure_binary(lines: Sequence[LabelledLine]) -> Iterator[tuple[str, float, int]]:
    pairs = [(_is_positive(line.label), _is_positive(line.predicted)) for line in lines]
    counts = _Counts(
        true_positives=pairs.count((True, True)),
        false_positives=pairs.count((False, True)),
        false_negatives=pairs.count((True, False)),
        true_negatives=pairs.count((False, False)),
    )
    positives = counts.true_positives + counts.false_negatives
    negatives = counts.false_positives + counts.true_negatives
    predicted = counts.true_positives + counts.false_positives
    shares = (
        ("accuracy", counts.true_positives + counts.true_negatives, len(lines)),
        ("recall", counts.true_positives, positives),
        ("true_positive_rate", counts.true_positives, positives),
        ("false_negative_rate", counts.false_negatives, positives),
        ("specificity", counts.true_negatives, negatives),
        ("true_negative_rate", counts.true_negatives, negatives),
        ("false_positive_rate", counts.false_positives, negatives),
        ("precision", counts.true_positives, predicted),
    )
    for name, hits, of in shares:
        if of:
            yield name, hits / of, of
    for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0)):
        wrong = beta**2 * counts.false_negatives + counts.false_positives
        whole = (1 + beta**2) * counts.true_positives + wrong
        if whole:
            yield name, (1 + beta**2) * counts.true_positives / whole, len(lines)
    if positives and negatives and all(line.probability is not None for line in lines):
        yield "auc", _find_area(lines), len(lines)


def _is_positive(label: object) -> bool:
    """Raises `ItemsError` for a label that is neither 0 nor 1."""
    if label not in (0, 1):
        raise ItemsError(f"a label is {label!r}; of binary classification it is 0 or 1")
    return bool(label)


def _find_area(lines: Sequence[LabelledLine]) -> float:
    """Return the area under the receiver operating characteristic: the Mann-Whitney statistic over n₁ n₀.

    Ties count half. Hanley, J. A. and McNeil, B. J. (1982), Radiology 143, 29-36.
    """
    ordered = sorted((line.probability or 0.0, _is_positive(line.label)) for line in lines)
    positives = sum(positive for _, positive in ordered)
    below = won = 0.0
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        of_tie = sum(positive for _, positive in ordered[start:end])
        negatives = end - start - of_tie
        won += of_tie * (below + negatives / 2)
        below += negatives
        start = end
    return won / (positives * (len(ordered) - positives))


def _find_area_error(area: float, positives: int, negatives: int) -> float:
    """Return the standard error of an area (Hanley and McNeil, 1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return math.sqrt(max(spread, 0.0) / (positives * negatives))


def _measure_classes(lines: Sequence[LabelledLine]) -> Iterator[tuple[str, float, int]]:
    """Yield accuracy, and recall, precision and F-measures of the classes, weighted by how many items each has."""
    total = len(lines)
    yield "accuracy", sum(line.label == line.predicted for line in lines) / total, total
    labels = Counter(line.label for line in lines)
    predictions = Counter(line.predicted for line in lines)
    right = Counter(line.label for line in lines if line.label == line.predicted)
    sums: dict[str, float] = dict.fromkeys(("recall", "precision", "f0_5", "f1", "f2"), 0.0)
    for of_class, there in labels.items():
        hits, predicted = right[of_class], predictions[of_class]
        sums["recall"] += hits
        sums["precision"] += there * hits / predicted if predicted else 0.0
        for name, beta in (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0)):
            sums[name] += there * (1 + beta**2) * hits / (beta**2 * there + predicted)
    for name, value in sums.items():
        yield f"weighted_{name}", value / total, total


def _measure_regression(lines: Sequence[LabelledLine]) -> Iterator[tuple[str, float, int]]:
    labels = [_read_number(line.label) for line in lines]
    errors = [_read_number(line.predicted) - label for line, label in zip(lines, labels, strict=True)]
    squares = math.fsum(error**2 for error in errors)
    yield "mae", math.fsum(map(abs, errors)) / len(lines), len(lines)
    yield "mse", squares / len(lines), len(lines)
    yield "rmse", math.sqrt(squares / len(lines)), len(lines)
    mean = math.fsum(labels) / len(labels)
    spread = math.fsum((label - mean) ** 2 for label in labels)
    if spread:
        yield "r2", 1 - squares / spread, len(lines)


def _read_number(label: object) -> float:
    if isinstance(label, bool) or not isinstance(label, int | float):
        raise ItemsError(f"a label is {label!r}; of regression it is a number")
    return float(label)


_GROUPS: Mapping[str, _Measure] = {
    "binary_classification": _measure_binary,
    "multiclass_classification": _measure_classes,
    "regression": _measure_regression,
}


def has_known_group(document: Mapping[str, object]) -> bool:
    """Return whether a report has a group of metrics that is computed from labels."""
    return any(f"{key}_metrics" in document for key in _GROUPS)
