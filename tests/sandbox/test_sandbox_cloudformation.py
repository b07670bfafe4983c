"""What the embedded CloudFormation makes of a template, what it leaves out, and that it hides no failure."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from checks.errors import GovernanceError
from sandbox.cdk import SETTINGS, AccountRegion, CdkCommand
from sandbox.server import ACCOUNT, PROJECT, Sandbox, SandboxError

HOME = AccountRegion("123456789012", "us-east-1")
PIPELINE_ROLE = "arn:aws:iam::123456789012:role/pipeline"


def definition(step: str) -> dict[str, str]:
    body = {
        "Version": "2020-12-01",
        "Parameters": [],
        "Steps": [{"Name": step, "Type": "Fail", "Arguments": {}}],
    }
    return {"PipelineDefinitionBody": json.dumps(body)}


def pipeline(name: str, step: str = "First") -> dict[str, Any]:
    properties = {"PipelineName": name, "PipelineDefinition": definition(step), "RoleArn": PIPELINE_ROLE}
    return {"Type": "AWS::SageMaker::Pipeline", "Properties": properties}


def deploy(account: Any, stack: str, template: dict[str, Any]) -> None:
    """Deploy by a change set, as the CDK does."""
    client = account.client("cloudformation")
    names = {stack["StackName"] for stack in client.describe_stacks()["Stacks"]}
    kind = "UPDATE" if stack in names else "CREATE"
    change = account.name("change")
    client.create_change_set(
        StackName=stack, ChangeSetName=change, ChangeSetType=kind, TemplateBody=json.dumps(template)
    )
    client.execute_change_set(StackName=stack, ChangeSetName=change)


def status(account: Any, stack: str) -> str:
    return str(account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])


def test_a_pipeline_and_a_group_are_made_with_references_resolved(account: Any) -> None:
    stack, name, group = account.name("stack"), account.name("pipeline"), account.name("group")
    template: dict[str, Any] = {
        "Resources": {
            "Group": {
                "Type": "AWS::SageMaker::ModelPackageGroup",
                "Properties": {"ModelPackageGroupName": group},
            },
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Pipeline": pipeline(name),
        },
        "Outputs": {"Name": {"Value": {"Ref": "Pipeline"}}, "Group": {"Value": {"Ref": "Group"}}},
    }
    body = {"Fn::Join": ["", ['{"Version":"2020-12-01","Metadata":"', {"Ref": "Bucket"}, '","Steps":[]}']]}
    template["Resources"]["Pipeline"]["Properties"]["PipelineDefinition"] = {"PipelineDefinitionBody": body}
    deploy(account, stack, template)
    sagemaker = account.client("sagemaker")
    arn = sagemaker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    outputs = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    assert {output["OutputKey"]: output["OutputValue"] for output in outputs} == {"Name": name, "Group": arn}
    deployed = json.loads(sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"])
    buckets = [bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]]
    assert deployed["Metadata"] in buckets


def test_an_update_changes_the_pipeline_and_keeps_its_executions(account: Any) -> None:
    stack, name = account.name("stack"), account.name("pipeline")
    deploy(account, stack, {"Resources": {"Pipeline": pipeline(name)}})
    arn = account.start(name)
    deploy(account, stack, {"Resources": {"Pipeline": pipeline(name, "Second")}})
    sagemaker = account.client("sagemaker")
    deployed = json.loads(sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"])
    assert [step["Name"] for step in deployed["Steps"]] == ["Second"]
    listed = sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"]
    assert [execution["PipelineExecutionArn"] for execution in listed] == [arn]
    account.sandbox.wait_idle()


def test_what_an_update_takes_out_is_made_again_when_it_comes_back(account: Any) -> None:
    stack, name, iam = account.name("stack"), account.name("pipeline"), account.client("iam")
    trust = {"Version": "2012-10-17", "Statement": []}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    steady = {"Pipeline": pipeline(name)}
    with_role = {
        "Resources": {**steady, "Role": role},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }

    def stated() -> str:
        (described,) = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return str(described["Outputs"][0]["OutputValue"])

    deploy(account, stack, with_role)
    first = stated()
    deploy(account, stack, {"Resources": steady})
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=first.rpartition("/")[2])
    deploy(account, stack, with_role)
    assert stated() != first
    assert iam.get_role(RoleName=stated().rpartition("/")[2])["Role"]["Arn"] == stated()


def test_an_update_changes_how_long_logs_are_kept_and_keeps_them(account: Any) -> None:
    stack, logs = account.name("stack"), account.client("logs")
    steady = {"Pipeline": pipeline(account.name("pipeline"))}

    def keep_for(days: int) -> dict[str, Any]:
        group = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": days}}
        outputs = {"Name": {"Value": {"Ref": "Logs"}}}
        deploy(account, stack, {"Resources": {**steady, "Logs": group}, "Outputs": outputs})
        (described,) = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        name = described["Outputs"][0]["OutputValue"]
        (found,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return dict(found)

    first = keep_for(30)
    logs.create_log_stream(logGroupName=first["logGroupName"], logStreamName="one")
    second = keep_for(90)
    assert (first["retentionInDays"], second["retentionInDays"]) == (30, 90)
    assert first["logGroupName"] == second["logGroupName"]
    (stream,) = logs.describe_log_streams(logGroupName=second["logGroupName"])["logStreams"]
    assert stream["logStreamName"] == "one"


def test_a_definition_may_lie_in_s3(account: Any) -> None:
    stack, name, bucket = account.name("stack"), account.name("pipeline"), account.bucket()
    body = definition("FromS3")["PipelineDefinitionBody"]
    account.client("s3").put_object(Bucket=bucket, Key="definition.json", Body=body.encode())
    resource = pipeline(name)
    resource["Properties"]["PipelineDefinition"] = {
        "PipelineDefinitionS3Location": {"Bucket": bucket, "Key": "definition.json"}
    }
    deploy(account, stack, {"Resources": {"Pipeline": resource}})
    assert account.client("sagemaker").describe_pipeline(PipelineName=name)["PipelineDefinition"] == body


def test_a_buckets_versioning_public_access_block_and_lock_are_applied(account: Any) -> None:
    stack, name = account.name("stack"), account.name("bucket")
    flags = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    properties = {
        "BucketName": name,
        "VersioningConfiguration": {"Status": "Enabled"},
        "PublicAccessBlockConfiguration": flags,
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}},
        },
    }
    deploy(account, stack, {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}}})
    s3 = account.client("s3")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"] == flags
    lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Mode"] == "GOVERNANCE"
    assert lock["Rule"]["DefaultRetention"]["Days"] == 3
    s3.put_object(Bucket=name, Key="record.json", Body=b"{}")
    until = s3.head_object(Bucket=name, Key="record.json")["ObjectLockRetainUntilDate"]
    assert timedelta(days=2) < until - datetime.now(UTC) <= timedelta(days=3)


def test_an_update_of_attributes_or_of_a_key_leaves_the_key_the_same(account: Any) -> None:
    stack, client = account.name("stack"), account.client("kms")
    properties = {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}, "Description": "first"}
    key = {"Type": "AWS::KMS::Key", "Properties": properties}
    template = {"Resources": {"Key": key}, "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}}}

    def deployed(resource: dict[str, Any]) -> str:
        deploy(account, stack, {**template, "Resources": {"Key": resource}})
        assert status(account, stack).endswith("_COMPLETE")
        (described,) = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return str(described["Outputs"][0]["OutputValue"])

    first = deployed(key)
    assert deployed({**key, "DeletionPolicy": "Retain"}) == first
    changed = {**properties, "Description": "second", "EnableKeyRotation": True}
    assert deployed({**key, "Properties": changed}) == first
    assert client.describe_key(KeyId=first)["KeyMetadata"]["Description"] == "second"
    assert client.get_key_rotation_status(KeyId=first)["KeyRotationEnabled"]


def test_a_subscription_by_e_mail_is_made_and_taken_away(account: Any) -> None:
    stack, sns = account.name("stack"), account.client("sns")
    properties = {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "operations@example.com"}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": account.name("topic")}}
    subscription = {"Type": "AWS::SNS::Subscription", "Properties": properties}
    outputs = {"Arn": {"Value": {"Ref": "Topic"}}}
    deploy(account, stack, {"Resources": {"Topic": topic, "S": subscription}, "Outputs": outputs})
    (described,) = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    arn = described["Outputs"][0]["OutputValue"]
    (made,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    assert (made["Protocol"], made["Endpoint"]) == ("email", "operations@example.com")
    account.client("cloudformation").delete_stack(StackName=stack)
    assert not [one for one in sns.list_subscriptions()["Subscriptions"] if one["TopicArn"] == arn]


def test_a_functions_log_group_and_failure_destination_are_applied(account: Any) -> None:
    stack, name, group = account.name("stack"), account.name("function"), account.name("group")
    _, queue = account.queue()
    code = {"ZipFile": "def handler(event, context):\n    print('to its own group')"}
    properties = {
        "FunctionName": name,
        "Handler": "index.handler",
        "Runtime": "python3.12",
        "Role": account.role(),
        "Code": code,
        "LoggingConfig": {"LogGroup": {"Ref": "Logs"}},
    }
    config = {
        "FunctionName": {"Ref": "Function"},
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 1,
        "DestinationConfig": {"OnFailure": {"Destination": queue}},
    }
    resources = {
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": group}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": properties},
        "Config": {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": config},
    }
    deploy(account, stack, {"Resources": resources})
    client = account.client("lambda")
    client.invoke(FunctionName=name)
    events = account.client("logs").filter_log_events(logGroupName=group)["events"]
    assert "to its own group" in [event["message"] for event in events]
    stored = client.get_function_event_invoke_config(FunctionName=name)
    assert stored["MaximumRetryAttempts"] == 1
    assert stored["DestinationConfig"]["OnFailure"]["Destination"] == queue


def test_what_was_not_made_is_either_known_or_an_error(account: Any) -> None:
    stack = account.name("stack")
    resources = {
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {}},
        "Notebook": {"Type": "AWS::SageMaker::Space", "Properties": {}},
        "Left": {"Type": "AWS::SageMaker::Space", "Condition": "Never"},
    }
    never = {"Never": {"Fn::Equals": ["a", "b"]}}
    deploy(account, stack, {"Conditions": never, "Resources": resources})
    with pytest.raises(SandboxError, match=r"did not make Notebook \(AWS::SageMaker::Space\)"):
        account.sandbox._verify(stack)
    deploy(account, stack, {"Conditions": never, "Resources": {"Alarm": resources["Alarm"]}})
    deployment = account.sandbox._verify(stack)
    assert deployment.skipped == {"Alarm": "AWS::CloudWatch::Alarm: the sandbox sends no metrics"}


def test_a_resource_that_cannot_be_made_fails_the_stack(account: Any) -> None:
    stack, name = account.name("stack"), account.name("pipeline")
    deploy(account, stack, {"Resources": {"One": pipeline(name), "Two": pipeline(name)}})
    assert status(account, stack) == "ROLLBACK_COMPLETE"
    events = account.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    assert any("already exists" in event.get("ResourceStatusReason", "") for event in events)


def test_a_key_has_the_tags_of_its_template(account: Any) -> None:
    stack = account.name("stack")
    root = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    properties = {
        "KeyPolicy": {"Version": "2012-10-17", "Statement": [root]},
        "Tags": [{"Key": "team", "Value": "risk"}],
    }
    key = {"Type": "AWS::KMS::Key", "Properties": properties}
    deploy(account, stack, {"Resources": {"Key": key}, "Outputs": {"Key": {"Value": {"Ref": "Key"}}}})
    (described,) = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    kms, name = account.client("kms"), described["Outputs"][0]["OutputValue"]
    assert kms.list_resource_tags(KeyId=name)["Tags"] == [{"TagKey": "team", "TagValue": "risk"}]


def test_a_key_whose_policy_changes_stays_the_same_key(account: Any) -> None:
    stack, kms, made = account.name("stack"), account.client("kms"), []
    for action in ("kms:*", "kms:Decrypt"):
        root = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action, "Resource": "*"}
        properties = {"KeyPolicy": {"Version": "2012-10-17", "Statement": [root]}, "EnableKeyRotation": True}
        resources = {"Key": {"Type": "AWS::KMS::Key", "Properties": properties}}
        deploy(account, stack, {"Resources": resources, "Outputs": {"Key": {"Value": {"Ref": "Key"}}}})
        made.append(account.sandbox._verify(stack).outputs["Key"])
        policy = json.loads(kms.get_key_policy(KeyId=made[0], PolicyName="default")["Policy"])
        assert policy["Statement"] == [root]
    assert made[0] == made[1]
    assert kms.get_key_rotation_status(KeyId=made[0])["KeyRotationEnabled"]


def test_a_group_keeps_its_versions_when_its_policy_changes_and_when_its_stack_lets_it_go(
    account: Any,
) -> None:
    stack, group, sagemaker = account.name("stack"), account.name("group"), account.client("sagemaker")
    other = {"Type": "AWS::SQS::Queue", "Properties": {}}

    def deploy_group(policy: Any, **settings: Any) -> None:
        properties = {"ModelPackageGroupName": group}
        if policy is not None:
            properties["ModelPackageGroupPolicy"] = policy
        resource = {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": properties, **settings}
        deploy(account, stack, {"Resources": {"Group": resource, "Other": other}})

    one: dict[str, Any] = {"Version": "2012-10-17", "Id": "one", "Statement": []}
    two = one | {"Id": "two"}
    deploy_group(one)
    arn = sagemaker.create_model_package(ModelPackageGroupName=group)["ModelPackageArn"]
    read = sagemaker.get_model_package_group_policy
    assert json.loads(read(ModelPackageGroupName=group)["ResourcePolicy"]) == one
    deploy_group(json.dumps(two), DeletionPolicy="Retain")
    assert json.loads(read(ModelPackageGroupName=group)["ResourcePolicy"]) == two
    deploy_group(None, DeletionPolicy="Retain")
    with pytest.raises(ClientError, match="Cannot find a resource policy"):
        read(ModelPackageGroupName=group)
    deploy(account, stack, {"Resources": {"Other": other}})
    listed = sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    assert [version["ModelPackageArn"] for version in listed] == [arn]


def test_a_group_with_versions_is_not_deleted(account: Any) -> None:
    stack, group = account.name("stack"), account.name("group")
    resource = {
        "Type": "AWS::SageMaker::ModelPackageGroup",
        "Properties": {"ModelPackageGroupName": group},
    }
    template = {
        "Resources": {"Group": resource},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Group", "ModelPackageGroupArn"]}}},
    }
    deploy(account, stack, template)
    arn = account.sandbox._verify(stack).outputs["Arn"]
    sagemaker = account.client("sagemaker")
    version = sagemaker.create_model_package(ModelPackageGroupName=arn)["ModelPackageArn"]
    cloudformation = account.client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    assert status(account, stack) == "DELETE_FAILED"
    sagemaker.delete_model_package(ModelPackageName=version)
    cloudformation.delete_stack(StackName=stack)
    with pytest.raises(ClientError, match="does not exist"):
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)


def test_a_rule_whose_pattern_changes_stays_the_same_rule(account: Any) -> None:
    stack, events = account.name("stack"), account.client("events")
    target = {"Id": "one", "Arn": "arn:aws:sqs:us-east-1:123456789012:queue"}
    made = []
    for source in ("before", "after"):
        rule = {"EventPattern": {"source": [account.name(source)]}, "Targets": [target]}
        before = {one["Name"] for one in events.list_rules()["Rules"]}
        template = {"Resources": {"Rule": {"Type": "AWS::Events::Rule", "Properties": rule}}}
        deploy(account, stack, template)
        made.append({one["Name"] for one in events.list_rules()["Rules"]} - before)
    (name,) = made[0]
    assert made[1] == set()
    assert "after" in events.describe_rule(Name=name)["EventPattern"]
    assert [one["Id"] for one in events.list_targets_by_rule(Rule=name)["Targets"]] == ["one"]


def test_policies_and_boundaries_of_a_template_are_in_force(account: Any) -> None:
    stack, queue, role = account.name("stack"), account.name("queue"), account.name("role")
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [nobody]}
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"

    def template(managed: str, sid: str) -> dict[str, Any]:
        own = {"PolicyName": "own", "PolicyDocument": {**document, "Statement": [{**nobody, "Sid": sid}]}}
        return {
            "Resources": {
                "Bucket": {"Type": "AWS::S3::Bucket"},
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": queue}},
                "OfBucket": {
                    "Type": "AWS::S3::BucketPolicy",
                    "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document},
                },
                "OfQueue": {
                    "Type": "AWS::SQS::QueuePolicy",
                    "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": document},
                },
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {
                        "RoleName": role,
                        "AssumeRolePolicyDocument": document,
                        "ManagedPolicyArns": [f"arn:aws:iam::aws:policy/{managed}"],
                        "PermissionsBoundary": boundary,
                        "Policies": [own],
                    },
                },
            },
            "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}}},
        }

    iam = account.client("iam")
    for managed, sid in (("ReadOnlyAccess", "first"), ("job-function/SupportUser", "second")):
        deploy(account, stack, template(managed, sid))
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert f"arn:aws:iam::aws:policy/{managed}" in [one["PolicyArn"] for one in attached]
        own = iam.get_role_policy(RoleName=role, PolicyName="own")["PolicyDocument"]
        assert f"'Sid': '{sid}'" in str(own)  # moto writes out a template's policy as Python does
    assert iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    (described,) = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    bucket = described["Outputs"][0]["OutputValue"]
    assert json.loads(account.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]) == document
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    assert json.loads(attributes["Policy"]) == document


# Its second assembly is of the same stack, with two pipelines of one name: each process that loads the CDK's library
# takes ten times as long as an app.
APP = """
import json, pathlib, sys
import aws_cdk as cdk
from aws_cdk import aws_sagemaker as sagemaker, aws_sqs as sqs

