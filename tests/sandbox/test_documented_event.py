"""The event of a model package as AWS documents it, as the sandbox sends it, and as the gate reads it.

The names of the documented sample are from "Model package state change" in the developer guide of SageMaker:
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

import ast
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aws import registry_names
from lambdas.model_package_event import StateChange, read_event
from sandbox import events

ACCOUNT, REGION = "123456789012", "us-east-2"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/shop/2"
SOURCE, DETAIL_TYPE = "aws.sagemaker", "SageMaker Model Package State Change"
# The members of the sample and of its detail; of those members the sample's statuses are these.
MEMBERS = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
DETAIL_MEMBERS = {
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "CreationTime",
    "LastModifiedTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "MetadataProperties",
    "ModelMetrics",
}
# Those that the sample has since 2025 beside them: what an update changed, and the stage of the version.
LATER_MEMBERS = {"UpdatedModelPackageFields", "ModelLifeCycle"}
STATUSES = {"ModelPackageStatus": "Completed", "ModelApprovalStatus": "Rejected"}
NOW = "2021-02-24T17:00:14Z"


def documented() -> dict[str, Any]:
    """An event with the members of the sample."""
    detail: dict[str, Any] = {name: {} for name in DETAIL_MEMBERS}
    detail |= STATUSES | {"ModelPackageArn": ARN, "CreationTime": NOW, "LastModifiedTime": NOW}
    event: dict[str, Any] = dict.fromkeys(MEMBERS, "")
    return event | {"source": SOURCE, "detail-type": DETAIL_TYPE, "resources": [ARN], "detail": detail}


def documented_since() -> dict[str, Any]:
    """An event with the members of the sample as it is by now; its source is in a list there."""
    event = documented()
    event["detail"] |= {
        "ModelLifeCycle": {"Stage": "Development"},
        "UpdatedModelPackageFields": ["ModelLifeCycle"],
    }
    return event | {"source": [SOURCE]}


def seen_in_public() -> dict[str, Any]:
    """An event as people who got one show it: times in milliseconds, and none of a change."""
    event = documented()
    del event["detail"]["LastModifiedTime"]
    event["detail"] |= {"CreationTime": 1614186014000, "ModelApprovalStatus": "PendingManualApproval"}
    return event


def sent_by_the_sandbox(*updated_fields: str) -> dict[str, Any]:
    """The event that the sandbox sends of a package that has everything."""
    described = dict.fromkeys(DETAIL_MEMBERS - {"CreationTime", "LastModifiedTime"}, "x")
    package = SimpleNamespace(
        gen_response_object=lambda: described | STATUSES | {"ModelPackageArn": ARN},
        creation_time=datetime.fromisoformat(NOW),
        last_modified_time=datetime.fromisoformat(NOW),
    )
    log = events.EventLog()
    detail = events.model_package_detail(package, updated_fields)
    log.publish(events.MODEL_PACKAGE, detail, resources=[ARN], account=ACCOUNT, region=REGION)
    (event,) = log.sent()
    return event


def test_the_sandbox_sends_the_members_of_the_documented_event() -> None:
    sent = sent_by_the_sandbox()
    assert sent.keys() == MEMBERS
    assert (sent["source"], sent["detail-type"]) == (SOURCE, DETAIL_TYPE)
    assert sent["detail"].keys() == DETAIL_MEMBERS


def test_the_sandbox_says_what_an_update_changed_as_the_documented_event_does() -> None:
    detail = sent_by_the_sandbox("ModelApprovalStatus")["detail"]
    assert detail.keys() - DETAIL_MEMBERS == {"UpdatedModelPackageFields"} <= LATER_MEMBERS
    assert detail["UpdatedModelPackageFields"] == ["ModelApprovalStatus"]


@pytest.mark.parametrize(
    ("event", "status", "updated_fields"),
    [
        pytest.param(documented(), "Rejected", None, id="documented until 2025"),
        pytest.param(documented_since(), "Rejected", {"ModelLifeCycle"}, id="documented"),
        pytest.param(seen_in_public(), "PendingManualApproval", None, id="seen in public"),
        pytest.param(sent_by_the_sandbox(), "Rejected", None, id="sandbox, registered"),
        pytest.param(
            sent_by_the_sandbox("ModelApprovalStatus"),
            "Rejected",
            {"ModelApprovalStatus"},
            id="sandbox, updated",
        ),
    ],
)
def test_the_gate_reads_the_event(
    event: dict[str, Any], status: str, updated_fields: set[str] | None
) -> None:
    assert read_event(event, account=ACCOUNT, region=REGION) == StateChange(
        model_package_arn=ARN,
        approval_status=status,
        updated_fields=None if updated_fields is None else frozenset(updated_fields),
    )


def test_the_names_of_the_gate_are_those_that_are_documented() -> None:
    named = {
        registry_names.ARN_FIELD,
        registry_names.APPROVAL_STATUS_FIELD,
        registry_names.UPDATED_FIELDS_FIELD,
    }
    assert named <= DETAIL_MEMBERS | LATER_MEMBERS
    assert (registry_names.EVENT_SOURCE, registry_names.EVENT_DETAIL_TYPE) == (SOURCE, DETAIL_TYPE)
    assert tuple(STATUSES.values()) == (registry_names.COMPLETED, registry_names.REJECTED)


ROOMS = ("aws", "cli", "disk", "infra", "lambdas", "model_governance", "pipelines")
ROOT = Path(__file__).resolve().parents[2]
ONCE = {
    value
    for name, value in vars(registry_names).items()
    if name.endswith("_PROPERTY")
    or name in {"EVENT_SOURCE", "EVENT_DETAIL_TYPE", "PENDING", "OWN_PROPERTIES"}
}


@pytest.mark.parametrize("room", ROOMS)
def test_each_name_is_spelt_in_one_place(room: str) -> None:
    spelt = {
        (path.name, node.value)
        for path in (ROOT / room).rglob("*.py")
        if path.parent.name != "contract"  # which asks AWS itself, with nothing of the gate
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in ONCE
    }
    assert {name for name, _ in spelt} <= {"registry_names.py"}
    assert (room == "aws") == bool(spelt)
