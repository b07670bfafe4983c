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
STATUSES = {"ModelPackageStatus": "Completed", "ModelApprovalStatus": "Rejected"}
NOW = "2021-02-24T17:00:14Z"


def documented() -> dict[str, Any]:
    """An event with the members of the sample."""
    detail: dict[str, Any] = {name: {} for name in DETAIL_MEMBERS}
    detail |= STATUSES | {"ModelPackageArn": ARN, "CreationTime": NOW, "LastModifiedTime": NOW}
    event: dict[str, Any] = dict.fromkeys(MEMBERS, "")
    return event | {"source": SOURCE, "detail-type": DETAIL_TYPE, "resources": [ARN], "detail": detail}


def sent_by_the_sandbox() -> dict[str, Any]:
    """The event that the sandbox sends of a package that has everything."""
    described = dict.fromkeys(DETAIL_MEMBERS - {"CreationTime", "LastModifiedTime"}, "x")
    package = SimpleNamespace(
        gen_response_object=lambda: described | STATUSES | {"ModelPackageArn": ARN},
        creation_time=datetime.fromisoformat(NOW),
        last_modified_time=datetime.fromisoformat(NOW),
    )
    log = events.EventLog()
    detail = events.model_package_detail(package)
    log.publish(events.MODEL_PACKAGE, detail, resources=[ARN], account=ACCOUNT, region=REGION)
    (event,) = log.sent()
    return event


def test_the_sandbox_sends_the_members_of_the_documented_event() -> None:
    sent = sent_by_the_sandbox()
    assert sent.keys() == MEMBERS
    assert (sent["source"], sent["detail-type"]) == (SOURCE, DETAIL_TYPE)
    assert sent["detail"].keys() == DETAIL_MEMBERS


@pytest.mark.parametrize("make", [documented, sent_by_the_sandbox], ids=["documented", "sandbox"])
def test_the_gate_reads_the_event(make: Any) -> None:
    assert read_event(make(), account=ACCOUNT, region=REGION) == StateChange(
        model_package_arn=ARN, approval_status="Rejected", package_status="Completed", changed_at=NOW
    )


def test_the_names_of_the_gate_are_those_that_are_documented() -> None:
    named = {
        registry_names.ARN_FIELD,
        registry_names.APPROVAL_STATUS_FIELD,
        registry_names.PACKAGE_STATUS_FIELD,
        *registry_names.TIME_FIELDS,
    }
    assert named <= DETAIL_MEMBERS
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
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in ONCE
    }
    assert {name for name, _ in spelt} <= {"registry_names.py"}
    assert (room == "aws") == bool(spelt)
