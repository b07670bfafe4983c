"""The model registry where AWS and moto differ: an update keeps what it leaves out, every change is an event."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import SageMakerModelBackend
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from sandbox import events, model_package_fields
from sandbox.accounts import access_key_of, account_of, administrator_arn
from sandbox.shared_groups import group_name, refuse_to_delete_with_versions

# Limits of the API that neither boto3 nor moto checks.
MAX_DESCRIPTION = 1024
MAX_PROPERTIES = 50
MAX_PROPERTY_KEY = 128
MAX_PROPERTY_VALUE = 256

# Whose request the thread answers, as AWS describes a caller that is no user profile of Studio.
_caller: ContextVar[dict[str, Any] | None] = ContextVar("caller", default=None)


@contextmanager
def calling(backend: Any, headers: Mapping[str, str]) -> Iterator[None]:
    """Answer the request within the block as one of whoever signed its headers.

    The signer may be of another account than the backend's, which owns the packages.
    """
    access_key, partition = access_key_of(headers), get_partition(backend.region_name)
    sts = sts_backends[account_of(access_key)][partition]
    principal, arn, _ = sts.get_caller_identity(access_key, backend.region_name)
    if arn.endswith(_NOBODY):
        principal, arn = access_key, administrator_arn(access_key, partition)
    token = _caller.set({"IamIdentity": {"Arn": arn, "PrincipalId": principal}})
    try:
        yield
    finally:
        _caller.reset(token)


_NOBODY = ":user/moto"  # moto's answer for credentials that it did not make


class EmbeddedRegistry:
    """Creates, updates and deletes moto's model packages as AWS does.

    Args:
        log: sends the events.
    """

    def __init__(self, log: events.EventLog) -> None:
        self._log = log
        # moto numbers a version by counting those that exist.
        self._lock = threading.Lock()
        self._create = SageMakerModelBackend.create_model_package

    def create(self, backend: Any, **arguments: Any) -> str:
        """Register a model package and send its event; returns its ARN."""
        _check(arguments.get("approval_description"), arguments.get("customer_metadata_properties"))
        if arguments.get("model_package_group_name"):
            arguments["model_package_group_name"] = group_name(arguments["model_package_group_name"])
        with self._lock:
            arn: str = self._create(backend, **arguments)
        backend.model_packages[arn].created_by = _caller.get()
        model_package_fields.complete(backend.model_packages[arn])
        self._announce(backend, backend.model_packages[arn])
        return arn

    def update(
        self,
        backend: Any,
        *,
        model_package_arn: str,
        model_approval_status: str | None,
        approval_description: str | None,
        customer_metadata_properties: Mapping[str, str] | None,
        customer_metadata_properties_to_remove: list[str] | None,
        additional_inference_specifications_to_add: list[Any] | None,
    ) -> str:
        """Change what the call names, keep everything else, and send the event; returns the ARN."""
        package = backend.describe_model_package(model_package_arn)
        properties = dict(package.customer_metadata_properties or {}) | dict(
            customer_metadata_properties or {}
        )
        for name in customer_metadata_properties_to_remove or []:
            properties.pop(name, None)
        # Refused before anything is changed, as AWS does.
        _check(approval_description, properties)
        if model_approval_status is not None:
            package.set_model_approval_status(model_approval_status)
        if approval_description is not None:
            package.approval_description = approval_description
        package.customer_metadata_properties = properties or None
        if additional_inference_specifications_to_add:
            package.add_additional_inference_specifications(additional_inference_specifications_to_add)
        package.modifications_done()
        package.last_modified_by = _caller.get()
        given = {
            "ModelApprovalStatus": model_approval_status,
            "ApprovalDescription": approval_description,
            "CustomerMetadataProperties": customer_metadata_properties
            or customer_metadata_properties_to_remove,
            "InferenceSpecification": additional_inference_specifications_to_add,
        }
        self._announce(backend, package, [name for name, value in given.items() if value])
        arn: str = package.arn
        return arn

    def delete(self, backend: Any, model_package_name: str) -> None:
        """Delete a model package by name or ARN; moto has no such call."""
        package = backend.describe_model_package(model_package_name)
        del backend.model_packages[package.arn]

    def delete_group(self, backend: Any, name: str) -> None:
        """Delete an empty model package group by name or ARN; moto has no such call.

        Raises:
            ValidationError: it has versions.
        """
        group = backend.describe_model_package_group(name)
        refuse_to_delete_with_versions(backend, group.model_package_group_name)
        del backend.model_package_groups[group.model_package_group_name]

    def _announce(self, backend: Any, package: Any, updated_fields: Sequence[str] = ()) -> None:
        self._log.publish(
            events.MODEL_PACKAGE,
            events.model_package_detail(package, updated_fields),
            resources=[package.arn],
            account=backend.account_id,
            region=backend.region_name,
        )


def _check(description: str | None, properties: Mapping[str, str] | None) -> None:
    """Refuse what AWS refuses.

    Raises:
        ValidationError: the description or the metadata exceeds the API's limits.
    """
    if description and len(description) > MAX_DESCRIPTION:
        raise ValidationError(f"approvalDescription: length must be less than or equal to {MAX_DESCRIPTION}")
    if properties and len(properties) > MAX_PROPERTIES:
        raise ValidationError(f"customerMetadataProperties: at most {MAX_PROPERTIES} entries")
    for name, value in (properties or {}).items():
        if len(name) > MAX_PROPERTY_KEY or len(value) > MAX_PROPERTY_VALUE:
            raise ValidationError(
                f"customerMetadataProperties: {name!r}: keys have at most {MAX_PROPERTY_KEY} characters, "
                f"values {MAX_PROPERTY_VALUE}"
            )
