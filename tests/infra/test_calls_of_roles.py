"""Each call that a deployed function makes is allowed by its role's policy.

The handlers run here as they are deployed, with the environments of the template; every call of theirs is noted, and
held against the role's own statements.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aws import clients
from lambdas import handle_evaluate, handle_update, start_pipeline
from sandbox.iam.access import AccessRequest, Allowed, Principal
from sandbox.iam.calls import Call
from sandbox.iam.evaluation import Policies, evaluate
from tests.infra.synthesised import ACCOUNT, REGION, Synthesised, synthesise

pytestmark = pytest.mark.xdist_group("synthesised")

GROUP = "askdata"
THRESHOLDS = b"""
name: published
applies_to: {model_package_groups: ["askdata"]}
checks:
  - {name: accuracy, why: Analysts run the SQL as it comes., metric: text_to_sql.accuracy, at_least: 0.8}
  - {name: latency, why: People wait., metric: latency.p95_seconds, at_most: 2.5, on_failure: review}
"""
HANDLERS = {
    "lambdas.start_pipeline.handler": start_pipeline.handler,
    "lambdas.handle_evaluate.handler": handle_evaluate.handler,
    "lambdas.handle_update.handler": handle_update.handler,
}


@dataclass
class Deployed:
    """The functions of the stack with their roles' statements, and every call that each made."""

    stack: Synthesised
    seal_key: str
    monkeypatch: pytest.MonkeyPatch
    calls: dict[str, list[Call]] = field(default_factory=dict)
    running: str | None = None

    def invoke(self, handler: str, event: Mapping[str, Any]) -> Any:
        """Run a handler in its deployed environment."""
        (function,) = [
            entry
            for entry in self.stack.of_type("AWS::Lambda::Function").values()
            if entry["Handler"] == handler
        ]
        with self.monkeypatch.context() as patch:
            for name, value in function["Environment"]["Variables"].items():
                patch.setenv(name, self.seal_key if ":key/sealkey" in value else value)
            self.running = handler
            try:
                return HANDLERS[handler](event, None)
            finally:
                self.running = None

    def note(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Keep a call of the handler that runs."""
        if self.running is not None:
            self.calls.setdefault(self.running, []).append(call_of(model.service_model, model.name, params))

    def statements(self, handler: str) -> list[dict[str, Any]]:
        """The statements of the role of a handler's function, about the key that is there."""
        resources = self.stack.resources
        (role,) = [
            resource["Properties"]["Role"]["Fn::GetAtt"][0]
            for resource in resources.values()
            if resource["Type"] == "AWS::Lambda::Function" and resource["Properties"]["Handler"] == handler
        ]
        named = {
            name
            for name, resource in resources.items()
            if resource["Type"] == "AWS::IAM::Policy" and resource["Properties"]["Roles"] == [{"Ref": role}]
        }
        text = json.dumps([statement for name, statement in self.stack.statements() if name in named])
        key = next(iter(name for name in resources if name.startswith("SealKey")))
        own = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key.lower()}"
        return list(json.loads(text.replace(own, self.seal_key)))


def call_of(service: Any, operation: str, params: Mapping[str, Any]) -> Call:
    """Return a call of boto3 as IAM is asked about it."""
    if service.service_name == "s3" and operation == "GetObject" and "VersionId" in params:
        operation = "GetObjectVersion"
    headers = {"if-none-match": params["IfNoneMatch"]} if "IfNoneMatch" in params else {}
    return Call(service.signing_name, operation, params, ACCOUNT, REGION, headers=headers)


