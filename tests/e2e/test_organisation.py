"""Two stacks in one account: one of an organisation's settings, and one that is upgraded from the template of before.

`before/stack.template.json` is what the stack was when every group was governed and nothing could be set about keys.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from aws import clients
from cli.exit_codes import ExitCode
from cli.main import run
from sandbox.cdk import UNWANTED
from sandbox.server import PROJECT, Sandbox, this_machine
from tests.e2e.conftest import THRESHOLDS, Governance, deploy, evaluation

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BEFORE = Path(__file__).parent / "before" / "stack.template.json"
RECORD = b'{"decision": "Approved", "decided_at": "2026-01-31T12:00:00Z"}'
BOUNDARY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


PAGE = PROJECT / "docs" / "deploying.md"
CLIENTS = (clients.s3_client, clients.sagemaker_client, clients.sts_client, clients.cloudformation_client)


def first_steps() -> str:
    """What the page on deploying says to do, from nothing to the first governed group."""
    page = PAGE.read_text(encoding="utf-8")
    return page.partition("## From nothing to the first governed group")[2].partition("## Settings")[0]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(retry_interval=0.05) as sandbox:
        yield sandbox


def make(
    sandbox: Sandbox, target: str, stack: str, arguments: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one of the Makefile's targets for a deployment, as somebody types it."""
    own = {name: value for name, value in os.environ.items() if name not in {*UNWANTED, "MAKEFLAGS"}}
    there = [option for file in (".venv/.ready", "node_modules/.bin/cdk") for option in ("-o", file)]
    return subprocess.run(
        ["make", *there, target, f"STACK={stack}", f"ARGS={arguments}"],
        cwd=PROJECT,
        # The templates are linted in tests/infra/test_cloudformation_rules.py; validation takes longer than all else.
        env=own | sandbox.environment() | {"CI": "true", "CDK_VALIDATION": "false"},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def network_of(stack: Governance) -> dict[str, list[str]]:
    """The default network of the account, as the settings name one."""
    ec2 = stack.client("ec2")
    return {
        "subnet_ids": [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]],
        "security_group_ids": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }


def volume_key_of(stack: Governance) -> str:
    """The key of the Processing job's volume, as the deployed pipeline has it."""
    pipeline = stack.client("sagemaker").describe_pipeline(PipelineName=stack.outputs["PipelineName"])
    (step,) = [
        one for one in json.loads(pipeline["PipelineDefinition"])["Steps"] if one["Type"] == "Processing"
    ]
    return str(step["Arguments"]["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"])


def outputs_of(stack: Governance, name: str) -> dict[str, str]:
    """The outputs of a deployed stack."""
    (described,) = stack.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}


@pytest.fixture
def asking(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Commands in this process ask the sandbox."""
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    forget_clients()
    yield monkeypatch
    forget_clients()


def forget_clients() -> None:
    for client in CLIENTS:
        client.cache_clear()


@pytest.fixture(scope="module")
def organisation(sandbox: Sandbox) -> Governance:
    """The stack of an organisation, which governs groups named `risk-…`."""
    stack = Governance(sandbox)
    policy = stack.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(BOUNDARY))
    shown = re.search(r"```yaml\n(.*?)```", first_steps(), re.DOTALL)
    assert shown is not None
    settings = yaml.safe_load(shown[1]) | {
        "region": sandbox.region,
        "stack_name": "RiskGate",
        "pipeline_name": "risk-gate",
        "vpc": network_of(stack),
        "object_lock": {"mode": "GOVERNANCE", "days": 1},
        "reserved_concurrency": 5,
        "evaluation_compute": "processing",
    }
    assert (settings["create_kms_key"], settings["permissions_boundary_arn"]) == (
        True,
        policy["Policy"]["Arn"],
    )
    file = sandbox.folder / "deployment.yaml"
    file.write_text(json.dumps(settings))
    (deployment,) = deploy(sandbox, {**this_machine(), "settings": str(file)})
    stack.compute, stack.outputs = "processing", deployment.outputs
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
    here = " ".join(f"-c {name}={value}" for name, value in this_machine().items())
    folder = sandbox.folder / "upgrade.out"
    answers = [
        make(sandbox, *run)
        for run in (
            ("synth", "", f"{here} -c removal_policy=destroy --output {folder}"),
            # What is deployed still keeps its buckets, whatever the settings say by now.
            ("destroy", "ModelGovernance", f"--app {folder}", "ModelGovernance\n"),
            ("deploy", "", f"--app {folder} --require-approval never"),
        )
    ]
    synthesised, refused, deployed = answers
    for answer in (synthesised, deployed):
        assert answer.returncode == 0, answer.stdout + answer.stderr
        # Nothing is said about the version of Node, by jsii or by the CDK.
        said = answer.stdout + answer.stderr
        assert re.findall(r"(?i)node.?js|node \d|jsii|end-of-life|deprecat", said) == []
    stack.compute, stack.outputs = "lambda", outputs_of(stack, "ModelGovernance")
    return stack, {"outputs": before, "pending": pending, "refused": refused}


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
    stack.client("cloudformation").create_stack(
        StackName="ModelGovernance", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
    )
    stack.outputs = outputs_of(stack, "ModelGovernance")


def test_a_job_in_a_network_under_a_key_a_boundary_and_a_lock_decides(
    organisation: Governance,
) -> None:
    group = "risk-churn"
    organisation.client("sagemaker").create_model_package_group(ModelPackageGroupName=group)
    approved = organisation.judged(group=group)
    assert approved["ModelApprovalStatus"] == "Approved", approved.get("ApprovalDescription")
    uri = approved["CustomerMetadataProperties"]["governance:decision-uri"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    (execution,) = organisation.executions(approved["ModelPackageArn"])
    job = organisation.steps(execution)[0]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    described = organisation.client("sagemaker").describe_processing_job(ProcessingJobName=job)
    network = network_of(organisation)
    assert described["NetworkConfig"]["VpcConfig"] == {
        "Subnets": network["subnet_ids"],
        "SecurityGroupIds": network["security_group_ids"],
    }
    assert volume_key_of(organisation) == organisation.outputs["DataKeyArn"]
    written = organisation.client("s3").head_object(Bucket=bucket, Key=key)
    assert written["ServerSideEncryption"] == "aws:kms"
    assert written["ObjectLockMode"] == "GOVERNANCE"


def test_what_is_deployed_to_keep_its_buckets_is_not_destroyed(
    upgraded: tuple[Governance, dict[str, Any]],
) -> None:
    _, before = upgraded
    refused, buckets = before["refused"], before["outputs"]
    assert refused.returncode == 2
    kept = ", ".join(sorted(value for name, value in buckets.items() if name.endswith("Bucket")))
    way_out = "deploy it with -c removal_policy=destroy first, if all of it shall go"
    assert f"error: stack ModelGovernance: keeps {kept} when it is deleted; {way_out}" in refused.stderr
    assert "deleted from" not in refused.stdout


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
    # Its event went to functions of before, and comes no more: the reconciler finds what is pending.
    stack.sandbox.run_schedules()
    stack.settle()
    decided = stack.describe(pending)
    assert decided["ModelApprovalStatus"] == "Approved"
    assert decided["CustomerMetadataProperties"]["team"] == "risk"


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


def test_the_page_leads_to_the_first_decision(
    upgraded: tuple[Governance, dict[str, Any]],
    asking: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Each of its commands is run, in its order; those of make are run by the other tests of this file."""
    stack, _ = upgraded
    commands = re.findall(r"^ *\$ governance (.*)$", first_steps(), re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["thresholds"] * 3 + ["wait", "status"]
    page = PAGE.read_text(encoding="utf-8")
    variables = dict(re.findall(r"^\| `(\w+)` \| `(GOVERNANCE_\w+)` \|", page, re.MULTILINE))
    for output, variable in variables.items():
        asking.setenv(variable, stack.outputs[output])
    asking.chdir(tmp_path)
    for command in commands[:3]:
        capfd.readouterr()
        assert run(shlex.split(command)) == ExitCode.APPROVED
    assert "there is no model package group churn yet" in capfd.readouterr().err
    stack.client("sagemaker").create_model_package_group(ModelPackageGroupName="churn")
    arn = stack.register(group="churn", quality=evaluation(accuracy=0.1))
    # The next version of the page's group is rejected; the page's ARN is an example.
    codes = [run(shlex.split(re.sub(r"arn:\S+", arn, command))) for command in commands[3:]]
    assert codes == [ExitCode.REJECTED, ExitCode.APPROVED]
    assert stack.decision(arn)["thresholds"]["name"] == "churn"


def test_every_target_that_the_page_names_is_run() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"`make (\w+)", page)) == {"setup", "synth", "diff", "deploy", "destroy"}


