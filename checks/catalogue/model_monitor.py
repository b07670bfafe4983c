"""Model Monitor's reports: statistics, constraints and violations."""

from checks.catalogue.metric import POSITIVE, SHARE, UNBOUNDED, Better, Facets, Family, Metric, Unit
from checks.catalogue.model_quality import monitored
from checks.ranges import Range

STATISTICS = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-statistics.html"
CONSTRAINTS = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html"
VIOLATIONS = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html"
KINDS = {
    "baseline_drift_check": "features whose distribution drifted",
    "bias_drift_check": "bias metrics that drifted",
    "categorical_values_check": "features with unknown values",
    "completeness_check": "features with too many missing values",
    "data_type_check": "features with values of another type",
    "extra_column_check": "columns that the baseline does not have",
    "feature_attribution_drift_check": "explanations that drifted",
    "missing_column_check": "columns that are missing",
}


def _count(
    address: str, meaning: str, source: str, facets: Facets, better: Better = Better.NEITHER
) -> Metric:
    return Metric(address, meaning, source, POSITIVE, better, Unit.COUNT, facets, supported=False)


def _statistic(name: str, meaning: str, range_: Range = UNBOUNDED) -> Metric:
    address = f"model_monitor.statistics.numerical_statistics.{name}"
    return Metric(
        address, meaning, STATISTICS, range_, Better.NEITHER, Unit.AS_REPORTED, Facets.COLUMN, supported=False
    )


def _of_feature(name: str, meaning: str, better: Better = Better.NEITHER) -> tuple[Metric, ...]:
    return tuple(
        _count(f"model_monitor.statistics.{kind}.{name}", meaning, STATISTICS, Facets.COLUMN, better)
        for kind in ("numerical_statistics", "string_statistics")
    )


def _other(address: str, meaning: str, source: str, facets: Facets = Facets.EITHER) -> Metric:
    return Metric(
        address, meaning, source, UNBOUNDED, Better.NEITHER, Unit.AS_REPORTED, facets, supported=False
    )


FAMILY = Family(
    "Model Monitor",
    "What is said of a feature has the feature's name as its facet.",
    (
        _count(
            "model_monitor.violations",
            "Constraints that were violated.",
            VIOLATIONS,
            Facets.WHOLE,
            Better.LOWER,
        ),
        *(
            _count(
                f"model_monitor.violations.{kind}",
                f"Violations: {meaning}.",
                VIOLATIONS,
                Facets.WHOLE,
                Better.LOWER,
            )
            for kind, meaning in KINDS.items()
        ),
        _count(
            "model_monitor.violations.<kind>",
            "Violations of another kind of check.",
            VIOLATIONS,
            Facets.WHOLE,
            Better.LOWER,
        ),
        _count(
            "model_monitor.statistics.dataset.item_count",
            "Items of the data set.",
            STATISTICS,
            Facets.WHOLE,
            Better.HIGHER,
        ),
        *_of_feature("common.num_present", "Items that have the feature.", Better.HIGHER),
        *_of_feature("common.num_missing", "Items that lack the feature.", Better.LOWER),
        _count(
            "model_monitor.statistics.string_statistics.distinct_count",
            "Distinct values of the feature.",
            STATISTICS,
            Facets.COLUMN,
        ),
        _statistic("mean", "Mean of the feature."),
        _statistic("sum", "Sum of the feature."),
        _statistic("std_dev", "Standard deviation of the feature.", POSITIVE),
        _statistic("min", "Smallest value of the feature."),
        _statistic("max", "Largest value of the feature."),
        _other("model_monitor.statistics.<path>", "Another number of the statistics.", STATISTICS),
        Metric(
            "model_monitor.constraints.completeness",
            "The share of items that must have the feature.",
            CONSTRAINTS,
            SHARE,
            Better.NEITHER,
            Unit.SHARE,
            Facets.COLUMN,
            supported=False,
        ),
        _other("model_monitor.constraints.<path>", "Another number of the constraints.", CONSTRAINTS),
        *monitored(),
        _other("model_monitor.<path>", "Another number of a report of Model Monitor.", STATISTICS),
    ),
)
