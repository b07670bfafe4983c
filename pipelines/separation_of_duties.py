"""Whether a reviewer is somebody else than who registered the version, as far as AWS tells them apart."""

from aws.model_packages import Identity
from checks.review_record import Reviewer

UNKNOWN = "AWS does not say who registered it, so that it cannot be told from the reviewer"


def why_not_independent(registered_by: Identity | None, reviewer: Reviewer) -> str | None:
    """Return why `reviewer` may be who registered the version; `None` where they are two.

    Two sessions with one name are taken for one person's, whatever their roles: a session's name is the user's where
    people sign in through IAM Identity Center, and tells nobody apart where a tool gives the same to all.
    """
    if registered_by is None or (registered_by.arn is None and registered_by.principal_id is None):
        return UNKNOWN
    if registered_by.principal_id == reviewer.user_id or registered_by.arn == reviewer.arn:
        return f"{reviewer.arn} registered it"
    session = _session_of(reviewer.user_id)
    registrants = {_session_of(registered_by.principal_id), _session_of_arn(registered_by.arn)}
    if session is not None and session in registrants:
        return f"{registered_by} registered it, in a session of the same name as the reviewer's"
    return None


def _session_of(user_id: str | None) -> str | None:
    """Return the name of the session in `<id of the role>:<name of the session>`; a user's id has none."""
    return user_id.partition(":")[2] or None if user_id is not None else None


def _session_of_arn(arn: str | None) -> str | None:
    return arn.rpartition("/")[2] if arn is not None and ":assumed-role/" in arn else None
