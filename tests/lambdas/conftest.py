"""The deployed environment on moto: buckets, a registered version, and the variables that the stack sets."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pytest

from aws import clients
from lambdas import handle_evaluate, handle_update
from pipelines.step_settings import EvaluateSettings, StartPipelineSettings, UngovernedGroups, to_environment
from tests.mocked_aws import mocked_aws

ACCOUNT = "123456789012"  # moto's
EXECUTION = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:pipeline/model-governance/execution/"


def put_report(key: str, accuracy: float, **more: object) -> str:
    """Write a report and return its URI; `more` are further top-level keys."""
    report = {"text_to_sql_metrics": {"accuracy": {"value": accuracy}}, **more}
    clients.s3_client().put_object(Bucket="evidence", Key=key, Body=json.dumps(report).encode())
    return f"s3://evidence/{key}"


def register(
    *uris: str,
    image: str = "1.dkr.ecr/askdata:1",
    digests: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    group: str = "askdata",
) -> str:
    """Register a version whose reports are in the slots of model quality, in their order; return its ARN."""
    sources = [
        {"ContentType": "application/json", "S3Uri": uri}
        | ({"ContentDigest": digests[uri]} if digests and uri in digests else {})
        for uri in uris
    ]
    quality = dict(zip(("Statistics", "Constraints"), sources, strict=False))
    create: Callable[..., Any] = (
        clients.sagemaker_client().create_model_package
    )  # mappings have no typed keys
    answer = create(
        ModelPackageGroupName=group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": image}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        **({"ModelMetrics": {"ModelQuality": quality}} if quality else {}),
        **({"CustomerMetadataProperties": dict(metadata)} if metadata else {}),
    )
    return str(answer["ModelPackageArn"])


@dataclass
class Account:
    """An account with one version whose report says that its accuracy is 0.9."""

    arn: str

    put_report = staticmethod(put_report)
    register = staticmethod(register)

    def inputs(self, execution: str, **changes: str) -> dict[str, str]:
        """What the pipeline calls step one with."""
        return {
            "model_package_arn": self.arn,
            "thresholds_uri": "s3://thresholds/thresholds/",
            "decisions_uri": "s3://decisions/decisions/",
            "execution_arn": EXECUTION + execution,
        } | changes

    def evaluate(self, execution: str = "one", **changes: str) -> dict[str, str]:
        """Step one."""
        return handle_evaluate.handler(self.inputs(execution, **changes), None)

    def update(self, answer: dict[str, str], execution: str = "one", **changes: str) -> dict[str, str]:
        """Step two, with what step one answered."""
        return handle_update.handler(self.inputs(execution) | answer | changes, None)

    def judge(self, arn: str, execution: str) -> dict[str, Any]:
        """Run both steps for a version and return its decision record."""
        answer = self.evaluate(execution, model_package_arn=arn)
        self.update(answer, execution, model_package_arn=arn)
        return dict(json.loads(self.stored(answer["decision_uri"])))

    def status(self, arn: str | None = None) -> object:
        """The version's approval status; moto forgets one that an update leaves out, where SageMaker keeps it."""
        found = clients.sagemaker_client().describe_model_package(ModelPackageName=arn or self.arn)
        return found.get("ModelApprovalStatus", "PendingManualApproval")

    def stored(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = clients.s3_client().get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def describe(self) -> dict[str, object]:
        return dict(clients.sagemaker_client().describe_model_package(ModelPackageName=self.arn))


THRESHOLDS = b"""
name: published
applies_to: {model_package_groups: ["askdata"]}
checks:
  - {name: accuracy, why: Analysts run the SQL as it comes., metric: text_to_sql.accuracy, at_least: 0.8}
"""


@pytest.fixture(scope="module", autouse=True)
def _clients() -> Iterator[None]:
    """Let the clients of a module's tests be made once: that takes longer than all that they ask of moto."""
    made = (clients.s3_client, clients.sagemaker_client, clients.kms_client)
    credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (credentials | {"AWS_DEFAULT_REGION": "eu-west-1"}).items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        for client in made:
            client.cache_clear()
        yield
        for client in made:
            client.cache_clear()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with mocked_aws():
        kms = cast("Any", clients.kms_client())
        key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        seal_key = key["KeyMetadata"]["Arn"]
        settings = EvaluateSettings("evidence", "evidence", "kept", "thresholds", "decisions", seal_key)
        start = StartPipelineSettings(
            pipeline_name="model-governance",
            account=ACCOUNT,
            region="eu-west-1",
            thresholds_bucket="thresholds",
            decisions_bucket="decisions",
            seal_key=seal_key,
            model_package_groups="*",
            ungoverned_groups=UngovernedGroups.IGNORE,
            evidence_bucket="evidence",
        )
        for name, value in (to_environment(settings) | to_environment(start)).items():
            monkeypatch.setenv(name, value)
        yield Account(_registered())


def _registered() -> str:
    s3, sagemaker = clients.s3_client(), clients.sagemaker_client()
    for bucket in ("evidence", "thresholds", "decisions"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="thresholds", Key="thresholds/askdata.yaml", Body=THRESHOLDS)
    sagemaker.create_model_package_group(ModelPackageGroupName="askdata")
    return register(put_report("askdata/report.json", 0.9))
