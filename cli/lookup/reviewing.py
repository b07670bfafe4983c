"""How a person decides about a version: what the gate found is shown, they agree, and the review is carried out."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from aws.arns import ModelPackageArn
from aws.aws_errors import AwsAccessDeniedError
from aws.callers import caller_of
from aws.clients import s3_client, sagemaker_client, sts_client
from aws.model_registry import SageMakerModelRegistry
from checks.errors import GovernanceError
from checks.outcome_record import NOT_CARRIED_OUT, write_moment
from checks.review_record import ReviewAction, Reviewer
from cli.display.version_status import log_in_bucket, look_up, print_standing
from cli.lookup.agreement import require_agreement
from cli.options.output_format import Format, print_json
from pipelines.review_version import ReviewRequest, ReviewServices, review_version
from pipelines.reviews import Review
from pipelines.step_settings import SeparationOfDuties

SCHEMA = "governance.reviewed/1"
_ASKED = {
    ReviewAction.APPROVE: "Approve",
    ReviewAction.REJECT: "Reject",
    ReviewAction.REJUDGE: "Have the gate judge again",
}
_DONE = {
    ReviewAction.APPROVE: "approved",
    ReviewAction.REJECT: "rejected",
    ReviewAction.REJUDGE: "sent back to be judged again",
}


def carry_out(
    place: str,
    action: ReviewAction,
    reason: str,
    *,
    decisions_bucket: str,
    separation: SeparationOfDuties,
    yes: bool,
    output_format: Format,
) -> None:
    """Show how the version at the ARN `place` is, ask unless `yes`, review it, and print what was done.

    Raises:
        GovernanceError: it was refused, nobody agreed, or somebody else decided meanwhile.
    """
    arn = ModelPackageArn.parse(place)
    registry = SageMakerModelRegistry(sagemaker_client(arn.region))
    log = log_in_bucket(s3_client(arn.region), decisions_bucket)
    caller = caller_of(sts_client())
    if not yes:
        print_standing(look_up(registry.describe(str(arn)), log), sys.stderr, failures_only=True)
        require_agreement(f"{_ASKED[action]} {arn} as {caller.arn}?", "nothing was changed")
    request = ReviewRequest(str(arn), action, reason, Reviewer(caller.arn, caller.user_id))
    try:
        done = review_version(request, ReviewServices(registry, log, separation), now=datetime.now(UTC))
    except AwsAccessDeniedError as error:
        raise GovernanceError(
            f"{error}. Reviewers are those of the deployment's setting reviewer_role_arns, with the policy that "
            "`governance iam policy reviewer` prints"
        ) from error
    if done.record.reason != reason.strip():
        print(
            f"note: this completes the review that was begun at {write_moment(done.record.reviewed_at)}, with the "
            f"reason that was given then: {done.record.reason}",
            file=sys.stderr,
        )
    if output_format is Format.JSON:
        print_json(_document(done))
    if done.outcome is None or done.outcome.outcome == NOT_CARRIED_OUT:
        status = "something else" if done.outcome is None else done.outcome.approval_status
        raise GovernanceError(
            f"{arn}: not {_DONE[action]}: it is {status} by now, which somebody set meanwhile; the review is recorded "
            f"as not carried out ({done.location.uri})"
        )
    if output_format is Format.TEXT:
        print(f"{_DONE[action]} by {done.record.reviewer.arn}: {arn}")
        print(f"review  {done.location.uri}")


def _document(done: Review) -> Mapping[str, object]:
    outcome = done.outcome
    return {
        "schema": SCHEMA,
        "model_package": done.record.model_package,
        "action": done.record.action,
        "outcome": None if outcome is None else outcome.outcome,
        "status": None if outcome is None else outcome.approval_status,
        "reviewed_by": done.record.reviewer.arn,
        "reason": done.record.reason,
        "review_uri": done.location.uri,
        "review_digest": done.location.sha256,
        "decision_uri": done.record.decision_uri,
    }
