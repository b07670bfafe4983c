"""Model package groups that other accounts may use: their policies, and the way of a call to the owner's registry.

A call that names a group or a version by the ARN of another account is about that account's registry, as far as the
group's policy allows: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-version.html, "Register a Model
Version from a Different Account".
"""

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.utilities.arns import parse_arn

# The parameters that name a group or a version, by name or by ARN.
_NAMING = ("ModelPackageName", "ModelPackageArn", "ModelPackageGroupName")


def install() -> None:
    """Extend moto in this process."""
    describe_group = SageMakerModelBackend.describe_model_package_group

    def sagemaker_backend(self: Any) -> Any:
        named = (self._get_param(name) for name in _NAMING)
        arn = next((text for text in named if text and text.startswith("arn:")), None)
        if arn is None:
            return sagemaker_backends[self.current_account][self.region]
        parsed = parse_arn(arn)
        return sagemaker_backends[parsed.account][parsed.region]

    def describe_model_package_group(self: Any, model_package_group_name: str) -> Any:
        return describe_group(self, group_name(model_package_group_name))

    def put_model_package_group_policy(self: Any) -> ActionResult:
        group = self.sagemaker_backend.describe_model_package_group(self._get_param("ModelPackageGroupName"))
        put_policy(group, self._get_param("ResourcePolicy"))
        return ActionResult({"ModelPackageGroupArn": group.arn})

    def get_model_package_group_policy(self: Any) -> ActionResult:
        group = self.sagemaker_backend.describe_model_package_group(self._get_param("ModelPackageGroupName"))
        return ActionResult({"ResourcePolicy": _policy_of(group)})

    def delete_model_package_group_policy(self: Any) -> EmptyResult:
        group = self.sagemaker_backend.describe_model_package_group(self._get_param("ModelPackageGroupName"))
        _policy_of(group)
        group.resource_policy = None
        return EmptyResult()

    SageMakerResponse.sagemaker_backend = property(sagemaker_backend)
    SageMakerModelBackend.describe_model_package_group = describe_model_package_group
    SageMakerResponse.put_model_package_group_policy = put_model_package_group_policy
    SageMakerResponse.get_model_package_group_policy = get_model_package_group_policy
    SageMakerResponse.delete_model_package_group_policy = delete_model_package_group_policy


def group_name(name_or_arn: str) -> str:
    """Return the name of a group from its name or its ARN."""
    return name_or_arn.rpartition("/")[2]


def put_policy(group: Any, policy: str) -> None:
    """Give moto's group a resource policy.

    Raises:
        ValidationError: it is no JSON object.
    """
    try:
        document = json.loads(policy)
    except ValueError as error:
        raise ValidationError(f"ResourcePolicy: {error}") from error
    if not isinstance(document, dict):
        raise ValidationError("ResourcePolicy: a policy is a JSON object")
    group.resource_policy = policy


def refuse_to_delete_with_versions(backend: Any, name: str) -> None:
    """Refuse to delete a group that has versions, as AWS does.

    Raises:
        ValidationError: it has some.
    """
    held = [
        package.arn for package in backend.model_packages.values() if package.model_package_group_name == name
    ]
    if held:
        raise ValidationError(f"model package group {name} still has {len(held)} model packages")


def _policy_of(group: Any) -> str:
    policy: str | None = getattr(group, "resource_policy", None)
    if policy is None:
        raise ValidationError(f"Cannot find a resource policy of Model Package Group {group.arn}")
    return policy
