"""Whether each report is about the version that is judged: by what it says, and by whom it was judged for before."""

from dataclasses import replace

from aws.model_packages import ModelPackage
from aws.registry_names import ABOUT_PROPERTY
from checks.evidence import Evidence, Report
from checks.reports import UNREADABLE
from checks.subject import JudgedModel, Subject
from pipelines.evidence_claims import Claim, Claims
from pipelines.sealed_decisions import describe_judged_package

# Figures about data, which several models may be trained on or serve; nothing in them speaks for one model. What Model
# Monitor writes of a model's quality, its bias or its explanations does.
ABOUT_DATA = (
    "bias.pre_training.",
    "clarify_analysis_config",
    "model_monitor.constraints.",
    "model_monitor.statistics.",
    "model_monitor.violations",
)
ABOUT_A_MODEL = ("bias_drift_check", "feature_attribution_drift_check")
_OF_MODEL_QUALITY = "_constraints."


def describe_judged_model(package: ModelPackage) -> JudgedModel:
    """Return what the registry says of the version that evidence has to be about."""
    return JudgedModel(
        name=package.metadata.get(ABOUT_PROPERTY, package.group),
        group=package.group,
        containers=[
            Subject(
                image=container.image,
                image_digest=container.image_digest,
                model_data=container.model_data,
                model_data_etag=container.model_data_etag,
            )
            for container in package.containers
        ],
    )


def name_foreign_reports(evidence: Evidence, package: ModelPackage, claims: Claims) -> Evidence:
    """Return the evidence where each report about another version says so in `foreign`; each report is claimed."""
    model = describe_judged_model(package)
    return Evidence(tuple(_examine(report, package, model, claims) for report in evidence.reports))


def _examine(report: Report, package: ModelPackage, model: JudgedModel, claims: Claims) -> Report:
    if report.format == UNREADABLE:
        return report  # a finding of its own
    says_otherwise = [] if report.subject is None else model.find_disagreements(report.subject)
    if says_otherwise and report.foreign is None:
        reason = f"it is about another model: it says {', '.join(says_otherwise)}"
        report = replace(report, foreign=reason)
    if _is_about_data(report):
        return report
    claim = claims.claim(report, package)
    if report.foreign is None and _is_reused(report, claim, package, model):
        return replace(report, foreign=_explain_reuse(claim))
    return report


def _is_about_data(report: Report) -> bool:
    return all(_speaks_for_no_model(measurement.metric) for measurement in report.measurements)


def _speaks_for_no_model(metric: str) -> bool:
    return (
        metric.startswith(ABOUT_DATA)
        and not metric.endswith(ABOUT_A_MODEL)
        and _OF_MODEL_QUALITY not in metric
    )


def _is_reused(report: Report, claim: Claim, package: ModelPackage, model: JudgedModel) -> bool:
    """Whether the report was judged for another version, and nothing shows that it is about this one, too.

    Two versions of the very same model may come to the same bytes, each in a place of its own.
    """
    own = describe_judged_package(package)
    if (claim.package.arn, claim.package.created) == (own.arn, own.created):
        return False
    if report.subject is not None and model.is_named_by(report.subject):
        return False
    is_same_model = bool(own.containers) and claim.package.containers == own.containers
    return claim.uri == report.uri or not is_same_model


def _explain_reuse(claim: Claim) -> str:
    when = f" (registered {claim.package.created})" if claim.package.created else ""
    return (
        f"these bytes were judged for another version before: {claim.package.arn}{when}; attach what was measured on "
        "this version, and let scoring say what it is about (--about)"
    )
