"""What `DescribeModelPackage` says of who wrote a version, as AWS spells it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from aws.model_packages import Identity
from aws.sagemaker_shapes import model_package, summary

ANSWER: dict[str, Any] = {
    "ModelPackageArn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/1",
    "ModelPackageGroupName": "churn",
    "ModelPackageVersion": 1,
    "ModelPackageStatus": "Completed",
    "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
}
SESSION = "arn:aws:sts::123456789012:assumed-role/DataScience/SageMaker"


@pytest.mark.parametrize(
    ("context", "identity", "said"),
    [
        pytest.param({}, None, "None", id="nothing is known"),
        pytest.param({"IamIdentity": {"Arn": "", "PrincipalId": ""}}, None, "None", id="empty texts"),
        pytest.param({"IamIdentity": {"Arn": SESSION}}, Identity(arn=SESSION), SESSION, id="a session"),
        pytest.param(
            {"IamIdentity": {"PrincipalId": "AROA:jane"}},
            Identity(principal_id="AROA:jane"),
            "AROA:jane",
            id="a principal without an ARN",
        ),
        pytest.param({"UserProfileName": "jane"}, Identity(user_profile="jane"), "user profile jane", id="Studio"),
        pytest.param(
            {
                "UserProfileName": "jane",
                "UserProfileArn": "arn:aws:sagemaker:eu-west-1:123456789012:user-profile/d-1/jane",
                "DomainId": "d-1",
                "IamIdentity": {"Arn": SESSION, "PrincipalId": "AROA:SageMaker", "SourceIdentity": "jane@x.org"},
            },
            Identity(SESSION, "AROA:SageMaker", "jane@x.org", "jane"),
            f"{SESSION} (source identity jane@x.org, user profile jane)",
            id="all of it",
        ),
    ],
)  # fmt: skip
def test_who_wrote_a_version(context: dict[str, Any], identity: Identity | None, said: str) -> None:
    described: Any = {**ANSWER, "CreatedBy": context, "LastModifiedBy": context}
    package = model_package(described)
    assert (package.created_by, package.last_modified_by) == (identity, identity)
    assert str(package.created_by) == said
    assert package.last_modified == package.created


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param({"ModelApprovalStatus": "Rejected"}, "Rejected", id="a status"),
        pytest.param({}, "PendingManualApproval", id="none"),
        pytest.param(
            {"ModelPackageRegistrationType": "Registered"}, "PendingManualApproval", id="registered"
        ),
        pytest.param({"ModelPackageRegistrationType": "Logged"}, "Logged", id="logged"),
        pytest.param(
            {"ModelPackageRegistrationType": "Logged", "ModelApprovalStatus": "PendingManualApproval"},
            "PendingManualApproval",
            id="logged, and to be approved",
        ),
    ],
)
def test_a_version_that_is_merely_logged_is_not_pending(answer: dict[str, Any], status: str) -> None:
    described: Any = {**ANSWER, **answer}
    package = model_package(described)
    assert package.approval_status == status
    assert package.is_pending == (status == "PendingManualApproval")
    assert summary(described).approval_status == status


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        pytest.param({}, None, id="no card"),
        pytest.param({"ModelCard": {"ModelCardStatus": "Draft"}}, None, id="a card without content"),
        pytest.param(
            {"ModelCard": {"ModelCardContent": "{}", "ModelCardStatus": "Draft"}}, "{}", id="a card"
        ),
    ],
)
def test_the_content_of_a_model_card_is_read_as_it_is(answer: dict[str, Any], content: str | None) -> None:
    described: Any = {**ANSWER, **answer}
    assert model_package(described).model_card == content