def is_allowed(call: Call, statements: Sequence[Mapping[str, Any]]) -> bool:
    """Whether statements of a role allow a call."""
    role = Principal(
        f"arn:aws:iam::{ACCOUNT}:role/role", ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/role/one"
    )
    asked = AccessRequest(role, call.action, call.resource, ACCOUNT, dict(call.context()))
    return isinstance(evaluate(asked, Policies(identity=[{"Statement": list(statements)}])), Allowed)


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    """The functions after they decided about versions of every kind."""
    stack, made = synthesise("lambda"), (clients.s3_client, clients.sagemaker_client, clients.kms_client)
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        session = boto3.Session(region_name=REGION)
        patch.setattr(clients, "_session", lambda _region=None: session)
        for client in made:
            client.cache_clear()
        kms: Any = clients.kms_client()
        key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
        functions = Deployed(stack, key, patch)
        session.events.register("provide-client-params.*.*", functions.note)
        for client in made:  # a client takes the session's hooks when it is made
            client.cache_clear()
        decide_about_versions(functions)
        yield functions
        for client in made:
            client.cache_clear()


def bucket(stack: Synthesised, purpose: str) -> str:
    """The name of a bucket of the stack."""
    (name,) = [name for name in stack.of_type("AWS::S3::Bucket") if name.startswith(f"Buckets{purpose}")]
    return name.lower()


def decide_about_versions(functions: Deployed) -> None:
    """Take versions the whole way: one to approve, one to reject, one to review, one that may not be judged."""
    s3: Any = clients.s3_client()  # its types want a literal name of a region
    sagemaker = clients.sagemaker_client()
    names = {name: bucket(functions.stack, name) for name in ("Evidence", "Thresholds", "Decisions")}
    for name in names.values():
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=names["Thresholds"], Key="thresholds/askdata.yaml", Body=THRESHOLDS)
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    sagemaker.create_pipeline(
        PipelineName="model-governance",
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/pipeline",
        PipelineDefinition='{"Steps":[]}',
        ClientRequestToken="x" * 32,
    )
    for number, figures in enumerate(((0.9, 1.0), (0.5, 1.0), (0.9, 9.0), (0.9, 1.0)), start=1):
        decide(functions, names, number, *figures)


def decide(
    functions: Deployed, names: Mapping[str, str], number: int, accuracy: float, latency: float
) -> None:
    """Register a version and have it judged, each step twice, as a retried execution does."""
    report = {
        "text_to_sql_metrics": {"accuracy": {"value": accuracy}},
        "latency_metrics": {"p95_seconds": {"value": latency}},
    }
    s3: Any = clients.s3_client()
    place = {"Bucket": names["Evidence"], "Key": f"{number}/report.json"}
    version_id = s3.put_object(**place, Body=json.dumps(report).encode())["VersionId"]
    s3.put_object(Bucket=names["Evidence"], Key=f"{number}/more/notes.json", Body=b"{}")
    sagemaker: Any = clients.sagemaker_client()
    source = {
        "ContentType": "application/json",
        "S3Uri": f"s3://{names['Evidence']}/{number}/report.json?versionId={version_id}",
    }
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="PendingManualApproval",
        ModelMetrics={"ModelQuality": {"Statistics": source}},
        CustomerMetadataProperties={"governance:evidence": f"s3://{names['Evidence']}/{number}/more/"},
    )["ModelPackageArn"]
    detail = {"ModelPackageArn": arn, "ModelApprovalStatus": "PendingManualApproval"}
    event = {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": detail,
    }
    started = functions.invoke("lambdas.start_pipeline.handler", event)
    assert started["execution_arn"], started
    request = {
        "model_package_arn": arn,
        "thresholds_uri": f"s3://{names['Thresholds']}/thresholds/",
        "decisions_uri": f"s3://{names['Decisions']}/decisions/",
        "execution_arn": started["execution_arn"],
    }
    for _ in range(2):
        answer = functions.invoke("lambdas.handle_evaluate.handler", request)
    for _ in range(2):
        functions.invoke("lambdas.handle_update.handler", request | answer)
    functions.invoke("lambdas.start_pipeline.handler", event)  # that of the gate's own update


@pytest.mark.parametrize("handler", HANDLERS)
def test_every_call_is_allowed_by_the_role(deployed: Deployed, handler: str) -> None:
    statements = deployed.statements(handler)
    assert deployed.calls[handler]
    refused = {
        (call.action, call.resource)
        for call in deployed.calls[handler]
        if not call.action.startswith("sts:") and not is_allowed(call, statements)
    }
    assert refused == set()
