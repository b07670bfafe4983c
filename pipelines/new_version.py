"""What an engineer says of a new version, turned into the fields of `CreateModelPackage`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from aws.registry_names import OWN_PROPERTIES
from checks.errors import GovernanceError

# What the registration itself sets, each with why it is not taken from elsewhere.
_RESERVED = {
    "ModelPackageGroupName": "the group is named apart",
    "ModelPackageName": "only versions of a group are governed",
    "ModelApprovalStatus": "a new version waits for the gate's decision",
    "ModelMetrics": "the reports of the evidence folder are attached here",
    "Tags": "SageMaker gives versions the tags of their group; give tags apart (--tag)",
    "ClientToken": "it is made from what is registered",
}
_AWS_TAGS = "aws:"
_INFERENCE = "InferenceSpecification"
_METADATA = "CustomerMetadataProperties"


class NewVersionError(GovernanceError):
    """What is said of a new version does not go together."""


class NewVersion(Struct, frozen=True, kw_only=True):
    """A version that is to be registered into `group`, with the reports in the local folder `evidence`.

    `images` are URIs of inference images, one for each container, and `model_data` S3 URIs of their archives in the
    same order. Without any image the version has no containers, as a record of a model that runs elsewhere.
    `about` is the model's name as the evidence says it, where that is not the group's. `description`, `metadata`,
    `task`, `domain`, `content_types` and `response_types` are the fields of `CreateModelPackage` that are called so.
    `tags` are given to the group, whose tags SageMaker gives to its versions. `specification` holds any further fields
    as the API spells them. `from_package` is the ARN of a version whose containers, source, domain, task and drift
    baselines are taken over. What is said more closely wins: these arguments over `specification`, and that over
    `from_package`.
    """

    group: str
    evidence: Path
    images: Sequence[str] = ()
    model_data: Sequence[str] = ()
    about: str | None = None
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    task: str | None = None
    domain: str | None = None
    content_types: Sequence[str] = ()
    response_types: Sequence[str] = ()
    specification: Mapping[str, Any] = field(default_factory=dict)
    from_package: str | None = None


def further_fields(version: NewVersion, taken_over: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `CreateModelPackage` that `version` asks for, but group, status, reports and metadata.

    `taken_over` are those of the version that `from_package` names.

    Raises:
        NewVersionError: images, model data and containers do not go together, or a field is not free.
    """
    _refuse_reserved(version.specification)
    fields = {**taken_over, **version.specification}
    fields.pop(_METADATA, None)
    inference = dict(_require_mapping(fields.pop(_INFERENCE, {}), _INFERENCE))
    containers = _write_containers(version, inference.get("Containers") or [])
    if containers:
        inference["Containers"] = containers
    if version.content_types:
        inference["SupportedContentTypes"] = list(version.content_types)
    if version.response_types:
        inference["SupportedResponseMIMETypes"] = list(version.response_types)
    if inference and not containers:
        raise NewVersionError(
            f"{', '.join(inference)}: these belong to containers, and the version has none; name an image"
        )
    named = {
        _INFERENCE: inference,
        "ModelPackageDescription": version.description,
        "Task": version.task,
        "Domain": version.domain,
    }
    return fields | {name: value for name, value in named.items() if value}


def own_metadata(version: NewVersion) -> dict[str, str]:
    """Return the metadata that the engineer gives the version.

    Raises:
        NewVersionError: a key is one of the gate's own.
    """
    given = {**_require_mapping(version.specification.get(_METADATA, {}), _METADATA), **version.metadata}
    for key in given:
        if str(key).startswith(OWN_PROPERTIES):
            raise NewVersionError(
                f"{key}: metadata that begin with {OWN_PROPERTIES} are the gate's own; rename it"
            )
    return given


def refuse_aws_tags(version: NewVersion) -> None:
    """Refuse tags that only AWS itself may give.

    Raises:
        NewVersionError: with the first of them.
    """
    for key in version.tags:
        if key.lower().startswith(_AWS_TAGS):
            raise NewVersionError(f"{key}: tags that begin with {_AWS_TAGS} are AWS's own; rename it")


def _refuse_reserved(specification: Mapping[str, Any]) -> None:
    problems = [f"{name}: {why}; leave it out" for name, why in _RESERVED.items() if name in specification]
    if problems:
        raise NewVersionError("\n".join(problems))


def _write_containers(version: NewVersion, given: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the containers: those given, with images and model data of the version in their place, or new ones."""
    count = len(given) or len(version.images)
    for option, values in (("image", version.images), ("model data", version.model_data)):
        if values and len(values) != count:
            raise NewVersionError(
                f"{option}: {len(values)} for {count} container{'s'[: count != 1]}; give one for each container in "
                "their order, or write the containers as InferenceSpecification.Containers into the specification"
            )
    containers = [dict(_require_mapping(one, "Containers")) for one in given] or [{} for _ in range(count)]
    _override(containers, version.images, "Image", ["ImageDigest"])
    _override(containers, version.model_data, "ModelDataUrl", ["ModelDataETag", "ModelDataSource"])
    return containers


def _override(
    containers: Iterable[dict[str, Any]], values: Sequence[str], name: str, stale: list[str]
) -> None:
    """Put each value into its container; what was said of the former value is said of the new one no more."""
    for container, value in zip(containers, values, strict=False):
        for former in stale:
            container.pop(former, None)
        container[name] = value


def _require_mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise NewVersionError(f"{name}: {value!r:.80} is not an object, as CreateModelPackage takes it")
    return value
