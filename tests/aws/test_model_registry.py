"""One suite for both registries: SageMaker's over HTTP, and the one in memory."""

import uuid
from datetime import datetime
from typing import Any

import pytest

from aws.arns import ArnError
from aws.memory_model_registry import MemoryModelRegistry
from aws.model_packages import (
    Container,
    ModelPackage,
    ModelPackageGoneError,
    Registration,
    StatusChangedError,
)
from aws.model_registry import ModelRegistry, SageMakerModelRegistry
from aws.registry_limits import RegistryLimitError
from aws.registry_names import APPROVED, COMPLETED, PENDING, REJECTED
from aws.report_references import ReportReference, ReportSlot

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/askdata:1"
ABSENT = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/nowhere/1"
DIGEST = "sha256:" + "0f" * 32


@pytest.fixture(params=["sagemaker", "memory"])
def registry(request: pytest.FixtureRequest) -> ModelRegistry:
    if request.param == "memory":
        return MemoryModelRegistry()
    return SageMakerModelRegistry(request.getfixturevalue("sagemaker"))


@pytest.fixture
def group() -> str:
    return f"AskData-{uuid.uuid4().hex[:12]}"


def reference(slot: ReportSlot, digest: str | None = DIGEST) -> ReportReference:
    return ReportReference(slot, f"s3://evidence/{slot}.json", digest)


def test_a_registered_version_is_described_whole(registry: ModelRegistry, group: str) -> None:
    metadata = {"governance:evidence": "s3://evidence/askdata/run-1/", "team": "Größe 1"}
    reports = [reference(slot) for slot in reversed(ReportSlot)]
    arn = registry.register(
        Registration(group, IMAGE, model_data="s3://models/m.tar.gz", reports=reports, metadata=metadata)
    )
    package = registry.describe(arn)
    assert package == ModelPackage(
        arn=f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{group.lower()}/1",
        group=group,
        version=1,
        approval_status=PENDING,
        package_status=COMPLETED,
        description=None,
        metadata=metadata,
        reports=tuple(reference(slot) for slot in ReportSlot),
        created=package.created,
        last_modified=package.created,
        containers=(Container(image=IMAGE, model_data="s3://models/m.tar.gz"),),
        created_by=package.created_by,
    )
    assert package.arn == arn
    assert package.is_pending
    assert package.evidence_prefix == "s3://evidence/askdata/run-1/"
    assert isinstance(package.created, datetime)
    assert package.created.tzinfo is not None
    assert package.created_by is not None


def test_a_version_without_evidence_can_be_registered(registry: ModelRegistry, group: str) -> None:
    package = registry.describe(registry.register(Registration(group, IMAGE)))
    assert (package.reports, package.metadata, package.evidence_prefix) == ((), {}, None)


def test_a_report_without_digest_has_none(registry: ModelRegistry, group: str) -> None:
    attached = reference(ReportSlot.BIAS_REPORT, digest=None)
    package = registry.describe(registry.register(Registration(group, IMAGE, reports=[attached])))
    assert package.reports == (attached,)


def test_versions_are_listed_newest_first(registry: ModelRegistry, group: str) -> None:
    arns = [registry.register(Registration(group, IMAGE)) for _ in range(3)]
    registry.update(arns[0], approval_status=APPROVED)
    listed = registry.list(group)
    assert [(entry.arn, entry.group, entry.version, entry.approval_status) for entry in listed] == [
        (arns[2], group, 3, PENDING),
        (arns[1], group, 2, PENDING),
        (arns[0], group, 1, APPROVED),
    ]
    assert registry.list(group, approval_status=APPROVED) == listed[2:]
    assert {entry.package_status for entry in listed} == {COMPLETED}


def test_groups_are_listed_newest_first(registry: ModelRegistry, group: str) -> None:
    other = f"{group}-other"
    for name in (group, other):
        registry.register(Registration(group=name, image=IMAGE))
    assert [name for name in registry.groups() if name in (group, other)] == [other, group]


def test_more_versions_than_one_page_are_listed(registry: ModelRegistry, group: str) -> None:
    for _ in range(105):
        registry.register(Registration(group, IMAGE))
    assert [entry.version for entry in registry.list(group)] == list(range(105, 0, -1))


def test_a_group_that_does_not_exist_has_no_versions(registry: ModelRegistry, group: str) -> None:
    assert registry.list(group) == ()


