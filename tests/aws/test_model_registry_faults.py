"""What SageMaker answers when it does not do what was asked, spoken by a loopback server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from aws.aws_errors import (
    AwsAccessDeniedError,
    AwsError,
    AwsNotFoundError,
    AwsThrottledError,
    AwsUnreachableError,
)
from aws.model_packages import ModelPackageGoneError, Registration
from aws.model_registry import SageMakerModelRegistry
from checks.errors import GovernanceError
from tests.aws.conftest import Answer, Loopback, Request

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/askdata/7"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/askdata:1"


def operation(request: Request) -> str:
    return request.headers["X-Amz-Target"].removeprefix("SageMaker.")


def refuse(loopback: Loopback, code: str, message: str, status: int = 400) -> Answer:
    return loopback.answer(status, json.dumps({"__type": code, "message": message}).encode())


@pytest.fixture
def registry(loopback: Loopback, client_of: Callable[..., Any]) -> SageMakerModelRegistry:
    return SageMakerModelRegistry(client_of("sagemaker", loopback.url))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            ("ValidationException", f"ModelPackage {ARN} does not exist.", 400),
            (ModelPackageGoneError, "deleted"),
        ),
        (("ResourceNotFound", "gone", 400), (ModelPackageGoneError, "deleted")),
        (("ThrottlingException", "Rate exceeded", 400), (AwsThrottledError, "slow down")),
        (("AccessDeniedException", "not authorized to perform", 400), (AwsAccessDeniedError, "permission")),
        (("InvalidClientTokenId", "The security token is invalid", 403), (AwsAccessDeniedError, "renew")),
        (("InternalFailure", "", 500), (AwsUnreachableError, "try again later")),
        (
            ("ValidationException", "1 validation error detected", 400),
            (AwsError, "1 validation error detected"),
        ),
    ],
)
@pytest.mark.parametrize("call", ["describe", "update"])
def test_each_refusal_is_one_typed_message(
    loopback: Loopback,
    registry: SageMakerModelRegistry,
    call: str,
    answer: tuple[str, str, int],
    expected: tuple[type[GovernanceError], str],
) -> None:
    loopback.respond = lambda request: refuse(loopback, *answer)
    error, says = expected
    with pytest.raises(error, match=says) as raised:
        getattr(registry, call)(ARN)
    assert type(raised.value) is error
    assert ARN in str(raised.value)


OWNER = "999988887777"
SHARED = f"arn:aws:sagemaker:eu-west-1:{OWNER}:model-package-group/askdata"


def test_a_group_of_another_account_is_named_by_its_arn(
    loopback: Loopback, client_of: Callable[..., Any]
) -> None:
    """moto has one account for a name of a group, so that what is sent is looked at."""
    registry = SageMakerModelRegistry(client_of("sagemaker", loopback.url), owner=OWNER)
    version = ARN.replace("123456789012", OWNER)
    answers: dict[str, dict[str, Any]] = {
        "DescribeModelPackageGroup": {"ModelPackageGroupArn": SHARED},
        "CreateModelPackage": {"ModelPackageArn": version},
        "ListModelPackages": {"ModelPackageSummaryList": []},
    }
    loopback.respond = lambda request: loopback.answer(200, json.dumps(answers[operation(request)]).encode())
    assert registry.register(Registration("AskData", IMAGE)) == version
    assert registry.list("AskData") == ()
    sent = {operation(request): json.loads(request.body) for request in loopback.requests}
    assert {name: body["ModelPackageGroupName"] for name, body in sent.items()} == dict.fromkeys(
        answers, SHARED
    )


def test_a_group_that_another_account_does_not_have_is_made_by_nobody_else(
    loopback: Loopback, client_of: Callable[..., Any]
) -> None:
    registry = SageMakerModelRegistry(client_of("sagemaker", loopback.url), owner=OWNER)
    loopback.respond = lambda request: refuse(loopback, "ValidationException", f"{SHARED} does not exist.")
    with pytest.raises(
        AwsNotFoundError, match=f"no such group in account {OWNER}, whose stack makes it; let"
    ):
        registry.register(Registration("askdata", IMAGE))
    assert [operation(request) for request in loopback.requests] == ["DescribeModelPackageGroup"]


def test_a_throttle_that_passes_is_no_error(loopback: Loopback, registry: SageMakerModelRegistry) -> None:
    answers = [
        refuse(loopback, "ThrottlingException", "Rate exceeded"),
        loopback.answer(200, b'{"ModelPackageSummaryList": []}'),
    ]
    loopback.respond = lambda request: answers.pop(0)
    assert registry.list("askdata") == ()
    assert len(loopback.requests) == 2


def test_a_group_that_cannot_be_listed_is_not_an_empty_one(
    loopback: Loopback, registry: SageMakerModelRegistry
) -> None:
    loopback.respond = lambda request: refuse(loopback, "AccessDeniedException", "not authorized", 400)
    with pytest.raises(AwsAccessDeniedError, match="askdata: ListModelPackages failed"):
        registry.list("askdata")


def described(**fields: object) -> dict[str, object]:
    times = {"CreationTime": 1.7e9, "LastModifiedTime": 1.8e9}
    names = {"ModelPackageArn": ARN, "ModelPackageGroupName": "AskData", "ModelPackageVersion": 7}
    return names | times | {"ModelPackageStatus": "Completed", **fields}


def test_an_update_sends_everything_but_an_unchanged_status(
    loopback: Loopback, registry: SageMakerModelRegistry
) -> None:
    package = described(
        ModelApprovalStatus="Approved",
        ApprovalDescription="by hand",
        CustomerMetadataProperties={"team": "sales"},
    )
    answers = {"DescribeModelPackage": package, "UpdateModelPackage": {"ModelPackageArn": ARN}}
    loopback.respond = lambda request: loopback.answer(200, json.dumps(answers[operation(request)]).encode())
    registry.update(ARN, metadata={"governance:decision-uri": "s3://d/1.json"})
    assert json.loads(loopback.requests[-1].body) == {
        "ModelPackageArn": ARN,
        "ApprovalDescription": "by hand",
        "CustomerMetadataProperties": {"team": "sales", "governance:decision-uri": "s3://d/1.json"},
    }


def test_the_group_is_taken_from_the_description_and_not_from_the_arn(
    loopback: Loopback, registry: SageMakerModelRegistry
) -> None:
    loopback.respond = lambda request: loopback.answer(200, json.dumps(described()).encode())
    package = registry.describe(ARN)
    assert (package.group, package.version, package.approval_status) == (
        "AskData",
        7,
        "PendingManualApproval",
    )


def test_a_group_that_somebody_else_creates_meanwhile_is_used(
    loopback: Loopback, registry: SageMakerModelRegistry
) -> None:
    def respond(request: Request) -> Answer:
        match operation(request):
            case "DescribeModelPackageGroup":
                return refuse(loopback, "ValidationException", "ModelPackageGroup askdata does not exist.")
            case "CreateModelPackageGroup":
                return refuse(loopback, "ValidationException", "Model Package Group already exists: askdata")
            case _:
                return loopback.answer(200, json.dumps({"ModelPackageArn": ARN}).encode())

    loopback.respond = respond
    assert registry.register(Registration("askdata", IMAGE)) == ARN


@pytest.mark.parametrize(
    "refused", ["DescribeModelPackageGroup", "CreateModelPackageGroup", "CreateModelPackage"]
)
def test_a_registration_that_is_refused_says_where(
    loopback: Loopback, registry: SageMakerModelRegistry, refused: str
) -> None:
    def respond(request: Request) -> Answer:
        if operation(request) == refused:
            return refuse(loopback, "AccessDeniedException", "not authorized")
        if operation(request) == "DescribeModelPackageGroup":
            return refuse(loopback, "ValidationException", "ModelPackageGroup askdata does not exist.")
        return loopback.answer(200, b"{}")

    loopback.respond = respond
    with pytest.raises(AwsAccessDeniedError, match=f"askdata: {refused} failed with AccessDeniedException"):
        registry.register(Registration("askdata", IMAGE))
    assert operation(loopback.requests[-1]) == refused


@pytest.mark.parametrize("content", [b"<html>Log in to the airport's network", b"{}", b"\xff"])
@pytest.mark.parametrize(
    "call",
    [
        lambda registry: registry.describe(ARN),
        lambda registry: registry.list("askdata"),
        lambda registry: registry.register(Registration("askdata", IMAGE)),
    ],
)
def test_an_answer_that_does_not_come_from_aws_is_an_error(
    loopback: Loopback,
    registry: SageMakerModelRegistry,
    call: Callable[[SageMakerModelRegistry], object],
    content: bytes,
) -> None:
    loopback.respond = lambda request: loopback.answer(200, content)
    with pytest.raises(
        AwsUnreachableError, match=r"askdata.*(failed|was answered without).*AWS_ENDPOINT_URL"
    ):
        call(registry)