def synthesise(app, names):
    stack = cdk.Stack(app, "Throwaway")
    version = app.node.try_get_context("python_version")
    queue = sqs.Queue(stack, "Queue", queue_name=f"queue-{version.replace('.', '-')}", enforce_ssl=True)
    waiting = queue.metric_approximate_number_of_messages_visible()
    waiting.create_alarm(stack, "Alarm", threshold=1, evaluation_periods=1)
    body = {"Version": "2020-12-01", "Steps": []}
    for name in names.split(","):
        sagemaker.CfnPipeline(
            stack, f"Pipeline{len(stack.node.children)}", pipeline_name=name,
            pipeline_definition={"PipelineDefinitionBody": json.dumps(body)},
            role_arn="arn:aws:iam::123456789012:role/x",
        )
    cdk.CfnOutput(stack, "Names", value=names)
    app.synth()

app = cdk.App()
synthesise(app, app.node.try_get_context("names"))
synthesise(cdk.App(outdir=str(pathlib.Path(__file__).with_name("failing"))), "two,two")
"""


def bootstrap_by_cdk(sandbox: Sandbox) -> str:
    """Run the command that an engineer types for an account; return what it says."""
    place = f"aws://{ACCOUNT}/{sandbox.region}"
    return subprocess.run(
        [PROJECT / "node_modules" / ".bin" / "cdk", "bootstrap", place, "--output", sandbox.folder / "out"],
        cwd=sandbox.folder,
        env=os.environ | sandbox.environment() | SETTINGS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout


@pytest.mark.slow
def test_the_real_cdk_deploys_and_its_failures_are_told(tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text(APP)
    told: list[str] = []
    with Sandbox(progress=told.append) as sandbox:
        folder = sandbox.folder
        command = f"{sys.executable} {app}"
        (deployment,) = sandbox.deploy(app=command, context={"names": "one"})
        assert (deployment.stack, deployment.outputs) == ("Throwaway", {"Names": "one"})
        assert [reason.split(":")[4] for reason in deployment.skipped.values()] == ["Alarm"]
        assert told == ["starting the embedded AWS", "synthesis", "cdk deploy"]
        assert "bootstrapped (no changes)" in bootstrap_by_cdk(sandbox)
        with pytest.raises(GovernanceError, match=r"(?s)cdk deploy .*ROLLBACK_COMPLETE"):
            sandbox.deploy(app=str(tmp_path / "failing"))
        with pytest.raises(
            GovernanceError, match=r"(?s)synthesis by .*app\.py failed .*NameError: name 'nonsense'"
        ):
            app.write_text("nonsense")
            sandbox.deploy(app=command)
        with pytest.raises(GovernanceError, match=r"app\.py wrote no cloud assembly; let the app end with"):
            app.write_text("pass")
            sandbox.deploy(app=command)
    assert not folder.exists()
    assert not (PROJECT / "cdk.out" / "Throwaway.template.json").exists()


def test_a_missing_cdk_is_told_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    cdk = CdkCommand(tmp_path, tmp_path, lambda _account: {})
    nothing: Callable[..., None] = lambda *_: None  # noqa: E731
    with pytest.raises(GovernanceError, match="make setup"):
        cdk.deploy(app=None, context={}, home=HOME, bootstrap=nothing, progress=nothing)


def test_a_folder_without_an_assembly_and_a_cdk_without_its_template_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, assembly = tmp_path / "tools" / "bin" / "cdk", tmp_path / "assembly"
    monkeypatch.setattr(shutil, "which", lambda _: str(program))
    cdk = CdkCommand(tmp_path, tmp_path, lambda _account: {})
    nothing: Callable[..., None] = lambda *_: None  # noqa: E731

    def deploy() -> None:
        cdk.deploy(app=str(assembly), context={}, home=HOME, bootstrap=nothing, progress=nothing)

    assembly.mkdir()
    with pytest.raises(GovernanceError, match=r"assembly: is no cloud assembly; name the folder that"):
        deploy()
    stack = {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region"}
    (assembly / "manifest.json").write_text(json.dumps({"artifacts": {"Stack": stack}}))
    with pytest.raises(GovernanceError, match=r"tools/lib/.*\.yaml: the CDK command line lacks its template"):
        deploy()