def test_groups_are_kept_apart(registry: ModelRegistry, group: str) -> None:
    registry.register(Registration(group, IMAGE))
    assert registry.list(f"{group}-other") == ()


def test_an_update_keeps_what_it_does_not_change(registry: ModelRegistry, group: str) -> None:
    arn = registry.register(Registration(group, IMAGE, metadata={"team": "sales", "stage": "1"}))
    registry.update(arn, approval_status=REJECTED, description="accuracy 0.7 is below 0.8")
    registry.update(arn, metadata={"stage": "2", "governance:decision-uri": "s3://decisions/1.json"})
    package = registry.describe(arn)
    assert (package.approval_status, package.description, package.metadata) == (
        REJECTED,
        "accuracy 0.7 is below 0.8",
        {"team": "sales", "stage": "2", "governance:decision-uri": "s3://decisions/1.json"},
    )


def test_an_update_may_ask_for_the_status_that_it_changes(registry: ModelRegistry, group: str) -> None:
    arn = registry.register(Registration(group, IMAGE))
    registry.update(arn, approval_status=APPROVED, only_from=PENDING)
    before = registry.describe(arn)
    with pytest.raises(
        StatusChangedError, match="it is Approved by now, not PendingManualApproval"
    ) as raised:
        registry.update(arn, approval_status=REJECTED, description="too late", only_from=PENDING)
    assert raised.value.status == APPROVED
    assert registry.describe(arn) == before


def test_an_update_moves_the_time_of_the_last_change(registry: ModelRegistry, group: str) -> None:
    arn = registry.register(Registration(group, IMAGE))
    before = registry.describe(arn).last_modified
    registry.update(arn, description="looked at")
    package = registry.describe(arn)
    assert package.last_modified > before
    assert package.last_modified > package.created
    assert package.last_modified_by is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"description": "x" * 1025}, "1,025 characters, and SageMaker takes 1,024"),
        ({"description": "one\ntwo"}, "one line"),
        ({"approval_status": "NeedsReview"}, "'NeedsReview' is none; SageMaker has Approved, Rejected"),
        ({"metadata": {f"k{n}": "v" for n in range(50)}}, "51 entries, and SageMaker takes 50"),
        ({"metadata": {"k" * 129: "v"}}, "has 129 characters, and SageMaker takes 1 to 128"),
        ({"metadata": {"k": "v" * 257}}, "has 257 characters, and SageMaker takes 1 to 256"),
        ({"metadata": {"k": ""}}, "has 0 characters"),
        ({"metadata": {"k": "s3://b/k?versionId=1"}}, r"the value of 'k' has '\?'"),
        ({"metadata": {"a": "", "b": "!"}}, r"'a' has 0 characters.*; the value of 'b' has '!'"),
    ],
)
def test_what_sagemaker_would_not_take_changes_nothing(
    registry: ModelRegistry, group: str, change: dict[str, Any], message: str
) -> None:
    arn = registry.register(Registration(group, IMAGE, metadata={"team": "sales"}))
    before = registry.describe(arn)
    asked: dict[str, Any] = {"approval_status": APPROVED, **change}
    with pytest.raises(RegistryLimitError, match=message):
        registry.update(arn, **asked)
    assert registry.describe(arn) == before


def test_the_largest_update_is_taken(registry: ModelRegistry, group: str) -> None:
    arn = registry.register(Registration(group, IMAGE))
    largest = {f"{n:02}" + "k" * 126: "ß" * 256 for n in range(50)}
    registry.update(arn, description="x" * 1024, metadata=largest)
    assert registry.describe(arn).metadata == largest


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image": ""}, "the image '' is not 1 to 255"),
        ({"image": "a b"}, "without spaces"),
        ({"model_data": "/models/m.tar.gz"}, "the model data: '/models/m.tar.gz' is not an s3:// URI"),
        ({"reports": [ReportReference(None, "s3://b/k")]}, "takes one slot of ModelMetrics of its own"),
        ({"reports": [reference(ReportSlot.BIAS_REPORT)] * 2}, "given were: Bias.Report, Bias.Report"),
        (
            {"reports": [reference(ReportSlot.BIAS_REPORT, "sha256:12")]},
            "Bias.Report: the digest 'sha256:12' is not",
        ),
        (
            {"reports": [ReportReference(ReportSlot.BIAS_REPORT, "bias.json")]},
            "'bias.json' is not an s3:// URI",
        ),
        ({"metadata": {"k": "#"}}, "the value of 'k' has '#'"),
    ],
)
def test_what_sagemaker_would_not_take_registers_nothing(
    registry: ModelRegistry, group: str, fields: dict[str, Any], message: str
) -> None:
    registered: dict[str, Any] = {"group": group, "image": IMAGE, **fields}
    with pytest.raises(RegistryLimitError, match=message):
        registry.register(Registration(**registered))
    assert registry.list(group) == ()


