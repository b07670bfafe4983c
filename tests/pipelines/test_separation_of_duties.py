"""Whether a reviewer is told from who registered a version, identity by identity."""

import pytest

from aws.model_packages import Identity
from checks.review_record import Reviewer
from pipelines.separation_of_duties import UNKNOWN, why_not_independent

SESSIONS = "arn:aws:sts::123456789012:assumed-role"
ANN = Reviewer(f"{SESSIONS}/reviewers/ann@example.com", "AROAREVIEWERS:ann@example.com")
USER = Reviewer("arn:aws:iam::123456789012:user/ann", "AIDAANN")


@pytest.mark.parametrize(
    ("registered_by", "reviewer", "expected"),
    [
        pytest.param(Identity(f"{SESSIONS}/engineers/jane", "AROAENGINEERS:jane"), ANN, None, id="another"),
        pytest.param(Identity(None, "AROAENGINEERS:jane"), ANN, None, id="another-without-an-arn"),
        pytest.param(Identity(f"{SESSIONS}/engineers/jane"), ANN, None, id="another-by-arn-alone"),
        pytest.param(
            Identity("arn:aws:iam::123456789012:user/jane", "AIDAJANE"), USER, None, id="another-user"
        ),
        pytest.param(
            Identity("arn:aws:iam::123456789012:user/ann", "AIDAANN"), ANN, None, id="a-user-of-like-name"
        ),
        pytest.param(Identity(ANN.arn, ANN.user_id), ANN, f"{ANN.arn} registered it", id="the-same"),
        pytest.param(Identity(None, ANN.user_id), ANN, f"{ANN.arn} registered it", id="the-same-by-id"),
        pytest.param(Identity(ANN.arn, None), ANN, f"{ANN.arn} registered it", id="the-same-by-arn"),
        pytest.param(Identity(USER.arn, USER.user_id), USER, f"{USER.arn} registered it", id="the-same-user"),
        pytest.param(
            Identity(f"{SESSIONS}/engineers/ann@example.com", "AROAENGINEERS:ann@example.com"),
            ANN,
            f"{SESSIONS}/engineers/ann@example.com registered it, in a session of the same name as the reviewer's",
            id="the-same-person-in-another-role",
        ),
        pytest.param(
            Identity(f"{SESSIONS}/engineers/ann@example.com"),
            ANN,
            f"{SESSIONS}/engineers/ann@example.com registered it, in a session of the same name as the reviewer's",
            id="the-same-person-by-arn-alone",
        ),
        pytest.param(None, ANN, UNKNOWN, id="nobody-is-known"),
        pytest.param(Identity(user_profile="jane"), ANN, UNKNOWN, id="a-profile-of-studio-alone"),
    ],
)
def test_whether_a_reviewer_is_somebody_else(
    registered_by: Identity | None, reviewer: Reviewer, expected: str | None
) -> None:
    assert why_not_independent(registered_by, reviewer) == expected
