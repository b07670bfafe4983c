"""The review by which a version is judged again: how the new decision is linked to what asked for it."""

from datetime import timedelta

from aws.decision_log import DecisionLog
from aws.model_packages import ModelPackage
from checks.decision_record import RecordedReview, parse_record
from pipelines.record_keys import decision_key, is_decision, records_folder
from pipelines.reviews import list_requests


def find_request(package: ModelPackage, log: DecisionLog, execution_arn: str) -> RecordedReview | None:
    """Return the newest review by which `package` is to be judged again, if no other execution has done so yet.

    Raises:
        ReviewMismatchError: a review is not what its place says.
        GovernanceError: the log cannot be read, or something that is no decision is where one should be.
    """
    requests = list_requests(package, log, package.created - timedelta(seconds=1))
    if not requests:
        return None
    newest, own = requests[-1], decision_key(package, execution_arn)
    for uri in log.written_after(records_folder(package), newest.order[0] - timedelta(seconds=1)):
        if is_decision(uri) and not uri.endswith(f"/{own}"):
            answered = parse_record(log.read(uri)).review
            if answered is not None and answered.uri == newest.location.uri:
                return None
    return RecordedReview(uri=newest.location.uri, sha256=newest.location.sha256)
