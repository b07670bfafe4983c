"""SageMaker's model quality metrics: in evaluation JSON, and of Model Monitor."""

from collections.abc import Iterator

from msgspec.structs import replace

from checks.catalogue.metric import POSITIVE, SHARE, UNBOUNDED, Better, Facets, Family, Metric, Unit
from checks.ranges import Range

SOURCE = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html"
CONSTANT = "_best_constant_classifier"


def _metric(
    address: str,
    meaning: str,
    range_: Range = SHARE,
    better: Better = Better.HIGHER,
    unit: Unit = Unit.SHARE,
) -> Metric:
    return Metric(address, meaning, SOURCE, range_, better, unit)


def _error(name: str, meaning: str) -> Metric:
    return _metric(f"regression.{name}", meaning, POSITIVE, Better.LOWER, Unit.AS_REPORTED)


def _with_constant(*metrics: Metric) -> Iterator[Metric]:
    """Yield each metric, and the same of the best classifier that always answers alike."""
    for metric in metrics:
        yield metric
        yield replace(
            metric,
            address=metric.address + CONSTANT,
            meaning=f"{metric.address} of the best classifier that always answers alike.",
            better=Better.NEITHER,
            companion_of=metric.address,
        )


def _matrix(group: str) -> Metric:
    address = f"{group}.confusion_matrix.<label>.<label>"
    return _metric(
        address, "Items of one label that were predicted as another.", POSITIVE, Better.NEITHER, Unit.COUNT
    )


def _curve(name: str) -> Metric:
    address = f"binary_classification.{name}.<axis>.<index>"
    return _metric(address, "A point of the curve.", SHARE, Better.NEITHER)


METRICS = (
    _error("mae", "Mean absolute error."),
    _error("mse", "Mean squared error."),
    _error("rmse", "Root of the mean squared error."),
    _metric(
        "regression.r2",
        "Share of the variance that the model explains; below 0 it is worse than the mean.",
        Range(None, 1.0),
        unit=Unit.SCORE,
    ),
    *_with_constant(
        _metric("binary_classification.accuracy", "Share of right predictions."),
        _metric("binary_classification.recall", "Share of the positives that were found."),
        _metric("binary_classification.precision", "Share of the predicted positives that are right."),
        _metric("binary_classification.f0_5", "F-measure in which precision counts double.", unit=Unit.SCORE),
        _metric("binary_classification.f1", "Harmonic mean of precision and recall.", unit=Unit.SCORE),
        _metric("binary_classification.f2", "F-measure in which recall counts double.", unit=Unit.SCORE),
        _metric("binary_classification.true_positive_rate", "Share of the positives that were found."),
        _metric("binary_classification.true_negative_rate", "Share of the negatives that were found."),
        _metric(
            "binary_classification.false_positive_rate",
            "Share of the negatives that were predicted positive.",
            better=Better.LOWER,
        ),
        _metric(
            "binary_classification.false_negative_rate",
            "Share of the positives that were predicted negative.",
            better=Better.LOWER,
        ),
    ),
    _metric("binary_classification.specificity", "Share of the negatives that were found."),
    _metric(
        "binary_classification.auc", "Area under the receiver operating characteristic.", unit=Unit.SCORE
    ),
    _matrix("binary_classification"),
    _curve("receiver_operating_characteristic_curve"),
    _curve("precision_recall_curve"),
    *_with_constant(
        _metric("multiclass_classification.accuracy", "Share of right predictions."),
        _metric("multiclass_classification.weighted_recall", "Recall, weighted by the size of classes."),
        _metric(
            "multiclass_classification.weighted_precision", "Precision, weighted by the size of classes."
        ),
        _metric(
            "multiclass_classification.weighted_f0_5",
            "F0.5, weighted by the size of classes.",
            unit=Unit.SCORE,
        ),
        _metric(
            "multiclass_classification.weighted_f1", "F1, weighted by the size of classes.", unit=Unit.SCORE
        ),
        _metric(
            "multiclass_classification.weighted_f2", "F2, weighted by the size of classes.", unit=Unit.SCORE
        ),
    ),
    _matrix("multiclass_classification"),
)


def monitored() -> Iterator[Metric]:
    """Yield the same metrics as Model Monitor's reports have them: addresses of their own, and no sample sizes."""
    for metric in METRICS:
        yield replace(
            metric,
            address=f"model_monitor.{metric.address}",
            supported=False,
            companion_of=None if metric.companion_of is None else f"model_monitor.{metric.companion_of}",
        )


def _of_card(address: str, meaning: str) -> Metric:
    source = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards-create.html"
    return Metric(
        address,
        meaning,
        source,
        UNBOUNDED,
        Better.NEITHER,
        Unit.AS_REPORTED,
        Facets.WHOLE,
        supported=False,
    )


FAMILY = Family(
    "Model quality (SageMaker evaluation JSON)",
    "Of `regression_metrics`, `binary_classification_metrics` and `multiclass_classification_metrics`. Any other group "
    "`<name>_metrics` has addresses of its own, `<name>.<metric>`.",
    (
        *METRICS,
        _of_card("model_card.<evaluation>.<group>.<metric>", "A number of a whole SageMaker model card."),
        _of_card("model_card.<group>.<metric>", "A number of a SageMaker model card's evaluation."),
        Metric(
            "metrics.<name>",
            "A figure of your own under metrics; any other is at the path that leads to it.",
            "docs/evidence.md",
            UNBOUNDED,
            Better.NEITHER,
            Unit.AS_REPORTED,
        ),
    ),
)