def test_after_a_deployment_the_cdk_sees_no_difference(upgraded: tuple[Governance, dict[str, Any]]) -> None:
    stack, _ = upgraded
    deployed = f"--app {stack.sandbox.folder / 'upgrade.out'}"
    answer = make(stack.sandbox, "diff", "ModelGovernance", f"{deployed} --fail --no-change-set")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "There were no differences" in answer.stdout + answer.stderr


def test_what_is_locked_is_not_destroyed(
    organisation: Governance, asking: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """By the command that `make destroy` runs before it deletes anything, and that stops it."""
    assert run(["stack", "empty", "RiskGate", "--confirm", "RiskGate"]) == ExitCode.COULD_NOT_TRY
    said = f"{organisation.outputs['DecisionsBucket']}: has Object Lock, which is there to keep what is in it"
    way_out = "Delete the stack with removal_policy=retain"
    assert f"error: {said}; nothing was deleted. {way_out}" in capfd.readouterr().err
    kept = organisation.client("s3").list_objects_v2(Bucket=organisation.outputs["DecisionsBucket"])
    assert kept["KeyCount"] > 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "error: STACK: say which stack, as in: make destroy STACK=ModelGovernance"),
        ("Strange", "No stacks match the name(s) Strange"),
    ],
    ids=["no name", "a stack of other settings"],
)
def test_nothing_is_emptied_before_the_stack_is_known(
    upgraded: tuple[Governance, dict[str, Any]], name: str, said: str
) -> None:
    stack, _ = upgraded
    arguments = f"--app {stack.sandbox.folder / 'upgrade.out'}"
    answer = make(stack.sandbox, "destroy", name, arguments, typed=f"{name}\n")
    assert answer.returncode == 2
    assert said in answer.stderr
    assert "deleted" not in answer.stdout + answer.stderr


def test_what_is_to_go_is_emptied_and_deleted(upgraded: tuple[Governance, dict[str, Any]]) -> None:
    """The last test of this stack."""
    stack, _ = upgraded
    arguments = f"--app {stack.sandbox.folder / 'upgrade.out'}"
    answer = make(stack.sandbox, "destroy", "ModelGovernance", arguments, typed="ModelGovernance\n")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert re.search(r"\d+ object versions deleted from 4 buckets", answer.stdout)
    left = {bucket["Name"] for bucket in stack.client("s3").list_buckets()["Buckets"]}
    assert not left & {value for name, value in stack.outputs.items() if name.endswith("Bucket")}
    stacks = stack.client("cloudformation").list_stacks()["StackSummaries"]
    standing = {one["StackName"] for one in stacks if one["StackStatus"] != "DELETE_COMPLETE"}
    assert "ModelGovernance" not in standing
    assert "RiskGate" in standing
