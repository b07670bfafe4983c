"""Fields of a model package that moto drops, and the status of a version that was registered without one.

`CreateModelPackage` takes them and `DescribeModelPackage` gives them back, by the service model of the API. A version
that is registered without an approval status waits for one, unless it is merely logged:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.responses import SageMakerResponse

FIELDS = (
    "ManagedStorageType",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
    "SecurityConfig",
    "SkipModelValidation",
    "SourceUri",
)
_LOGGED = "Logged"
_PENDING = "PendingManualApproval"

_given: ContextVar[Mapping[str, Any]] = ContextVar("given", default=MappingProxyType({}))


@contextmanager
def registering(parameter: Callable[[str], Any]) -> Iterator[None]:
    """Register what is created within the block with the fields of a request; `parameter` reads one of them."""
    values = {name: parameter(name) for name in FIELDS}
    token = _given.set({name: value for name, value in values.items() if value is not None})
    try:
        yield
    finally:
        _given.reset(token)


def complete(package: Any) -> None:
    """Give a new model package of moto what its request says and moto dropped."""
    package.further_fields = _given.get()
    is_logged = package.further_fields.get("ModelPackageRegistrationType") == _LOGGED
    if package.model_approval_status is None and package.model_package_group_name and not is_logged:
        package.set_model_approval_status(_PENDING)


def install() -> None:
    """Let `DescribeModelPackage` tell the fields."""
    describe = SageMakerResponse.describe_model_package

    def describe_model_package(self: Any) -> ActionResult:
        answer = describe(self)
        package = self.sagemaker_backend.describe_model_package(self._get_param("ModelPackageName"))
        return ActionResult({**answer.result, **getattr(package, "further_fields", {})})

    SageMakerResponse.describe_model_package = describe_model_package
