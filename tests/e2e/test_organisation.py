"""Two stacks in one account: one of an organisation's settings, and one that is upgraded from the template of before.

`before/stack.template.json` is what the stack was when every group was governed and nothing could be set about keys.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cdk import SETTINGS
from sandbox.server import PROJECT, Sandbox, this_machine
from tests.e2e.conftest import THRESHOLDS, Governance

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BEFORE = Path(__file__).parent / "before" / "stack.template.json"
RECORD = b'{"decision": "Approved", "decided_at": "2026-01-31T12:00:00Z"}'
BOUNDARY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(retry_interval=0.05) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def organisation(sandbox: Sandbox) -> Governance:
    """The stack of an organisation, which governs groups named `risk-…`."""
    stack = Governance(sandbox)
    policy = stack.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(BOUNDARY))
    settings = {
        "stack_name": "RiskGate",
        "pipeline_name": "risk-gate",
        "create_kms_key": True,
        "permissions_boundary_arn": policy["Policy"]["Arn"],
        "tags": {"team": "risk"},
        "reserved_concurrency": 5,
    }
    file = sandbox.folder / "deployment.yaml"
    file.write_text(json.dumps(settings))
    (deployment,) = sandbox.deploy(context={"settings": str(file)})
    stack.compute, stack.outputs = "lambda", deployment.outputs
    publish(stack, THRESHOLDS.replace(b"e2e-*", b"risk-*"))
    return stack


@pytest.fixture(scope="module")
def upgraded(sandbox: Sandbox, organisation: Governance) -> tuple[Governance, dict[str, Any]]:
    """The stack of before, used and then deployed as it is now; and what was in it."""
    stack = Governance(sandbox)
    deploy_as_before(stack)
    publish(stack, THRESHOLDS)
    stack.client("s3").put_object(
        Bucket=stack.outputs["DecisionsBucket"], Key="decisions/e2e-old/1/e1.json", Body=RECORD
    )
    before = dict(stack.outputs)
    pending = stack.register()
    stack.settle()
    assert stack.describe(pending)["ModelApprovalStatus"] == "PendingManualApproval"
    (deployment,) = sandbox.deploy()
    stack.compute, stack.outputs = "lambda", deployment.outputs
    return stack, {"outputs": before, "pending": pending}


def publish(stack: Governance, thresholds: bytes) -> None:
    bucket = stack.outputs["ThresholdsBucket"]
    stack.client("s3").put_object(Bucket=bucket, Key="thresholds/e2e.yaml", Body=thresholds)


def deploy_as_before(stack: Governance) -> None:
    """Deploy the old template, with functions that do nothing: their code is no longer here."""
    template = json.loads(BEFORE.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"ZipFile": "def handler(event, context): return {}"}
            resource["Properties"]["Handler"] = "index.handler"
            resource["Properties"]["Runtime"] = f"python{this_machine()['python_version']}"
    cloudformation = stack.client("cloudformation")
    cloudformation.create_stack(
        StackName="ModelGovernance", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
    )
    (described,) = cloudformation.describe_stacks(StackName="ModelGovernance")["Stacks"]
    stack.outputs = {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}


def test_under_a_key_a_boundary_and_tags_versions_are_decided(organisation: Governance) -> None:
    group = "risk-churn"
    organisation.client("sagemaker").create_model_package_group(ModelPackageGroupName=group)
    approved = organisation.judged(group=group)
    assert approved["ModelApprovalStatus"] == "Approved", approved.get("ApprovalDescription")
    uri = approved["CustomerMetadataProperties"]["governance:decision-uri"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    written = organisation.client("s3").head_object(Bucket=bucket, Key=key)
    assert written["ServerSideEncryption"] == "aws:kms"


def test_an_upgrade_keeps_what_was_there_and_decides_what_was_pending(
    upgraded: tuple[Governance, dict[str, Any]],
) -> None:
    stack, before = upgraded
    assert before["outputs"].items() <= stack.outputs.items()
    bucket = stack.outputs["DecisionsBucket"]
    assert stack.read(f"s3://{bucket}/decisions/e2e-old/1/e1.json") == RECORD
    assert stack.read(f"s3://{stack.outputs['ThresholdsBucket']}/thresholds/e2e.yaml") == THRESHOLDS
    pending = before["pending"]
    assert stack.describe(pending)["CustomerMetadataProperties"] == {"team": "risk"}
    stack.sandbox.redeliver(stack.registered_event(pending))
    stack.settle()
    assert stack.describe(pending)["ModelApprovalStatus"] == "Approved"


def test_each_stack_decides_its_own_groups(
    organisation: Governance, upgraded: tuple[Governance, dict[str, Any]]
) -> None:
    other, _ = upgraded
    organisation.client("sagemaker").create_model_package_group(ModelPackageGroupName="risk-fraud")
    ours, others = organisation.register(group="risk-fraud"), other.register()
    organisation.settle()
    for arn, own, foreign in ((ours, organisation, other), (others, other, organisation)):
        assert own.describe(arn)["ModelApprovalStatus"] == "Approved"
        assert (len(own.executions(arn)), len(foreign.executions(arn))) == (1, 0)
        assert own.decision(arn)["decision"] == "Approved"


def test_after_a_deployment_the_cdk_sees_no_difference(upgraded: tuple[Governance, dict[str, Any]]) -> None:
    stack, _ = upgraded
    folder = stack.sandbox.folder
    answer = subprocess.run(
        [PROJECT / "node_modules/.bin/cdk", "diff", "--fail", "--no-change-set", "--app", folder / "cdk.out"],
        cwd=folder,
        env=os.environ | SETTINGS | stack.sandbox.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
