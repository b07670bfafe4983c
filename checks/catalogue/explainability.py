"""Clarify's explainability metrics."""

from checks.catalogue.metric import SHARE, UNBOUNDED, Better, Facets, Family, Metric, Unit
from checks.ranges import Range

SHAP = "https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-shapley-values.html"
RESULTS = "https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-processing-job-analysis-results.html"


def _metric(
    address: str, meaning: str, source: str, range_: Range, better: Better, *, unit: Unit = Unit.SHARE
) -> Metric:
    return Metric(address, meaning, source, range_, better, unit, Facets.WHOLE, supported=False)


FAMILY = Family(
    "Explainability (SageMaker Clarify)",
    "`<label>` is the label as the report names it, such as label0; `<feature>` a feature's name.",
    (
        _metric(
            "explainability.kernel_shap.<label>.sensitive_share",
            "The share of the explanation that falls on the features which a check names in sensitive_features.",
            SHAP,
            SHARE,
            Better.LOWER,
        ),
        _metric(
            "explainability.kernel_shap.<label>.top_share",
            "The largest share of the explanation that one feature has.",
            SHAP,
            Range(0.0, 1.0, low_open=True),
            Better.LOWER,
        ),
        _metric(
            "explainability.kernel_shap.<label>.<feature>.share",
            "A feature's absolute global SHAP value over the sum of all features'.",
            SHAP,
            SHARE,
            Better.NEITHER,
        ),
        _metric(
            "explainability.kernel_shap.<label>.expected_value",
            "The model's mean output, from which SHAP values count.",
            RESULTS,
            UNBOUNDED,
            Better.NEITHER,
            unit=Unit.AS_REPORTED,
        ),
        _metric(
            "explainability.kernel_shap.<label>.<feature>",
            "A feature's global SHAP value.",
            SHAP,
            UNBOUNDED,
            Better.NEITHER,
            unit=Unit.AS_REPORTED,
        ),
        _metric(
            "explainability.pdp.<feature>.<path>",
            "A number of a feature's partial dependence plot, by the keys and indices that lead to it.",
            RESULTS,
            UNBOUNDED,
            Better.NEITHER,
            unit=Unit.AS_REPORTED,
        ),
        _metric(
            "explainability.<method>.<path>",
            "A number of another method's explanation, by the keys and indices that lead to it.",
            RESULTS,
            UNBOUNDED,
            Better.NEITHER,
            unit=Unit.AS_REPORTED,
        ),
    ),
)