def test_a_version_needs_a_group(registry: ModelRegistry) -> None:
    with pytest.raises(ArnError, match="not a model package group name"):
        registry.register(Registration("", IMAGE))


@pytest.mark.parametrize("call", ["describe", "update"])
def test_a_version_that_is_gone_is_said_to_be(registry: ModelRegistry, call: str) -> None:
    with pytest.raises(ModelPackageGoneError, match=f"{ABSENT}: there is no such model package.*deleted"):
        getattr(registry, call)(ABSENT)


@pytest.mark.parametrize("call", ["describe", "update"])
def test_an_unversioned_package_is_not_asked_for(registry: ModelRegistry, call: str) -> None:
    with pytest.raises(ArnError, match="unversioned"):
        getattr(registry, call)("arn:aws:sagemaker:eu-west-1:123456789012:model-package/lonely")


def test_a_deleted_version_in_memory_is_gone(group: str) -> None:
    registry = MemoryModelRegistry()
    arn = registry.register(Registration(group, IMAGE))
    registry.delete(arn)
    with pytest.raises(ModelPackageGoneError):
        registry.describe(arn)


def test_a_token_registers_once(registry: ModelRegistry, group: str) -> None:
    if isinstance(registry, SageMakerModelRegistry):
        pytest.skip("moto registers a token twice")
    arns = [registry.register(Registration(group, IMAGE, token="t")) for _ in range(2)]
    assert arns[0] == arns[1] != registry.register(Registration(group, IMAGE, token="u"))


def test_a_group_has_the_tags_that_its_first_version_or_a_later_one_gave_it(
    registry: ModelRegistry, group: str
) -> None:
    assert registry.group_tags(group) is None
    for tags in ({"team": "risk"}, {}, {"cost": "9"}):
        registry.register(Registration(group, IMAGE, tags=tags))
    assert registry.group_tags(group) == {"team": "risk", "cost": "9"}


def test_another_version_may_take_over_how_one_is_run_and_nothing_said_of_it(
    registry: ModelRegistry, group: str
) -> None:
    containers = {"Containers": [{"Image": IMAGE, "Environment": {"A": "1"}}, {"Image": IMAGE}]}
    fields = {"InferenceSpecification": containers, "Task": "OTHER", "ModelPackageDescription": "of this one"}
    arn = registry.register(Registration(group, fields=fields, metadata={"a": "b"}))
    assert registry.specification(arn) == {"InferenceSpecification": containers, "Task": "OTHER"}
    assert len(registry.describe(arn).containers) == 2
    with pytest.raises(ModelPackageGoneError):
        registry.specification(ABSENT)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"model_data": "s3://models/m.tar.gz"}, "name the image too"),
        (
            {"image": IMAGE, "fields": {"InferenceSpecification": {"Containers": []}}},
            "the image is given beside",
        ),
    ],
    ids=["model data alone", "two images"],
)
def test_containers_are_said_one_way(
    registry: ModelRegistry, group: str, said: dict[str, Any], message: str
) -> None:
    with pytest.raises(RegistryLimitError, match=message):
        registry.register(Registration(group, **said))


def test_the_pending_versions_of_all_groups_are_listed_oldest_first(
    registry: ModelRegistry, group: str
) -> None:
    arns = [
        registry.register(Registration(name, IMAGE)) for name in (group, f"{group}-2", group, f"{group}-2")
    ]
    registry.update(arns[1], approval_status=REJECTED)
    found = [entry for entry in registry.pending() if entry.group in (group, f"{group}-2")]
    assert [entry.arn for entry in found] == [arns[0], arns[2], arns[3]]
    assert {entry.approval_status for entry in found} == {PENDING}
