"""Step one: judge exactly the version that the event named, on its own evidence, and record the decision."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from aws.decision_log import DecisionLog
from aws.evidence_errors import DigestMismatchError
from aws.evidence_store import EvidenceStore
from aws.model_packages import ModelPackage
from aws.model_registry import ModelRegistry
from aws.record_seals import Seals
from checks.baseline import Baseline
from checks.decision_record import DecisionRecord, RecordedReview
from checks.errors import GovernanceError
from checks.evidence import Evidence
from checks.judge import judge
from checks.selection import AmbiguousThresholdsError
from checks.thresholds import ThresholdFile
from checks.verification import NotVerified, Verification
from pipelines.baselines import find_baseline
from pipelines.evidence_claims import Claims
from pipelines.foreign_reports import name_foreign_reports
from pipelines.judged_copies import JudgedCopies
from pipelines.read_evidence import read_evidence
from pipelines.read_item_results import attach_item_results
from pipelines.record_keys import execution_id
from pipelines.rejudgements import find_request
from pipelines.sealed_decisions import (
    DecisionMismatchError,
    decided_at,
    describe_judged_package,
    keep_decision,
    verify_decision,
)
from pipelines.step_messages import EvaluateRequest, EvaluateResponse
from pipelines.threshold_sources import PublicationHistory, ThresholdSource, look_back
from pipelines.undecided_versions import leave_undecided

Recompute = Callable[[Evidence, ThresholdFile, ModelPackage], Verification]
NOT_HERE = (
    "this stack evaluates in a Lambda function, which computes no figures again; let a person look at the version, "
    "deploy the stack with evaluation_compute=processing, or take verify out of the threshold file"
)


class EvaluateServices(Struct, frozen=True):
    """What evaluation works with: AWS, or its twins in memory and folders.

    `history` is that of the thresholds in force; there is none of thresholds on trial, or in a folder. `recompute`
    computes the figures of reports again; it is `None` where the scorers are not at hand.
    """

    registry: ModelRegistry
    thresholds: ThresholdSource
    evidence: EvidenceStore
    decisions: DecisionLog
    seals: Seals
    claims: Claims
    copies: JudgedCopies
    history: PublicationHistory | None = None
    recompute: Recompute | None = None


class JudgedInputs(Struct, frozen=True):
    """What a decision is made of; `baseline` is `None` where there is none, or no check compares with one.

    `review` is the one by which the version is judged again, where one is.
    """

    thresholds: ThresholdFile | None
    evidence: Evidence
    baseline: Baseline | None
    review: RecordedReview | None
    verification: Verification | NotVerified | None = None


def evaluate_model_package(
    request: EvaluateRequest, services: EvaluateServices, *, now: datetime
) -> EvaluateResponse:
    """Judge the version that `request` names and write its decision record; `now` knows its time zone.

    Called again for the same execution it answers with the record that it wrote then, if it still decides the same.
    Where a digest does not match, or several threshold files contend for the group, the description of the version says
    so before the error is raised.

    Raises:
        ExecutionNameError: the execution's ARN is none.
        DecisionMismatchError: another record than the one decided now is in its place.
        ModelPackageGoneError: the version was deleted meanwhile.
        GovernanceError: the evidence or the thresholds cannot be used, or AWS failed: nothing was decided.
    """
    execution_id(request.execution_arn)  # refused before anything is read
    package = services.registry.describe(request.model_package_arn)
    try:
        thresholds = services.thresholds.for_group(package.group)
        read = read_evidence(services.evidence, package, services.copies)
    except (AmbiguousThresholdsError, DigestMismatchError) as error:
        # Another try finds the same. Whatever else fails here may be gone by the next try of this execution.
        _leave_undecided(services, package, request.execution_arn, error, now=now)
        raise
    evidence = name_foreign_reports(read, package, services.claims)
    if services.history is not None:
        thresholds = look_back(services.history, package.group, thresholds, evidence)
    baseline = None
    if thresholds is not None and thresholds.asks_for_items:
        evidence = attach_item_results(services.evidence, evidence, services.copies)
    if thresholds is not None and thresholds.asks_for_baseline:
        baseline = find_baseline(package, services.decisions, services.seals, services.copies.copies)
    review = find_request(package, services.decisions, request.execution_arn)
    verification = _verify(services, thresholds, evidence, package)
    inputs = JudgedInputs(thresholds, evidence, baseline, review, verification)
    decide = partial(_decide, inputs, package, request.execution_arn)
    return _keep(services, package, decide, request.execution_arn, now=now)


def _verify(
    services: EvaluateServices, thresholds: ThresholdFile | None, evidence: Evidence, package: ModelPackage
) -> Verification | NotVerified | None:
    if thresholds is None or thresholds.verify is None:
        return None
    return (
        NotVerified(NOT_HERE)
        if services.recompute is None
        else services.recompute(evidence, thresholds, package)
    )


def _decide(
    inputs: JudgedInputs,
    package: ModelPackage,
    execution_arn: str,
    decided_at: datetime,
) -> DecisionRecord:
    return DecisionRecord.of(
        judge(
            inputs.thresholds,
            inputs.evidence,
            inputs.baseline,
            decided_at=decided_at,
            verification=inputs.verification,
        ),
        thresholds=inputs.thresholds,
        evidence=inputs.evidence,
        baseline=inputs.baseline,
        verification=inputs.verification,
        decided_at=decided_at,
        model_package=describe_judged_package(package),
        review=inputs.review,
        execution=execution_arn,
    )


def _leave_undecided(
    services: EvaluateServices,
    package: ModelPackage,
    execution_arn: str,
    error: GovernanceError,
    *,
    now: datetime,
) -> None:
    try:
        leave_undecided(
            package,
            execution_arn,
            str(error),
            registry=services.registry,
            decisions=services.decisions,
            seals=services.seals,
            now=now,
        )
    except GovernanceError as second:  # what failed first is what people need to know
        error.add_note(f"The version's description could not be changed: {second}")


def _published_as(earlier: DecisionRecord, record: DecisionRecord) -> DecisionRecord:
    """Return the record with the publication of the earlier one, where both are by the same thresholds.

    Bundles that are published between two attempts of an execution may be about other groups alone.
    """
    then, now = earlier.thresholds, record.thresholds
    if then is None or now is None or then.sha256 != now.sha256:
        return record
    now = replace(now, source=then.source, publication=then.publication)
    return replace(record, thresholds=now)


def _keep(
    services: EvaluateServices,
    package: ModelPackage,
    decide: Callable[[datetime], DecisionRecord],
    execution_arn: str,
    *,
    now: datetime,
) -> EvaluateResponse:
    """Write the record of the decision of `now`, or find the one that an earlier attempt of this execution wrote."""
    record = decide(now)
    kept = keep_decision(services.decisions, services.seals, package, record, execution_arn)
    location = kept.location
    if not kept.is_new:
        earlier, _ = verify_decision(kept.content, kept.seal, kept.uri, services.seals, about=package.arn)
        # As of then: a date may have passed since, and that is no other ground.
        record = _published_as(earlier, decide(decided_at(earlier)))
        if earlier != record:
            raise DecisionMismatchError(
                f"{kept.uri}: an earlier attempt of this execution decided {earlier.decision} there, and this one "
                f"decides {record.decision} on other grounds: the evidence or the thresholds were changed meanwhile. "
                "Nothing was done by either; start a new execution"
            )
    return EvaluateResponse(location.uri, location.sha256, record.decision)
