"""Whether each report is about the version that is judged: by what it says, and by whom it was judged for before."""

from collections.abc import Sequence

from msgspec.structs import replace

from aws.model_packages import ModelPackage
from aws.registry_names import ABOUT_PROPERTY
from checks.decision_record import RecordedContainer
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


def foresee_foreign(report: Report, model: JudgedModel, claim: Claim | None) -> str | None:
    """Return why the gate would call a report of a version that is to be registered foreign, as far as is known now.

    `claim` is that of another version, if there is one, and the report's URI where it will be. Digests that SageMaker
    adds to a version are taken to be those of then.
    """
    if report.format == UNREADABLE:
        return None
    reason = _explain_disagreement(report, model)
    if reason is not None or claim is None or _is_about_data(report):
        return reason
    containers = _complete(model.containers, claim.package.containers)
    return _explain_reuse(claim) if _is_reused(report, claim, containers, model) else None


def _complete(
    containers: Sequence[Subject], claimed: Sequence[RecordedContainer]
) -> tuple[RecordedContainer, ...]:
    """Return the containers, with the digests of those claimed where they have none of their own."""
    own = [RecordedContainer.taken_from(container) for container in containers]
    if len(own) != len(claimed):
        return tuple(own)
    return tuple(
        replace(
            one,
            image_digest=one.image_digest or other.image_digest,
            model_data_etag=one.model_data_etag or other.model_data_etag,
        )
        for one, other in zip(own, claimed, strict=True)
    )


def _explain_disagreement(report: Report, model: JudgedModel) -> str | None:
    says_otherwise = () if report.subject is None else model.find_disagreements(report.subject)
    return f"it is about another model: it says {', '.join(says_otherwise)}" if says_otherwise else None


def _examine(report: Report, package: ModelPackage, model: JudgedModel, claims: Claims) -> Report:
    if report.format == UNREADABLE:
        return report  # a finding of its own
    report = replace(report, foreign=report.foreign or _explain_disagreement(report, model))
    if _is_about_data(report):
        return report
    claim = claims.claim(report, package)
    own = describe_judged_package(package)
    is_own_claim = (claim.package.arn, claim.package.created) == (own.arn, own.created)
    if report.foreign is None and not is_own_claim and _is_reused(report, claim, own.containers, model):
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


def _is_reused(
    report: Report, claim: Claim, containers: tuple[RecordedContainer, ...], model: JudgedModel
) -> bool:
    """Whether nothing shows that a report that another version claimed is about the one with `containers`, too.

    Two versions of the very same model may come to the same bytes, each in a place of its own.
    """
    if report.subject is not None and model.is_named_by(report.subject):
        return False
    is_same_model = bool(containers) and claim.package.containers == containers
    return claim.uri == report.uri or not is_same_model


def _explain_reuse(claim: Claim) -> str:
    when = f" (registered {claim.package.created})" if claim.package.created else ""
    return (
        f"these bytes were judged for another version before: {claim.package.arn}{when}; attach what was measured on "
        "this version, and let scoring say what it is about (--about)"
    )
